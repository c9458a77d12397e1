//! A terminal inside a sandbox: both ends are of the sandbox's own file system of terminals.

use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{Mode, OFlags};

use super::sys;

/// Makes one: the person's end, and that of the shell.
pub(in super::super) fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let person = rustix::fs::open("/dev/ptmx", flags, Mode::empty())?;
    let number = sys::unlock_terminal(&person)?;
    let shell = rustix::fs::open(format!("/dev/pts/{number}"), flags, Mode::empty())?;
    Ok((person, shell))
}
