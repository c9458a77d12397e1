//! The launch of a run: its place on disk, the runners, the trees, and all that the run loop is
//! told.

use std::path::Path;
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use crate::event::{Reporter, RunResult};
use crate::exec::Owner;
use crate::plan::Chosen;
use crate::record::{Keep, Recorder};
use crate::report::words;
use crate::run::{self, Interrupt, Person, RunSettings, RunSpec};
use crate::settings::Key;

use super::asks_origin::asks_origin;
use super::facts::now;
use super::failure::Failure;
use super::interruptible::Interruptible;
use super::jobs::{KeyDigests, Permissions, PipelineContext};
use super::pipeline::Pipeline;
use super::pipelines::{Basis, Upstream};
use super::place::Place;
use super::reap::{Reaping, reap};
use super::recorded::recorded;
use super::request::{LaunchOptions, RunRequest};
use super::resumed::{passed, resumption};
use super::runners::Runners;
use super::shell::counts_once;
use super::trees::Trees;
use super::without_needs::received;
use super::workspace::Workspace;

/// A run that has its place on disk and all it needs.
pub struct Launch {
    place: Arc<Place>,
    spec: RunSpec,
    /// With it go the trees of the jobs, at the end of the run.
    _basis: Arc<Basis>,
}

impl Launch {
    /// Makes all that the run needs, and removes what dead runs left behind. `interrupt` ends it.
    pub async fn prepare(
        workspace: Workspace,
        mut pipeline: Pipeline,
        chosen: Chosen,
        request: &RunRequest,
        interrupt: watch::Receiver<Interrupt>,
    ) -> Result<Self, Failure> {
        let is_shell = request.shell_on.is_some();
        let place = Arc::new(Place::of(&workspace, &pipeline.facts, is_shell)?);
        pipeline.facts.iid = place.live.iid();
        let interruptible = Interruptible::new(interrupt);
        let prepared = prepare(&place, workspace, pipeline, chosen, request, &interruptible).await;
        match prepared {
            Ok((spec, basis)) => Ok(Self {
                place,
                spec,
                _basis: basis,
            }),
            Err(failure) => {
                place.forget();
                Err(failure)
            }
        }
    }

    /// The run's folder, for the paths of its logs.
    pub fn folder(&self) -> &Path {
        self.place.live.folder()
    }

    /// Gives `person` a shell in the place of the one job's script. Nothing is recorded, and all that
    /// the run made is gone at its end. `interrupt` stops it.
    pub async fn attend(
        mut self,
        person: Arc<dyn Person>,
        interrupt: watch::Receiver<Interrupt>,
        reporter: &mut dyn Reporter,
    ) -> Result<RunResult, Failure> {
        self.spec.settings.person = Some(person);
        let result = run::run(self.spec, interrupt, &mut [reporter]).await;
        self.place.forget();
        let _ = self
            .place
            .record
            .prune(Keep::default(), jiff::Timestamp::now());
        Ok(result?)
    }

    /// Runs the pipeline to its end, and records it. `interrupt` stops it.
    pub async fn run(
        self,
        interrupt: watch::Receiver<Interrupt>,
        reporter: &mut dyn Reporter,
    ) -> Result<RunResult, Failure> {
        let place = &self.place;
        let mut recorder = Recorder::new(&place.live)?;
        let mut reporters: [&mut dyn Reporter; 2] = [reporter, &mut recorder];
        let result = run::run(self.spec, interrupt, &mut reporters).await;
        if result.is_err() {
            place.forget();
        }
        // What stays too long is removed by the next run.
        let now = jiff::Timestamp::now();
        let _ = place.record.prune(Keep::default(), now);
        place.state.prune_daily(Keep::default(), now);
        place.record.caches().prune();
        Ok(result?)
    }
}

