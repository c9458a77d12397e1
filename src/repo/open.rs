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
        let found = open(cwd, RepositoryOpenFlags::empty()).map_err(|e| not_opened(cwd, &e))?;
        if found.workdir().is_none() {
            return Err(RepoError::Bare {
                path: without_trailing_slash(found.path()),
            });
        }
        let cwd = cwd.canonicalize().unwrap_or_else(|_| cwd.to_owned());
        let root = checkout_above(&cwd).ok_or_else(|| not_found(&cwd))?;
        let git = checkout(root).map_err(|error| not_opened(root, &error))?;
        refuse_redirection(&git, root)?;
        let head = head_commit(&git, root)?;
        Ok(Self {
            root: root.to_owned(),
            git,
            head,
        })
    }

    /// One more handle, for another thread.
    pub(super) fn handle(&self) -> Result<git2::Repository, RepoError> {
        checkout(&self.root).map_err(RepoError::corrupt("the settings"))
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

fn open(folder: &Path, flags: RepositoryOpenFlags) -> Result<git2::Repository, git2::Error> {
    git2::Repository::open_ext(folder, flags, std::iter::empty::<&Path>())
}

/// Opens what `.git` in exactly this folder leads to, be it a folder, the pointer of a worktree
/// or a link to either. It is never opened by the place of git's own files: those may lie
/// elsewhere, and the folder around them is not the checkout.
pub(super) fn checkout(root: &Path) -> Result<git2::Repository, git2::Error> {
    let git = open(root, RepositoryOpenFlags::NO_SEARCH)?;
    if git.is_worktree() {
        // libgit2 takes the folder where the worktree was made, git the one it is found in.
        git.set_workdir(root, false)?;
    }
    Ok(git)
}

/// A setting of the repository can name any folder of the machine as its work tree, whose files
/// jobs would then see. Only the folder with the `.git` that was found is one.
fn refuse_redirection(git: &git2::Repository, root: &Path) -> Result<(), RepoError> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match git.workdir() {
        Some(workdir) if real(workdir) == real(root) => Ok(()),
        workdir => Err(RepoError::Unsupported {
            path: root.to_owned(),
            what: workdir.map_or_else(
                || "no work tree".to_owned(),
                |folder| {
                    format!(
                        "`{}` as its work tree",
                        without_trailing_slash(folder).display()
                    )
                },
            ),
            remedy: "run `git config --unset core.worktree`",
        }),
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
        // A `.git` that is neither a folder nor a pointer.
        _ if checkout_above(cwd).is_some_and(|root| settings_file(root).is_none()) => {
            not_found(cwd)
        }
        _ => unsupported(cwd).unwrap_or_else(|| RepoError::Unreadable {
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
