//! One script in the container: attach, start, script into stdin, output out until its end.

use std::pin::Pin;
use std::time::Duration;

use bollard::container::{AttachContainerResults, LogOutput};
use bollard::errors::Error;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, StartContainerOptions, WaitContainerOptionsBuilder,
};
use futures_util::{Stream, TryStreamExt};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};

use super::super::cancel::asked;
use super::super::{Cancel, Cx, ExecError, Exit, Script};
use super::container::Container;
use super::ending::Marker;
use super::log_fifo::{LogFifo, SAYS_ALL_THERE};
use super::{fault, stop};

/// How long output may still come after the container was stopped.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How often a daemon is asked for a sign of life while a script runs.
const LISTENS_EVERY: Duration = Duration::from_secs(10);

/// What a shell reads, and what it says.
pub(super) type Input = Pin<Box<dyn AsyncWrite + Send>>;
pub(super) type Output = Pin<Box<dyn Stream<Item = Result<LogOutput, Error>> + Send>>;

/// The shell of a container that was started and waits for its script.
pub(super) struct Waiting(AttachContainerResults);

impl Waiting {
    /// One that reads and says that.
    pub(super) fn of(input: Input, output: Output) -> Self {
        Self(AttachContainerResults { output, input })
    }

    /// What it reads, and what it says.
    pub(super) fn streams(self) -> (Input, Output) {
        (self.0.input, self.0.output)
    }
}

/// Starts the container once more.
pub(super) async fn start(container: &Container) -> Result<Waiting, ExecError> {
    // Attached before the start, or the first output is lost.
    let attached = attach(container).await?;
    start_attached(container).await?;
    Ok(Waiting(attached))
}

async fn start_attached(container: &Container) -> Result<(), ExecError> {
    // The semaphore is never closed: an error would mean one slot more, no harm.
    let _slot = container.starts.acquire().await;
    let starting = async {
        let (docker, id) = (&container.docker, container.id.as_str());
        let started = docker.start_container(id, None::<StartContainerOptions>);
        started
            .await
            .map_err(|error| fault::start(&container.asked, error))
    };
    let patience = &container.patience;
    patience.answer("start container", starting).await
}

