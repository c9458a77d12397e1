//! The line to a sandbox or to the keeper of a network, from where it is made to its end.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{RecvFlags, Shutdown, recv};
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;

use super::super::super::ExecError;
use super::super::super::file_work::in_place;
use super::cause::Cause;
use super::maker;
use super::wire::{
    GroupSetup, Order, Program, Reply, Request, frame, parse, receive_with, send_with,
};
use crate::foreign::system_words;

/// Bytes read at once.
const READ: usize = 16 * 1024;

/// How long a sandbox may take to end when its socket is closed. It is killed long before.
const ENDS: Duration = Duration::from_secs(10);

/// The same, where somebody stands still for it.
const ENDS_AT_ONCE: Duration = Duration::from_millis(300);

/// A sandbox that runs, or a network.
#[derive(Debug)]
pub(in super::super) struct Link {
    socket: UnixStream,
    buffer: Vec<u8>,
    /// Files that came with what is in the buffer.
    files: Vec<OwnedFd>,
}

impl Link {
    /// Has something made; `files` go with the order. Returns with it the files that it gives.
    pub(in super::super) async fn launch(
        order: &Order,
        files: &[BorrowedFd<'_>],
    ) -> Result<(Self, Vec<OwnedFd>), ExecError> {
        let mut link = start().map_err(|error| not_started(&error))?;
        let files = link.make(order, files).await?;
        Ok((link, files))
    }

    /// Begins a sandbox: it gets its limits, which is not waited for.
    pub(in super::super) async fn begin(limits: GroupSetup) -> Result<Self, ExecError> {
        let mut link = start().map_err(|error| not_started(&error))?;
        if !limits.steps.is_empty() {
            link.send(&Order::Limits(limits), &[]).await?;
        }
        Ok(link)
    }

    /// Has something made at the other end; `files` go with the order. The files that it gives.
    pub(in super::super) async fn make(
        &mut self,
        order: &Order,
        files: &[BorrowedFd<'_>],
    ) -> Result<Vec<OwnedFd>, ExecError> {
        let sent = self.send(order, files).await;
        match self.receive().await {
            Ok(Reply::Ready) => Ok(std::mem::take(&mut self.files)),
            // What became of earlier orders tells more than that nobody takes this one.
            Ok(other) => Err(unexpected("open", other)),
            Err(error) => Err(sent.err().unwrap_or(error)),
        }
    }

    /// Asks for something, most often a [`Request`]; `files` go with it.
    pub(in super::super) async fn ask(
        &mut self,
        request: &impl Serialize,
        files: &[BorrowedFd<'_>],
    ) -> Result<(), ExecError> {
        self.send(request, files).await
    }

    /// Has a program started; it reads from the first of `files` and writes to the second.
    pub(in super::super) async fn start(
        &mut self,
        program: &Program,
        files: &[BorrowedFd<'_>],
    ) -> Result<(), ExecError> {
        /// As [`Request::Start`], of one that stays here.
        #[derive(Serialize)]
        enum Asked<'a> {
            Start(&'a Program),
        }
        self.send(&Asked::Start(program), files).await
    }

    /// The content of a plain file, by its absolute path inside; `None` where there is none.
    pub(in super::super) async fn read(
        &mut self,
        path: &str,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, ExecError> {
        let broken = |error: io::Error| {
            let words = system_words(&error);
            ExecError::system("read", format!("`{path}` can't be read: {words}"))
        };
        let (from, to) = io::pipe().map_err(broken)?;
        let request = Request::Read {
            path: path.into(),
            limit,
        };
        self.ask(&request, &[to.as_fd()]).await?;
        drop(to);
        let mut from = pipe::Receiver::from_owned_fd(from.into()).map_err(broken)?;
        let mut content = Vec::new();
        from.read_to_end(&mut content).await.map_err(broken)?;
        match self.receive().await? {
            Reply::Read(true) => Ok(Some(content)),
            Reply::Read(false) => Ok(None),
            other => Err(unexpected("read", other)),
        }
    }

    /// A file that came with the answers so far.
    pub(in super::super) fn take_file(&mut self) -> Option<OwnedFd> {
        self.files.pop()
    }

    async fn send(
        &mut self,
        message: &impl Serialize,
        files: &[BorrowedFd<'_>],
    ) -> Result<(), ExecError> {
        let sending = async {
            let bytes = frame(message)?;
            let socket = &self.socket;
            let first = || Ok(send_with(socket, &bytes, files)?);
            let sent = socket.async_io(Interest::WRITABLE, first).await?;
            self.socket.write_all(&bytes[sent..]).await
        };
        sending
            .await
            .map_err(|error: io::Error| failed("ask", &error))
    }

    /// The next answer. Nothing is lost where it is not waited for to the end.
    pub(in super::super) async fn receive(&mut self) -> Result<Reply, ExecError> {
        loop {
            match parse::<Reply>(&self.buffer) {
                Err(error) => return Err(failed("answer", &error)),
                Ok(Some((reply, length))) => {
                    self.buffer.drain(..length);
                    return Ok(reply);
                }
                Ok(None) => {}
            }
            let (socket, files) = (&self.socket, &mut self.files);
            let mut bytes = vec![0; READ];
            let read = || Ok(receive_with(socket, &mut bytes, files)?);
            match socket.async_io(Interest::READABLE, read).await {
                Ok(0) => return Err(gone()),
                Ok(length) => self.buffer.extend_from_slice(&bytes[..length]),
                Err(error) => return Err(failed("answer", &error)),
            }
        }
    }

    /// Ends it where nobody can wait for that but a moment: what it writes to is removed next.
    pub(in super::super) fn abandon(&mut self) {
        abandon(self.socket.as_fd());
    }

    /// Another hold on it, for whoever has to see its end where this one is lost.
    pub(in super::super) fn hold(&self) -> Result<Hold, ExecError> {
        let socket = self.socket.as_fd().try_clone_to_owned();
        socket.map(Hold).map_err(|error| not_started(&error))
    }

    /// Ends it, with all that runs inside. Safe to repeat.
    pub(in super::super) async fn end(&mut self) -> Result<(), ExecError> {
        // Its first process ends with the socket, and the kernel ends the others.
        let _ = rustix::net::shutdown(&self.socket, Shutdown::Write);
        let ending = async {
            let mut rest = [0; 1024];
            // What it still says, nobody asked for.
            while matches!(self.socket.read(&mut rest).await, Ok(1..)) {}
        };
        tokio::time::timeout(ENDS, ending)
            .await
            .map_err(|late| ExecError::system("close", "the sandbox does not end").because(late))
    }
}

/// What is left of a [`Link`] that is lost.
#[derive(Debug)]
pub(in super::super) struct Hold(OwnedFd);

impl Hold {
    /// As [`Link::abandon`].
    pub(in super::super) fn abandon(&self) {
        abandon(self.0.as_fd());
    }
}

fn abandon(socket: BorrowedFd<'_>) {
    // One that has ended already needs no more.
    let _ = rustix::net::shutdown(socket, Shutdown::Write);
    let begun = Instant::now();
    while let Some(left) = ENDS_AT_ONCE.checked_sub(begun.elapsed()) {
        let left = Timespec::try_from(left).unwrap_or_default();
        let mut sources = [PollFd::new(&socket, PollFlags::IN)];
        let polled = poll(&mut sources, Some(&left));
        let rest = recv(socket, &mut [0; 1024], RecvFlags::DONTWAIT);
        if polled.is_err() || matches!(rest, Ok((_, 0)) | Err(Errno::CONNRESET)) {
            return;
        }
    }
}

fn start() -> io::Result<Link> {
    let socket = match maker::copy_at_once() {
        Some(socket) => socket,
        None => in_place(maker::copy)?,
    };
    socket.set_nonblocking(true)?;
    Ok(Link {
        socket: UnixStream::from_std(socket)?,
        buffer: Vec::new(),
        files: Vec::new(),
    })
}

/// The first process can't be started.
fn not_started(error: &io::Error) -> ExecError {
    let words = system_words(error);
    let text = format!("no sandbox can be started: {words}");
    let made = match Cause::of(error) {
        Cause::Moment => ExecError::system("open", text),
        Cause::Machine | Cause::FullDisk | Cause::Job => ExecError::lasting("open", text),
    };
    let forbids = std::fs::read_to_string("/proc/sys/vm/memfd_noexec");
    if forbids.is_ok_and(|value| value.trim() == "2") {
        return made.help(
            "`vm.memfd_noexec` is 2, which lets nothing run from memory: let root set it to 1, or use `--executor docker`",
        );
    }
    made
}

fn failed(phase: &'static str, error: &io::Error) -> ExecError {
    if matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof
    ) {
        return gone();
    }
    let words = system_words(error);
    ExecError::system(phase, format!("the sandbox can't be talked to: {words}"))
}

fn gone() -> ExecError {
    ExecError::system("sandbox", "the sandbox has ended, and nobody knows why")
        .help("was it killed, or is memory short?")
}

/// What an answer that was not hoped for says.
pub(in super::super) fn unexpected(phase: &'static str, reply: Reply) -> ExecError {
    match reply {
        Reply::Failed { what, cause } => failed_for(cause, phase, what),
        other => ExecError::system(phase, format!("the sandbox gave no sense: {other:?}")),
    }
}

/// What could not be done, with whoever is to blame.
pub(in super::super) fn failed_for(cause: Cause, phase: &'static str, what: String) -> ExecError {
    match cause {
        Cause::Job => ExecError::user(phase, what),
        Cause::Machine => ExecError::lasting(phase, what),
        Cause::FullDisk => ExecError::full_disk(phase, what),
        Cause::Moment => ExecError::system(phase, what),
    }
}
