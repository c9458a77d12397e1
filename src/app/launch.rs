//! The launch of a run: its place on disk, the runners, the trees, and all that the run loop is
//! told.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::watch;

use crate::event::{JobSummary, Reporter, RunResult, RunStarted, SourceMode};
use crate::exec::{ArtifactRef, Cx, Owner};
use crate::foreign::Command;
use crate::plan::{Chosen, Job, PipelineFacts};
use crate::record::{Keep, LiveRun, ProjectRecord, Recorder, State};
use crate::report::words;
use crate::run::{self, Interrupt, JobRun, PipelineSpec, PullPolicy, RunSettings, RunSpec};
use crate::sched::Options;
use crate::settings::Key;

use super::facts::now;
use super::failure::Failure;
use super::folders;
use super::interruptible::Interruptible;
use super::jobs::{KeyDigests, PipelineContext, jobs};
use super::pipeline::Pipeline;
use super::recorded::recorded;
use super::request::{LaunchOptions, RunRequest};
use super::resumed::{passed, resumption};
use super::runners::Runners;
use super::trees::Trees;
use super::workspace::Workspace;

/// A run that has its place on disk and all it needs. Dropping it takes its trees away.
pub struct Launch {
    place: Place,
    spec: RunSpec,
    /// Held until the run has ended.
    _trees: Trees,
}

/// Where a run is recorded.
struct Place {
    state: State,
    record: ProjectRecord,
    live: LiveRun,
}

