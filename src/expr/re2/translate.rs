//! From an RE2 pattern to one of the `regex` crate.

use std::collections::HashSet;

use regex::{Regex, RegexBuilder};

use super::Error;
use super::classes::{bracket, escape_class, push_literal};
use super::cursor::Cursor;

/// The most times RE2 repeats something, counted through nested repetitions.
const REPEAT_LIMIT: u32 = 1000;
/// Memory that a compiled pattern may take, near what RE2 allows itself.
const SIZE_LIMIT: usize = 8 << 20;
/// Levels of nesting; keeps the crate's recursion shallow.
const NEST_LIMIT: u32 = 200;

/// Compiles a pattern that stands without slashes. `flags` are letters of `ismU`.
pub fn compile(pattern: &str, flags: &str) -> Result<Regex, Error> {
    let mut out = String::new();
    if !flags.is_empty() {
        out = format!("(?{})", unique(flags));
    }
    Translator::new(pattern, &mut out).run()?;
    RegexBuilder::new(&out)
        .size_limit(SIZE_LIMIT)
        .nest_limit(NEST_LIMIT)
        .build()
        .map_err(|error| refused(pattern, &error))
}

/// Compiles text of the form `/pattern/flags`; `None` when it has another form. As on GitLab the
/// form may fill any one line of the text.
pub fn from_slashes(text: &str) -> Option<Result<Regex, Error>> {
    let (pattern, flags) = text.split('\n').find_map(split_slashes)?;
    Some(compile(pattern, flags))
}

fn split_slashes(line: &str) -> Option<(&str, &str)> {
    let (pattern, flags) = line.strip_prefix('/')?.rsplit_once('/')?;
    let known = flags.chars().all(|c| matches!(c, 'i' | 's' | 'm' | 'U'));
    known.then_some((pattern, flags))
}

/// The crate refuses a flag that is given twice.
fn unique(flags: &str) -> String {
    let mut seen = String::new();
    for flag in flags.chars() {
        if !seen.contains(flag) {
            seen.push(flag);
        }
    }
    seen
}

/// What only the crate finds out: the size, for all else has been read already.
fn refused(pattern: &str, error: &regex::Error) -> Error {
    let whole = 0..pattern.len();
    match error {
        regex::Error::CompiledTooBig(_) => {
            Error::new(whole, "the regular expression is too large when compiled")
                .help("use smaller repetitions")
        }
        _ => Error::new(whole, "the regular expression nests too deeply")
            .help("use fewer parentheses and repetitions"),
    }
}

/// What stands left of a repetition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Nothing that could be repeated.
    Nothing,
    /// Something; how often its parts repeat already.
    Atom(u32),
    /// A repetition, which can't be repeated again.
    Repetition(u32),
}

/// An open group.
struct Group {
    start: usize,
    /// Highest repetition count inside so far.
    repeats: u32,
}

struct Translator<'p, 'o> {
    cursor: Cursor<'p>,
    out: &'o mut String,
    groups: Vec<Group>,
    names: HashSet<&'p str>,
    /// Repetition count of the parts outside of all groups.
    left: Left,
}

impl<'p, 'o> Translator<'p, 'o> {
    fn new(text: &'p str, out: &'o mut String) -> Self {
        Self {
            cursor: Cursor { text, at: 0 },
            out,
            groups: Vec::new(),
            names: HashSet::new(),
            left: Left::Nothing,
        }
    }

    fn run(mut self) -> Result<(), Error> {
        while let Some(c) = self.cursor.peek() {
            self.step(c)?;
        }
        match self.groups.pop() {
            None => Ok(()),
            Some(group) => Err(Error::new(
                group.start..group.start + 1,
                "this `(` is never closed",
            )
            .help("add `)`, or write `\\(` for the character")),
        }
    }

    fn step(&mut self, c: char) -> Result<(), Error> {
        let start = self.cursor.at;
        match c {
            '\\' => return self.escape(),
            '(' => return self.open(),
            '*' | '+' | '?' => {
                self.cursor.at += 1;
                return self.repeat(start, None);
            }
            '{' => {
                if let Some(bounds) = self.bounds() {
                    return self.repeat(start, Some(bounds));
                }
                self.cursor.at += 1;
                self.out.push_str("\\{");
            }
            ')' => {
                self.cursor.at += 1;
                return self.close(start);
            }
            '|' => {
                self.cursor.at += 1;
                self.finish_atom();
                self.out.push('|');
                self.left = Left::Nothing;
                return Ok(());
            }
            '[' => {
                self.cursor.at += 1;
                let class = bracket(&mut self.cursor, start)?;
                self.out.push_str(&class);
            }
            '.' | '^' | '$' => {
                self.cursor.at += 1;
                self.out.push(c);
            }
            _ => {
                self.cursor.at += c.len_utf8();
                push_literal(self.out, c);
            }
        }
        self.atom(1);
        Ok(())
    }

