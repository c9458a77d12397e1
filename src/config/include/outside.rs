//! Files outside the repository, and the keys under which a store of fetched files has them.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::foreign::without_secrets;

/// A project at a revision.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProjectAt {
    /// The server's host name.
    pub host: String,
    /// `group/project`, in lower case.
    pub path: String,
    /// Branch, tag, commit or version; `HEAD` for the default branch.
    pub revision: String,
}

/// A file outside the repository (configuration reference 4.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outside {
    /// A file of a project. A component's template is one too.
    Project(ProjectAt, String),
    /// A file at an address.
    Remote(String),
    /// A template that comes with the server.
    Template(String),
}

impl Outside {
    /// The name of the file in the store. Every part of it is safe as a file's name, whatever
    /// the configuration says: characters beyond letters, digits and `-_.~` are written as `%XX`.
    ///
    /// | file | key |
    /// |---|---|
    /// | of a project | `project/HOST/GROUP/PROJECT/@REVISION/PATH` |
    /// | at an address | `remote/DIGEST`, the digest of the address, in which secrets may be |
    /// | a template | `template/PATH` |
    ///
    /// Beside the files of a project, the part `@commit` holds its commit's id where it is known,
    /// and `@paths` the paths of all its files, one a line.
    pub fn key(&self) -> String {
        match self {
            Self::Project(project, path) => format!("{}{}", project.prefix(), parts(path)),
            Self::Remote(address) => format!("remote/{}", digest(address)),
            Self::Template(name) => format!("template/{}", parts(name)),
        }
    }

    /// The name of the file where a message shows a place in it.
    pub fn name(&self) -> String {
        match self {
            Self::Project(project, path) => {
                format!("{}@{}/{path}", project.path, project.revision)
            }
            Self::Remote(address) => without_secrets(address),
            Self::Template(name) => format!("template/{name}"),
        }
    }

    /// What the file is, for a message.
    pub fn describe(&self) -> String {
        match self {
            Self::Project(project, path) => {
                format!(
                    "`{path}` of project `{}` at `{}`",
                    project.path, project.revision
                )
            }
            Self::Remote(address) => format!("`{}`", without_secrets(address)),
            Self::Template(name) => format!("template `{name}`"),
        }
    }
}

impl ProjectAt {
    /// What the keys of all its files begin with.
    fn prefix(&self) -> String {
        format!(
            "project/{}/{}/@{}/",
            part(&self.host),
            parts(&self.path),
            part(&self.revision)
        )
    }

    /// The key of the text that is the commit's id.
    pub fn commit_key(&self) -> String {
        format!("{}@commit", self.prefix())
    }

    /// The key of the text that lists all files.
    pub fn paths_key(&self) -> String {
        format!("{}@paths", self.prefix())
    }
}

/// SHA-256 in hexadecimal.
fn digest(text: &str) -> String {
    let mut out = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        // Writing to a string can't fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Every part of a path made safe, empty parts left out.
fn parts(path: &str) -> String {
    let safe: Vec<String> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(part)
        .collect();
    safe.join("/")
}

const HEX: [char; 16] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F',
];

/// A text as one part of a path that leads nowhere else.
fn part(text: &str) -> String {
    let only_dots = text.chars().all(|c| c == '.');
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric()
            || matches!(byte, b'-' | b'_' | b'~')
            || (byte == b'.' && !only_dots);
        if plain {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 15)]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, revision: &str, file: &str) -> Outside {
        let project = ProjectAt {
            host: "gitlab.com".to_owned(),
            path: path.to_owned(),
            revision: revision.to_owned(),
        };
        Outside::Project(project, file.to_owned())
    }

    #[test]
    fn keys_are_paths_that_stay_in_the_store() {
        for (outside, key) in [
            (
                file("g/p", "HEAD", "a.yml"),
                "project/gitlab.com/g/p/@HEAD/a.yml",
            ),
            (
                file("g/p", "feature/x", "/ci/a b.yml"),
                "project/gitlab.com/g/p/@feature%2Fx/ci/a%20b.yml",
            ),
            (
                file("g/../p", "..", "../../a.yml"),
                "project/gitlab.com/g/%2E%2E/p/@%2E%2E/%2E%2E/%2E%2E/a.yml",
            ),
            (
                Outside::Remote("https://me:pw@e.org/a.yml?x=1".to_owned()),
                "remote/",
            ),
            (
                Outside::Template("Jobs/Build.gitlab-ci.yml".to_owned()),
                "template/Jobs/Build.gitlab-ci.yml",
            ),
        ] {
            let found = outside.key();
            match key {
                "remote/" => assert_eq!(found.len(), 7 + 64, "{found}"),
                key => assert_eq!(found, key, "{}", outside.describe()),
            }
        }
    }
}
