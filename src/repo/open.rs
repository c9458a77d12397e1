//! Finding the repository of a folder.

use std::path::{Path, PathBuf};

use git2::{ErrorCode, RepositoryOpenFlags};

use super::RepoError;

/// The repository of a checkout with at least one commit.
pub struct Repository {
    pub(super) git: git2::Repository,
    root: PathBuf,
    pub(super) head: git2::Oid,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository")
            .field("root", &self.root)
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}

impl Repository {
    /// Finds the repository that `cwd` lies in: from any subdirectory, from linked worktrees and
    /// from checkouts of submodules. Environment variables of git have no say, for a hook that
    /// calls `pipe` runs with those of another repository.
    pub fn discover(cwd: &Path) -> Result<Self, RepoError> {
        let git = git2::Repository::open_ext(
            cwd,
            RepositoryOpenFlags::empty(),
            std::iter::empty::<&Path>(),
        )
        .map_err(|error| not_opened(cwd, &error))?;
        let Some(root) = git.workdir().map(without_trailing_slash) else {
            return Err(RepoError::Bare {
                path: without_trailing_slash(git.path()),
            });
        };
        refuse_redirection(cwd, &root)?;
        let head = head_commit(&git, &root)?;
        Ok(Self { git, root, head })
    }

    /// The top folder of the work tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder that all worktrees of this repository share; it tells repositories apart.
    pub fn common_dir(&self) -> PathBuf {
        without_trailing_slash(self.git.commondir())
    }

    /// The commit that is checked out, forty hexadecimal digits.
    pub fn head_sha(&self) -> String {
        self.head.to_string()
    }
}

/// A setting of the repository can name any folder of the machine as its work tree, whose files
/// jobs would then see. Only the folder with the `.git` that was found is one.
fn refuse_redirection(cwd: &Path, root: &Path) -> Result<(), RepoError> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let cwd = real(cwd);
    match checkout_above(&cwd) {
        Some(checkout) if checkout != real(root) => Err(RepoError::Unsupported {
            path: checkout.to_owned(),
            what: format!("`{}` as its work tree", root.display()),
            remedy: "run `git config --unset core.worktree`",
        }),
        _ => Ok(()),
    }
}

fn head_commit(git: &git2::Repository, root: &Path) -> Result<git2::Oid, RepoError> {
    let head = git.head().map_err(|error| match error.code() {
        ErrorCode::UnbornBranch | ErrorCode::NotFound => RepoError::NoCommit {
            root: root.to_owned(),
        },
        _ => RepoError::corrupt("HEAD")(error),
    })?;
    let commit = head
        .peel_to_commit()
        .map_err(RepoError::corrupt("the commit of HEAD"))?;
    Ok(commit.id())
}

fn without_trailing_slash(path: &Path) -> PathBuf {
    path.components().collect()
}

fn not_opened(cwd: &Path, error: &git2::Error) -> RepoError {
    match error.code() {
        ErrorCode::NotFound => not_found(cwd),
        ErrorCode::Owner => RepoError::ForeignOwner {
            path: checkout_above(cwd).unwrap_or(cwd).to_owned(),
        },
        _ => unsupported(cwd).unwrap_or_else(|| RepoError::Corrupt {
            what: "the settings".to_owned(),
            detail: error.message().to_owned(),
        }),
    }
}

/// The nearest folder with a `.git`, the one whose owner git looks at.
fn checkout_above(cwd: &Path) -> Option<&Path> {
    cwd.ancestors()
        .find(|dir| dir.join(".git").symlink_metadata().is_ok())
}

fn not_found(cwd: &Path) -> RepoError {
    match checkout_above(cwd) {
        Some(root) => RepoError::Dangling {
            root: root.to_owned(),
        },
        None => RepoError::NotFound {
            dir: cwd.to_owned(),
        },
    }
}

/// Says which extension of the repository's format libgit2 lacks, from the settings themselves
/// rather than from the wording of its error.
fn unsupported(cwd: &Path) -> Option<RepoError> {
    let path = checkout_above(cwd)?.to_owned();
    let settings = git2::Config::open(&settings_file(&path)?).ok()?;
    let value = |key: &str| settings.get_string(key).ok();
    let (what, remedy) =
        if let Some(format) = value("extensions.objectformat").filter(|format| format != "sha1") {
            (
                format!("{format} object names"),
                "clone it with `--object-format=sha1`",
            )
        } else if let Some(storage) =
            value("extensions.refstorage").filter(|storage| storage != "files")
        {
            (
                format!("the {storage} ref format"),
                "run `git refs migrate --ref-format=files`",
            )
        } else if value("extensions.partialclone").is_some() {
            (
                "a partial clone".to_owned(),
                "make a full clone, without `--filter`",
            )
        } else {
            let version = value("core.repositoryformatversion").filter(|v| v != "0" && v != "1");
            let name = version.map_or_else(
                || "an extension of git's repository format".to_owned(),
                |version| format!("version {version} of git's repository format"),
            );
            (name, "a fresh `git clone` has a format that works")
        };
    Some(RepoError::Unsupported { path, what, remedy })
}

/// The settings file behind `checkout/.git`, be it a folder or the pointer of a worktree.
fn settings_file(checkout: &Path) -> Option<PathBuf> {
    let dot_git = checkout.join(".git");
    if dot_git.is_dir() {
        return Some(dot_git.join("config"));
    }
    let pointer = std::fs::read_to_string(&dot_git).ok()?;
    let git_dir = checkout.join(pointer.strip_prefix("gitdir:")?.trim());
    let common = std::fs::read_to_string(git_dir.join("commondir")).map_or_else(
        |_| git_dir.clone(),
        |relative| git_dir.join(relative.trim()),
    );
    Some(common.join("config"))
}
