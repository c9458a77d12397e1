//! Exports a job's variables and writes file variables, as lines of shell.

use super::quote::quoted;

/// What the value of a variable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VariableKind {
    /// The value itself.
    #[default]
    Plain,
    /// The content of a file; the job sees the file's path (runtime reference 12.4).
    File,
}

/// One variable of a job, fully expanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Name.
    pub name: String,
    /// Value, or content of the file.
    pub value: String,
    /// Which of the two.
    pub kind: VariableKind,
}

impl Variable {
    /// A variable whose value is text.
    pub fn plain(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            kind: VariableKind::Plain,
        }
    }

    /// A variable whose value is a file with this content.
    pub fn file(name: impl Into<String>, content: impl Into<String>) -> Self {
        Self {
            kind: VariableKind::File,
            ..Self::plain(name, content)
        }
    }

    /// What a process sees: the value, or the path below `temp_dir`.
    pub(super) fn seen(&self, temp_dir: &str) -> String {
        match self.kind {
            VariableKind::Plain => self.value.clone(),
            VariableKind::File => format!("{temp_dir}/{}", self.name),
        }
    }

    /// Shell lines that write the file, if it is one, and export the variable.
    pub(super) fn export(&self, temp_dir: &str) -> String {
        let seen = self.seen(temp_dir);
        let write = match self.kind {
            VariableKind::Plain => String::new(),
            VariableKind::File => write_file(&seen, &self.value),
        };
        format!("{write}{}", export(&self.name, &seen))
    }
}

/// A line that exports one value.
pub(super) fn export(name: &str, value: &str) -> String {
    format!("export {}={}\n", quoted(name), quoted(value))
}

/// A line that writes `content` byte for byte. The file stays where it is if there is one, with
/// its mode (`chmod 400` in a script holds in `after_script`); a new one is 666, as the runner's.
fn write_file(path: &str, content: &str) -> String {
    format!(
        "(umask 0; printf %s {} >{})\n",
        quoted(content),
        quoted(path)
    )
}

#[cfg(test)]
mod tests {
    use super::Variable;

    #[test]
    fn exports() {
        for (name, variable, text) in [
            ("plain", Variable::plain("A", "b"), "export A=b\n"),
            ("empty", Variable::plain("A", ""), "export A=''\n"),
            (
                "hard",
                Variable::plain("A", "$(id) 'q'"),
                "export A='$(id) '\\''q'\\'''\n",
            ),
            (
                "file",
                Variable::file("KEY", "-----\nx\n"),
                "(umask 0; printf %s '-----\nx\n' >/b/p.tmp/KEY)\nexport KEY=/b/p.tmp/KEY\n",
            ),
            (
                "a name that no shell takes fails in `export`, not as a syntax error",
                Variable::plain("A;id", "b"),
                "export 'A;id'=b\n",
            ),
        ] {
            assert_eq!(variable.export("/b/p.tmp"), text, "{name}");
        }
    }
}
