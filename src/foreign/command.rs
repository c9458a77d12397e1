//! Commands that we print and that a person may paste into a shell.

use std::fmt::{self, Display, Write as _};

use super::is_hidden;

/// A command in the making: our own words are literals, foreign ones become shell words.
/// `Command::new("pipe run").option("--job", "rspec 1/3")` is `pipe run --job 'rspec 1/3'`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
pub struct Command(String);

impl Command {
    /// A command that begins with words of ours: `git config --global`.
    pub fn new(words: &'static str) -> Self {
        Self(words.to_owned())
    }

    /// Adds an argument. One that looks like an option is marked as none.
    pub fn arg(self, word: &str) -> Self {
        if word.starts_with('-') {
            self.word("--").word(&shell_word(word))
        } else {
            self.word(&shell_word(word))
        }
    }

    /// Adds an option and its value as two words: `--branch main`.
    pub fn option(self, name: &'static str, value: &str) -> Self {
        if value.is_empty() || value.starts_with('-') {
            self.joined(name, value)
        } else {
            self.word(name).word(&shell_word(value))
        }
    }

    /// Adds an option and its value as one word: `--deploy=staging`.
    pub fn joined(self, name: &'static str, value: &str) -> Self {
        self.word(&format!("{name}={}", shell_word(value)))
    }

    /// Adds words of ours: `--merge-request`.
    pub fn words(self, words: &'static str) -> Self {
        self.word(words)
    }

    /// Adds options that were made by another command.
    pub fn with(self, options: &Self) -> Self {
        self.with_made(&options.0)
    }

    /// Adds options that were made by another command and came here as text, in an event.
    pub fn with_made(self, options: &str) -> Self {
        self.word(options)
    }

    fn word(mut self, word: &str) -> Self {
        if !self.0.is_empty() && !word.is_empty() {
            self.0.push(' ');
        }
        self.0.push_str(word);
        self
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A word as a shell takes it, so that what is pasted is this word and nothing else: bash, zsh,
/// dash, busybox and fish read the quotes alike.
///
/// What can't be seen, or is easily taken for a character that it is not, is escaped in `$'…'`,
/// which bash, zsh and busybox know. Elsewhere such a word is another one, but still only a word.
pub fn shell_word(word: &str) -> String {
    // Zsh looks for a command behind a `=` at the start.
    if !word.is_empty() && !word.starts_with(['~', '=']) && word.chars().all(is_plain) {
        word.to_owned()
    } else if word.contains(is_treacherous) {
        escaped(word)
    } else {
        // A backslash is a special one inside fish's quotes, so it stands outside.
        let quoted = word.chars().fold(String::new(), |mut out, c| {
            match c {
                '\'' => out.push_str(r"'\''"),
                '\\' => out.push_str(r"'\\'"),
                other => out.push(other),
            }
            out
        });
        format!("'{quoted}'")
    }
}

/// Characters that mean only themselves in a word of any shell.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c)
}

/// Characters whose look says nothing or something wrong about a word: hidden ones, blanks that
/// are no blank, and the doubles of quotes and of ASCII.
fn is_treacherous(c: char) -> bool {
    is_hidden(c)
        || (c.is_whitespace() && c != ' ')
        || matches!(c,
            '´' | '\u{2b9}'..='\u{2cb}' | '\u{2010}'..='\u{201f}' | '\u{2032}'..='\u{2037}'
            | '\u{2044}' | '\u{2212}' | '\u{2215}' | '\u{2216}' | '\u{2223}' | '\u{ff01}'..='\u{ff5e}')
}

/// The word in `$'…'`, by its bytes where a character is not to be shown. No quote, backslash or
/// `!` stands in it, so that no shell can take its end for elsewhere.
fn escaped(word: &str) -> String {
    let mut out = String::from("$'");
    for c in word.chars() {
        match c {
            '\n' => out.push_str(r"\n"),
            '\t' => out.push_str(r"\t"),
            '\r' => out.push_str(r"\r"),
            '\'' | '\\' | '!' => bytes(c, &mut out),
            c if is_treacherous(c) => bytes(c, &mut out),
            other => out.push(other),
        }
    }
    out.push('\'');
    out
}

/// Three octal digits for each byte: unlike `\x`, they end by themselves in every shell.
fn bytes(c: char, out: &mut String) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        write!(out, "\\{byte:03o}").expect("a string takes all text");
    }
}

