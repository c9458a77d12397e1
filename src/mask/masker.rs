//! The three filters as one.

use super::follower::Follower;
use super::phrases::Phrases;

/// The prefix of personal tokens; it stays, what follows is hidden.
const PERSONAL_TOKEN: &str = "glpat-";

/// Prefixes of GitLab's other tokens.
const TOKEN_PREFIXES: &[&str] = &[
    "gloas-",
    "gldt-",
    "glrt-",
    "glcbt-",
    "glrtr-",
    "glptt-",
    "glft-",
    "glimt-",
    "glagent-",
    "glsoat-",
    "glffct-",
    "gltok-",
    "_gitlab_session=",
];

/// URL parameters that carry a token.
const URL_PARAMETERS: &[&str] = &[
    "private_token",
    "authenticity_token",
    "rss_token",
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
];

/// Hides secrets: in the log of an attempt, in events, in what a command prints. Output is held back only while it may be the
/// beginning of a secret.
#[derive(Debug, Clone)]
pub struct Masker {
    phrases: Phrases,
    tokens: Follower,
    parameters: Follower,
    /// Between the filters; kept so that a long log allocates nothing for each chunk.
    between: [Vec<u8>; 2],
}

impl Masker {
    /// `secrets` are the values to hide; blank ones hide nothing.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let all = TOKEN_PREFIXES.iter().chain([&PERSONAL_TOKEN]);
        Self::of_tokens(secrets, all)
    }

    /// One that hides only personal ones of GitLab's tokens.
    pub fn of_personal_tokens<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        Self::of_tokens(secrets, [&PERSONAL_TOKEN])
    }

    fn of_tokens<'a, S: AsRef<str>>(
        secrets: impl IntoIterator<Item = S>,
        prefixes: impl IntoIterator<Item = &'a &'static str>,
    ) -> Self {
        let tokens = prefixes.into_iter().map(|prefix| (*prefix).to_owned());
        let parameters = URL_PARAMETERS
            .iter()
            .flat_map(|name| ["?", "&"].map(|before| format!("{before}{name}=")));
        Self {
            phrases: Phrases::new(secrets),
            tokens: Follower::new(tokens, is_token_byte),
            parameters: Follower::new(parameters, is_parameter_byte),
            between: [Vec::new(), Vec::new()],
        }
    }

    /// Takes the next bytes of the stream and appends to `out` what can be shown.
    pub fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        let [first, second] = &mut self.between;
        first.clear();
        second.clear();
        self.phrases.push(chunk, first);
        self.tokens.push(first, second);
        self.parameters.push(second, out);
    }

    /// The stream rests: what was held back is no secret and is shown. A secret that the stream
    /// would have completed later is not recognized any more.
    pub fn flush(&mut self, out: &mut Vec<u8>) {
        let [first, second] = &mut self.between;
        first.clear();
        second.clear();
        self.phrases.flush(first);
        self.tokens.push(first, second);
        self.tokens.flush(second);
        self.parameters.push(second, out);
        self.parameters.flush(out);
    }

    /// A whole text at once, for messages beside the log.
    pub fn text(&self, text: &str) -> String {
        let mut whole = self.clone_at_rest();
        let mut out = Vec::with_capacity(text.len());
        whole.push(text.as_bytes(), &mut out);
        whole.flush(&mut out);
        String::from_utf8_lossy(&out).into_owned()
    }

    fn clone_at_rest(&self) -> Self {
        let mut copy = self.clone();
        copy.flush(&mut Vec::new());
        copy
    }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._=-".contains(&byte)
}