    /// Something that can be repeated has been written.
    fn atom(&mut self, repeats: u32) {
        self.finish_atom();
        self.left = Left::Atom(repeats);
    }

    /// The atom before is complete; its count belongs to the group around it.
    fn finish_atom(&mut self) {
        if let (Left::Atom(repeats) | Left::Repetition(repeats), Some(group)) =
            (self.left, self.groups.last_mut())
        {
            group.repeats = group.repeats.max(repeats);
        }
    }

    fn escape(&mut self) -> Result<(), Error> {
        if let Some(class) = escape_class(&mut self.cursor)? {
            self.out.push_str(&class);
            self.atom(1);
            return Ok(());
        }
        let start = self.cursor.at;
        self.cursor.at += 1;
        let written = match self.cursor.peek() {
            Some('Q') => {
                self.cursor.at += 1;
                self.quoted();
                return Ok(());
            }
            Some('A') => "\\A",
            Some('z') => "\\z",
            Some('b') => "(?-u:\\b)",
            Some('B') => "(?-u:\\B)",
            // One byte in RE2; text is read by the character here.
            Some('C') => "(?s:.)",
            _ => "",
        };
        if written.is_empty() {
            let c = self.cursor.escape(start)?;
            push_literal(self.out, c);
        } else {
            self.cursor.at += 1;
            self.out.push_str(written);
        }
        self.atom(1);
        Ok(())
    }

    /// Up to `\E` or the end everything is literal.
    fn quoted(&mut self) {
        while !self.cursor.eat("\\E") {
            let Some(c) = self.cursor.next() else { break };
            push_literal(self.out, c);
            self.atom(1);
        }
    }

    fn open(&mut self) -> Result<(), Error> {
        let start = self.cursor.at;
        self.cursor.at += 1;
        self.finish_atom();
        if self.cursor.eat("?P<") || (!self.is_look_behind() && self.cursor.eat("?<")) {
            self.name(start)?;
            self.out.push('(');
        } else if self.cursor.eat("?") {
            if self.flags(start)? {
                self.left = Left::Nothing;
                return Ok(());
            }
        } else {
            self.out.push('(');
        }
        self.groups.push(Group { start, repeats: 1 });
        self.left = Left::Nothing;
        Ok(())
    }

    fn is_look_behind(&self) -> bool {
        let rest = self.cursor.rest();
        rest.starts_with("?<=") || rest.starts_with("?<!")
    }

    /// The name of a group, up to its `>`. Names serve nothing here, so they are only checked.
    fn name(&mut self, start: usize) -> Result<(), Error> {
        let rest = self.cursor.rest();
        let length = rest.find('>').unwrap_or(rest.len());
        let name = &rest[..length];
        self.cursor.at += length;
        let closed = self.cursor.eat(">");
        let valid = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !closed || !valid {
            return Err(self
                .cursor
                .error(start, "the name of this group is not complete")
                .help("write `(?P<name>…)` with letters, digits and `_`"));
        }
        if !self.names.insert(name) {
            return Err(self
                .cursor
                .error(start, format!("two groups are named `{name}`")));
        }
        Ok(())
    }

    /// What follows `(?`. True when it was flags alone, false when a group was opened.
    fn flags(&mut self, start: usize) -> Result<bool, Error> {
        let mut set = [String::new(), String::new()];
        let mut negated = false;
        loop {
            match self.cursor.next() {
                Some(c @ ('i' | 'm' | 's' | 'U')) => {
                    // The last word on a flag counts, as in RE2.
                    set[usize::from(!negated)].retain(|flag| flag != c);
                    if !set[usize::from(negated)].contains(c) {
                        set[usize::from(negated)].push(c);
                    }
                }
                Some('-') if !negated => negated = true,
                Some(end @ (':' | ')')) if !negated || !set[1].is_empty() => {
                    let [on, off] = &set;
                    let dash = if off.is_empty() { "" } else { "-" };
                    let alone = end == ')';
                    if !(alone && on.is_empty() && off.is_empty()) {
                        self.out.extend(["(?", on, dash, off]);
                        self.out.push(end);
                    }
                    return Ok(alone);
                }
                _ => return Err(self.unsupported_group(start)),
            }
        }
    }

