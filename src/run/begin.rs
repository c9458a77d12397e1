//! The beginning of a run: checks, the tree, then the loop.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::event::{Reporter, RunResult};
use crate::exec::Cancel;
use crate::mask::Masker;
use crate::sched::{Input, JobIndex, JobSpec, Pipeline, remaining_paths};
use crate::types::Status;

use super::ahead::Environments;
use super::dispatcher::{Dispatcher, Record};
use super::images::{Images, check_images};
use super::queue::Queue;
use super::resources::Resources;
use super::shared::{STARTS, Shared};
use super::silence::Silences;
use super::spec::{Interrupt, JobRun, RunError, RunSpec};
use super::stream::Stream;
use super::timers::Timers;
use super::trees::{Trees, publish};

/// Messages under way. Bounded: reporters that are slow slow the jobs down. One may hold the lines
/// of 64 KiB of output, which take about twice that, so this also bounds memory.
const MESSAGES: usize = 64;

/// Runs a pipeline to its end and tells the reporters all of it. `interrupt` stops it; nothing
/// else does. An error means that it did not begin, and the reporters have heard nothing.
pub async fn run<'a>(
    spec: RunSpec,
    interrupt: watch::Receiver<Interrupt>,
    reporters: &'a mut [&'a mut dyn Reporter],
) -> Result<RunResult, RunError> {
    let began = Instant::now();
    let specs: Vec<JobSpec> = spec.jobs.iter().map(JobRun::sched_spec).collect();
    let queue = Queue::new(remaining_paths(&specs, &spec.durations)?);
    let pipeline = Pipeline::new(spec.stages.clone(), specs, spec.options)?;
    let automatic = automatic(&pipeline);
    let trees = tokio::select! {
        trees = prepare(&spec, &automatic) => trees?,
        signal = interrupted(interrupt.clone()) => return Err(RunError::Interrupted(signal)),
    };
    let (head, notices) = (spec.head.clone(), spec.notices.clone());
    let stream = Stream::new(reporters, began, Masker::new(&spec.secrets));
    let prepared = Prepared {
        pipeline,
        queue,
        trees,
    };
    let mut dispatcher = dispatcher(spec, prepared, stream, interrupt);
    dispatcher.prefetch(&automatic);
    Ok(dispatcher.run(head, notices).await)
}

/// Jobs that may start without a person: those that are neither offered nor skipped at once.
fn automatic(pipeline: &Pipeline) -> Vec<JobIndex> {
    let mut begun = pipeline.clone();
    begun.step(Input::Begin);
    let may_start = |job: &JobIndex| {
        let status = begun.status_of(*job);
        !matches!(status, Status::Manual | Status::Skipped)
    };
    begun.jobs().filter(may_start).collect()
}

/// What was made of the specification before the first job.
struct Prepared {
    pipeline: Pipeline,
    queue: Queue,
    trees: Trees,
}

async fn prepare(spec: &RunSpec, automatic: &[JobIndex]) -> Result<Trees, RunError> {
    check_images(spec, automatic).await?;
    publish(spec).await
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
    spec: RunSpec,
    prepared: Prepared,
    stream: Stream<'_>,
    interrupt: watch::Receiver<Interrupt>,
) -> Dispatcher<'_> {
    let (sender, messages) = mpsc::channel(MESSAGES);
    let (pulls, receiver) = watch::channel(Cancel::Run);
    Dispatcher {
        stream,
        pipeline: prepared.pipeline,
        queue: prepared.queue,
        timers: Timers::default(),
        resources: Resources::default(),
        records: spec.jobs.iter().map(|_| Record::default()).collect(),
        running: HashMap::new(),
        tasks: JoinSet::new(),
        by_task: HashMap::new(),
        ahead: Environments::default(),
        prefetches: JoinSet::new(),
        next_job_id: spec.first_job_id,
        sender: sender.clone(),
        messages,
        pulls,
        interrupt,
        signal: None,
        killed: false,
        overdue: None,
        cancel_reason: None,
        stages: spec.stages,
        slots: spec.slots.max(1),
        no_delay: spec.no_delay,
        complete: spec.complete,
        silences: Silences::of(&spec.jobs),
        shared: Arc::new(Shared {
            owner: spec.owner,
            project_path: spec.project_path,
            artifacts: spec.artifacts,
            artifacts_limit: spec.artifacts_limit,
            images: Images::new(spec.pull, receiver, sender),
            starts: Semaphore::new(STARTS),
            jobs: spec.jobs,
            trees: prepared.trees,
        }),
    }
}

impl Dispatcher<'_> {
    /// Brings the images of jobs ahead of them, in the order of the pipeline.
    fn prefetch(&mut self, jobs: &[JobIndex]) {
        for &job in jobs {
            if self.shared.job(job).image.is_none() {
                continue;
            }
            let shared = Arc::clone(&self.shared);
            self.prefetches.spawn(async move {
                let run = shared.job(job);
                if let Some(image) = &run.image {
                    // Its failure is told by the jobs that want it.
                    let _ = shared.images.ensure(&run.executor, image).await;
                }
            });
        }
    }
}
