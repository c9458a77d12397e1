//! Images: each is looked for and brought once, however many jobs want it.
//!
//! What the jobs of a run begin with is brought before the first of them (design chapter 3). An image
//! that a registry does not have or give fails its jobs; one that this machine can't bring keeps the
//! run from going on.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OnceCell, Semaphore, mpsc, watch};

use crate::event::EventKind;
use crate::exec::{Cancel, Cx, ExecError, Executor, Fault, Image};
use crate::types::{FailureReason, PullPolicy};

use super::message::{Failure, Message};
use super::pipeline::PipelineState;
use super::runner::{Runner, RunnerIndex};
use super::spec::RunError;

/// Pulls at once: they share one line to one registry.
const PULLS: usize = 3;

/// Lines of a pull under way.
const LINES: usize = 16;

type Cell = Arc<OnceCell<Result<(), NotBrought>>>;

/// The images of a run.
pub(super) struct Images {
    offline: bool,
    pulls: Semaphore,
    /// The cancellation of the run: a job that stops must not end a pull that others wait for.
    cancel: watch::Receiver<Cancel>,
    messages: mpsc::Sender<Message>,
    /// By runner and image. A handful, so a list will do.
    cells: Mutex<Vec<(RunnerIndex, Image, Cell)>>,
    /// What was said of pulls: the same is wrong with the credentials of many images.
    said: Mutex<BTreeSet<String>>,
}

/// Why an image is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotBrought {
    /// The failure of every job that wants it.
    pub(super) failure: Failure,
    /// Whether this machine is to blame: its network, its daemon, its disk.
    pub(super) is_machines: bool,
}

/// An image, and who wants it.
pub(super) type Wanted = (RunnerIndex, Image);

/// The images that the jobs of a pipeline begin with.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// There, and to be used as they are.
    pub(super) here: Vec<Wanted>,
    /// To be brought, each once.
    pub(super) to_bring: Vec<Wanted>,
}

impl Images {
    pub(super) fn new(
        offline: bool,
        cancel: watch::Receiver<Cancel>,
        messages: mpsc::Sender<Message>,
    ) -> Self {
        Self {
            offline,
            pulls: Semaphore::new(PULLS),
            cancel,
            messages,
            cells: Mutex::default(),
            said: Mutex::default(),
        }
    }

    /// Remembers what is there.
    pub(super) fn know(&self, here: Vec<Wanted>) {
        for (runner, image) in here {
            let _ = self.cell(runner, &image).set(Ok(()));
        }
    }

    /// Makes sure that the image is there. A failure is that of every job that wants it; why a
    /// pull failed is an event of its own, told once.
    pub(super) async fn ensure(
        &self,
        runner: RunnerIndex,
        executor: &dyn Executor,
        image: &Image,
    ) -> Result<(), NotBrought> {
        let cell = self.cell(runner, image);
        let result = cell.get_or_init(|| self.bring(executor, image));
        result.await.clone()
    }

    fn cell(&self, runner: RunnerIndex, image: &Image) -> Cell {
        // The list is whole at any moment, even if another task came to grief.
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        let known = cells
            .iter()
            .find(|(place, other, _)| *place == runner && other == image);
        if let Some((.., cell)) = known {
            return Arc::clone(cell);
        }
        let cell = Cell::default();
        cells.push((runner, image.clone(), Arc::clone(&cell)));
        cell
    }

    /// Tries the policies of the image in their order, until one has it there.
    async fn bring(&self, executor: &dyn Executor, image: &Image) -> Result<(), NotBrought> {
        let cx = Cx::quiet(self.cancel.clone());
        let missing = executor.missing(std::slice::from_ref(image), &cx).await;
        let missing = missing.map_err(|error| NotBrought {
            failure: Failure::from(&error),
            is_machines: true,
        })?;
        let is_here = missing.is_empty();
        let mut failed = None;
        for policy in image.policies() {
            let pulls = match policy {
                PullPolicy::Never => false,
                PullPolicy::IfNotPresent => !is_here,
                PullPolicy::Always => !is_here || !self.offline,
            };
            if !pulls && is_here {
                return Ok(());
            }
            if !pulls || self.offline {
                failed.get_or_insert_with(|| may_not_be_pulled(image));
                continue;
            }
            match self.pull(executor, image, is_here).await {
                Ok(()) => return Ok(()),
                Err(error) => failed = Some(error),
            }
        }
        // Some policy there is.
        Err(failed.unwrap_or_else(|| may_not_be_pulled(image)))
    }