/// Up to the next parameter, the end of the URL or what a URL can't hold.
fn is_parameter_byte(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f && !b"&#\"'<>".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn masked(secrets: &[&str], chunks: &[&str]) -> String {
        let mut masker = Masker::new(secrets);
        let mut out = Vec::new();
        for chunk in chunks {
            masker.push(chunk.as_bytes(), &mut out);
        }
        masker.flush(&mut out);
        String::from_utf8(out).expect("text in, text out")
    }

    #[test]
    fn table() {
        let rows: [(&str, &[&str], &[&str], &str); 20] = [
            ("none", &[], &["plain\n"], "plain\n"),
            ("one", &["secret12"], &["a secret12 b"], "a [MASKED] b"),
            (
                "twice in a row",
                &["secret12"],
                &["secret12secret12"],
                "[MASKED][MASKED]",
            ),
            (
                "over chunks",
                &["secret12"],
                &["a sec", "ret", "12 b"],
                "a [MASKED] b",
            ),
            ("not finished", &["secret12"], &["a sec", "ond"], "a second"),
            ("end of stream", &["secret12"], &["a secret1"], "a secret1"),
            (
                "longest first",
                &["abcd", "abcdefgh"],
                &["abcdefgh abcd"],
                "[MASKED] [MASKED]",
            ),
            (
                "shorter after all",
                &["abcd", "abcdefgh"],
                &["abcdef"],
                "[MASKED]ef",
            ),
            (
                "shorter at the end",
                &["abcd", "abcdefgh"],
                &["abcd", "ef"],
                "[MASKED]ef",
            ),
            ("overlapping", &["xab", "abcd"], &["xabcd."], "[MASKED]."),
            (
                "overlapping, chunks",
                &["xab", "abcd"],
                &["xab", "cd."],
                "[MASKED].",
            ),
            ("repeating start", &["aab"], &["aaab"], "a[MASKED]"),
            ("trimmed", &[" secret12\n"], &["secret12"], "[MASKED]"),
            ("blank hides nothing", &["", " "], &["a b"], "a b"),
            (
                "token",
                &[],
                &["x glpat-abc.dE=-9_x/y"],
                "x glpat-[MASKED]/y",
            ),
            (
                "token over chunks",
                &[],
                &["gl", "pat", "-", "ab", "c y"],
                "glpat-[MASKED] y",
            ),
            (
                "prefix alone",
                &[],
                &["glpat- and glpat-"],
                "glpat- and glpat-",
            ),
            (
                "parameters",
                &[],
                &["u?private_token=a/b&x=1&X-Amz-Signature=ff\" z"],
                "u?private_token=[MASKED]&x=1&X-Amz-Signature=[MASKED]\" z",
            ),
            (
                "parameter over chunks",
                &[],
                &["u?rss_", "token=a", "b c"],
                "u?rss_token=[MASKED] c",
            ),
            ("other parameter", &[], &["u?token=a&y=b"], "u?token=a&y=b"),
        ];
        for (row, secrets, chunks, want) in rows {
            assert_eq!(masked(secrets, chunks), want, "{row}");
        }
    }

    #[test]
    fn a_text_beside_the_log() {
        let mut masker = Masker::new(["secret12"]);
        masker.push(b"sec", &mut Vec::new());
        assert_eq!(masker.text("pull secret12 failed"), "pull [MASKED] failed");
        assert_eq!(
            masker.text("ret12"),
            "ret12",
            "the stream's state is not the text's"
        );
    }

    #[test]
    fn nothing_is_held_without_need() {
        let mut masker = Masker::new(["secret12"]);
        let mut out = Vec::new();
        masker.push(b"name: ", &mut out);
        assert_eq!(out, b"name: ");
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            ..ProptestConfig::default()
        })]
        /// Where the stream is cut makes no difference.
        #[test]
        fn cuts(text in "[ab?=gl\\-patx ]{0,60}", at in prop::collection::vec(0..60usize, 0..5)) {
            let secrets = ["ab", "aba", "bbab", "xg"];
            let mut cuts: Vec<usize> = at.into_iter().filter(|at| *at <= text.len()).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let parts: Vec<&str> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            let whole = masked(&secrets, &[&text]);
            prop_assert_eq!(masked(&secrets, &parts), whole.clone());
            for secret in secrets {
                prop_assert!(!whole.replace("[MASKED]", "\n").contains(secret));
            }
        }
    }
}
