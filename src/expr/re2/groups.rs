//! Groups: `(…)`, `(?:…)`, `(?P<name>…)`, `(?i)`; and those that RE2 lacks.

use super::Error;
use super::translate::{Group, Left, Translator};

impl Translator<'_, '_> {
    pub(super) fn open(&mut self) -> Result<(), Error> {
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

    pub(super) fn close(&mut self, start: usize) -> Result<(), Error> {
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
}
