//! The process that makes sandboxes: this program once more, which copies itself for each. To start
//! a program takes ten times as long as a copy.
//!
//! It is started for the first sandbox or before, and ends with `pipe`, as its socket is closed then.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;

use super::entry::NAME;
use super::mounts::clone_tree;
use super::sys::{self, Loses};
use super::wire::send_with;

/// The one of this process.
static MAKER: Mutex<Option<Maker>> = Mutex::new(None);

struct Maker {
    socket: UnixStream,
    process: Child,
}

/// Has a copy wait at the other end of the socket that is returned. Blocks where the maker is not
/// there yet.
pub(in super::super) fn copy() -> io::Result<UnixStream> {
    let (own, other) = UnixStream::pair()?;
    let other = OwnedFd::from(other);
    // There is one, or there is none, whatever befell another thread.
    let mut maker = MAKER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = &mut *maker {
        if known.send(&other).is_ok() {
            return Ok(own);
        }
        // Somebody has ended it.
        known.process.kill()?;
        known.process.wait()?;
    }
    let new = maker.insert(Maker::start()?);
    new.send(&other)?;
    Ok(own)
}

/// The same where the maker is there, which takes no time; `None` where it has to be waited for.
pub(in super::super) fn copy_at_once() -> Option<UnixStream> {
    let maker = MAKER.try_lock().ok()?;
    let known = maker.as_ref()?;
    let (own, other) = UnixStream::pair().ok()?;
    known.send(&other.into()).ok()?;
    Some(own)
}

impl Maker {
    fn start() -> io::Result<Self> {
        let (socket, other) = UnixStream::pair()?;
        let program = program()?;
        let mut command = Command::new(format!("/proc/self/fd/{}", program.as_raw_fd()));
        command
            .arg0(NAME)
            .env_clear()
            .current_dir("/")
            // The terminal's signals are for `pipe` alone.
            .process_group(0)
            .stdin(Stdio::from(OwnedFd::from(other)))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = command.spawn()?;
        Ok(Self { socket, process })
    }

    fn send(&self, file: &OwnedFd) -> io::Result<()> {
        // One byte, with which the file comes.
        send_with(&self.socket, &[0], &[file.as_fd()])?;
        Ok(())
    }
}

/// This program, as nobody can change it: a job may get hold of the file behind its first process,
/// whatever its rights. Root mounts it once more, nowhere and for reading alone, which takes less time
/// than a copy.
fn program() -> io::Result<OwnedFd> {
    let mounted = || {
        let tree = clone_tree(Path::new("/proc/self/exe"), false)?;
        sys::restrict(tree.as_fd(), Loses::Devices)?;
        Ok::<_, io::Error>(tree)
    };
    mounted().or_else(|_| sealed())
}

/// A copy in memory.
fn sealed() -> io::Result<OwnedFd> {
    let mut from = File::open("/proc/self/exe")?;
    let mut copy = File::from(memory()?);
    io::copy(&mut from, &mut copy)?;
    copy.flush()?;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    fcntl_add_seals(copy.as_fd(), seals)?;
    Ok(copy.into())
}

/// A file in memory that can be run, which some machines want to hear said.
fn memory() -> rustix::io::Result<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create("pipe", flags | MemfdFlags::EXEC) {
        // Kernels before 6.3 don't know that one, and let all be run.
        Err(Errno::INVAL) => memfd_create("pipe", flags),
        made => made,
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;

    use super::*;

    #[test]
    fn nobody_changes_the_program_that_is_started() {
        for program in [program(), sealed()] {
            let program = program.expect("a program");
            let path = format!("/proc/self/fd/{}", program.as_raw_fd());
            let changed = File::options().write(true).open(path);
            let changed = changed.and_then(|mut it| it.write_all(b"#"));
            changed.expect_err("root itself can't");
            let length = |path: &Path| path.metadata().expect("there").len();
            let own = length(Path::new("/proc/self/exe"));
            assert_eq!(
                length(Path::new(&format!("/proc/self/fd/{}", program.as_raw_fd()))),
                own
            );
        }
    }
}