    fn unsupported_group(&self, start: usize) -> Error {
        let rest = &self.cursor.text[start..];
        let look_around = ["(?=", "(?!", "(?<=", "(?<!"];
        if let Some(kind) = look_around.iter().find(|kind| rest.starts_with(**kind)) {
            let error = Error::new(
                start..start + kind.len(),
                format!("RE2 has no look-around: `{kind}…)`"),
            );
            return match *kind {
                "(?!" | "(?<!" => error.help("match with `=~` and exclude with a second `!~`"),
                _ => error.help("match the text itself, RE2 searches anywhere"),
            };
        }
        let error = |message: &str| self.cursor.error(start, message);
        if rest.starts_with("(?>") {
            return error("RE2 has no atomic groups: `(?>…)`").help("write `(?:…)`");
        }
        if rest.starts_with("(?P=") {
            return error("RE2 has no back-references: `(?P=…)`")
                .help("repeat the text instead of referring to the group");
        }
        let group = &self.cursor.text[start..self.cursor.at];
        error(&format!("RE2 does not know the group `{group}`"))
            .help("groups are `(…)`, `(?:…)`, `(?P<name>…)` and flags such as `(?i)`")
    }

    fn close(&mut self, start: usize) -> Result<(), Error> {
        self.finish_atom();
        let Some(group) = self.groups.pop() else {
            return Err(self
                .cursor
                .error(start, "this `)` closes nothing")
                .help("remove it, or write `\\)` for the character"));
        };
        self.out.push(')');
        self.left = Left::Atom(group.repeats);
        Ok(())
    }

    /// `{2}`, `{2,}` or `{2,3}` when it comes next; any other `{` is a character.
    fn bounds(&mut self) -> Option<(u32, Option<u32>)> {
        let inner = self.cursor.rest().strip_prefix('{')?;
        let inner = &inner[..inner.find('}')?];
        let number = |digits: &str| {
            let valid = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            valid.then(|| digits.parse().unwrap_or(u32::MAX))
        };
        let bounds = match inner.split_once(',') {
            None => number(inner).map(|n| (n, Some(n)))?,
            Some((low, "")) => (number(low)?, None),
            Some((low, high)) => (number(low)?, Some(number(high)?)),
        };
        self.cursor.at += inner.len() + 2;
        Some(bounds)
    }

    /// A repetition has been read from `start` on; `bounds` when it was written in braces.
    fn repeat(&mut self, start: usize, bounds: Option<(u32, Option<u32>)>) -> Result<(), Error> {
        let written = &self.cursor.text[start..self.cursor.at];
        self.cursor.eat("?");
        let whole = &self.cursor.text[start..self.cursor.at];
        let inner = match self.left {
            Left::Atom(inner) => inner,
            Left::Nothing => {
                return Err(self
                    .cursor
                    .error(
                        start,
                        format!("there is nothing that `{whole}` could repeat"),
                    )
                    .help(format!("write `\\{whole}` for the character")));
            }
            Left::Repetition(_) => {
                return Err(self
                    .cursor
                    .error(start, format!("`{whole}` follows another repetition"))
                    .help("RE2 has no possessive or double repetition; keep one of them"));
            }
        };
        let repeats = match bounds {
            None => inner,
            Some((low, high)) => self.checked_bounds(start, inner, low, high)?,
        };
        self.out.push_str(written);
        if whole.len() > written.len() {
            self.out.push('?');
        }
        self.left = Left::Repetition(repeats);
        Ok(())
    }

    fn checked_bounds(
        &self,
        start: usize,
        inner: u32,
        low: u32,
        high: Option<u32>,
    ) -> Result<u32, Error> {
        if high.is_some_and(|high| high < low) {
            return Err(self
                .cursor
                .error(start, "the repetition's limits are in reverse")
                .help("put the lower number first"));
        }
        let most = high.unwrap_or(low);
        let repeats = inner.saturating_mul(most.max(1));
        if most > REPEAT_LIMIT || (most >= 2 && repeats > REPEAT_LIMIT) {
            return Err(self
                .cursor
                .error(start, format!("RE2 repeats at most {REPEAT_LIMIT} times"))
                .help("use `*` or `+`, or a smaller number"));
        }
        Ok(repeats)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
