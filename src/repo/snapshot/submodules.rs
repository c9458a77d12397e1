//! Submodules as `git submodule update` leaves them (runtime reference 11.3), from the clones
//! that the user's checkout has of them: nothing is fetched.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use git2::{ObjectType, Oid, TreeEntry};
use sha2::{Digest, Sha256};

use super::archive::Archive;
use super::git_dir::{self, GitDir};
use super::gitmodules::{self, Named};
use super::history::Fetch;
use super::pathspec::Paths;
use super::refs;
use crate::repo::RepoError;
use crate::repo::listing::{Listing, Mode, Place, to_path};
use crate::types::{RefKind, SubmoduleStrategy, Submodules, Tags};

/// Submodules may hold each other; nobody nests them deeper.
const MAX_LEVELS: usize = 8;

/// One submodule that a job gets.
pub(super) struct Submodule {
    /// As `.gitmodules` calls it.
    name: String,
    /// That of its remote, never relative.
    url: String,
    /// Where its files go in the project folder.
    path: PathBuf,
    /// Where its git folder goes in the project folder.
    git_dir: PathBuf,
    commit: Oid,
    git: git2::Repository,
    inner: Vec<Submodule>,
}

/// A repository whose submodules are looked for.
struct Above<'a> {
    git: &'a git2::Repository,
    commit: Oid,
    url: &'a str,
    path: &'a Path,
    git_dir: &'a Path,
}

/// The submodules of a commit of the project, whose remote is at `url`.
pub(super) fn find(
    git: &git2::Repository,
    commit: Oid,
    url: &str,
    wanted: &Submodules,
) -> Result<Vec<Submodule>, RepoError> {
    let levels = match wanted.strategy {
        SubmoduleStrategy::None => return Ok(Vec::new()),
        SubmoduleStrategy::Normal => 1,
        SubmoduleStrategy::Recursive => MAX_LEVELS,
    };
    let top = Above {
        git,
        commit,
        url,
        path: Path::new(""),
        git_dir: Path::new(".git"),
    };
    let paths = Paths::of(&wanted.paths, &top.tree()?)?;
    top.submodules(levels, wanted.newest, &|path| paths.let_in(path))
}

/// What the settings of a repository say of its submodules.
pub(super) fn settings(submodules: &[Submodule]) -> String {
    let mut text = String::new();
    for submodule in submodules {
        let (name, url) = (
            git_dir::quoted(&submodule.name),
            git_dir::quoted(&submodule.url),
        );
        // Writing to a string can't fail.
        let _ = write!(
            text,
            "[submodule \"{name}\"]\n\tactive = true\n\turl = \"{url}\"\n"
        );
    }
    text
}

impl Above<'_> {
    /// Those that `lets_in` has, `newest` at the tip of their branch. Inside of them all are taken,
    /// for git's paths are those of the project.
    fn submodules(
        &self,
        levels: usize,
        newest: bool,
        lets_in: &dyn Fn(&Path) -> bool,
    ) -> Result<Vec<Submodule>, RepoError> {
        if levels == 0 {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for named in self.named()? {
            let Some(linked) = self.link(&named.path)?.filter(|_| lets_in(&named.path)) else {
                // Named, but not in this commit, or not wanted.
                continue;
            };
            let (git, commit) = if newest {
                self.open_newest(&named)?
            } else {
                (self.open(&named, linked)?, linked)
            };
            let Named {
                name, path, url, ..
            } = named;
            let mut submodule = Submodule {
                path: self.path.join(&path),
                git_dir: self.git_dir.join("modules").join(&name),
                name,
                url: gitmodules::resolved(&url, self.url),
                commit,
                git,
                inner: Vec::new(),
            };
            submodule.inner = submodule
                .above()
                .submodules(levels - 1, newest, &|_| true)?;
            found.push(submodule);
        }
        Ok(found)
    }

    /// What `.gitmodules` of the commit names.
    fn named(&self) -> Result<Vec<Named>, RepoError> {
        let tree = self.tree()?;
        let Some(entry) = tree.get_name(".gitmodules") else {
            return Ok(Vec::new());
        };
        let unreadable = |line: Option<usize>, why| {
            let place = line.map_or(String::new(), |line| format!(":{line}"));
            let path = self.path.join(format!(".gitmodules{place}"));
            RepoError::Gitmodules { path, why }
        };
        if !is_file(&entry) {
            return Err(unreadable(None, "it is not a file"));
        }
        let blob = self.git.find_blob(entry.id());
        let blob = blob.map_err(RepoError::corrupt("`.gitmodules`"))?;
        if blob.size() > gitmodules::MAX_SIZE {
            return Err(unreadable(None, "it has more than 1 MiB"));
        }
        let text = String::from_utf8_lossy(blob.content());
        gitmodules::read(&text).map_err(|mistake| unreadable(Some(mistake.line), mistake.what))
    }

    /// The commit that the tree has at that path.
    fn link(&self, path: &Path) -> Result<Option<Oid>, RepoError> {
        let entry = self.tree()?.get_path(path).ok();
        let link = entry.filter(|entry| entry.kind() == Some(ObjectType::Commit));
        Ok(link.map(|entry| entry.id()))
    }

    fn tree(&self) -> Result<git2::Tree<'_>, RepoError> {
        self.git
            .find_commit(self.commit)
            .and_then(|commit| commit.tree())
            .map_err(RepoError::corrupt("a tree"))
    }

    /// The clone that has the commit.
    fn open(&self, named: &Named, commit: Oid) -> Result<git2::Repository, RepoError> {
        let mut clones = self.clones(named);
        let found = clones.find(|git| git.find_commit(commit).is_ok());
        found.ok_or_else(|| self.missing(named, commit.to_string()))
    }

    /// The clone, and the tip of the branch that it follows as it was when that was last fetched.
    fn open_newest(&self, named: &Named) -> Result<(git2::Repository, Oid), RepoError> {
        let branch = named.branch.as_deref().unwrap_or("HEAD");
        let name = format!("refs/remotes/origin/{branch}");
        let tip = |git: &git2::Repository| {
            let tip = git.find_reference(&name).ok()?;
            Some(tip.peel_to_commit().ok()?.id())
        };
        let mut clones = self.clones(named);
        let found = clones.find_map(|git| tip(&git).map(|tip| (git, tip)));
        found.ok_or_else(|| self.missing(named, format!("origin/{branch}")))
    }

    fn missing(&self, named: &Named, commit: String) -> RepoError {
        RepoError::SubmoduleMissing {
            path: self.path.join(&named.path),
            commit,
        }
    }

    /// The clones of a submodule: where git keeps it, or in its own folder as long ago.
    fn clones(&self, named: &Named) -> impl Iterator<Item = git2::Repository> {
        let Named { name, path, .. } = named;
        let modules = [self.git.path(), self.git.commondir()]
            .map(|folder| (folder.to_owned(), folder.join("modules").join(name)));
        let own = (self.git.workdir()).map(|root| (root.to_owned(), root.join(path).join(".git")));
        let places = modules.into_iter().chain(own);
        places
            .filter(|(above, place)| place.is_dir() && no_link_leads_out(above, place))
            .map(|(_, place)| place)
            .filter_map(|place| git2::Repository::open(place).ok())
    }
}

