//! A person's shell on this machine, on a terminal of its own.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::fs::{Mode, OFlags};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::process::{Child, Command};

use super::super::cancel::asked;
use super::super::contract::Terminal;
use super::super::terminal::talk;
use super::super::{Cancel, Cx, ExecError, Exit, Script};
use super::kin::{self, MARK};
use super::process::{find_shell, is_in_path, signal_all};
use crate::foreign::system_words;

/// Runs a login shell that does what `login` says. What it leaves in the background is killed: it
/// would keep the terminal. After a hang-up all have `grace`.
pub(super) async fn attach(
    folder: &Path,
    login: &Script,
    grace: Duration,
    terminal: Terminal,
    cx: &Cx,
) -> Result<Exit, ExecError> {
    if *cx.cancel.borrow() != Cancel::Run {
        return Ok(Exit::Stopped);
    }
    let (mut child, end) = spawn(find_shell()?, folder, login).map_err(broken)?;
    let mut talking = std::pin::pin!(talk(end, terminal, cx));
    let ended = tokio::select! {
        status = child.wait() => Some(status),
        talked = &mut talking => {
            talked.map_err(broken)?;
            None
        }
    };
    let status = if let Some(status) = ended {
        signal_all(folder, Signal::KILL).await;
        talking.await.map_err(broken)?;
        status
    } else {
        let late = async {
            tokio::select! {
                () = asked(&cx.cancel, Cancel::Force) => {}
                () = tokio::time::sleep(grace) => {}
            }
        };
        tokio::select! {
            status = child.wait() => status,
            () = late => {
                signal_all(folder, Signal::KILL).await;
                child.wait().await
            }
        }
    };
    let status = status.map_err(broken)?;
    if *cx.cancel.borrow() == Cancel::Run {
        Ok(Exit::Code(code(status)))
    } else {
        Ok(Exit::Stopped)
    }
}

/// As a shell tells the end of a program.
fn code(status: ExitStatus) -> i64 {
    let by_signal = status.signal().map(|number| 128 + number);
    i64::from(status.code().or(by_signal).unwrap_or(-1))
}

fn spawn(shell: &str, folder: &Path, login: &Script) -> io::Result<(Child, OwnedFd)> {
    let (person, job) = pair()?;
    let mut command = command(shell);
    command
        .args(["-l", "-c", &login.text])
        .env(MARK, folder)
        .current_dir(folder)
        .stdin(Stdio::from(job.try_clone()?))
        .stdout(Stdio::from(job.try_clone()?))
        .stderr(Stdio::from(job))
        .kill_on_drop(true);
    let child = kin::start_shell(folder, || {
        let child = command.spawn()?;
        let number = child.id().map(u32::cast_signed);
        Ok((child, number))
    })?;
    Ok((child, person))
}

/// `setsid` makes the terminal that of the shell, which then has job control. Without it there is
/// a process group, and what is typed all the same.
fn command(shell: &str) -> Command {
    if is_in_path("setsid") {
        let mut command = Command::new("setsid");
        command.args(["-c", shell]);
        command
    } else {
        let mut command = Command::new(shell);
        command.process_group(0);
        command
    }
}

/// The person's end, and that of the shell.
fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    fcntl_setfd(&person, FdFlags::CLOEXEC)?;
    grantpt(&person)?;
    unlockpt(&person)?;
    let name = ptsname(&person, Vec::new())?;
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let job = rustix::fs::open(OsStr::from_bytes(name.as_bytes()), flags, Mode::empty())?;
    Ok((person, job))
}

fn broken(error: io::Error) -> ExecError {
    let words = system_words(&error);
    ExecError::system("attach", format!("no shell on a terminal: {words}")).because(error)
}
