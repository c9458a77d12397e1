//! Artifacts out of a container: only the roots of the globs travel, and are filtered as they
//! arrive.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bollard::Docker;
use bollard::query_parameters::{
    ContainerArchiveInfoOptionsBuilder, DownloadFromContainerOptionsBuilder,
};
use futures_util::StreamExt;
use tar::EntryType;
use tokio::sync::mpsc;

use super::super::bridge::{Chunk, ChunkReader, channel};
use super::super::collect::{Archive, Selection, begin, cannot_pack, is_kept, keep};
use super::super::entry::relative;
use super::super::{ArtifactRef, ExecError, Globs};
use super::container::Container;
use super::fault;
use super::patience::Patience;
use crate::foreign::system_words;

const PHASE: &str = "collect artifacts";

/// Where the files are, in a container in which nothing runs.
pub(super) struct Place<'a> {
    docker: &'a Docker,
    /// The container.
    id: &'a str,
    pub(super) project_dir: &'a str,
    patience: &'a Patience,
    /// What was looked at: for each look the daemon mounts all of the container anew.
    seen: Mutex<HashMap<String, Option<Kind>>>,
}

impl<'a> Place<'a> {
    pub(super) fn new(container: &'a Container, project_dir: &'a str) -> Self {
        Self {
            docker: &container.docker,
            id: &container.id,
            project_dir,
            patience: &container.patience,
            seen: Mutex::default(),
        }
    }

    /// Packs what matches into the file `into`.
    pub(super) async fn collect(
        &self,
        globs: &Globs,
        into: &Path,
    ) -> Result<ArtifactRef, ExecError> {
        let mut selection = Selection::new(globs, self.project_dir);
        for (index, path) in selection.named() {
            if !self.is_there(&path).await? {
                selection.absent(index);
            }
        }
        let roots = selection.roots();
        let mut pack = begin(selection, globs, into).map_err(cannot_pack)?;
        for root in roots {
            if self.is_there(&root).await? {
                pack = self.take(root, pack).await?;
            }
        }
        for path in pack.postponed() {
            pack = self.take(path, pack).await?;
        }
        keep(pack, into).map_err(cannot_pack)
    }

    /// The content of the file at the absolute `path`.
    pub(super) async fn read(&self, path: &str, limit: u64) -> Result<Option<Vec<u8>>, ExecError> {
        if self.stat(path).await? != Some(Kind::Other) {
            return Ok(None);
        }
        let read = self.archive(path, move |from| first(from, limit)).await?;
        read.map_err(|error| {
            let words = system_words(&error);
            ExecError::system(PHASE, format!("`{path}` can't be read: {words}")).because(error)
        })
    }