impl Submodule {
    fn above(&self) -> Above<'_> {
        Above {
            git: &self.git,
            commit: self.commit,
            url: &self.url,
            path: &self.path,
            git_dir: &self.git_dir,
        }
    }

    /// Where its files go in the project folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds what its files and its git folder come from.
    pub(super) fn identify(&self, all: bool, digest: &mut Sha256) -> Result<(), RepoError> {
        digest.update(format!("{} {}\n", self.commit, self.url));
        refs::add(&self.git, all, digest)?;
        let mut inner = self.inner.iter();
        inner.try_for_each(|inner| inner.identify(all, digest))
    }

    /// Puts the files and the git folder into the archive.
    pub(super) fn append(
        &self,
        archive: &mut Archive<'_>,
        depth: u32,
        scratch: &Path,
    ) -> Result<(), RepoError> {
        self.append_files(archive)?;
        let fetch = Fetch {
            commit: self.commit,
            // No branch is its own.
            kind: RefKind::Branch,
            name: String::new(),
            depth,
            tags: Tags::default(),
        };
        let settings = git_dir::Settings {
            remote: &self.url,
            worktree: Some(up(&self.git_dir).join(&self.path)),
            more: settings(&self.inner),
        };
        let folder = tempfile::tempdir_in(scratch).map_err(RepoError::io("write to", scratch))?;
        GitDir::build(
            &self.git,
            &fetch,
            &settings,
            git_dir::Head::Detached,
            folder.path(),
            archive.stop,
        )?
        .append(archive, &self.git_dir)?;
        for inner in &self.inner {
            inner.append(archive, depth, scratch)?;
        }
        Ok(())
    }

    fn append_files(&self, archive: &mut Archive) -> Result<(), RepoError> {
        let listing = Listing::of_commit(&self.git, self.commit)?;
        for file in &listing.files {
            let (path, Place::Blob(id)) = (self.path.join(to_path(&file.path)), file.place) else {
                continue;
            };
            let blob = self
                .git
                .find_blob(id)
                .map_err(RepoError::corrupt("an object"))?;
            let size = blob.size() as u64;
            match file.mode {
                Some(Mode::Link) => archive.link(&path, &to_path(blob.content()))?,
                Some(Mode::Executable) => archive.file(&path, 0o777, size, blob.content())?,
                _ => archive.file(&path, 0o666, size, blob.content())?,
            }
        }
        for path in &listing.submodules {
            archive.folder(&self.path.join(to_path(path)))?;
        }
        let pointer = format!("gitdir: {}\n", up(&self.path).join(&self.git_dir).display());
        archive.file(
            &self.path.join(".git"),
            0o666,
            pointer.len() as u64,
            pointer.as_bytes(),
        )
    }
}

/// The way from a folder to the project folder.
fn up(folder: &Path) -> PathBuf {
    folder.components().map(|_| "..").collect()
}

/// Whether `place` really lies below `above`: a link on the way could lead to any repository of
/// this machine.
fn no_link_leads_out(above: &Path, place: &Path) -> bool {
    let real = (above.canonicalize().ok()).zip(place.canonicalize().ok());
    real.is_some_and(|(above, place)| place.starts_with(above))
}

fn is_file(entry: &TreeEntry<'_>) -> bool {
    let mode = u32::try_from(entry.filemode()).ok().and_then(Mode::of);
    matches!(mode, Some(Mode::Plain | Mode::Executable))
}