impl Launch {
    /// Makes all that the run needs, and removes what dead runs left behind. `interrupt` ends it.
    pub async fn prepare(
        workspace: &Workspace,
        mut pipeline: Pipeline,
        chosen: Chosen,
        request: &RunRequest,
        interrupt: watch::Receiver<Interrupt>,
    ) -> Result<Self, Failure> {
        let place = Place::of(workspace, &pipeline.facts)?;
        pipeline.facts.iid = place.live.iid();
        let interruptible = Interruptible::new(interrupt);
        let prepared = prepare(&place, workspace, pipeline, chosen, request, &interruptible).await;
        match prepared {
            Ok((spec, trees)) => Ok(Self {
                place,
                spec,
                _trees: trees,
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
        place.state.prune(Keep::default(), now);
        place.record.caches().prune();
        Ok(result?)
    }
}

impl Place {
    fn of(workspace: &Workspace, facts: &PipelineFacts) -> Result<Self, Failure> {
        let state = State::new(folders::state()?);
        let record = state.project(&facts.project.path, &workspace.repository.common_dir());
        let live = record.begin(jiff::Timestamp::now())?;
        Ok(Self {
            state,
            record,
            live,
        })
    }

    /// A run of which nothing happened leaves no record.
    fn forget(&self) {
        let events = self.live.folder().join("events.jsonl");
        if events.metadata().map_or(0, |about| about.len()) == 0 {
            let _ = std::fs::remove_dir_all(self.live.folder());
        }
    }
}

/// All that comes before the first job.
async fn prepare(
    place: &Place,
    workspace: &Workspace,
    pipeline: Pipeline,
    chosen: Chosen,
    request: &RunRequest,
    interruptible: &Interruptible,
) -> Result<(RunSpec, Trees), Failure> {
    let Place {
        state,
        record,
        live,
    } = place;
    live.keep_request(&recorded(request, workspace, &pipeline.facts))?;
    let runners = Runners::find(&workspace.settings, state.root(), live.id())?;
    // The daemon takes its time to answer; meanwhile the tree is packed.
    let greeting = runners.greet();
    let default_image = workspace.settings.text(Key::DefaultImage);
    let mut notices: Vec<String> = part_of(&chosen).into_iter().collect();
    notices.extend(without(&chosen));
    notices.extend(runners.notices(&chosen.plan, default_image));
    let resumed = (request.resumes.as_deref()).and_then(|id| record.find(id));
    notices.extend(resumed.iter().flat_map(|run| resumption(run, &chosen.plan)));
    let complete = chosen.is_whole() && chosen.lacks_nothing();
    let context = Arc::new(PipelineContext {
        runners: runners.assign(&chosen.plan),
        earlier: earlier_artifacts(record, &chosen.missing_sources, &mut notices),
        passed: resumed.as_ref().map(passed).unwrap_or_default(),
        facts: pipeline.facts,
        last_artifacts: record.last_artifacts(live.id()),
        key_digests: KeyDigests::of(&chosen.plan, &workspace.repository, &workspace.tree),
        plan: chosen.plan,
        pipeline_id: live.pipeline_id(),
        default_image: default_image.map(str::to_owned),
        clock: now,
    });
    (context.check_images()).map_err(|failure| failure.within(&pipeline.loaded.sources))?;
    let trees = Trees::of(state, live)?;
    let options = request.options;
    let spec = spec(workspace, &context, &trees, place, options, interruptible);
    interruptible.check()?;
    let mut spec = spec?;
    spec.pipeline.notices = notices;
    spec.pipeline.complete = complete;
    let greeted = async {
        greeting.answer().await?;
        reap(&runners, state).await
    };
    spec.pipeline
        .notices
        .extend(interruptible.unless(greeted).await?);
    Ok((spec, trees))
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

/// One sentence, however much it was.
fn removed_in_words(removed: &[String]) -> Option<String> {
    let what = match removed {
        [] => return None,
        [one] => one.clone(),
        [first, others @ ..] => format!("{first}, and {} more", others.len()),
    };
    Some(format!("removed what a killed run left: {what}"))
}

/// Removes what dead runs left behind; says so. A daemon that gives no answer to that would give
/// none to the jobs either.
async fn reap(runners: &Runners, state: &State) -> Result<Vec<String>, Failure> {
    let owner = state.owner();
    // Whoever waits for it stops it by not waiting any more.
    let cx = Cx::unstoppable();
    let mut notices = Vec::new();
    for executor in runners.all() {
        match executor.reap(&owner, &|run| state.is_alive(run), &cx).await {
            Ok(reaped) => notices.extend(removed_in_words(&reaped.removed)),
            Err(error) if error.is_silence() => return Err(error.into()),
            Err(error) => notices.push(format!(
                "can't look for what killed runs left: {}",
                error.in_one_line()
            )),
        }
    }
    Ok(notices)
}

/// What earlier runs have of the jobs that are not run, by the job that receives it.
fn earlier_artifacts(
    record: &ProjectRecord,
    missing_sources: &[(String, Vec<String>)],
    notices: &mut Vec<String>,
) -> HashMap<String, Vec<ArtifactRef>> {
    let mut earlier = HashMap::new();
    for (job, sources) in missing_sources {
        let mut found = Vec::new();
        for source in sources {
            let success = record.newest_success(source);
            match success.and_then(|success| success.artifacts) {
                Some(kept) => found.push(ArtifactRef {
                    tar: kept.file,
                    entries: 0,
                    notes: Vec::new(),
                    digest: kept.digest,
                    lasts: false,
                }),
                None => notices.push(format!(
                    "job `{job}` gets no artifacts of `{source}`: no earlier run has any"
                )),
            }
        }
        earlier.insert(job.clone(), found);
    }
    earlier
}

/// What the run loop is told, but for notices.
fn spec(
    workspace: &Workspace,
    context: &Arc<PipelineContext>,
    trees: &Trees,
    place: &Place,
    options: LaunchOptions,
    interruptible: &Interruptible,
) -> Result<RunSpec, Failure> {
    let plan = &context.plan;
    let live = &place.live;
    let jobs = jobs(context);
    let trees = trees.of_jobs(workspace, &context.facts.reference, &jobs, interruptible)?;
    let past = place.record.durations();
    let attempts = jobs.iter().map(JobRun::attempts).sum();
    let pipeline = PipelineSpec {
        head: head(workspace, context, live)?,
        stages: plan.stages.iter().map(ToString::to_string).collect(),
        durations: plan
            .jobs
            .iter()
            .map(|job| past.get(job.name()).copied())
            .collect(),
        jobs,
        options: Options {
            auto_cancel_on_job_failure: plan.cancel_on_failure,
            keep_going: false,
        },
        trees,
        notices: Vec::new(),
        secrets: context.facts.secrets().map(str::to_owned).collect(),
        complete: true,
    };
    let settings = RunSettings {
        owner: Owner {
            owner: place.state.owner(),
            run: live.id().to_owned(),
        },
        runners: context.runners.runners().to_vec(),
        no_delay: options.no_delay,
        first_job_id: place.state.take_job_ids(attempts)?.start,
        slots: workspace.settings.jobs(),
        project_path: context.facts.project.path.clone(),
        artifacts: Box::new(live.artifacts()),
        artifacts_limit: workspace.settings.artifacts_limit(),
        caches: Some(place.record.caches()),
        pull: if options.offline {
            PullPolicy::Never
        } else {
            PullPolicy::IfNotPresent
        },
    };
    Ok(RunSpec { pipeline, settings })
}

fn head(
    workspace: &Workspace,
    context: &PipelineContext,
    live: &LiveRun,
) -> Result<RunStarted, Failure> {
    let state = workspace.tree.state()?;
    let facts = &context.facts;
    Ok(RunStarted {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        at: now(),
        run: live.id().to_owned(),
        ref_name: facts.reference.name.clone(),
        ref_kind: facts.reference.kind.as_str().to_owned(),
        source: facts.source.as_str().to_owned(),
        sha: facts.commit.sha.clone(),
        mode: SourceMode::WorkTree {
            uncommitted: state.uncommitted(),
            untracked: state.untracked.len(),
        },
        jobs: context
            .plan
            .jobs
            .iter()
            .map(|job| JobSummary {
                name: job.name().to_owned(),
                stage: job.config.stage.to_string(),
                held: job
                    .held
                    .as_ref()
                    .map(|why| format!("{why}; {}", release_command(job, facts))),
            })
            .collect(),
    })
}

fn release_command(job: &Job, facts: &PipelineFacts) -> Command {
    Command::new("pipe run").with(&job.release_option(facts))
}
