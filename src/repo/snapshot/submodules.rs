//! Submodules as `git submodule update` leaves them (runtime reference 11.3), from the clones
//! that the user's checkout has of them: nothing is fetched.

use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

use git2::{ObjectType, Oid};

use super::archive::Archive;
use super::git_dir::{self, GitDir};
use super::history::Fetch;
use crate::repo::RepoError;
use crate::repo::listing::{Listing, Mode, Place, to_path};
use crate::types::{RefKind, Submodules};

/// Submodules may hold each other; nobody nests them deeper.
const MAX_LEVELS: usize = 8;

/// One submodule that a job gets.
pub(super) struct Submodule {
    /// As `.gitmodules` calls it.
    name: String,
    /// As `.gitmodules` has it.
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
    path: &'a Path,
    git_dir: &'a Path,
}

/// The submodules of a commit of the project. `scratch` is a folder for a file.
pub(super) fn find(
    git: &git2::Repository,
    commit: Oid,
    strategy: Submodules,
    scratch: &Path,
) -> Result<Vec<Submodule>, RepoError> {
    let levels = match strategy {
        Submodules::None => return Ok(Vec::new()),
        Submodules::Normal => 1,
        Submodules::Recursive => MAX_LEVELS,
    };
    let top = Above {
        git,
        commit,
        path: Path::new(""),
        git_dir: Path::new(".git"),
    };
    top.submodules(levels, scratch)
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
    fn submodules(&self, levels: usize, scratch: &Path) -> Result<Vec<Submodule>, RepoError> {
        if levels == 0 {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for (name, path, url) in self.named(scratch)? {
            let Some(commit) = self.link(&path)? else {
                // Named, but not in this commit.
                continue;
            };
            let git = self.open(&name, &path, commit)?;
            let mut submodule = Submodule {
                path: self.path.join(&path),
                git_dir: self.git_dir.join("modules").join(&name),
                name,
                url,
                commit,
                git,
                inner: Vec::new(),
            };
            submodule.inner = submodule.above().submodules(levels - 1, scratch)?;
            found.push(submodule);
        }
        Ok(found)
    }

    /// Name, path and URL of what `.gitmodules` of the commit names.
    fn named(&self, scratch: &Path) -> Result<Vec<(String, PathBuf, String)>, RepoError> {
        let failed = || RepoError::corrupt("`.gitmodules`");
        let tree = self
            .git
            .find_commit(self.commit)
            .and_then(|commit| commit.tree());
        let tree = tree.map_err(failed())?;
        let Some(entry) = tree.get_name(".gitmodules") else {
            return Ok(Vec::new());
        };
        let blob = self.git.find_blob(entry.id()).map_err(failed())?;
        let file = scratch.join("gitmodules");
        std::fs::write(&file, blob.content()).map_err(RepoError::io("write", &file))?;
        let config = git2::Config::open(&file).map_err(failed())?;
        let mut named = Vec::new();
        let mut entries = config
            .entries(Some("submodule\\..*\\.path"))
            .map_err(failed())?;
        while let Some(entry) = entries.next() {
            let entry = entry.map_err(failed())?;
            let (Ok(key), Ok(path)) = (entry.name(), entry.value()) else {
                continue;
            };
            let name = key
                .trim_start_matches("submodule.")
                .trim_end_matches(".path");
            let url = config.get_string(&format!("submodule.{name}.url"));
            if is_inside(name) && is_inside(path) {
                named.push((
                    name.to_owned(),
                    PathBuf::from(path),
                    url.unwrap_or_default(),
                ));
            }
        }
        Ok(named)
    }

    /// The commit that the tree has at that path.
    fn link(&self, path: &Path) -> Result<Option<Oid>, RepoError> {
        let tree = self
            .git
            .find_commit(self.commit)
            .and_then(|commit| commit.tree());
        let entry = tree
            .map_err(RepoError::corrupt("a tree"))?
            .get_path(path)
            .ok();
        let link = entry.filter(|entry| entry.kind() == Some(ObjectType::Commit));
        Ok(link.map(|entry| entry.id()))
    }

    /// The clone of a submodule: where git keeps it, or in its own folder as long ago.
    fn open(&self, name: &str, path: &Path, commit: Oid) -> Result<git2::Repository, RepoError> {
        let modules =
            [self.git.path(), self.git.commondir()].map(|folder| folder.join("modules").join(name));
        let own = self.git.workdir().map(|root| root.join(path).join(".git"));
        let places = modules.into_iter().chain(own);
        places
            .filter(|place| place.is_dir() && !place.is_symlink())
            .filter_map(|place| git2::Repository::open(place).ok())
            .find(|git| git.find_commit(commit).is_ok())
            .ok_or_else(|| RepoError::SubmoduleMissing {
                path: self.path.join(path),
                commit: commit.to_string(),
            })
    }
}

impl Submodule {
    fn above(&self) -> Above<'_> {
        Above {
            git: &self.git,
            commit: self.commit,
            path: &self.path,
            git_dir: &self.git_dir,
        }
    }

    /// Puts the files and the git folder into the archive.
    pub(super) fn append(
        &self,
        archive: &mut Archive,
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

/// Whether a name from a repository stays where it is put.
fn is_inside(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    !name.is_empty() && parts.all(|part| matches!(part, Component::Normal(part) if part != ".git"))
}

#[cfg(test)]
mod tests {
    use super::is_inside;

    #[test]
    fn names_lead_nowhere_else() {
        for (name, inside) in [
            ("lib", true),
            ("deep/lib", true),
            ("", false),
            ("../../evil", false),
            ("a/../b", false),
            ("/etc", false),
            (".git/hooks", false),
        ] {
            assert_eq!(is_inside(name), inside, "{name}");
        }
    }
}
