//! Reading one file of the tree by its path in the repository.

use git2::{ErrorCode, ObjectType, Oid};

use super::index::Entry;
use super::listing::{Mode, is_private, to_path};
use super::regular::{RegularError, read_regular};
use super::tree::{ProjectTree, TreeSource};
use super::work_tree::{blob_id_of, is_ignored};

/// Why a file can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// No such file in the tree.
    #[error("`{0}` does not exist in the repository")]
    NotFound(String),
    /// It exists, but git ignores it, so that GitLab will never see it.
    #[error(
        "`{0}` is ignored by git, GitLab will not see it; take it out of `.gitignore` or add it with `git add -f`"
    )]
    Ignored(String),
    /// The path, or a link on the way, leads out of the repository.
    #[error("`{0}` leads outside the repository")]
    Outside(String),
    /// A folder, or something else without content.
    #[error("`{0}` is not a file")]
    NotAFile(String),
    /// The content is not UTF-8.
    #[error("`{0}` is not UTF-8 text")]
    NotUtf8(String),
    /// The system or git refused.
    #[error("`{0}` can't be read: {1}")]
    Unreadable(String, String),
}

/// Links followed before a path counts as a circle, as in Linux.
const MAX_LINKS: usize = 40;
/// More than GitLab would take from any file that configures it. Bytes.
const MAX_SIZE: u64 = 64 * 1024 * 1024;

/// What lies at a path, links not followed.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    WorkTreeFile,
    Blob(Oid),
    Link(Vec<u8>),
    Folder,
    Other,
    Ignored,
    Missing,
}

impl ProjectTree {
    /// The bytes of the file at `path`, relative to the root; a leading `/` means the root too.
    /// A link is followed as long as it stays inside the repository.
    pub fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        let (found, node) = resolve(path, |at| self.look(at))?;
        let unreadable = |why: String| FileError::Unreadable(path.to_owned(), why);
        match node {
            Node::WorkTreeFile => {
                read_regular(self.root(), &to_path(&found), MAX_SIZE).map_err(|error| match error {
                    RegularError::Missing => FileError::NotFound(path.to_owned()),
                    RegularError::NotRegular => FileError::NotAFile(path.to_owned()),
                    RegularError::Io(error) => unreadable(error.to_string()),
                    other => unreadable(format!("it {other}")),
                })
            }
            Node::Blob(id) => self
                .git()
                .find_blob(id)
                .map(|blob| blob.content().to_vec())
                .map_err(|error| unreadable(error.message().to_owned())),
            _ => Err(FileError::NotAFile(path.to_owned())),
        }
    }

    /// The text of the file at `path`.
    pub fn read_text(&self, path: &str) -> Result<String, FileError> {
        String::from_utf8(self.read(path)?).map_err(|_| FileError::NotUtf8(path.to_owned()))
    }

    /// The git id of the content of the file at `path`, links not followed.
    pub fn blob_id(&self, path: &str) -> Result<String, FileError> {
        let unreadable = |error: &git2::Error| {
            FileError::Unreadable(path.to_owned(), error.message().to_owned())
        };
        let id = match self.look(path.as_bytes()) {
            Node::Blob(id) => id,
            Node::WorkTreeFile => blob_id_of(&self.root().join(path))
                .map_err(|error| FileError::Unreadable(path.to_owned(), error.to_string()))?,
            Node::Link(target) => {
                Oid::hash_object(ObjectType::Blob, &target).map_err(|e| unreadable(&e))?
            }
            node => return Err(no_file(path, &node)),
        };
        Ok(id.to_string())
    }

    /// Whether git tracks the file at `path`; such a file is the repository's word, not the
    /// user's (design chapter 3). Where that can't be known it counts as tracked.
    pub fn is_tracked(&self, path: &str) -> bool {
        let Ok(index) = self.index() else {
            return true;
        };
        let settings = self.git().config();
        let any_case = settings.is_ok_and(|s| s.get_bool("core.ignorecase").unwrap_or(false));
        let path = path.as_bytes();
        let is_it = |entry: Entry<'_>| entry.path.eq_ignore_ascii_case(path);
        index.get(path).is_some() || (any_case && index.iter().any(is_it))
    }

    fn look(&self, path: &[u8]) -> Node {
        match self.source {
            TreeSource::WorkTree => self.look_in_work_tree(path),
            TreeSource::Commit(_) => look_in_commit(&self.git(), self.commit, path),
        }
    }

    fn look_in_work_tree(&self, path: &[u8]) -> Node {
        let relative = to_path(path);
        if relative.file_name().is_some_and(|name| name == ".git") {
            return Node::Missing;
        }
        let full = self.root().join(&relative);
        let index = self.index().ok();
        let entry = index.and_then(|index| index.get(path));
        let Ok(found) = full.symlink_metadata() else {
            // A sparse checkout leaves files out that a job will have.
            return match entry {
                Some(entry) if entry.is_left_out() => Node::Blob(entry.id()),
                _ => Node::Missing,
            };
        };
        if found.is_dir() {
            // Another repository: what is in it is not in this one.
            let foreign = full.join(".git").symlink_metadata().is_ok();
            return if foreign { Node::Missing } else { Node::Folder };
        }
        if entry.is_none() {
            if is_private(path) {
                return Node::Missing;
            }
            if is_ignored(&self.git(), self.root(), &relative) {
                return Node::Ignored;
            }
        }
        if found.is_symlink() {
            return std::fs::read_link(&full).map_or(Node::Missing, |target| {
                Node::Link(target.into_os_string().into_encoded_bytes())
            });
        }
        if found.is_file() {
            Node::WorkTreeFile
        } else {
            Node::Other
        }
    }
}

