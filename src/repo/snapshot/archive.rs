//! Writing the tar: owned by 0:0, open to every user, as the runner's umask leaves files
//! (runtime reference 11.5).

use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use tar::{EntryType, Header};

use crate::repo::RepoError;
use crate::repo::stop::{self, Stop, Stoppable};

const BUFFER: usize = 1 << 20;

/// A tar stream that makes the folders of its entries by itself.
pub(super) struct Archive<'s> {
    /// Asked with every piece of a file.
    pub(super) stop: Stop<'s>,
    tar: tar::Builder<BufWriter<&'s mut (dyn Write + 's)>>,
    now: u64,
    /// All entries go below it.
    below: PathBuf,
    /// The folder of the last entry; entries come sorted, so that a folder is made once.
    folder: PathBuf,
}

impl<'s> Archive<'s> {
    /// A new stream, which begins with the project folder itself, as `below`.
    pub(super) fn new(
        to: &'s mut (dyn Write + 's),
        below: &Path,
        stop: Stop<'s>,
    ) -> Result<Self, RepoError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut archive = Self {
            stop,
            tar: tar::Builder::new(BufWriter::with_capacity(BUFFER, to)),
            now: now.map_or(0, |now| now.as_secs()),
            below: below.to_owned(),
            folder: PathBuf::new(),
        };
        let mut outer: Vec<&Path> = below.ancestors().collect();
        // The empty path, with which all end.
        outer.pop();
        if outer.is_empty() {
            outer.push(Path::new("./"));
        }
        for folder in outer.into_iter().rev() {
            archive.write_folder(folder)?;
        }
        Ok(archive)
    }

    /// An empty folder.
    pub(super) fn folder(&mut self, path: &Path) -> Result<(), RepoError> {
        self.enter(path)
    }

    /// A file of exactly `size` bytes.
    pub(super) fn file(
        &mut self,
        path: &Path,
        mode: u32,
        size: u64,
        content: impl Read,
    ) -> Result<(), RepoError> {
        self.enter(path.parent().unwrap_or(Path::new("")))?;
        let mut header = self.header(EntryType::Regular, mode, size);
        let stop = self.stop;
        let content = Stoppable {
            inner: content,
            stop,
        };
        let written = self
            .tar
            .append_data(&mut header, self.below.join(path), content);
        // A stop is why, when there is one.
        stop::check(stop)?;
        written.map_err(RepoError::io("pack", path))
    }

    /// A link, dangling or not.
    pub(super) fn link(&mut self, path: &Path, target: &Path) -> Result<(), RepoError> {
        self.enter(path.parent().unwrap_or(Path::new("")))?;
        let mut header = self.header(EntryType::Symlink, 0o777, 0);
        self.tar
            .append_link(&mut header, self.below.join(path), target)
            .map_err(RepoError::io("pack", path))
    }

    /// Takes away what a lower layer has there.
    pub(super) fn whiteout(&mut self, path: &Path) -> Result<(), RepoError> {
        self.enter(path.parent().unwrap_or(Path::new("")))?;
        let mut header = self.header(EntryType::Char, 0, 0);
        header
            .set_device_major(0)
            .and_then(|()| header.set_device_minor(0))
            .and_then(|()| {
                let path = self.below.join(path);
                self.tar.append_data(&mut header, path, io::empty())
            })
            .map_err(RepoError::io("pack", path))
    }

    /// Ends the archive.
    pub(super) fn finish(self) -> Result<(), RepoError> {
        let written = self.tar.into_inner().and_then(|mut file| file.flush());
        written.map_err(RepoError::io("pack", "the project's files"))
    }

    /// Writes the folders on the way to an entry in `folder` that were not written yet.
    fn enter(&mut self, folder: &Path) -> Result<(), RepoError> {
        if self.folder == folder {
            return Ok(());
        }
        let mut missing: Vec<&Path> = folder
            .ancestors()
            .take_while(|dir| !dir.as_os_str().is_empty() && !self.folder.starts_with(dir))
            .collect();
        while let Some(dir) = missing.pop() {
            self.write_folder(&self.below.join(dir))?;
        }
        folder.clone_into(&mut self.folder);
        Ok(())
    }

    fn write_folder(&mut self, path: &Path) -> Result<(), RepoError> {
        let mut header = self.header(EntryType::Directory, 0o777, 0);
        self.tar
            .append_data(&mut header, path, io::empty())
            .map_err(RepoError::io("pack", path))
    }

    fn header(&self, kind: EntryType, mode: u32, size: u64) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(size);
        header.set_mtime(self.now);
        header.set_uid(0);
        header.set_gid(0);
        header
    }
}