    /// What `reader` makes of the daemon's archive of the absolute `path`, as far as it wants it.
    pub(super) async fn archive<T: Send + 'static>(
        &self,
        path: &str,
        reader: impl FnOnce(ChunkReader) -> io::Result<T> + Send + 'static,
    ) -> Result<io::Result<T>, ExecError> {
        let (to, from) = channel();
        let reading = tokio::task::spawn_blocking(move || reader(ChunkReader::new(from)));
        self.send(path, to).await;
        let read = reading.await;
        read.map_err(|error| ExecError::system(PHASE, "reading broke off").because(error))
    }

    /// Downloads `root` and packs what matches of it.
    async fn take(&self, root: String, mut pack: Archive) -> Result<Archive, ExecError> {
        let path = self.absolute(&root);
        let packing = move |from| {
            take_all(&root, from, &mut pack)?;
            Ok(pack)
        };
        self.archive(&path, packing).await?.map_err(cannot_pack)
    }

    /// Sends the daemon's archive of `path`, as far as the reader wants it.
    async fn send(&self, path: &str, to: mpsc::Sender<Chunk>) {
        let options = DownloadFromContainerOptionsBuilder::new()
            .path(path)
            .build();
        let mut chunks =
            std::pin::pin!(self.docker.download_from_container(self.id, Some(options)));
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk
                .map(Vec::from)
                .map_err(|error| io::Error::other(fault::reason(&error)));
            if to.send(chunk).await.is_err() {
                return;
            }
        }
    }

    /// Whether `path` leads to something, and through no link, which could lead anywhere.
    pub(super) async fn is_there(&self, path: &str) -> Result<bool, ExecError> {
        for (at, _) in path.match_indices('/') {
            if self.stat(&self.absolute(&path[..at])).await? != Some(Kind::Other) {
                return Ok(false);
            }
        }
        let path = self.absolute(path);
        match self.stat(&path).await? {
            None => Ok(false),
            // `/.` makes the daemon follow the link.
            Some(Kind::Link) => Ok(self.stat(&format!("{path}/.")).await?.is_some()),
            Some(Kind::Other) => Ok(true),
        }
    }

    /// Whether there is anything at `path`, even a link that leads nowhere.
    pub(super) async fn holds(&self, path: &str) -> Result<bool, ExecError> {
        Ok(self.stat(&self.absolute(path)).await?.is_some())
    }

    /// What `path` is; `None` when it is not there. Any other complaint means that it is there
    /// (`not a directory` for `file/.`).
    async fn stat(&self, path: &str) -> Result<Option<Kind>, ExecError> {
        if let Some(seen) = self.seen().get(path) {
            return Ok(*seen);
        }
        let kind = self.look(path).await?;
        self.seen().insert(path.to_owned(), kind);
        Ok(kind)
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<String, Option<Kind>>> {
        // The map is whole at any moment, even if another task came to grief.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn look(&self, path: &str) -> Result<Option<Kind>, ExecError> {
        let options = ContainerArchiveInfoOptionsBuilder::new().path(path).build();
        let looking = async {
            let info = self
                .docker
                .get_container_archive_info(self.id, Some(options));
            match info.await {
                Ok(found) if found.link_target.is_empty() => Ok(Some(Kind::Other)),
                Ok(_) => Ok(Some(Kind::Link)),
                Err(error) => match fault::status(&error) {
                    Some(404) => Ok(None),
                    Some(_) => Ok(Some(Kind::Other)),
                    None => Err(fault::system(PHASE, "the files can't be looked at", error)),
                },
            }
        };
        self.patience.answer(PHASE, looking).await
    }

    fn absolute(&self, path: &str) -> String {
        match path {
            "" => self.project_dir.to_owned(),
            path => format!("{}/{path}", self.project_dir),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Link,
    Other,
}

/// The one file of a download.
fn first(from: impl io::Read, limit: u64) -> io::Result<Option<Vec<u8>>> {
    let mut archive = tar::Archive::new(from);
    let Some(entry) = archive.entries()?.next() else {
        return Ok(None);
    };
    let mut entry = entry?;
    if !entry.header().entry_type().is_file() || entry.size() > limit {
        return Ok(None);
    }
    let mut content = Vec::new();
    io::Read::read_to_end(&mut entry, &mut content)?;
    Ok(Some(content))
}

/// Packs what matches of one download. Its names start with the last part of `root`.
fn take_all(root: &str, from: impl io::Read, pack: &mut Archive) -> io::Result<()> {
    let mut contents = HashMap::new();
    for entry in tar::Archive::new(from).entries()? {
        let mut entry = entry?;
        let path = rebased(root, &entry.path()?)?;
        let kind = entry.header().entry_type();
        if path.as_os_str().is_empty()
            || !is_kept(kind)
            || !pack.wants(&path, kind == EntryType::Directory)
        {
            continue;
        }
        let header = entry.header().clone();
        match kind {
            EntryType::Symlink => {
                let target = entry.link_name()?.unwrap_or_default();
                pack.add_link(header, &path, &target)?;
            }
            EntryType::Link => {
                let target = rebased(root, &entry.link_name()?.unwrap_or_default())?;
                match contents.get(&target) {
                    Some(content) => pack.add_again(&header, &path, *content)?,
                    None => pack.postpone(&path),
                }
            }
            EntryType::Directory => pack.add(header, &path, 0, io::empty())?,
            _ => {
                let size = entry.size();
                let content = pack.add_file(header, &path, size, &mut entry)?;
                contents.insert(path, content);
            }
        }
    }
    Ok(())
}

/// The path in the project directory of `name` in a download of `root`.
pub(super) fn rebased(root: &str, name: &Path) -> io::Result<PathBuf> {
    let name = relative(name)?;
    let below: PathBuf = name.iter().skip(1).collect();
    Ok(match (root, below.as_os_str().is_empty()) {
        ("", _) => below,
        (root, true) => PathBuf::from(root),
        (root, false) => Path::new(root).join(below),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::rebased;

    #[test]
    fn names_of_a_download() {
        for (root, name, wanted) in [
            ("", "p/", ""),
            ("", "p/a/b", "a/b"),
            ("x/dist", "dist/", "x/dist"),
            ("x/dist", "dist/a", "x/dist/a"),
            ("file", "file", "file"),
        ] {
            let path = rebased(root, Path::new(name)).expect(name);
            assert_eq!(path, Path::new(wanted), "{root} {name}");
        }
        assert!(rebased("", Path::new("p/../../etc")).is_err());
    }
}
