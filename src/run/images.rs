//! Images: each is looked for and brought once, however many jobs want it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OnceCell, Semaphore, mpsc, watch};

use crate::event::EventKind;
use crate::exec::{Cancel, Cx, ExecError, Executor, Image};
use crate::types::FailureReason;

use super::message::{Failure, Message};
use super::pipeline::PipelineState;
use super::runner::{Runner, RunnerIndex};
use super::spec::{PullPolicy, RunError};

/// Pulls at once: they share one line to one registry.
const PULLS: usize = 3;

type Cell = Arc<OnceCell<Result<(), Failure>>>;

/// The images of a run.
pub(super) struct Images {
    policy: PullPolicy,
    pulls: Semaphore,
    /// The cancellation of the run: a job that stops must not end a pull that others wait for.
    cancel: watch::Receiver<Cancel>,
    messages: mpsc::Sender<Message>,
    /// By runner and image. A handful, so a list will do.
    cells: Mutex<Vec<(RunnerIndex, Image, Cell)>>,
}

impl Images {
    pub(super) fn new(
        policy: PullPolicy,
        cancel: watch::Receiver<Cancel>,
        messages: mpsc::Sender<Message>,
    ) -> Self {
        Self {
            policy,
            pulls: Semaphore::new(PULLS),
            cancel,
            messages,
            cells: Mutex::default(),
        }
    }

    /// Makes sure that the image is there. A failure is that of every job that wants it; why a
    /// pull failed is an event of its own, told once.
    pub(super) async fn ensure(
        &self,
        runner: RunnerIndex,
        executor: &dyn Executor,
        image: &Image,
    ) -> Result<(), Failure> {
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

    async fn bring(&self, executor: &dyn Executor, image: &Image) -> Result<(), Failure> {
        // Neither has a log of its own: what they write goes nowhere.
        let cx = Cx::quiet(self.cancel.clone());
        let missing = executor.missing(std::slice::from_ref(image), &cx).await;
        if missing.map_err(|error| Failure::from(&error))?.is_empty() {
            return Ok(());
        }
        if self.policy == PullPolicy::Never {
            let text = format!("image `{}` is missing and may not be pulled", image.name);
            return Err(Failure::new(FailureReason::RunnerSystemFailure, text));
        }
        // The semaphore is never closed.
        let _permit = self.pulls.acquire().await;
        let told = |bytes, total| {
            // When the dispatcher is busy, a step may go untold.
            let _ = self
                .messages
                .try_send(pull(image, Some((bytes, total)), false));
        };
        let brought = executor.pull(image, &told, &cx).await;
        let last_word = match &brought {
            Ok(()) => pull(image, None, true),
            Err(error) => not_pulled(image, error, *self.cancel.borrow()),
        };
        let _ = self.messages.send(last_word).await;
        brought.map_err(|error| Failure {
            message: format!("image `{}` was not pulled", image.name),
            ..Failure::from(&error)
        })
    }
}

fn pull(image: &Image, progress: Option<(u64, u64)>, done: bool) -> Message {
    Message::Event(EventKind::Pull {
        image: image.name.clone(),
        progress,
        done,
    })
}

fn not_pulled(image: &Image, error: &ExecError, cancel: Cancel) -> Message {
    Message::Event(EventKind::PullFailed {
        image: image.name.clone(),
        message: match cancel {
            Cancel::Run => error.in_one_line(),
            Cancel::Graceful | Cancel::Force => {
                format!("image `{}` was not pulled: the run was stopped", image.name)
            }
        },
    })
}

/// Where nothing may be pulled, every image must be there before the first job starts; all that
/// are not are named at once.
pub(super) async fn check_images(
    pull: PullPolicy,
    pipeline: &PipelineState,
    runners: &[Runner],
) -> Result<(), RunError> {
    if pull != PullPolicy::Never {
        return Ok(());
    }
    // Whoever waits for it stops it by not waiting any more.
    let cx = Cx::unstoppable();
    let mut missing = Vec::new();
    let jobs = pipeline.automatic();
    for job in jobs
        .iter()
        .filter_map(|job| pipeline.job(*job).script_job())
    {
        let executor = &runners[job.runner.0].executor;
        let images: Vec<Image> = job.images().cloned().collect();
        for image in executor.missing(&images, &cx).await? {
            if !missing.contains(&image.name) {
                missing.push(image.name);
            }
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    Err(RunError::MissingImages(missing))
}
