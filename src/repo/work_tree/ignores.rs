//! Which files git ignores (gitignore(5)): a rule of a deeper folder comes before those above it,
//! then the repository's own `info/exclude`, then the user's file.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etcetera::BaseStrategy;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::repo::plain_file;

/// More than any project has. Bytes.
const MAX_SIZE: u64 = 16 << 20;

/// The rules of one file, and those that come after it.
pub(super) struct Ignores {
    rules: Gitignore,
    after: Option<Arc<Ignores>>,
    any_case: bool,
}

impl Ignores {
    /// The rules that hold in every folder of the repository.
    pub(super) fn of_repository(git: &git2::Repository) -> Arc<Self> {
        let settings = git.config().and_then(|mut settings| settings.snapshot());
        let any_case = (settings.as_ref()).is_ok_and(|settings| {
            let is_set = settings.get_bool("core.ignorecase");
            is_set.unwrap_or(false)
        });
        let users = settings
            .ok()
            .and_then(|s| s.get_path("core.excludesfile").ok());
        let own = git.commondir().join("info/exclude");
        // These two are the user's, and may well be links.
        let read = |path: &Path| fs::read(path).unwrap_or_default();
        let users = users.or_else(default_file).map(|path| read(&path));
        let top = Path::new("");
        let last = Arc::new(Self {
            rules: rules(top, &users.unwrap_or_default(), any_case),
            after: None,
            any_case,
        });
        Arc::new(Self {
            rules: rules(top, &read(&own), any_case),
            after: Some(last),
            any_case,
        })
    }

    /// With the `.gitignore` in `folder`, which is relative to `root`.
    pub(super) fn within(self: &Arc<Self>, root: &Path, folder: &Path) -> Arc<Self> {
        let text = plain_file::content(&root.join(folder).join(".gitignore"), MAX_SIZE);
        Arc::new(Self {
            rules: rules(folder, &text, self.any_case),
            after: Some(Arc::clone(self)),
            any_case: self.any_case,
        })
    }

    /// Whether a path, relative to the root, is ignored; that its folder is not is known.
    pub(super) fn ignore(&self, path: &Path, is_folder: bool) -> bool {
        let mut next = Some(self);
        while let Some(ignores) = next {
            match ignores.rules.matched(path, is_folder) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => next = ignores.after.as_deref(),
            }
        }
        false
    }
}

/// Whether git ignores a file of the work tree, itself or with a folder above it. Unlike libgit2,
/// this never waits at a pipe named `.gitignore`.
pub(in crate::repo) fn is_ignored(git: &git2::Repository, root: &Path, path: &Path) -> bool {
    let mut ignores = Ignores::of_repository(git);
    let mut upwards: Vec<&Path> = path.ancestors().collect();
    // The root itself comes last, and is never ignored.
    upwards.pop();
    upwards.iter().rev().any(|at| {
        let folder = at.parent().unwrap_or(Path::new(""));
        ignores = ignores.within(root, folder);
        ignores.ignore(at, *at != path)
    })
}

/// `$XDG_CONFIG_HOME/git/ignore`.
fn default_file() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.config_dir().join("git/ignore"))
}

fn rules(folder: &Path, text: &[u8], any_case: bool) -> Gitignore {
    let mut builder = GitignoreBuilder::new(folder);
    let text = String::from_utf8_lossy(text);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    // What is no pattern matches nothing, as for git.
    if builder.case_insensitive(any_case).is_ok() {
        for line in text.lines() {
            let _ = builder.add_line(None, &without_alternatives(line));
        }
    }
    builder.build().unwrap_or_else(|_| Gitignore::empty())
}

/// Braces mean themselves to git; to the crate they are alternatives.
fn without_alternatives(line: &str) -> String {
    let (mut out, mut in_class, mut escaped) = (String::with_capacity(line.len()), false, false);
    for c in line.chars() {
        match c {
            '{' | '}' if !in_class && !escaped => out.extend(['[', c, ']']),
            _ => out.push(c),
        }
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::rules;

    #[test]
    fn patterns() {
        for (pattern, path, is_folder, ignored) in [
            ("*.log", "a.log", false, true),
            ("*.log", "d/a.log", false, true),
            ("/a", "d/a", false, false),
            ("d/a", "d/a", false, true),
            ("d/", "d", true, true),
            ("d/", "d", false, false),
            ("**/x/*.o", "a/b/x/c.o", false, true),
            ("a{b,c}", "ab", false, false),
            ("a{b,c}", "a{b,c}", false, true),
            ("[{]", "{", false, true),
            ("\\{", "{", false, true),
            ("# a", "# a", false, false),
            ("\\#a", "#a", false, true),
            ("a\r", "a", false, true),
            ("a  ", "a", false, true),
            ("a\\ ", "a ", false, true),
        ] {
            let rules = rules(Path::new(""), format!("{pattern}\n").as_bytes(), false);
            let found = rules.matched(path, is_folder).is_ignore();
            assert_eq!(found, ignored, "{pattern:?} {path:?}");
        }
    }
}
