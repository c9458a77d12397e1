//! Git's configuration syntax (git-config(1), "Syntax"), read from text alone: no file is opened,
//! so that an `[include]` of a repository is a section like any other and leads nowhere.

use std::iter::Peekable;
use std::str::Chars;

/// One key of a configuration. Section and key are lower case, as git compares them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) section: String,
    /// The `lib` of `[submodule "lib"]`.
    pub(super) subsection: Option<String>,
    pub(super) key: String,
    /// `None` for a key alone, which means true.
    pub(super) value: Option<String>,
}

/// What is no configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    /// From 1.
    pub(super) line: usize,
    pub(super) what: &'static str,
}

/// The settings in the order of the text; of several of one name git takes the last.
pub(super) fn parse(text: &str) -> Result<Vec<Setting>, Mistake> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        rest: text.chars().peekable(),
        line: 1,
        line_ended: false,
    };
    reader.settings()
}

type Parsed<T> = Result<T, Mistake>;

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    /// The line of the last character.
    line: usize,
    line_ended: bool,
}

impl Reader<'_> {
    fn settings(&mut self) -> Parsed<Vec<Setting>> {
        let mut found = Vec::new();
        let (mut section, mut subsection) = (String::new(), None);
        while let Some(c) = self.next() {
            match c {
                '#' | ';' => self.skip_line(),
                '[' => (section, subsection) = self.header()?,
                c if c.is_ascii_whitespace() => {}
                c if c.is_ascii_alphabetic() => {
                    let (key, value) = self.key(c)?;
                    found.push(Setting {
                        section: section.clone(),
                        subsection: subsection.clone(),
                        key,
                        value,
                    });
                }
                _ => return self.mistake("a section or a key is expected"),
            }
        }
        Ok(found)
    }

    /// After `[`: `core]`, `submodule "lib"]`, and `submodule.lib]` as long ago.
    fn header(&mut self) -> Parsed<(String, Option<String>)> {
        let mut name = String::new();
        loop {
            match self.next() {
                Some(']') => break,
                Some(' ' | '\t') => return Ok((name, Some(self.subsection()?))),
                Some(c) if c.is_ascii_alphanumeric() || matches!(c, '-' | '.') => {
                    name.push(c.to_ascii_lowercase());
                }
                _ => return self.mistake("the name of a section does not end"),
            }
        }
        Ok(match name.split_once('.') {
            Some((section, subsection)) => (section.to_owned(), Some(subsection.to_owned())),
            None => (name, None),
        })
    }

    fn subsection(&mut self) -> Parsed<String> {
        self.skip_blanks();
        if self.next() != Some('"') {
            return self.mistake("the name of a subsection stands in quotes");
        }
        let mut name = String::new();
        loop {
            match self.next() {
                Some('"') => break,
                Some('\\') => match self.next() {
                    Some(c) if c != '\n' => name.push(c),
                    _ => return self.mistake("the name of a subsection does not end"),
                },
                Some(c) if c != '\n' => name.push(c),
                _ => return self.mistake("the name of a subsection does not end"),
            }
        }
        match self.next() {
            Some(']') => Ok(name),
            _ => self.mistake("a section ends with `]`"),
        }
    }

    fn key(&mut self, first: char) -> Parsed<(String, Option<String>)> {
        let mut key = String::from(first.to_ascii_lowercase());
        while let Some(c) = (self.rest).next_if(|c| c.is_ascii_alphanumeric() || *c == '-') {
            key.push(c.to_ascii_lowercase());
        }
        self.skip_blanks();
        match self.next() {
            None | Some('\n') => Ok((key, None)),
            Some('=') => Ok((key, Some(self.value()?))),
            Some(_) => self.mistake("`=` is expected after a key"),
        }
    }

    /// Up to the end of the line: blanks around it and a comment are no part of it, unless quoted.
    fn value(&mut self) -> Parsed<String> {
        let (mut value, mut quoted) = (String::new(), false);
        // Blanks behind this place go, when nothing follows them.
        let mut end = 0;
        while let Some(c) = self.next() {
            match c {
                '\n' if quoted => return self.mistake("a quote is not closed"),
                '\n' => break,
                '#' | ';' if !quoted => {
                    self.skip_line();
                    break;
                }
                c if c.is_ascii_whitespace() && !quoted => {
                    if !value.is_empty() {
                        value.push(c);
                    }
                    continue;
                }
                '"' => quoted = !quoted,
                '\\' => value.extend(self.escaped()?),
                c => value.push(c),
            }
            end = value.len();
        }
        if quoted {
            return self.mistake("a quote is not closed");
        }
        value.truncate(end);
        Ok(value)
    }

    /// What a backslash and the next character stand for; a line that goes on is nothing.
    fn escaped(&mut self) -> Parsed<Option<char>> {
        Ok(match self.next() {
            Some('\n') => None,
            Some('n') => Some('\n'),
            Some('t') => Some('\t'),
            Some('b') => Some('\u{8}'),
            Some(c @ ('\\' | '"')) => Some(c),
            _ => return self.mistake("a backslash stands before `\\`, `\"`, `n`, `t` or `b`"),
        })
    }

    fn skip_blanks(&mut self) {
        while (self.rest).next_if(|c| matches!(c, ' ' | '\t')).is_some() {}
    }

    fn skip_line(&mut self) {
        while self.next().is_some_and(|c| c != '\n') {}
    }

    /// The next character; a line may end with CR LF.
    fn next(&mut self) -> Option<char> {
        self.line += usize::from(std::mem::take(&mut self.line_ended));
        let mut c = self.rest.next()?;
        if c == '\r' && self.rest.next_if_eq(&'\n').is_some() {
            c = '\n';
        }
        self.line_ended = c == '\n';
        Some(c)
    }

    fn mistake<T>(&self, what: &'static str) -> Parsed<T> {
        Err(Mistake {
            line: self.line,
            what,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Mistake, parse};

    /// `section.subsection.key=value`, a line each.
    fn shown(text: &str) -> Result<String, Mistake> {
        let lines = parse(text)?.into_iter().map(|setting| {
            let subsection = setting.subsection.map_or(String::new(), |name| name + ".");
            let value = setting
                .value
                .map_or(String::new(), |value| format!("={value}"));
            format!("{}.{subsection}{}{value}", setting.section, setting.key)
        });
        Ok(lines.collect::<Vec<_>>().join("|"))
    }

    #[test]
    fn what_git_reads() {
        for (name, text, settings) in [
            ("nothing", "", ""),
            ("a byte order mark", "\u{feff}[a]\nk=v", "a.k=v"),
            ("comments", "# x\n; [y]\n[a] # z\nk = v ; w\n", "a.k=v"),
            (
                "several keys",
                "[a]\n\tk = 1\n\tl = 2\n[b]\nk=3",
                "a.k=1|a.l=2|b.k=3",
            ),
            ("a key behind its section", "[a] k = v", "a.k=v"),
            ("upper case", "[A \"B\"]\nKey-1 = V", "a.B.key-1=V"),
            ("an old subsection", "[A.B.c]\nk=v", "a.b.c.k=v"),
            (
                "a subsection with blanks, dots, escapes",
                "[a \"x .\\\"\\\\\\n]\"]\nk=v",
                "a.x .\"\\n].k=v",
            ),
            ("an empty subsection", "[a \"\"]\nk=v", "a..k=v"),
            ("a key alone", "[a]\nk\nl", "a.k|a.l"),
            ("an empty value", "[a]\nk=\nl = \"\"", "a.k=|a.l="),
            (
                "blanks around and within",
                "[a]\nk =  x \t y  \n",
                "a.k=x \t y",
            ),
            ("quoted blanks", "[a]\nk = \" x \" # c", "a.k= x "),
            ("quotes within", "[a]\nk = x\"#;\"y", "a.k=x#;y"),
            (
                "escapes",
                "[a]\nk = \\\\\\\"\\t\\n\\b.",
                "a.k=\\\"\t\n\u{8}.",
            ),
            (
                "a line that goes on",
                "[a]\nk = x \\\n  y\nl=1",
                "a.k=x   y|a.l=1",
            ),
            (
                "a quoted line that goes on",
                "[a]\nk = \"x\\\ny\"",
                "a.k=xy",
            ),
            (
                "a comment does not go on",
                "[a]\nk = x # \\\nl = y",
                "a.k=x|a.l=y",
            ),
            ("CR LF", "[a]\r\nk = v\r\nl\r\n", "a.k=v|a.l"),
            ("the same key again", "[a]\nk=1\n[a]\nk=2", "a.k=1|a.k=2"),
            ("a key before any section", "k=v", ".k=v"),
            (
                "an include leads nowhere",
                "[include]\npath = /etc/passwd\n[includeIf \"gitdir:/\"]\npath=x",
                "include.path=/etc/passwd|includeif.gitdir:/.path=x",
            ),
        ] {
            assert_eq!(shown(text).as_deref(), Ok(settings), "{name}");
        }
    }

    #[test]
    fn what_git_refuses() {
        for (name, text, line, what) in [
            ("a word", "[a]\nk=v\n?", 3, "a section or a key is expected"),
            (
                "an open section",
                "\n[a",
                2,
                "the name of a section does not end",
            ),
            (
                "a line in a section",
                "[a\n]",
                1,
                "the name of a section does not end",
            ),
            (
                "no quotes",
                "[a b]",
                1,
                "the name of a subsection stands in quotes",
            ),
            (
                "an open name",
                "[a \"b\n",
                1,
                "the name of a subsection does not end",
            ),
            (
                "an open escape",
                "[a \"b\\\n\"]",
                1,
                "the name of a subsection does not end",
            ),
            ("no end", "[a \"b\" ]", 1, "a section ends with `]`"),
            ("two words", "[a]\nk v", 2, "`=` is expected after a key"),
            (
                "an open quote",
                "[a]\nk = \"v\nl=1",
                2,
                "a quote is not closed",
            ),
            (
                "an open quote at the end",
                "[a]\nk = \"v",
                2,
                "a quote is not closed",
            ),
            (
                "an unknown escape",
                "[a]\n\nk = \\x",
                3,
                "a backslash stands before `\\`, `\"`, `n`, `t` or `b`",
            ),
        ] {
            assert_eq!(shown(text), Err(Mistake { line, what }), "{name}");
        }
    }
}
