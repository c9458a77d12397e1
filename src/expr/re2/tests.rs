//! Patterns that RE2 and the crate read differently, and what RE2 refuses.

use super::{compile, from_slashes};

/// Pattern, text, whether it matches; `None` where RE2 refuses the pattern.
const ROWS: &[(&str, &str, Option<bool>)] = &[
    ("^v\\d+$", "v12", Some(true)),
    ("\\d", "٣", Some(false)),
    ("\\w", "é", Some(false)),
    ("\\W", "é", Some(true)),
    ("[^\\w]", "é", Some(true)),
    ("\\s", "\u{b}", Some(false)),
    ("\\s", "\u{a0}", Some(false)),
    ("\\bé", "aé", Some(true)),
    ("a\\Bb", "ab", Some(true)),
    ("a\\B", "a", Some(false)),
    ("a\\B", "aé", Some(false)),
    ("^é\\B", "éé", Some(true)),
    ("\\Qa.b\\E+", "a.bbb", Some(true)),
    ("\\Qa.b", "axb", Some(false)),
    ("^\\C$", "\n", Some(true)),
    ("a{", "a{", Some(true)),
    ("a{,2}", "a{,2}", Some(true)),
    ("a{x}", "a{x}", Some(true)),
    ("{", "{", Some(true)),
    ("a{2}", "aa", Some(true)),
    ("^a{2,3}?$", "aaa", Some(true)),
    ("[a&&b]", "&", Some(true)),
    ("[a--b]", "a", None),
    ("[+--]", ",", Some(true)),
    ("[a~~b]", "~", Some(true)),
    ("[[a]", "[", Some(true)),
    ("[]a]", "]", Some(true)),
    ("[^]a]", "b", Some(true)),
    ("[a-]", "-", Some(true)),
    ("[-a]", "-", Some(true)),
    ("[\\d-z]", "-", Some(true)),
    ("[a-\\d]", "a", None),
    ("[z-a]", "a", None),
    ("[[:alpha:]]", "a", Some(true)),
    ("[[:^alpha:]]", "1", Some(true)),
    ("[[:foo:]]", "a", None),
    ("[[:alpha]", ":", Some(true)),
    ("[\\b]", "b", None),
    ("[a", "a", None),
    ("x{1000}", "x", Some(false)),
    ("^.{1,1000}$", "é", Some(true)),
    ("(?i)^[^/]{1,1000}$", "é", Some(true)),
    ("x{1001}", "x", None),
    ("(x{100}){11}", "x", None),
    ("((x{100})|y){10}", "x", Some(false)),
    ("x{3,2}", "x", None),
    ("x{2}{3}", "x", None),
    ("a**", "a", None),
    ("a++", "a", None),
    ("a*?", "a", Some(true)),
    ("*", "", None),
    ("(|*)", "", None),
    ("^*", "", Some(true)),
    ("(?i)MY", "my", Some(true)),
    ("a(?i)B|C", "c", Some(true)),
    ("(?i-s:A).", "ab", Some(true)),
    ("(?ii)A", "a", Some(true)),
    ("(?-)a", "a", None),
    ("(?)a", "a", Some(true)),
    ("(?x)a", "a", None),
    ("(?#c)a", "a", None),
    ("(?=x)", "x", None),
    ("(?<!x)y", "y", None),
    ("(?>x)", "x", None),
    ("(?<n>x)", "x", Some(true)),
    ("(?P<n>x)(?P<n>y)", "xy", None),
    ("(?P=n)", "x", None),
    ("(a)\\1", "aa", None),
    ("\\101", "A", Some(true)),
    ("\\0", "\0", Some(true)),
    ("\\x41", "A", Some(true)),
    ("\\x{1F600}", "😀", Some(true)),
    ("\\x{}", "x", None),
    ("\\x4", "x", None),
    ("\\u0061", "a", None),
    ("\\h", "a", None),
    ("\\Z", "a", None),
    ("\\<", "<", Some(true)),
    ("\\_", "_", None),
    ("\\é", "é", None),
    ("\\", "", None),
    ("\\pL", "é", Some(true)),
    ("\\PL", "1", Some(true)),
    ("\\p{^L}", "1", Some(true)),
    ("[\\p{Greek}x]", "α", Some(true)),
    ("\\p{Foo}", "x", None),
    ("\\p{", "x", None),
    ("\\p", "x", None),
    ("(", "", None),
    (")", "", None),
    ("a$", "a\n", Some(false)),
    (".", "\n", Some(false)),
    ("", "", Some(true)),
    ("a\\/b", "a/b", Some(true)),
    ("(?i)k", "\u{212a}", Some(true)),
];

#[test]
fn patterns_mean_what_re2_means() {
    for (pattern, text, want) in ROWS {
        let got = compile(pattern, "");
        let verdict = got.as_ref().ok().map(|regex| regex.is_match(text));
        assert_eq!(verdict, *want, "{pattern:?} on {text:?}: {got:?}");
    }
}

#[test]
fn flags_and_slashes() {
    let rows = [
        ("/MY/i", Some(Some(true))),
        ("/MY/", Some(Some(false))),
        ("/my/ii", Some(Some(true))),
        ("//", Some(Some(true))),
        ("/m/", Some(Some(true))),
        ("/(/", Some(None)),
        ("/my/x", None),
        ("my", None),
        ("/my", None),
        ("a\n/MY/i\nb", Some(Some(true))),
        ("/a\nb/", None),
    ];
    for (text, want) in rows {
        let got = from_slashes(text).map(|regex| regex.ok().map(|regex| regex.is_match("my")));
        assert_eq!(got, want, "{text:?}");
    }
}

#[test]
fn errors_point_at_the_place_and_say_what_to_do() {
    let rows = [
        ("ab(?=x)", 2..5, "RE2 has no look-around: `(?=…)`"),
        ("a\\1", 1..3, "RE2 has no back-references: `\\1`"),
        ("a[b", 1..3, "the class begun by `[` has no `]`"),
        ("a(b", 1..2, "this `(` is never closed"),
    ];
    for (pattern, at, message) in rows {
        let error = compile(pattern, "").expect_err(pattern);
        assert_eq!(
            (error.at.clone(), error.message.as_str()),
            (at, message),
            "{pattern}"
        );
        assert!(error.help.is_some(), "{pattern} has no help");
    }
}

proptest::proptest! {
    #[test]
    fn any_pattern_compiles_or_is_refused(
        pattern in "\\PC{0,16}|[a-z0-9(){}\\[\\]\\\\|*+?^$.:=!<>,&~-]{0,20}",
        text in "\\PC{0,16}",
    ) {
        if let Ok(regex) = compile(&pattern, "is") {
            regex.is_match(&text);
        }
    }

    /// The translation itself never leads to a syntax error of the crate.
    #[test]
    fn what_is_read_is_written_well(pattern in "[ab()?*|\\[\\]^$.{}\\\\dQE1,-]{0,12}") {
        if let Err(error) = compile(&pattern, "") {
            proptest::prop_assert!(!error.message.contains("nests"), "{pattern:?}");
        }
    }
}