/// All that comes before the first job.
async fn prepare(
    place: &Arc<Place>,
    workspace: Workspace,
    pipeline: Pipeline,
    chosen: Chosen,
    request: &RunRequest,
    interruptible: &Interruptible,
) -> Result<(RunSpec, Arc<Basis>), Failure> {
    let Place {
        state,
        record,
        live,
    } = &**place;
    if request.shell_on.is_none() {
        live.keep_request(&recorded(request, &workspace, &pipeline.facts))?;
    }
    let mut runners = Runners::find(&workspace.settings, state.root(), live.id(), &chosen.plan)?;
    // The daemon takes its time to answer; meanwhile the tree is packed.
    let mut greeting = Some(runners.greet());
    let reaping = Reaping::begin(runners.daemon(), place);
    if runners.answers_first()
        && let Some(greeting) = greeting.take()
    {
        let answer = interruptible.unless(async { Ok(greeting.answer().await) });
        runners.settle(answer.await?)?;
    }
    let default_image = workspace.settings.text(Key::DefaultImage);
    let default_image = default_image.map(str::to_owned);
    let part = part_of(&chosen).filter(|_| request.shell_on.is_none());
    let mut notices: Vec<String> = part.into_iter().collect();
    notices.extend(without(&chosen));
    notices.extend(asks_origin(&chosen.plan));
    notices.extend(runners.notices(&chosen.plan, default_image.as_deref()));
    let resumed = (request.resumes.as_deref()).and_then(|id| record.find(id));
    notices.extend(resumed.iter().flat_map(|run| resumption(run, &chosen.plan)));
    let complete = chosen.is_whole() && chosen.lacks_nothing();
    let context = Arc::new(PipelineContext {
        runners: runners.assign(&chosen.plan, default_image.as_deref()),
        received: received(record, &chosen.missing_sources, &mut notices),
        passed: resumed.as_ref().map(passed).unwrap_or_default(),
        facts: pipeline.facts,
        last_artifacts: record.last_artifacts(live.id()),
        key_digests: KeyDigests::of(&chosen.plan, &workspace.repository, &workspace.tree),
        commit_paths: Some(workspace.tree.commit_paths()),
        plan: chosen.plan,
        pipeline_id: live.pipeline_id(),
        root_job: None,
        default_image,
        permissions: Permissions::of(&workspace.settings)?,
        caches: Some(record.caches()),
        resources_of: String::new(),
        shell_on: request.shell_on.clone(),
        clock: now,
    });
    // The first sandbox takes its time too.
    let checking = runners.check(&context.runners);
    let checked = (context.check_images()).and_then(|()| context.check_socket(&workspace.settings));
    checked.map_err(|failure| failure.within(&pipeline.loaded.sources))?;
    let trees = Trees::of(state, live)?;
    let settings = settings(&workspace, &context, place, request.options);
    let basis = Arc::new(Basis {
        place: Arc::clone(place),
        record: record.clone(),
        upstream: vec![Upstream::of(&context.facts)],
        trees,
        outside: request.outside.clone(),
        keep_going: request.options.keep_going,
        changes: pipeline.changes,
        interruptible: interruptible.clone(),
        workspace: Mutex::new(workspace),
        downstream: Mutex::default(),
    });
    let root = basis.spec(&context, &Arc::new(pipeline.loaded.sources));
    interruptible.check()?;
    let mut spec = RunSpec {
        pipeline: root?,
        settings,
    };
    spec.pipeline.notices.splice(0..0, notices);
    spec.pipeline.complete = complete;
    if request.shell_on.is_some() {
        spec.pipeline.jobs.iter_mut().for_each(counts_once);
    }
    let greeted = async {
        if let Some(greeting) = greeting {
            greeting.answer().await?;
        }
        checking.answer().await?;
        reap(&runners, reaping, state).await
    };
    spec.pipeline
        .notices
        .extend(interruptible.unless(greeted).await?);
    Ok((spec, basis))
}

/// How much of the pipeline was chosen, where it is not all.
fn part_of(chosen: &Chosen) -> Option<String> {
    let jobs = words::count(chosen.whole, "job");
    (!chosen.is_whole()).then(|| format!("{} of {jobs} of this pipeline", chosen.plan.jobs.len()))
}

/// What jobs would receive of other pipelines and are to do without.
fn without(chosen: &Chosen) -> impl Iterator<Item = String> + '_ {
    let missing = chosen.missing_elsewhere.iter();
    missing.flat_map(|(job, whats)| {
        let told =
            move |what| format!("job `{job}` gets no {what}: this machine does not have them");
        whats.iter().map(told)
    })
}

/// What the run loop is told for all pipelines.
fn settings(
    workspace: &Workspace,
    context: &PipelineContext,
    place: &Place,
    options: LaunchOptions,
) -> RunSettings {
    let live = &place.live;
    RunSettings {
        owner: Owner {
            owner: place.state.owner(),
            run: live.id().to_owned(),
        },
        runners: context.runners.runners().to_vec(),
        no_delay: options.no_delay,
        slots: workspace.settings.jobs(),
        artifacts: Box::new(live.artifacts()),
        artifacts_limit: workspace.settings.artifacts_limit(),
        person: None,
        offline: options.offline,
    }
}
