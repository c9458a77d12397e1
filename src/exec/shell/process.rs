//! One script in a login shell of this machine.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;

use super::super::cancel::asked;
use super::super::shell_output::pump;
use super::super::{Cancel, Cx, ExecError, Exit, Script};
use super::kin::{self, MARK};
use crate::foreign::system_words;

const PHASE: &str = "run script";

/// How long output may still come after everything was killed.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Runs `script`. It ends when its output is closed: a background job that holds it holds the job
/// (runtime reference 10).
pub(super) async fn run(
    folder: &Path,
    script: &Script,
    grace: Duration,
    cx: &Cx,
) -> Result<Exit, ExecError> {
    if *cx.cancel.borrow() != Cancel::Run {
        return Ok(Exit::Stopped);
    }
    let (mut child, output) = spawn(folder)?;
    let stdin = child.stdin.take();
    let mut work = std::pin::pin!(to_the_end(child, stdin, output, script, &cx.output));
    tokio::select! {
        ended = &mut work => return ended.map(exit),
        () = asked(&cx.cancel, Cancel::Graceful) => {}
    }
    let stopping = async {
        signal_all(folder, Signal::TERM).await;
        tokio::select! {
            () = asked(&cx.cancel, Cancel::Force) => {}
            () = tokio::time::sleep(grace) => {}
        }
        signal_all(folder, Signal::KILL).await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! {
        _ = work => {}
        () = stopping => {}
    }
    Ok(Exit::Stopped)
}

/// The shell that jobs get.
pub(super) fn find_shell() -> Result<&'static str, ExecError> {
    let shell = ["bash", "sh"].into_iter().find(|shell| is_in_path(shell));
    shell.ok_or_else(|| {
        ExecError::system(PHASE, "neither `bash` nor `sh` is in PATH")
            .help("install one, or use another executor")
    })
}

/// A login shell that leads its own process group. stdout and stderr are one pipe.
fn spawn(folder: &Path) -> Result<(Child, pipe::Receiver), ExecError> {
    let shell = find_shell()?;
    let started = || {
        let (read, write) = io::pipe()?;
        // The command keeps the pipe's writing end; it is gone with the statement.
        let child = kin::start_shell(folder, || {
            let child = command(shell, folder, write)?.spawn()?;
            let number = child.id().map(u32::cast_signed);
            Ok((child, number))
        })?;
        Ok((child, pipe::Receiver::from_owned_fd(OwnedFd::from(read))?))
    };
    started().map_err(|error: io::Error| {
        let words = system_words(&error);
        ExecError::system(PHASE, format!("`{shell}` could not be started: {words}")).because(error)
    })
}

/// `setsid` takes the terminal away from the job, so that a program that asks for a password
/// fails, as with a runner, instead of waiting for good. Without it the job has a process group.
fn command(shell: &str, folder: &Path, output: io::PipeWriter) -> io::Result<Command> {
    let mut command = if is_in_path("setsid") {
        let mut command = Command::new("setsid");
        command.arg(shell);
        command
    } else {
        let mut command = Command::new(shell);
        command.process_group(0);
        command
    };
    command
        .arg("-l")
        .env(MARK, folder)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(output.try_clone()?)
        .stderr(output)
        .kill_on_drop(true);
    Ok(command)
}

pub(super) fn is_in_path(program: &str) -> bool {
    std::env::var_os("PATH").is_some_and(|path| {
        std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
    })
}

async fn to_the_end(
    mut child: Child,
    stdin: Option<ChildStdin>,
    output: pipe::Receiver,
    script: &Script,
    to: &mpsc::Sender<Vec<u8>>,
) -> Result<ExitStatus, ExecError> {
    let ended = async {
        let (pumped, status) = tokio::join!(pump(output, to), child.wait());
        pumped.and(status)
    };
    let mut ended = std::pin::pin!(ended);
    let ended = tokio::select! {
        ended = &mut ended => ended,
        () = feed(stdin, script.for_shell(std::iter::empty())) => ended.await,
    };
    ended.map_err(|error| {
        let words = system_words(&error);
        ExecError::system(PHASE, format!("the script's end is not known: {words}")).because(error)
    })
}

async fn feed(stdin: Option<ChildStdin>, text: &str) {
    if let Some(mut stdin) = stdin {
        // An error means that nobody reads: the exit code tells more than it does.
        let _ = stdin.write_all(text.as_bytes()).await;
    }
}

/// To the shell and all that it started.
pub(super) async fn signal_all(folder: &Path, signal: Signal) {
    let folder = folder.to_owned();
    // It fails only by a panic, and then the folder's removal tries again.
    let _ = tokio::task::spawn_blocking(move || kin::signal_all(&folder, signal)).await;
}

/// A shell that a signal ended has no code of its own: -1, as the runner says (runtime
/// reference 4.1).
fn exit(status: ExitStatus) -> Exit {
    Exit::Code(status.code().map_or(-1, i64::from))
}
