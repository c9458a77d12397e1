//! The way of a job's log where the daemon is on this machine: a FIFO that the job's container has
//! too, so that no byte goes through the daemon (design chapter 6).
//!
//! The container is given the FIFO alone, no folder: a job can write to it, and nothing else of this
//! machine.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bollard::models::{ContainerCreateBody, Mount, MountType};
use rustix::buffer::spare_capacity;
use rustix::io::Errno;
use tokio::net::unix::pipe;
use tokio::time::{Instant, sleep};

use super::super::{Owner, owned_folder};
use super::layers::token;

/// Where it is in the container: not among the image's files, nor among those of the job.
pub(super) const PLACE: &str = "/dev/pipe-log";

/// What has a shell say there all that it says from here on. The two streams that it was given stay open:
/// without one of them the daemon would close its input too. Where the FIFO can't be opened, they carry
/// the log.
pub(super) const SAYS_ALL_THERE: &str =
    "{ true >/dev/pipe-log; } 2>/dev/null && exec 8>&1 9>&2 >/dev/pipe-log 2>&1; ";

/// What fits into it, so that a job seldom waits for this process. Bytes; the kernel has a limit for all
/// of a user's.
const ROOM: usize = 1 << 20;

/// Bytes that are taken at once.
const PIECE: usize = 64 << 10;

/// What comes sooner than this behind the last belongs to one burst.
const SOON: Duration = Duration::from_millis(10);

/// Pieces of a burst that are taken as they come, ...
const AS_THEY_COME: u32 = 32;

/// ... and how long the later ones gather: a program that says much says it in small pieces, and to be
/// woken by each takes longer than to read them.
const GATHERS: Duration = Duration::from_millis(1);

/// A FIFO, which goes with the folder it lies in when this is dropped.
pub(super) struct LogFifo {
    folder: PathBuf,
    reads: OwnedFd,
    burst: Mutex<Burst>,
}

/// How fast a log comes.
struct Burst {
    pieces: u32,
    /// Whether the last left nothing.
    was_all: bool,
    last: Instant,
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
                burst: Mutex::new(Burst::new()),
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
            if self.burst().gathers() {
                sleep(GATHERS).await;
            }
            if let Some(piece) = self.piece()? {
                self.burst().add(piece.len());
                return Ok(piece);
            }
            // Not before nothing is there: every write would wake who waits for one.
            let waits = pipe::Receiver::from_owned_fd(self.reads.try_clone()?)?;
            waits.readable().await?;
        }
    }

    fn burst(&self) -> MutexGuard<'_, Burst> {
        // Two numbers: whole at any moment.
        self.burst.lock().unwrap_or_else(PoisonError::into_inner)
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
        let mut piece = Vec::with_capacity(PIECE);
        match rustix::io::read(&self.reads, spare_capacity(&mut piece)) {
            Ok(_) => Ok(Some(piece)),
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl Burst {
    fn new() -> Self {
        Self {
            pieces: 0,
            was_all: true,
            last: Instant::now(),
        }
    }

    /// Whether more is worth waiting for.
    fn gathers(&self) -> bool {
        self.pieces >= AS_THEY_COME && self.was_all && self.last.elapsed() < SOON
    }

    fn add(&mut self, length: usize) {
        let is_one = self.last.elapsed() < SOON;
        self.pieces = if is_one { self.pieces + 1 } else { 0 }.min(AS_THEY_COME);
        self.was_all = length < PIECE;
        self.last = Instant::now();
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
fn open(path: &Path) -> io::Result<OwnedFd> {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat};
    use rustix::pipe::fcntl_setpipe_size;

    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o622))?;
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let reads = rustix::fs::open(path, flags, Mode::empty())?;
    // A small one only makes a job wait more often.
    let _ = fcntl_setpipe_size(&reads, ROOM);
    Ok(reads)
}

/// Elsewhere daemons are in a machine of their own.
#[cfg(not(target_os = "linux"))]
fn open(_path: &Path) -> io::Result<OwnedFd> {
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
