//! One script in the container: attach, start, script into stdin, output out, wait.

use std::time::Duration;

use bollard::Docker;
use bollard::container::{AttachContainerResults, LogOutput};
use bollard::errors::Error;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, StartContainerOptions, WaitContainerOptionsBuilder,
};
use futures_util::{Stream, StreamExt, TryStreamExt};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::super::cancel::asked;
use super::super::{Cancel, Cx, ExecError, Exit, Script};
use super::container::Container;
use super::{fault, stop};

/// How long output may still come after the container was stopped.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How often a daemon is asked for a sign of life while a script runs.
const LISTENS_EVERY: Duration = Duration::from_secs(10);

/// The shell of a container that was started and waits for its script.
pub(super) struct Waiting(AttachContainerResults);

/// Starts the container once more.
pub(super) async fn start(container: &Container) -> Result<Waiting, ExecError> {
    // Attached before the start, or the first output is lost.
    let (docker, id) = (&container.docker, container.id.as_str());
    let attached = container.patience.answer("attach", attach(docker, id));
    let attached = attached.await?;
    // The semaphore is never closed: an error would mean one slot more, no harm.
    let _slot = container.starts.acquire().await;
    let starting = async {
        let started = docker.start_container(id, None::<StartContainerOptions>);
        started.await.map_err(fault::start)
    };
    container
        .patience
        .answer("start container", starting)
        .await?;
    Ok(Waiting(attached))
}

/// Runs `script` in the shell that waits for it.
pub(super) async fn run(
    container: &Container,
    Waiting(attached): Waiting,
    script: &Script,
    cx: &Cx,
) -> Result<Exit, ExecError> {
    let (docker, id) = (&container.docker, container.id.as_str());
    let mut work = std::pin::pin!(to_the_end(docker, id, script, attached, &cx.output));
    tokio::select! {
        code = &mut work => return code.map(Exit::Code),
        silence = fallen_silent(container) => return Err(silence),
        () = asked(&cx.cancel, Cancel::Graceful) => {}
    }
    let stopping = async {
        stop::stop(docker, id, &cx.cancel).await;
        tokio::time::sleep(LAST_WORDS).await;
    };
    tokio::select! {
        _ = work => {}
        () = stopping => {}
    }
    Ok(Exit::Stopped)
}

/// Returns when the daemon gives no answer any more: a script's end would never be heard of.
async fn fallen_silent(container: &Container) -> ExecError {
    loop {
        tokio::time::sleep(LISTENS_EVERY).await;
        let ping = async {
            // An error is an answer too; what broke is told by what waits for it.
            let _ = container.docker.ping().await;
            Ok(())
        };
        if let Err(silence) = container.patience.answer("ping", ping).await {
            return silence;
        }
    }
}

async fn attach(docker: &Docker, id: &str) -> Result<AttachContainerResults, ExecError> {
    let options = AttachContainerOptionsBuilder::new()
        .stdin(true)
        .stdout(true)
        .stderr(true)
        .stream(true)
        .build();
    docker
        .attach_container(id, Some(options))
        .await
        .map_err(|error| fault::system("attach", "the container's output can't be read", error))
}

/// Feeds the script, hands on all output, and returns the exit code.
async fn to_the_end(
    docker: &Docker,
    id: &str,
    script: &Script,
    attached: AttachContainerResults,
    to: &mpsc::Sender<Vec<u8>>,
) -> Result<i64, ExecError> {
    let feeding = feed(attached.input, &script.text);
    let mut ended = std::pin::pin!(async {
        let (pumped, code) = tokio::join!(pump(attached.output, to), exit_code(docker, id));
        pumped.and(code)
    });
    // A container may end without reading its script; then feeding never does.
    tokio::select! {
        code = &mut ended => code,
        () = feeding => ended.await,
    }
}

async fn feed(mut stdin: impl AsyncWrite + Unpin, text: &str) {
    // An error means that nobody reads: the exit code tells more than it does.
    if stdin.write_all(text.as_bytes()).await.is_ok() {
        let _ = stdin.shutdown().await;
    }
}

async fn pump(
    mut output: impl Stream<Item = Result<LogOutput, Error>> + Unpin,
    to: &mpsc::Sender<Vec<u8>>,
) -> Result<(), ExecError> {
    while let Some(chunk) = output.next().await {
        let chunk = chunk
            .map_err(|error| fault::system("read output", "the job's output broke off", error))?;
        // Output that nobody wants is still read, or the job would block.
        let _ = to.send(chunk.into_bytes().to_vec()).await;
    }
    Ok(())
}

/// Asked after the start, `not-running` can't miss the end, however early it comes.
async fn exit_code(docker: &Docker, id: &str) -> Result<i64, ExecError> {
    let options = WaitContainerOptionsBuilder::new()
        .condition("not-running")
        .build();
    let answer = std::pin::pin!(docker.wait_container(id, Some(options)))
        .try_next()
        .await;
    match answer {
        Ok(Some(ended)) => Ok(ended.status_code),
        Err(Error::DockerContainerWaitError { code, .. }) => Ok(code),
        Ok(None) => Err(ExecError::system(
            "wait",
            "the Docker daemon did not say how the script ended: is it still running?",
        )),
        Err(error) => Err(fault::system(
            "wait",
            "the script's end is not known",
            error,
        )),
    }
}
