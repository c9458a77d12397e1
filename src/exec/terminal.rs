//! A terminal of a job's own, with a person at its other end.
//!
//! What runs in the job never has the terminal of the person, so that nobody can type there on its
//! own.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;

use rustix::io::Errno;
use rustix::termios::{Winsize, tcsetwinsize};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::cancel::asked;
use super::contract::Terminal;
use super::{Cancel, Cx};

/// Largest piece of output handed on at once.
const CHUNK: usize = 16 * 1024;

/// Carries what is typed and what is shown, until nobody has the other end any more. A cancellation
/// hangs up: the system tells all that have the other end.
pub(super) async fn talk(end: OwnedFd, mut person: Terminal, cx: &Cx) -> io::Result<()> {
    rustix::io::ioctl_fionbio(&end, true)?;
    #[expect(
        deprecated,
        reason = "what is given up is a descriptor that is not owned; this one is"
    )]
    let end = AsyncFd::with_interest(File::from(end), Interest::READABLE | Interest::WRITABLE)?;
    resize(&end, *person.size.borrow_and_update())?;
    let showing = async {
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = end.async_io(Interest::READABLE, |mut end| end.read(&mut chunk));
            match read.await {
                Ok(0) => return Ok(()),
                // So a terminal tells that its other end is closed.
                Err(error) if Errno::from_io_error(&error) == Some(Errno::IO) => return Ok(()),
                Err(error) => return Err(error),
                Ok(length) => {
                    // Output that nobody wants is still read, or the shell would block.
                    let _ = cx.output.send(chunk[..length].to_vec()).await;
                }
            }
        }
    };
    let typing = async {
        loop {
            tokio::select! {
                Some(typed) = person.input.recv() => {
                    let mut typed = &typed[..];
                    while !typed.is_empty() {
                        let wrote = end.async_io(Interest::WRITABLE, |mut end| end.write(typed));
                        typed = &typed[wrote.await?..];
                    }
                }
                Ok(()) = person.size.changed() => resize(&end, *person.size.borrow_and_update())?,
                else => return std::future::pending().await,
            }
        }
    };
    tokio::select! {
        ended = showing => ended,
        failed = typing => failed,
        () = asked(&cx.cancel, Cancel::Graceful) => Ok(()),
    }
}

fn resize(end: &AsyncFd<File>, (columns, rows): (u16, u16)) -> io::Result<()> {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    Ok(tcsetwinsize(end.get_ref(), size)?)
}