    /// Pulls it. Where it `is_here` and its registry is out of reach, what is here is used.
    async fn pull(
        &self,
        executor: &dyn Executor,
        image: &Image,
        is_here: bool,
    ) -> Result<(), NotBrought> {
        let (output, mut lines) = mpsc::channel(LINES);
        let cx = Cx {
            cancel: self.cancel.clone(),
            output,
        };
        // The semaphore is never closed.
        let _permit = self.pulls.acquire().await;
        let told = |bytes, total| {
            // When the dispatcher is busy, a step may go untold.
            let _ = self
                .messages
                .try_send(pull(image, Some((bytes, total)), false));
        };
        let pulling = async {
            let pulled = executor.pull(image, &told, &cx).await;
            drop(cx);
            pulled
        };
        let listening = async {
            while let Some(line) = lines.recv().await {
                let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                let is_new = (self.said.lock())
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(text.clone());
                if is_new {
                    self.say(EventKind::Notice { text }).await;
                }
            }
        };
        let (brought, ()) = tokio::join!(pulling, listening);
        let error = match brought {
            Ok(()) => {
                let _ = self.messages.send(pull(image, None, true)).await;
                return Ok(());
            }
            Err(error) => error,
        };
        let stopped = *self.cancel.borrow() != Cancel::Run;
        let is_machines = error.fault != Fault::User && !stopped;
        self.say(not_pulled(image, &error, stopped)).await;
        if is_machines && is_here {
            let text = format!(
                "image {} is used as it is on this machine",
                image.in_words()
            );
            self.say(EventKind::Notice { text }).await;
            return Ok(());
        }
        let failure = Failure {
            message: format!("image {} was not pulled", image.in_words()),
            ..Failure::from(&error)
        };
        Err(NotBrought {
            failure,
            is_machines,
        })
    }

    async fn say(&self, event: EventKind) {
        let _ = self.messages.send(Message::Event(event)).await;
    }
}

fn may_not_be_pulled(image: &Image) -> NotBrought {
    let text = format!(
        "image {} is missing and may not be pulled",
        image.in_words()
    );
    NotBrought {
        failure: Failure::new(FailureReason::RunnerSystemFailure, text),
        is_machines: false,
    }
}

fn pull(image: &Image, progress: Option<(u64, u64)>, done: bool) -> Message {
    Message::Event(EventKind::Pull {
        image: image.name.clone(),
        progress,
        done,
    })
}

fn not_pulled(image: &Image, error: &ExecError, stopped: bool) -> EventKind {
    EventKind::PullFailed {
        image: image.name.clone(),
        message: if stopped {
            format!(
                "image {} was not pulled: the run was stopped",
                image.in_words()
            )
        } else {
            error.in_one_line()
        },
    }
}

/// Looks for the images that the jobs of `pipeline` begin with. Offline all must be there; those that
/// are not are named at once.
pub(super) async fn look(
    offline: bool,
    pipeline: &PipelineState,
    runners: &[Runner],
) -> Result<Looked, RunError> {
    // Whoever waits for it stops it by not waiting any more.
    let cx = Cx::unstoppable();
    let mut looked = Looked::default();
    let (mut lacking, mut ways): (Vec<String>, Vec<&str>) = Default::default();
    let jobs = pipeline.automatic();
    let jobs: Vec<_> = (jobs.iter())
        .filter_map(|job| pipeline.job(*job).script_job())
        .collect();
    for (at, runner) in runners.iter().enumerate() {
        let at = RunnerIndex(at);
        let mut images: Vec<Image> = Vec::new();
        for image in (jobs.iter())
            .filter(|job| job.runner == at)
            .flat_map(|job| job.images())
        {
            if !images.contains(image) {
                images.push(image.clone());
            }
        }
        if images.is_empty() {
            continue;
        }
        let missing = runner.executor.missing(&images, &cx).await?;
        for image in images {
            let is_here = !missing.iter().any(|other| other.is_same(&image));
            let first = image.policies().first().copied();
            if is_here && (offline || first != Some(PullPolicy::Always)) {
                looked.here.push((at, image));
            } else if offline {
                let by = runner.executor.traits().brings_by;
                if !by.is_empty() && !ways.contains(&by) {
                    ways.push(by);
                }
                let image = image.in_words();
                if !lacking.contains(&image) {
                    lacking.push(image);
                }
            } else if image
                .policies()
                .iter()
                .any(|policy| *policy != PullPolicy::Never)
            {
                looked.to_bring.push((at, image));
            }
        }
    }
    if lacking.is_empty() {
        Ok(looked)
    } else {
        let bring = match ways.as_slice() {
            [] => String::new(),
            ways => format!("bring them with {}, or ", ways.join(" and ")),
        };
        Err(RunError::MissingImages {
            images: lacking,
            help: format!("{bring}run without `--offline`"),
        })
    }
}
