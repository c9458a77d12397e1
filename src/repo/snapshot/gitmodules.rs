//! What `.gitmodules` of a commit names. The repository wrote it: no include is followed, and no
//! name or path leads out of the project.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use crate::repo::git_config::{self, Mistake};

/// More than any project has. Bytes.
pub(super) const MAX_SIZE: usize = 1 << 20;

/// One submodule as `.gitmodules` has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// The name of its section.
    pub(super) name: String,
    /// Its folder, relative to the project that names it.
    pub(super) path: PathBuf,
    /// May be relative to the URL of the project.
    pub(super) url: String,
    /// The branch that `git submodule update --remote` follows; `None` for that of the remote.
    pub(super) branch: Option<String>,
}

/// The submodules of the text, one for each path. What git takes for an attack is left out.
pub(super) fn read(text: &str) -> Result<Vec<Named>, Mistake> {
    let mut sections: BTreeMap<String, Named> = BTreeMap::new();
    for setting in git_config::parse(text)? {
        let ("submodule", Some(name), Some(value)) =
            (setting.section.as_str(), setting.subsection, setting.value)
        else {
            continue;
        };
        let section = sections.entry(name).or_default();
        match setting.key.as_str() {
            "path" => section.path = value.into(),
            "url" => section.url = value,
            "branch" => section.branch = Some(value),
            _ => {}
        }
    }
    let mut by_path = BTreeMap::new();
    for (name, mut section) in sections {
        let path = section.path.to_str().unwrap_or_default();
        if stays_inside(&name) && stays_inside(path) {
            if is_option(&section.url) {
                section.url.clear();
            }
            let path = section.path.clone();
            by_path.entry(path).or_insert(Named { name, ..section });
        }
    }
    Ok(by_path.into_values().collect())
}

/// The URL of a submodule as `git submodule init` writes it: one that begins with `./` or `../`
/// is relative to that of the project.
pub(super) fn resolved(url: &str, project: &str) -> String {
    let (mut rest, mut base) = (url, project.trim_end_matches('/'));
    if !rest.starts_with("./") && !rest.starts_with("../") {
        return url.to_owned();
    }
    let top = base.find("://").map_or(0, |at| at + 3);
    loop {
        if let Some(here) = rest.strip_prefix("./") {
            rest = here;
        } else if let Some(above) = rest.strip_prefix("../") {
            rest = above;
            // The host stays.
            base = match base[top..].rfind('/') {
                Some(at) => &base[..top + at],
                None => base,
            };
        } else {
            return format!("{base}/{rest}").trim_end_matches('/').to_owned();
        }
    }
}

/// Whether a name from a repository stays where it is put, and can be taken for nothing else.
fn stays_inside(name: &str) -> bool {
    let path = Path::new(name);
    let is_plain = |part: Component<'_>| match part {
        Component::Normal(part) => !part.eq_ignore_ascii_case(".git"),
        _ => false,
    };
    let as_written = path.components().collect::<PathBuf>();
    !name.is_empty()
        && !is_option(name)
        && !name.contains(char::is_control)
        && path.components().all(is_plain)
        // One spelling for each place: no `a//b`, no `a/.`.
        && as_written.as_os_str() == path.as_os_str()
}

/// A program would take it for an option.
fn is_option(text: &str) -> bool {
    text.starts_with('-')
}

#[cfg(test)]
mod tests {
    use super::{read, resolved, stays_inside};

    #[test]
    fn sections_of_gitmodules() {
        for (situation, text, named) in [
            ("nothing", "", ""),
            (
                "two",
                "[submodule \"b\"]\npath=x\nurl=u\n[submodule \"a\"]\nurl = v\npath = d/y\n",
                "a d/y v|b x u",
            ),
            ("no path", "[submodule \"a\"]\nurl = u", ""),
            ("no URL", "[submodule \"a\"]\npath = p", "a p "),
            (
                "the last of a key",
                "[submodule \"a\"]\npath=p\npath=q\nurl=u\n[submodule \"a\"]\nurl=v",
                "a q v",
            ),
            (
                "a name that begins as the section does",
                "[submodule \"submodule.x.path\"]\npath=p\nurl=u",
                "submodule.x.path p u",
            ),
            (
                "two names of one path",
                "[submodule \"a\"]\npath=p\n[submodule \"b\"]\npath=p",
                "a p ",
            ),
            (
                "two spellings of one path",
                "[submodule \"a\"]\npath=p\n[submodule \"b\"]\npath=p/",
                "a p ",
            ),
            (
                "a name that leads out",
                "[submodule \"../../hooks\"]\npath=p\nurl=u",
                "",
            ),
            (
                "a path that leads out",
                "[submodule \"a\"]\npath=../p\nurl=u",
                "",
            ),
            (
                "options",
                "[submodule \"a\"]\npath=p\nurl=--upload-pack=x\n[submodule \"b\"]\npath=-p",
                "a p ",
            ),
            (
                "an include",
                "[include]\npath = other\n[submodule \"a\"]\npath=p\nurl=u",
                "a p u",
            ),
        ] {
            let found = read(text).expect(situation);
            let shown: Vec<_> = found
                .iter()
                .map(|one| format!("{} {} {}", one.name, one.path.display(), one.url))
                .collect();
            assert_eq!(shown.join("|"), named, "{situation}");
        }
    }

    #[test]
    fn urls_relative_to_the_project() {
        for (url, project, wanted) in [
            (
                "https://h/g/lib.git",
                "https://h/g/p.git",
                "https://h/g/lib.git",
            ),
            ("../lib.git", "https://h/g/p.git", "https://h/g/lib.git"),
            ("../../o/lib", "https://h/g/p.git/", "https://h/o/lib"),
            ("./lib", "https://h/g/p.git", "https://h/g/p.git/lib"),
            ("../../../../x", "https://h/g/p.git", "https://h/x"),
            ("/srv/lib", "https://h/g/p.git", "/srv/lib"),
            ("git@h:g/lib.git", "https://h/g/p.git", "git@h:g/lib.git"),
        ] {
            assert_eq!(resolved(url, project), wanted, "{url} of {project}");
        }
    }

    #[test]
    fn names_lead_nowhere_else() {
        for (name, inside) in [
            ("lib", true),
            ("deep/lib", true),
            ("a.b", true),
            ("", false),
            ("../../evil", false),
            ("a/../b", false),
            ("/etc", false),
            (".git/hooks", false),
            ("a/.GIT", false),
            ("-x", false),
            ("a\nb", false),
            ("a/", false),
            ("a//b", false),
            ("a/./b", false),
            ("./a", false),
            (".", false),
        ] {
            assert_eq!(stays_inside(name), inside, "{name:?}");
        }
    }
}
