//! The way of a job's log where the daemon is on this machine: a FIFO that the job's container has
//! too, so that no byte goes through the daemon (design chapter 6).
//!
//! The container is given the FIFO alone, no folder: a job can write to it, and nothing else of this
//! machine.

use std::io;
use std::path::{Path, PathBuf};

use bollard::models::{ContainerCreateBody, Mount, MountType};
use tokio::net::unix::pipe;

use super::super::{Owner, owned_folder};
use super::layers::token;

/// Where it is in the container: not among the image's files, nor among those of the job.
pub(super) const PLACE: &str = "/dev/pipe-log";

/// What fits into it, so that a job seldom waits for this process. Bytes; the kernel has a limit for all
/// of a user's.
const ROOM: usize = 256 << 10;

/// Bytes that are taken at once.
const PIECE: usize = 64 << 10;

/// A FIFO, which goes with the folder it lies in when this is dropped.
pub(super) struct LogFifo {
    folder: PathBuf,
    reads: pipe::Receiver,
}

impl LogFifo {
    /// A new one in a folder of its own in `base`.
    pub(super) fn make(base: &Path, owner: &Owner) -> io::Result<Self> {
        let token = token().map_err(io::Error::other)?;
        let folder = base.join(token);
        owned_folder::make(&folder, owner)?;
        open(&path_in(&folder))
            .inspect_err(|_| clear(&folder))
            .map(|reads| Self {
                folder: folder.clone(),
                reads,
            })
    }

    /// A container that has it.
    pub(super) fn given_to(&self, mut body: ContainerCreateBody) -> ContainerCreateBody {
        let host = body.host_config.get_or_insert_default();
        host.mounts.get_or_insert_default().push(self.mount());
        body
    }

    fn mount(&self) -> Mount {
        Mount {
            typ: Some(MountType::BIND),
            source: Some(path_in(&self.folder).to_string_lossy().into_owned()),
            target: Some(PLACE.to_owned()),
            ..Mount::default()
        }
    }

    /// What comes next, however long that takes: it has no end of its own.
    pub(super) async fn next(&self) -> io::Result<Vec<u8>> {
        loop {
            self.reads.readable().await?;
            if let Some(piece) = self.piece()? {
                return Ok(piece);
            }
        }
    }

    /// What is in it, where nobody writes any more.
    pub(super) fn rest(&self) -> Vec<u8> {
        let mut rest = Vec::new();
        while let Ok(Some(piece)) = self.piece() {
            rest.extend(piece);
            // Somebody does write.
            if rest.len() > ROOM {
                break;
            }
        }
        rest
    }

    fn piece(&self) -> io::Result<Option<Vec<u8>>> {
        let mut piece = vec![0; PIECE];
        match self.reads.try_read(&mut piece) {
            Ok(length) => {
                piece.truncate(length);
                Ok(Some(piece))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Drop for LogFifo {
    fn drop(&mut self) {
        clear(&self.folder);
    }
}

fn path_in(folder: &Path) -> PathBuf {
    folder.join("log")
}

/// What stays is removed by the next run.
fn clear(folder: &Path) {
    let _ = std::fs::remove_file(path_in(folder));
    let _ = owned_folder::clear(folder, |path| std::fs::remove_dir(path));
}

/// A new FIFO that everybody may write to, whoever the job's user is. Open for writing here too, it has
/// no end when the last of a job's processes closes it.
#[cfg(target_os = "linux")]
fn open(path: &Path) -> io::Result<pipe::Receiver> {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use rustix::pipe::fcntl_setpipe_size;

    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o622))?;
    let reads = pipe::OpenOptions::new()
        .read_write(true)
        .open_receiver(path)?;
    // A small one only makes a job wait more often.
    let _ = fcntl_setpipe_size(&reads, ROOM);
    Ok(reads)
}

/// Elsewhere daemons are in a machine of their own.
#[cfg(not(target_os = "linux"))]
fn open(_path: &Path) -> io::Result<pipe::Receiver> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::Write;

    use super::super::super::Owner;
    use super::{LogFifo, path_in};

    fn owner() -> Owner {
        Owner {
            owner: "m/0/h".to_owned(),
            run: "1".to_owned(),
        }
    }

    #[tokio::test]
    async fn it_has_no_end_and_goes_with_its_folder() {
        let base = tempfile::tempdir().expect("a folder");
        let fifo = LogFifo::make(&base.path().join("logs"), &owner()).expect("made");
        let path = path_in(&fifo.folder);
        for text in ["a\n", "b\n"] {
            let mut writes = OpenOptions::new().write(true).open(&path).expect("open");
            writes.write_all(text.as_bytes()).expect("written");
            drop(writes);
            assert_eq!(fifo.next().await.expect("read"), text.as_bytes());
        }
        assert_eq!(fifo.rest(), b"");
        let folder = fifo.folder.clone();
        assert!(folder.exists());
        drop(fifo);
        assert!(!folder.exists());
    }
}
