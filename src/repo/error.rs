//! Why the repository can't be used: what is wrong in one line, and the remedy beside it.

use std::path::{Path, PathBuf};

use git2::ErrorClass;

use crate::diag::Code;
use crate::foreign::{Command, MAKE_ROOM, is_disk_full, system_words};

/// What the C library says of a full disk.
const NO_SPACE: &str = "No space left on device";

/// A failure to read the repository.
#[derive(Debug, thiserror::Error)]
pub enum RepoError {
    /// No `.git` here or above.
    #[error("`{}` is not in a git repository", dir.display())]
    NotFound {
        /// Where the search began.
        dir: PathBuf,
    },
    /// A `.git` that is a pointer to nowhere, or a folder without git's files.
    #[error("`{}/.git` leads to no repository", root.display())]
    Dangling {
        /// The work tree.
        root: PathBuf,
    },
    /// HEAD points to a branch that has no commit.
    #[error("`{}` has no commit yet", root.display())]
    NoCommit {
        /// The work tree.
        root: PathBuf,
    },
    /// A repository without files.
    #[error("`{}` is a bare repository, it has no files to run", path.display())]
    Bare {
        /// The repository.
        path: PathBuf,
    },
    /// Git refuses it too, for another user could have planted settings in it.
    #[error("`{}` belongs to another user", path.display())]
    ForeignOwner {
        /// The folder whose owner is not the user.
        path: PathBuf,
    },
    /// A format that libgit2 can't read.
    #[error("`{}` uses {what}, which pipe can't read", path.display())]
    Unsupported {
        /// The repository.
        path: PathBuf,
        /// `sha256 object names`.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// Something that must be there is missing or broken.
    #[error("can't read {what} of the repository: {detail}")]
    Corrupt {
        /// `the index`.
        what: String,
        /// libgit2's words.
        detail: String,
    },
    /// A file of git's own that is no object could not be read.
    #[error("can't read {what} of the repository: {detail}")]
    Unreadable {
        /// `the settings`.
        what: String,
        /// libgit2's words.
        detail: String,
    },
    /// A ref or revision that does not exist.
    #[error("there is no {kind} `{name}` in this repository")]
    RevisionUnknown {
        /// `branch`, `tag` or `revision`.
        kind: &'static str,
        /// As the user wrote it.
        name: String,
        /// The closest name there is.
        suggestion: Option<String>,
    },
    /// A submodule that a job wants, but whose commit is not on this machine.
    #[error("submodule `{}` has no commit `{commit}` here", path.display())]
    SubmoduleMissing {
        /// Its folder in the project.
        path: PathBuf,
        /// The commit that the project wants of it.
        commit: String,
    },
    /// An entry of `GIT_SUBMODULE_PATHS` that is none, or fits nothing of the commit.
    #[error("`GIT_SUBMODULE_PATHS` has `{written}`, which {}", unfit(*.is_pathspec))]
    SubmodulePath {
        /// The entry.
        written: String,
        /// Whether it is one that could fit something.
        is_pathspec: bool,
    },
    /// What names the submodules of a commit is no configuration of git.
    #[error("`{}` of the commit can't be read: {why}", path.display())]
    Gitmodules {
        /// `.gitmodules`, with the line where the mistake has one.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// It was asked to end before it was done.
    #[error("stopped before the project's files were packed")]
    Stopped,
    /// The disk that takes the project's files is full.
    #[error("there is no room for the project's files: {detail}")]
    DiskFull {
        /// The system's words.
        detail: String,
    },
    /// A file of the work tree or of the run's own folder.
    #[error("can't {doing} `{}`: {}", path.display(), system_words(source))]
    Io {
        /// `read`, `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
}

const fn unfit(is_pathspec: bool) -> &'static str {
    if is_pathspec {
        "names nothing in this commit"
    } else {
        "is no pathspec of git"
    }
}

impl RepoError {
    /// The diagnostic code of this error.
    pub const fn code(&self) -> Code {
        match self {
            Self::NotFound { .. } => Code::NotARepository,
            Self::NoCommit { .. } => Code::NoCommit,
            Self::Bare { .. } => Code::BareRepository,
            Self::Dangling { .. }
            | Self::ForeignOwner { .. }
            | Self::Unsupported { .. }
            | Self::Corrupt { .. }
            | Self::Unreadable { .. }
            | Self::SubmoduleMissing { .. }
            | Self::SubmodulePath { .. }
            | Self::Gitmodules { .. }
            | Self::Stopped
            | Self::Io { .. } => Code::RepositoryUnreadable,
            Self::RevisionUnknown { .. } => Code::RevisionUnknown,
            Self::DiskFull { .. } => Code::StateUnwritable,
        }
    }

    /// What to do about it, where there is something.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Self::NotFound { .. } => {
                "run `git init` and commit, or name the checkout with `-C DIR`".to_owned()
            }
            Self::Dangling { root } => {
                let repair = Command::new("git worktree repair").arg(&root.to_string_lossy());
                format!("run `{repair}` in the main checkout, or clone again")
            }
            Self::NoCommit { .. } => "make the first one with `git commit`".to_owned(),
            Self::Bare { .. } => {
                "make a checkout with `git worktree add` or `git clone`".to_owned()
            }
            Self::ForeignOwner { path } => format!("if you trust it, run `{}`", trusting(path)),
            Self::Unsupported { remedy, .. } => (*remedy).to_owned(),
            Self::Corrupt { .. } => "`git fsck` may say more".to_owned(),
            Self::Unreadable { .. } => "`git status` may say more".to_owned(),
            Self::RevisionUnknown { suggestion, .. } => match suggestion {
                Some(name) => format!("did you mean `{name}`?"),
                None => "`git branch -a` and `git tag` list what there is".to_owned(),
            },
            Self::SubmoduleMissing { .. } => {
                "run `git submodule update --init --recursive`".to_owned()
            }
            Self::SubmodulePath { .. } => {
                "name the folder of a submodule; in GitLab Runner the job fails".to_owned()
            }
            Self::Gitmodules { .. } => "mend it and commit it".to_owned(),
            Self::DiskFull { .. } => MAKE_ROOM.to_owned(),
            Self::Stopped | Self::Io { .. } => return None,
        })
    }

    /// For `map_err`: something that must be there could not be read. Only what is wrong with
    /// objects and refs is a case for `git fsck`; the rest is of the system or of the settings.
    pub(super) fn corrupt(what: impl Into<String>) -> impl FnOnce(git2::Error) -> Self {
        |error| {
            let (what, detail) = (
                what.into(),
                error.message().trim_end_matches('.').to_owned(),
            );
            match error.class() {
                // libgit2 hands on the system's words for what it can't write, and no number.
                _ if detail.contains(NO_SPACE) => Self::DiskFull { detail },
                ErrorClass::Os | ErrorClass::Filesystem | ErrorClass::Config => {
                    Self::Unreadable { what, detail }
                }
                _ => Self::Corrupt { what, detail },
            }
        }
    }

    /// For `map_err`: the index of the checkout at `root` could not be read. Of forms that libgit2 does not
    /// know the remedy is git's own.
    pub(super) fn index(root: Option<&Path>) -> impl FnOnce(git2::Error) -> Self {
        const UNKNOWN: &str = "unsupported mandatory extension: '";
        let root = root.unwrap_or(Path::new(".")).to_owned();
        move |error| {
            let name = error.message().split_once(UNKNOWN);
            let name = name.and_then(|(_, rest)| rest.split('\'').next());
            let (what, remedy) = match name {
                Some("sdir") => (
                    "a sparse index".to_owned(),
                    "run `git sparse-checkout reapply --no-sparse-index`",
                ),
                Some("link") => (
                    "a split index".to_owned(),
                    "run `git update-index --no-split-index`",
                ),
                Some(other) => (
                    format!("the extension `{other}` of git's index"),
                    "a fresh `git clone` has an index that works",
                ),
                None => return Self::corrupt("the index")(error),
            };
            let path = root;
            Self::Unsupported { path, what, remedy }
        }
    }

    /// For `map_err`: a file could not be read or written.
    pub(super) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(std::io::Error) -> Self {
        move |source| {
            if is_disk_full(&source) {
                let detail = system_words(&source);
                return Self::DiskFull { detail };
            }
            Self::Io {
                doing,
                path: path.into(),
                source,
            }
        }
    }
}

/// Names the file, for `--global` follows `GIT_CONFIG_GLOBAL`, which libgit2 does not read; and the
/// whole path, for it knows no `*` there.
fn trusting(path: &Path) -> Command {
    Command::new("git config --file ~/.gitconfig --add safe.directory").arg(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use git2::{Error, ErrorClass, ErrorCode};

    use super::RepoError;

    #[test]
    fn git_fsck_is_for_objects() {
        for (class, remedy) in [
            (ErrorClass::Odb, "git fsck"),
            (ErrorClass::Object, "git fsck"),
            (ErrorClass::Zlib, "git fsck"),
            (ErrorClass::Reference, "git fsck"),
            (ErrorClass::Os, "git status"),
            (ErrorClass::Filesystem, "git status"),
            (ErrorClass::Config, "git status"),
        ] {
            let error = Error::new(ErrorCode::GenericError, class, "why.");
            let error = RepoError::corrupt("a tree")(error);
            let message = "can't read a tree of the repository: why";
            assert_eq!(error.to_string(), message, "{class:?}");
            let help = format!("`{remedy}` may say more");
            assert_eq!(error.help(), Some(help), "{class:?}");
        }
    }
}
