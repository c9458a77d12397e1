//! The `.git` of a job: detached, shallow, without hooks and credentials.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use git2::{IndexEntryExtendedFlag, IndexEntryFlag, Oid};

use super::archive::Archive;
use super::history::{Fetch, History, collect};
use super::pack;
use crate::repo::RepoError;
use crate::repo::listing::is_private;
use crate::repo::stop::Stop;

/// Where HEAD stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    /// Detached at the commit, which is checked out.
    Detached,
    /// On a branch without a commit, as before the first checkout.
    Unborn,
}

impl From<bool> for Head {
    /// Whether the commit is checked out.
    fn from(checkout: bool) -> Self {
        if checkout {
            Self::Detached
        } else {
            Self::Unborn
        }
    }
}

/// What its `config` says.
pub(super) struct Settings<'a> {
    /// URL of `origin`.
    pub(super) remote: &'a str,
    /// Where the files are, when not around it.
    pub(super) worktree: Option<PathBuf>,
    /// Further sections.
    pub(super) more: String,
}

/// A finished `.git` in a folder of our own. It depends on nothing but the commit, the ref, the
/// depth and the tags, and could be kept between runs.
pub(super) struct GitDir {
    folder: PathBuf,
    pack: Vec<String>,
    head: Head,
}

impl GitDir {
    /// Builds it in `folder`, which must be empty.
    pub(super) fn build(
        git: &git2::Repository,
        fetch: &Fetch,
        settings: &Settings<'_>,
        head: Head,
        folder: &Path,
        stop: Stop<'_>,
    ) -> Result<Self, RepoError> {
        let history = collect(git, fetch, stop)?;
        let pack = pack::write(git, &history.objects, folder, stop)?;
        let put = |name: &str, text: &str| {
            let path = folder.join(name);
            fs::write(&path, text).map_err(RepoError::io("write", path))
        };
        if head == Head::Detached {
            put("HEAD", &format!("{}\n", fetch.commit))?;
            put("HEAD.log", &checkout_entry(git, fetch.commit)?)?;
            write_index(git, fetch.commit, &folder.join("index"))?;
        } else {
            // The name that the runner's template gives to the first branch.
            put("HEAD", "ref: refs/heads/none\n")?;
        }
        put("config", &settings.text())?;
        put("packed-refs", &packed_refs(&history))?;
        put("shallow", &shallow(&history))?;
        Ok(Self {
            folder: folder.to_owned(),
            pack,
            head,
        })
    }

    /// Puts it into the archive at `top`.
    pub(super) fn append(&self, archive: &mut Archive<'_>, top: &Path) -> Result<(), RepoError> {
        for name in ["HEAD", "config", "packed-refs", "shallow"] {
            self.append_file(archive, name, &top.join(name), 0o666)?;
        }
        archive.folder(&top.join("info"))?;
        if self.head == Head::Detached {
            self.append_file(archive, "index", &top.join("index"), 0o666)?;
            self.append_file(archive, "HEAD.log", &top.join("logs/HEAD"), 0o666)?;
        }
        archive.folder(&top.join("objects/info"))?;
        for name in &self.pack {
            let path = top.join("objects/pack").join(name);
            self.append_file(archive, name, &path, 0o444)?;
        }
        for folder in ["refs/heads", "refs/tags"] {
            archive.folder(&top.join(folder))?;
        }
        Ok(())
    }

    fn append_file(
        &self,
        archive: &mut Archive<'_>,
        name: &str,
        path: &Path,
        mode: u32,
    ) -> Result<(), RepoError> {
        let source = self.folder.join(name);
        let unreadable = || RepoError::io("read", &source);
        let file = fs::File::open(&source).map_err(unreadable())?;
        let size = file.metadata().map_err(unreadable())?.len();
        // Without the file git takes the clone for a full one; an empty one it refuses.
        if name == "shallow" && size == 0 {
            return Ok(());
        }
        archive.file(path, mode, size, file)
    }
}

/// An index that matches the commit. Private files that git tracks are kept out of the job's
/// tree, so that the index says so: `git status` stays clean.
fn write_index(git: &git2::Repository, commit: Oid, path: &Path) -> Result<(), RepoError> {
    let failed = || RepoError::corrupt("a tree");
    let tree = git
        .find_commit(commit)
        .and_then(|commit| commit.tree())
        .map_err(failed())?;
    let mut index = git2::Index::open(path).map_err(failed())?;
    index.read_tree(&tree).map_err(failed())?;
    let private: Vec<_> = index
        .iter()
        .filter(|entry| is_private(&entry.path))
        .collect();
    for mut entry in private {
        entry.flags |= IndexEntryFlag::EXTENDED.bits();
        entry.flags_extended |= IndexEntryExtendedFlag::SKIP_WORKTREE.bits();
        index.add(&entry).map_err(failed())?;
    }
    index.write().map_err(failed())
}

impl Settings<'_> {
    fn text(&self) -> String {
        let worktree = self.worktree.as_ref().map_or_else(String::new, |folder| {
            format!("\tworktree = \"{}\"\n", quoted(&folder.to_string_lossy()))
        });
        format!(
            "[core]\n\
             \trepositoryformatversion = 0\n\
             \tfilemode = true\n\
             \tbare = false\n\
             \tlogallrefupdates = true\n\
             {worktree}[remote \"origin\"]\n\
             \turl = \"{}\"\n\
             \tfetch = +refs/heads/*:refs/remotes/origin/*\n{}",
            quoted(self.remote),
            self.more
        )
    }
}

/// A text between quotes. A line end would begin a setting of its own.
pub(super) fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

/// The reflog of a checkout, from which git tells where HEAD was detached.
fn checkout_entry(git: &git2::Repository, commit: Oid) -> Result<String, RepoError> {
    let time = git
        .find_commit(commit)
        .map_err(RepoError::corrupt("a commit"))?
        .time()
        .seconds();
    let zero = Oid::ZERO_SHA1;
    Ok(format!(
        "{zero} {commit} runner <runner@localhost> {time} +0000\tcheckout: moving from main to {commit}\n"
    ))
}

fn packed_refs(history: &History) -> String {
    let mut text = "# pack-refs with: peeled fully-peeled sorted \n".to_owned();
    for (name, (target, peeled)) in &history.refs {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{target} {name}");
        if let Some(commit) = peeled {
            let _ = writeln!(text, "^{commit}");
        }
    }
    text
}

fn shallow(history: &History) -> String {
    let ids: Vec<_> = history.shallow.iter().map(Oid::to_string).collect();
    ids.iter().flat_map(|id| [id.as_str(), "\n"]).collect()
}
