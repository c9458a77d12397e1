//! The line to the first process of a sandbox, from where it is made to its end.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::io::Errno;
use rustix::net::Shutdown;
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};

use super::super::ExecError;
use super::entry::NAME;
use super::wire::{Cause, Reply, Request, Setup, frame, parse, receive_with, send_with};
use crate::foreign::system_words;

/// Bytes read at once.
const READ: usize = 16 * 1024;

/// How long a sandbox may take to end when its socket is closed, before it is killed.
const ENDS_SOON: Duration = Duration::from_millis(500);

/// The same, where somebody stands still for it.
const ENDS_AT_ONCE: Duration = Duration::from_millis(200);

/// A sandbox that runs.
#[derive(Debug)]
pub(super) struct Link {
    socket: UnixStream,
    process: Child,
    buffer: Vec<u8>,
    /// Files that came with what is in the buffer.
    files: Vec<OwnedFd>,
}

impl Link {
    /// Makes a sandbox; `files` go with `setup`. Returns with it the files that it gives.
    pub(super) async fn launch(
        setup: &Setup,
        files: &[BorrowedFd<'_>],
    ) -> Result<(Self, Vec<OwnedFd>), ExecError> {
        let mut link = start().map_err(|error| not_started(&error))?;
        link.send(setup, files).await?;
        match link.receive().await? {
            Reply::Ready => {
                let files = std::mem::take(&mut link.files);
                Ok((link, files))
            }
            other => Err(unexpected("open", other)),
        }
    }

    /// Asks for something; `files` go with it.
    pub(super) async fn ask(
        &mut self,
        request: &Request,
        files: &[BorrowedFd<'_>],
    ) -> Result<(), ExecError> {
        self.send(request, files).await
    }

    /// The content of a plain file, by its absolute path inside; `None` where there is none.
    pub(super) async fn read(
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
    pub(super) async fn receive(&mut self) -> Result<Reply, ExecError> {
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
    pub(super) fn abandon(&mut self) {
        // One that has ended already needs no more.
        let _ = rustix::net::shutdown(&self.socket, Shutdown::Both);
        let begun = Instant::now();
        while begun.elapsed() < ENDS_AT_ONCE && matches!(self.process.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let _ = self.process.start_kill();
    }

    /// Ends it, with all that runs inside. Safe to repeat.
    pub(super) async fn end(&mut self) -> Result<(), ExecError> {
        // Its first process ends with the socket, and the kernel ends the others.
        let _ = self.socket.shutdown().await;
        let ended = match tokio::time::timeout(ENDS_SOON, self.process.wait()).await {
            Ok(ended) => ended.map(drop),
            Err(_) => self.process.kill().await,
        };
        ended.map_err(|error| failed("close", &error))
    }
}

fn start() -> io::Result<Link> {
    let (own, other) = std::os::unix::net::UnixStream::pair()?;
    own.set_nonblocking(true)?;
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
        .stderr(Stdio::null())
        .kill_on_drop(true);
    Ok(Link {
        process: command.spawn()?,
        socket: UnixStream::from_std(own)?,
        buffer: Vec::new(),
        files: Vec::new(),
    })
}

/// This program, sealed: a job that gets hold of the file behind its first process can't change it,
/// whatever its rights.
pub(super) fn program() -> io::Result<&'static File> {
    static PROGRAM: OnceLock<File> = OnceLock::new();
    if let Some(program) = PROGRAM.get() {
        return Ok(program);
    }
    let mut from = File::open("/proc/self/exe")?;
    let mut copy = File::from(memory()?);
    io::copy(&mut from, &mut copy)?;
    copy.flush()?;
    let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
    fcntl_add_seals(copy.as_fd(), seals)?;
    Ok(PROGRAM.get_or_init(|| copy))
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

/// The first process can't be started.
fn not_started(error: &io::Error) -> ExecError {
    let words = system_words(error);
    let made = ExecError::lasting("open", format!("no sandbox can be started: {words}"));
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
pub(super) fn unexpected(phase: &'static str, reply: Reply) -> ExecError {
    match reply {
        Reply::Failed { what, cause } => match cause {
            Cause::Job => ExecError::user(phase, what),
            Cause::Machine => ExecError::lasting(phase, what),
            Cause::Moment => ExecError::system(phase, what),
        },
        other => ExecError::system(phase, format!("the sandbox gave no sense: {other:?}")),
    }
}
