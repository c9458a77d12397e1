//! A person's shell in a container: a second process of it, on a terminal of the daemon's.

use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::exec::{CreateExecOptions, ResizeExecOptions, StartExecOptions, StartExecResults};
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use super::super::cancel::asked;
use super::super::contract::Terminal;
use super::super::detector::login_command;
use super::super::service_lines::unheard;
use super::super::{Cancel, Cx, ExecError, Exit, Script};
use super::container::Container;
use super::ending::Marker;
use super::log_fifo::SAYS_ALL_THERE;
use super::run::{Input, Output, Waiting};
use super::{fault, run};

const PHASE: &str = "attach";

/// How often, and how many times, the daemon is asked for the status of a shell whose output has
/// ended.
const PAUSE: Duration = Duration::from_millis(20);
const TIMES: u32 = 250;

/// Has the shell do what comes before a person's, and wait again: what is left of its entrypoint goes on
/// beside the person. `kept` gets it, unless it ends. A cancellation only leaves.
pub(super) async fn lead_in(
    container: &Container,
    shell: Waiting,
    script: &Script,
    kept: &mut Option<Waiting>,
    cx: &Cx,
) -> Result<Exit, ExecError> {
    let leading = async {
        let marker = Marker::new()?;
        let log = container.log.as_ref();
        let first = log.map_or("", |_| SAYS_ALL_THERE);
        let text = marker.closes_and_goes_on(first, &script.text);
        let (mut input, mut output) = shell.streams();
        let said = {
            let mut said = std::pin::pin!(run::pump(&mut output, log, &marker, &cx.output));
            // A container may end without reading its script; then feeding never does.
            tokio::select! {
                said = &mut said => said,
                () = feed(&mut input, &text) => said.await,
            }
        };
        match said? {
            Some(0) => {
                *kept = Some(Waiting::of(input, output));
                Ok(0)
            }
            Some(code) => Ok(code),
            None => run::exit_code(container).await,
        }
    };
    tokio::select! {
        code = leading => code.map(Exit::Code),
        silence = run::fallen_silent(container) => Err(silence),
        () = asked(&cx.cancel, Cancel::Graceful) => Ok(Exit::Stopped),
    }
}

/// An error means that nobody reads: the exit code tells more than it does.
async fn feed(input: &mut Input, text: &str) {
    if input.write_all(text.as_bytes()).await.is_ok() {
        let _ = input.flush().await;
    }
}

/// Runs a shell that does what `login` says, beside the one that waits and keeps the container up.
/// A cancellation only leaves: what runs ends with the container.
pub(super) async fn attach(
    container: &mut Container,
    waiting: Waiting,
    login: &Script,
    terminal: Terminal,
    cx: &Cx,
) -> Result<Exit, ExecError> {
    let mut services = container.services.take();
    let (_keeps_it_up, mut says) = waiting.streams();
    let ended = tokio::select! {
        ended = shell(container, login, terminal, cx) => ended,
        silence = run::fallen_silent(container) => Err(silence),
        () = asked(&cx.cancel, Cancel::Graceful) => Ok(Exit::Stopped),
        never = unread(&mut says) => match never {},
        never = unheard(services.as_mut().map(|services| &mut services.lines)) => match never {},
    };
    container.services = services;
    ended
}

/// What an entrypoint has left running would wait for whoever reads what it says.
async fn unread(says: &mut Output) -> std::convert::Infallible {
    while let Some(Ok(_)) = says.next().await {}
    std::future::pending().await
}

async fn shell(
    container: &Container,
    login: &Script,
    terminal: Terminal,
    cx: &Cx,
) -> Result<Exit, ExecError> {
    let docker = &container.docker;
    let starting = async {
        let id = create(docker, &container.id, login).await?;
        let (output, input) = start(docker, &id).await?;
        Ok((id, output, input))
    };
    let (id, output, input) = container.patience.answer(PHASE, starting).await?;
    tokio::select! {
        shown = show(output, &cx.output) => shown?,
        never = carry(docker, &id, input, terminal) => match never {},
    }
    let status = container
        .patience
        .answer(PHASE, status(docker, &id))
        .await?;
    Ok(Exit::Code(status))
}

async fn create(docker: &Docker, container: &str, login: &Script) -> Result<String, ExecError> {
    let options = CreateExecOptions {
        cmd: Some(login_command(&login.text).to_vec()),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(true),
        ..CreateExecOptions::default()
    };
    let made = docker.create_exec(container, options).await;
    made.map(|made| made.id).map_err(not_started)
}

async fn start(docker: &Docker, id: &str) -> Result<(Output, Input), ExecError> {
    // The shell has its terminal all the same; this asks for output in frames, for without them a
    // control character at its beginning would count as one.
    let options = StartExecOptions {
        tty: false,
        ..StartExecOptions::default()
    };
    match docker.start_exec(id, Some(options)).await {
        Ok(StartExecResults::Attached { output, input }) => Ok((output, input)),
        Ok(StartExecResults::Detached) => {
            Err(ExecError::system(PHASE, "the daemon gave no terminal"))
        }
        Err(error) => Err(not_started(error)),
    }
}

async fn show(mut output: Output, to: &mpsc::Sender<Vec<u8>>) -> Result<(), ExecError> {
    while let Some(chunk) = output.next().await {
        let chunk =
            chunk.map_err(|error| fault::system(PHASE, "the shell's output broke off", error))?;
        // Output that nobody wants is still read, or the shell would block.
        let _ = to.send(chunk.into_bytes().to_vec()).await;
    }
    Ok(())
}

/// Carries what is typed, and the size of the window. Errors show at the other end, as its end.
async fn carry(
    docker: &Docker,
    id: &str,
    mut input: Input,
    mut person: Terminal,
) -> std::convert::Infallible {
    let size = *person.size.borrow_and_update();
    resize(docker, id, size).await;
    loop {
        tokio::select! {
            Some(typed) = person.input.recv() => {
                if input.write_all(&typed).await.is_ok() {
                    let _ = input.flush().await;
                }
            }
            Ok(()) = person.size.changed() => {
                let size = *person.size.borrow_and_update();
                resize(docker, id, size).await;
            }
            else => return std::future::pending().await,
        }
    }
}

async fn resize(docker: &Docker, id: &str, (width, height): (u16, u16)) {
    let _ = docker
        .resize_exec(id, ResizeExecOptions { height, width })
        .await;
}

async fn status(docker: &Docker, id: &str) -> Result<i64, ExecError> {
    for _ in 0..TIMES {
        let about = docker.inspect_exec(id).await;
        let about =
            about.map_err(|error| fault::system(PHASE, "the shell's end is not known", error))?;
        if let (Some(false), Some(code)) = (about.running, about.exit_code) {
            return Ok(code);
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(ExecError::system(
        PHASE,
        "the Docker daemon did not say how the shell ended",
    ))
}

fn not_started(error: Error) -> ExecError {
    fault::system(PHASE, "no shell could be started in the container", error)
}
