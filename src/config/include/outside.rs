//! Files outside the repository, and the keys under which a store of fetched files has them.

/// A project at a revision.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProjectAt {
    /// The server's host name.
    pub host: String,
    /// `group/project`, in lower case.
    pub path: String,
    /// Branch, tag, commit or version; `HEAD` for the default branch.
    pub revision: String,
}

/// A file outside the repository (configuration reference 4.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Outside {
    /// A file of a project. A component's template is one too.
    Project(ProjectAt, String),
    /// A file at an address.
    Remote(String),
    /// A template that comes with the server.
    Template(String),
}

impl Outside {
    /// The path of the file in the store. Every part of it is safe as a file's name, whatever
    /// the configuration says: characters beyond letters, digits and `-_.~` are written as `%XX`.
    ///
    /// | file | key |
    /// |---|---|
    /// | of a project | `project/HOST/GROUP/PROJECT/@REVISION/PATH` |
    /// | at an address | `remote/ADDRESS`, the whole address as one part |
    /// | a template | `template/PATH` |
    ///
    /// Beside the files of a project, the part `@commit` holds its commit's id where it is known.
    pub fn key(&self) -> String {
        match self {
            Self::Project(project, path) => format!("{}{}", project.prefix(), parts(path)),
            Self::Remote(address) => format!("remote/{}", part(address)),
            Self::Template(name) => format!("template/{}", parts(name)),
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
            Self::Remote(address) => format!("`{address}`"),
            Self::Template(name) => format!("template `{name}`"),
        }
    }
}

impl ProjectAt {
    /// What the keys of all its files begin with.
    pub fn prefix(&self) -> String {
        format!(
            "project/{}/{}/@{}/",
            part(&self.host),
            parts(&self.path),
            part(&self.revision)
        )
    }

    /// The key of the file that holds the commit's id.
    pub(super) fn commit_key(&self) -> String {
        format!("{}@commit", self.prefix())
    }

    /// The path in the project that a key stands for.
    pub(super) fn path_of(&self, key: &str) -> Option<String> {
        decoded(key.strip_prefix(&self.prefix())?)
    }
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

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(tail.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).ok()
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
                Outside::Remote("https://e.org/a.yml?x=1".to_owned()),
                "remote/https%3A%2F%2Fe.org%2Fa.yml%3Fx%3D1",
            ),
            (Outside::Remote("..".to_owned()), "remote/%2E%2E"),
            (
                Outside::Template("Jobs/Build.gitlab-ci.yml".to_owned()),
                "template/Jobs/Build.gitlab-ci.yml",
            ),
        ] {
            assert_eq!(outside.key(), key, "{}", outside.describe());
        }
    }

    #[test]
    fn a_path_comes_back_from_its_key() {
        for path in ["a.yml", "ci/a b.yml", "ä/%41.yml"] {
            let Outside::Project(project, _) = file("g/p", "v1", path) else {
                unreachable!("a file of a project was made");
            };
            let key = Outside::Project(project.clone(), path.to_owned()).key();
            assert_eq!(project.path_of(&key).as_deref(), Some(path));
        }
    }
}