#[cfg(test)]
mod tests {
    use std::process;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_read_well_where_they_can() {
        for (word, expected) in [
            ("unit", "unit"),
            ("test:unit", "test:unit"),
            ("ruby:3.1@sha256:0f", "ruby:3.1@sha256:0f"),
            ("rspec 1/3", "'rspec 1/3'"),
            ("prüfen", "'prüfen'"),
            ("🚀 deploy", "'🚀 deploy'"),
            ("it's", r"'it'\''s'"),
            (r"a\b", r"'a'\\'b'"),
            ("", "''"),
            ("$(rm)", "'$(rm)'"),
            ("~/x", "'~/x'"),
            ("=ls", "'=ls'"),
            ("A=b", "A=b"),
            ("a\nb", r"$'a\nb'"),
            ("a\u{1b}'!", r"$'a\033\047\041'"),
            ("a\u{202e}b", r"$'a\342\200\256b'"),
            ("a\u{a0}b", r"$'a\302\240b'"),
        ] {
            assert_eq!(shell_word(word), expected, "{word:?}");
        }
    }

    #[test]
    fn commands_are_built_of_words() {
        let run = || Command::new("pipe run");
        for (command, expected) in [
            (run(), "pipe run"),
            (run().option("--job", "a b"), "pipe run --job 'a b'"),
            (run().option("--job", "-f"), "pipe run --job=-f"),
            (run().option("--job", ""), "pipe run --job=''"),
            (run().joined("--deploy", "a;b"), "pipe run --deploy='a;b'"),
            (Command::new("docker pull").arg("-x"), "docker pull -- -x"),
            (
                run().with(&Command::default().option("--tag", "v 1")),
                "pipe run --tag 'v 1'",
            ),
            (run().with(&Command::default()), "pipe run"),
        ] {
            assert_eq!(command.to_string(), expected);
        }
    }

    /// What the shell makes of the words.
    fn read_by(shell: &str, words: &[String]) -> Vec<String> {
        let quoted: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
        let script = format!("printf '%s\\0' {}", quoted.join(" "));
        let output = process::Command::new(shell)
            .args(["-c", &script])
            .env_clear()
            .output()
            .expect("the shell starts");
        assert!(output.stderr.is_empty(), "{shell}: {script:?}: {output:?}");
        let text = String::from_utf8(output.stdout).expect("text in, text out");
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    #[test]
    fn a_shell_reads_back_each_word() {
        let words = [
            "'; touch pwn; ''",
            "; touch pwn; 1",
            "$(touch pwn)",
            "`touch pwn`",
            "a\nb; touch pwn",
            "\\'; touch pwn; #",
            "a\\",
            "\u{1b}[31m\u{7}\u{9b}",
            "\u{202e}1'\u{2066}!9",
            "’; x ＄",
            "a*?[b]{c,d}<e>|&#! \"",
            "~",
            "-n",
            "",
        ]
        .map(str::to_owned);
        assert_eq!(read_by("bash", &words), words);
        // The standard shell of Debian has no `$'…'`: there such words stay words, no more.
        let (plain, odd): (Vec<_>, Vec<_>) = words
            .into_iter()
            .partition(|word| !word.contains(is_treacherous));
        assert_eq!(read_by("sh", &plain), plain);
        assert_eq!(read_by("sh", &odd).len(), odd.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: None,
            cases: 64,
            ..ProptestConfig::default()
        })]
        #[test]
        fn any_text_is_one_word(text in "[^\0]{1,40}", nasty in "[ab'\"\\\\$`!\n\u{9b}\u{202e};]{0,20}") {
            let words = [text, nasty];
            prop_assert_eq!(read_by("bash", &words), words);
        }
    }
}
