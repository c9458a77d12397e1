//! What comes before the first job of a run: its jobs make a pipeline, images that may not be
//! pulled are there, the runners have the project's files.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::event::{Reporter, RunResult};
use crate::exec::Cancel;

use super::attempts::Attempts;
use super::context::{ContextParts, RunContext};
use super::dispatcher::Stopping;
use super::dispatcher::{Dispatcher, Messages, Opening};
use super::images::look;
use super::look_ahead::Environments;
use super::pipeline::PipelineState;
use super::pipelines::Pipelines;
use super::pulls::Pulls;
use super::resources::Resources;
use super::runner::Runner;
use super::silence::Silences;
use super::slots::Slots;
use super::spec::{Interrupt, RunError, RunSettings, RunSpec};
use super::stream::Stream;
use super::timers::Timers;
use super::trees::publish;

/// Messages under way. Bounded: reporters that are slow slow the jobs down. One may hold the lines
/// of 64 KiB of output, which take about twice that, so this also bounds memory.
const MESSAGES: usize = 64;

/// For taking away what was kept for the whole run.
const RELEASE_BUDGET: Duration = Duration::from_secs(30);

/// Runs a pipeline and its children to their end and tells the reporters all of it. `interrupt`
/// stops it; nothing else does. An error means that it did not begin, and the reporters have heard
/// nothing.
pub async fn run<'a>(
    mut spec: RunSpec,
    interrupt: watch::Receiver<Interrupt>,
    reporters: &'a mut [&'a mut dyn Reporter],
) -> Result<RunResult, RunError> {
    let mut stream = Stream::new(reporters, Instant::now());
    stream.hide(&spec.pipeline.secrets);
    let opening = Opening::of(&spec.pipeline);
    let files = std::mem::take(&mut spec.pipeline.trees);
    let root = PipelineState::new(spec.pipeline)?;
    let prepare = async {
        let (offline, runners) = (spec.settings.offline, &spec.settings.runners);
        let looked = look(offline, &root, runners).await?;
        let trees = publish(root.jobs(), &files, runners).await?;
        Ok::<_, RunError>((looked, trees))
    };
    let (looked, trees) = tokio::select! {
        prepared = prepare => prepared?,
        signal = interrupted(interrupt.clone()) => return Err(RunError::Interrupted(signal)),
    };
    let runners = spec.settings.runners.clone();
    let dispatcher = dispatcher(spec.settings, root.with_trees(trees), stream, interrupt);
    let result = dispatcher.run(opening, looked).await;
    release(&runners).await;
    Ok(result)
}

/// Takes away what executors kept for the whole run. What stays is removed by the next run.
async fn release(runners: &[Runner]) {
    let releasing = runners
        .iter()
        .map(|runner| runner.executor.release(RELEASE_BUDGET));
    for released in futures_util::future::join_all(releasing).await {
        if let Err(error) = released {
            tracing::warn!("{}", error.in_one_line());
        }
    }
}

async fn interrupted(mut interrupt: watch::Receiver<Interrupt>) -> u8 {
    let asked = interrupt
        .wait_for(|now| now.level >= Cancel::Graceful)
        .await;
    match asked {
        Ok(interrupt) => interrupt.signal,
        // Nobody can ask any more.
        Err(_) => std::future::pending().await,
    }
}

fn dispatcher(
    settings: RunSettings,
    root: PipelineState,
    stream: Stream<'_>,
    interrupt: watch::Receiver<Interrupt>,
) -> Dispatcher<'_> {
    let (sender, receiver) = mpsc::channel(MESSAGES);
    let (cancel, cancel_pulls) = watch::channel(Cancel::Run);
    let limits = settings.runners.iter().map(|runner| runner.limit);
    Dispatcher {
        stream,
        slots: Slots::new(settings.slots, limits),
        silences: Silences::of(&settings.runners),
        pipelines: Pipelines::new(root),
        timers: Timers::default(),
        resources: Resources::default(),
        attempts: Attempts::default(),
        environments: Environments::default(),
        pulls: Pulls::new(cancel),
        stopping: Stopping::new(interrupt),
        no_delay: settings.no_delay,
        artifacts: settings.artifacts,
        context: Arc::new(RunContext::new(ContextParts {
            owner: settings.owner,
            artifacts_limit: settings.artifacts_limit,
            runners: settings.runners,
            person: settings.person,
            offline: settings.offline,
            cancel_pulls,
            messages: sender.clone(),
        })),
        messages: Messages { sender, receiver },
    }
}