/// Walks `path` part by part, following links. Returns the path without links and what is there.
fn resolve(path: &str, look: impl Fn(&[u8]) -> Node) -> Result<(Vec<u8>, Node), FileError> {
    let mut todo: Vec<Vec<u8>> = parts(path.as_bytes()).rev().collect();
    let mut at: Vec<Vec<u8>> = Vec::new();
    let mut links = 0;
    while let Some(part) = todo.pop() {
        match part.as_slice() {
            b"" | b"." => continue,
            b".." => {
                at.pop()
                    .ok_or_else(|| FileError::Outside(path.to_owned()))?;
                continue;
            }
            _ => at.push(part),
        }
        let here = at.join(&b'/');
        match look(&here) {
            Node::Folder => {}
            Node::Link(target) if target.starts_with(b"/") => {
                return Err(FileError::Outside(path.to_owned()));
            }
            Node::Link(target) => {
                links += 1;
                if links > MAX_LINKS {
                    let why = "its links lead in a circle".to_owned();
                    return Err(FileError::Unreadable(path.to_owned(), why));
                }
                at.pop();
                todo.extend(parts(&target).rev());
            }
            node @ (Node::WorkTreeFile | Node::Blob(_)) if todo.is_empty() => {
                return Ok((here, node));
            }
            Node::WorkTreeFile | Node::Blob(_) => {
                return Err(FileError::NotFound(path.to_owned()));
            }
            node => return Err(no_file(path, &node)),
        }
    }
    Err(FileError::NotAFile(path.to_owned()))
}

fn parts(path: &[u8]) -> impl DoubleEndedIterator<Item = Vec<u8>> + '_ {
    path.split(|byte| *byte == b'/').map(<[u8]>::to_vec)
}

fn no_file(path: &str, node: &Node) -> FileError {
    match node {
        Node::Ignored => FileError::Ignored(path.to_owned()),
        Node::Missing => FileError::NotFound(path.to_owned()),
        _ => FileError::NotAFile(path.to_owned()),
    }
}

fn look_in_commit(git: &git2::Repository, commit: Oid, path: &[u8]) -> Node {
    let entry = git
        .find_commit(commit)
        .and_then(|commit| commit.tree())
        .and_then(|tree| tree.get_path(&to_path(path)));
    let entry = match entry {
        Ok(entry) => entry,
        Err(error) if error.code() == ErrorCode::NotFound => return Node::Missing,
        Err(_) => return Node::Other,
    };
    if entry.kind() == Some(ObjectType::Tree) {
        return Node::Folder;
    }
    match Mode::of(u32::try_from(entry.filemode()).unwrap_or_default()) {
        Some(Mode::Link) => git
            .find_blob(entry.id())
            .map_or(Node::Other, |blob| Node::Link(blob.content().to_vec())),
        Some(_) => Node::Blob(entry.id()),
        None => Node::Missing,
    }
}