/// Runs `script` in the shell that waits for it, or in one that is started for it.
pub(super) async fn run(
    container: &Container,
    shell: Option<Waiting>,
    script: &Script,
    cx: &Cx,
) -> Result<Exit, ExecError> {
    let (docker, id) = (&container.docker, container.id.as_str());
    let (tell, started) = oneshot::channel();
    let mut work = Box::pin(start_to_end(container, shell, script, tell, &cx.output));
    tokio::select! {
        code = &mut work => return code.map(Exit::Code),
        silence = fallen_silent(container) => return Err(silence),
        () = asked(&cx.cancel, Cancel::Graceful) => {}
    }
    // Half a start would be in the way of the next script; after force there is none.
    tokio::select! {
        code = &mut work => return code.map(|_| Exit::Stopped),
        () = asked(&cx.cancel, Cancel::Force) => {}
        // Where nobody tells, there is nothing to wait for.
        _ = started => {}
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
pub(super) async fn fallen_silent(container: &Container) -> ExecError {
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

async fn attach(container: &Container) -> Result<AttachContainerResults, ExecError> {
    let options = AttachContainerOptionsBuilder::new()
        .stdin(true)
        .stdout(true)
        .stderr(true)
        .stream(true)
        .build();
    let attaching = async {
        let attached = container
            .docker
            .attach_container(&container.id, Some(options));
        let broken = |error| fault::system("attach", "the container's output can't be read", error);
        attached.await.map_err(broken)
    };
    container.patience.answer("attach", attaching).await
}

/// Has the shell do all of the script; tells when it is started. What the shell is to read is on its way
/// before the daemon has done with the start, for it runs before.
async fn start_to_end(
    container: &Container,
    shell: Option<Waiting>,
    script: &Script,
    tell: oneshot::Sender<()>,
    to: &mpsc::Sender<Vec<u8>>,
) -> Result<i64, ExecError> {
    if let Some(log) = &container.log {
        // Left by what the last script had started.
        log.rest();
    }
    let (attached, is_started) = match shell {
        Some(Waiting(attached)) => (attached, true),
        None => (attach(container).await?, false),
    };
    let starting = async {
        if !is_started {
            start_attached(container).await?;
        }
        // Perhaps nobody wants to know.
        let _ = tell.send(());
        Ok(())
    };
    let (mut starting, mut work) = (
        std::pin::pin!(starting),
        std::pin::pin!(to_the_end(container, script, attached, to)),
    );
    let said = tokio::select! {
        // Why there is no shell tells more than that it says nothing.
        biased;
        started = &mut starting => {
            started?;
            work.await
        }
        said = &mut work => {
            starting.await?;
            said
        }
    };
    match said? {
        Some(code) => Ok(code),
        None => exit_code(container).await,
    }
}

/// Feeds the script, hands on all output, and returns the shell's word for the exit code, where it has
/// one.
async fn to_the_end(
    container: &Container,
    script: &Script,
    attached: AttachContainerResults,
    to: &mpsc::Sender<Vec<u8>>,
) -> Result<Option<i64>, ExecError> {
    let marker = Marker::new()?;
    let given = container.given.iter();
    let given = given.map(|variable| (&*variable.name, &*variable.value));
    let log = container.log.as_ref();
    let first = log.map_or("", |_| SAYS_ALL_THERE);
    let text = marker.closes(first, script.for_shell(given));
    let feeding = feed(attached.input, &text);
    let mut ended = std::pin::pin!(pump(attached.output, log, &marker, to));
    // A container may end without reading its script; then feeding never does.
    tokio::select! {
        said = &mut ended => said,
        () = feeding => ended.await,
    }
}

async fn feed(mut stdin: impl AsyncWrite + Unpin, text: &str) {
    // An error means that nobody reads: the exit code tells more than it does.
    if stdin.write_all(text.as_bytes()).await.is_ok() {
        let _ = stdin.shutdown().await;
    }
}

/// Hands on all output until both streams were closed by the marker; `None` where they just end, as they
/// do with the container.
pub(super) async fn pump(
    mut output: impl Stream<Item = Result<LogOutput, Error>> + Unpin,
    log: Option<&LogFifo>,
    marker: &Marker,
    to: &mpsc::Sender<Vec<u8>>,
) -> Result<Option<i64>, ExecError> {
    let (mut out, mut err, mut fifo) = (marker.watch(), marker.watch(), marker.watch());
    let mut markers = 0;
    loop {
        let (watch, piece) = tokio::select! {
            chunk = output.try_next() => match chunk.map_err(broke_off)? {
                Some(chunk @ LogOutput::StdErr { .. }) => (&mut err, chunk.into_bytes()),
                Some(chunk) => (&mut out, chunk.into_bytes()),
                None => break,
            },
            piece = next(log) => (&mut fifo, piece?.into()),
        };
        let (text, found) = watch.take(&piece);
        hand_on(text, to).await;
        markers += found.len();
        if let (2.., Some(&status)) = (markers, found.last()) {
            return Ok(Some(status));
        }
    }
    // What came last may be there still.
    let (text, found) = fifo.take(&log.map(LogFifo::rest).unwrap_or_default());
    hand_on(text, to).await;
    for watch in [fifo, out, err] {
        hand_on(watch.rest(), to).await;
    }
    Ok(found.last().copied().filter(|_| markers + found.len() >= 2))
}

fn broke_off(error: Error) -> ExecError {
    fault::system("read output", "the job's output broke off", error)
}

/// What comes next through a FIFO, where there is one.
async fn next(log: Option<&LogFifo>) -> Result<Vec<u8>, ExecError> {
    let Some(log) = log else {
        return std::future::pending().await;
    };
    let broken = |error| ExecError::system("read output", "the job's log broke off").because(error);
    log.next().await.map_err(broken)
}

/// Output that nobody wants is still read, or the job would block.
async fn hand_on(text: Vec<u8>, to: &mpsc::Sender<Vec<u8>>) {
    if !text.is_empty() {
        let _ = to.send(text).await;
    }
}

/// Returns when nothing of the last script runs any more.
pub(super) async fn end(container: &Container) -> Result<(), ExecError> {
    let ended = exit_code(container);
    container.patience.answer("wait", ended).await.map(drop)
}

/// What the daemon says about the end, which comes after all that it does at the end. Asked after
/// the start, `not-running` can't miss it, however early it comes.
pub(super) async fn exit_code(container: &Container) -> Result<i64, ExecError> {
    let options = WaitContainerOptionsBuilder::new()
        .condition("not-running")
        .build();
    let waiting = container
        .docker
        .wait_container(&container.id, Some(options));
    match std::pin::pin!(waiting).try_next().await {
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

#[cfg(test)]
mod tests {
    use bollard::container::LogOutput;
    use futures_util::{StreamExt, stream};
    use tokio::sync::mpsc;

    use super::super::ending::Marker;
    use super::pump;

    fn out(text: &str) -> LogOutput {
        let message = text.to_owned().into();
        LogOutput::StdOut { message }
    }

    fn err(text: &str) -> LogOutput {
        let message = text.to_owned().into();
        LogOutput::StdErr { message }
    }

    async fn text(mut from: mpsc::Receiver<Vec<u8>>) -> String {
        let mut all = Vec::new();
        while let Some(chunk) = from.recv().await {
            all.extend(chunk);
        }
        String::from_utf8(all).expect("text")
    }

    /// The container is not waited for: its streams never end here.
    #[tokio::test]
    async fn markers_on_both_streams_are_the_end() {
        let marker = Marker::new().expect("a marker");
        let end = marker.said("7\n");
        let apart = vec![out(&format!("a\n{end}")), err("b\n"), err(&end)];
        let in_one = vec![out("a\nb\n"), out(&end), out(&end)];
        for chunks in [apart, in_one] {
            let (to, from) = mpsc::channel(8);
            let output = stream::iter(chunks).map(Ok).chain(stream::pending());
            let ended = pump(output, None, &marker, &to).await;
            drop(to);
            assert_eq!(ended.expect("no failure"), Some(7));
            assert_eq!(text(from).await, "a\nb\n");
        }
    }

    #[tokio::test]
    async fn one_marker_is_not_the_end() {
        let marker = Marker::new().expect("a marker");
        let (to, from) = mpsc::channel(8);
        let chunks = [out(&marker.said("7\n")), err("later\n"), err("pipe-")];
        let output = stream::iter(chunks).map(Ok);
        let ended = pump(output, None, &marker, &to).await;
        drop(to);
        assert_eq!(ended.expect("no failure"), None);
        assert_eq!(text(from).await, "later\npipe-");
    }
}
