//! `pipe run`: the pipeline of this ref, here and now.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::event::{JobSummary, Reporter, RunStarted, SourceMode};
use crate::exec::{ArtifactRef, Owner};
use crate::foreign::{Command, system_words};
use crate::plan::{self, PipelineFacts, Plan, Release, Selection};
use crate::record::{Keep, LiveRun, ProjectRecord, RecordError, Recorder, State};
use crate::report::{self, Fault, Health, OutputLevel, Streams, Wish, words};
use crate::run::{self, PullPolicy, RunError, RunSpec, Surroundings};
use crate::sched::Options;
use crate::settings::Key;
use crate::types::wildcard_match;

use super::args::{Global, RunArgs, RunFormat, When};
use super::checkout::{Checkout, repository_failure};
use super::executors::Executors;
use super::exit::{Exit, Failure};
use super::pipeline::{Pipeline, now};
use super::places::log_places;
use super::printer::Printer;
use super::selection;
use super::signals;
use super::sources::Trees;

/// Exit codes above this name a signal.
const SIGNALLED: u8 = 128;

/// Runs the command.
pub(super) fn run(global: &Global, args: &RunArgs, printer: &Printer) -> Result<Exit, Failure> {
    let checkout = Checkout::open(global, &flags(args))?;
    let mut pipeline = Pipeline::make(&checkout, &args.event)?;
    printer.hide(pipeline.facts.secrets());
    if !pipeline.is_valid() {
        return Err(pipeline.failure());
    }
    let json = args.format == RunFormat::Json;
    if !printer.quiet && !json {
        printer.diagnostics(&warnings(&pipeline), &pipeline.loaded.sources);
    }
    let chosen = choose(&checkout, &mut pipeline, args)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| {
            broken(&format!(
                "threads can't be started: {}",
                system_words(&error)
            ))
        })?;
    let show = Show {
        json,
        plain: args.format == RunFormat::Plain,
        global,
    };
    runtime.block_on(execute(&checkout, pipeline, &chosen, args, &show))
}

fn flags(args: &RunArgs) -> Vec<(Key, String)> {
    let mut flags = Vec::new();
    if let Some(executor) = &args.executor {
        flags.push((Key::Executor, executor.clone()));
    }
    if let Some(jobs) = &args.jobs {
        flags.push((Key::Jobs, jobs.clone()));
    }
    flags
}

/// Keywords that `run` refuses are errors of their own later.
fn warnings(pipeline: &Pipeline) -> Vec<Diagnostic> {
    let mut found = pipeline.loaded.diagnostics.clone();
    found.retain(|diagnostic| diagnostic.code != Code::KeywordNotRun);
    found
}

/// What was chosen: the plan, and whose artifacts of earlier runs are wanted.
struct Chosen {
    plan: Plan,
    /// Jobs of the whole pipeline.
    whole: usize,
    /// Job that receives, jobs that it would receive from but that are not run.
    missing_sources: Vec<(String, Vec<String>)>,
}

impl Chosen {
    /// Whether all that GitLab would run was chosen.
    fn is_whole(&self) -> bool {
        self.plan.jobs.len() == self.whole
    }

    /// How much of the pipeline it is, where it is not all.
    fn notice(&self) -> Option<String> {
        let jobs = words::count(self.whole, "job");
        (!self.is_whole()).then(|| format!("{} of {jobs} of this pipeline", self.plan.jobs.len()))
    }
}

fn choose(checkout: &Checkout, pipeline: &mut Pipeline, args: &RunArgs) -> Result<Chosen, Failure> {
    let Some(outcome) = &mut pipeline.outcome else {
        return Err(broken("a valid configuration gave no plan"));
    };
    let whole = outcome.plan.clone();
    let wanted = Selection {
        jobs: args.names.iter().chain(&args.job).cloned().collect(),
        stages: args.stage.clone(),
        exclude: excluded(&whole, args),
        manual: args.manual.clone(),
        no_needs: args.no_needs,
    };
    if let Some(reason) = outcome.reason.clone() {
        return Err(selection::nothing(checkout, pipeline, &wanted, &reason));
    }
    if let Some(failure) = selection::unknown_environment(pipeline, &whole, &args.deploy) {
        return Err(failure);
    }
    let mut plan = whole.clone();
    let release = release(checkout, args);
    plan::hold(&mut plan, checkout.settings.list(Key::Held), &release, &[]);
    let named = plan::select(&mut plan, &wanted)
        .map_err(|error| selection::failure(checkout, pipeline, &args.event, &error))?;
    plan::hold(
        &mut plan,
        checkout.settings.list(Key::Held),
        &release,
        &named,
    );
    if plan.jobs.is_empty() {
        return Err(selection::nothing(
            checkout,
            pipeline,
            &wanted,
            "no job is chosen",
        ));
    }
    let refused = plan::refusals(&plan);
    if !refused.is_empty() {
        return Err(Failure {
            exit: Exit::Environment,
            diagnostics: refused,
            sources: std::mem::take(&mut pipeline.loaded.sources),
        });
    }
    let missing_sources = if args.no_needs {
        missing_sources(&whole, &plan)
    } else {
        Vec::new()
    };
    Ok(Chosen {
        whole: whole.jobs.len(),
        plan,
        missing_sources,
    })
}

/// What `--exclude` names, without jobs that this pipeline does not have anyway.
fn excluded(whole: &Plan, args: &RunArgs) -> Vec<String> {
    let is_gone = |name: &str| {
        let fits = |job: &str| job == name || wildcard_match(name, job);
        whole.left_out.iter().any(|job| fits(&job.name))
            && !whole.jobs.iter().any(|job| fits(job.name()))
    };
    let names = args.exclude.iter();
    names.filter(|name| !is_gone(name)).cloned().collect()
}

fn release(checkout: &Checkout, args: &RunArgs) -> Release {
    if checkout.settings.text(Key::Deploy) == Some("run")
        || args.deploy.iter().any(String::is_empty)
    {
        return Release::All;
    }
    if args.deploy.is_empty() {
        Release::Nothing
    } else {
        Release::Environments(args.deploy.clone())
    }
}

/// For `--no-needs`: jobs of the whole pipeline whose artifacts would come, but that do not run.
fn missing_sources(whole: &Plan, plan: &Plan) -> Vec<(String, Vec<String>)> {
    let runs = |name: &str| plan.jobs.iter().any(|job| job.name() == name);
    whole
        .jobs
        .iter()
        .filter(|job| runs(job.name()))
        .map(|job| {
            let sources = whole
                .artifact_sources(job)
                .into_iter()
                .map(|at| &whole.jobs[at])
                .filter(|source| source.config.artifacts.is_some() && !runs(source.name()))
                .map(|source| source.name().to_owned())
                .collect();
            (job.name().to_owned(), sources)
        })
        .collect()
}

/// How the run is shown.
struct Show<'a> {
    json: bool,
    plain: bool,
    global: &'a Global,
}

async fn execute(
    checkout: &Checkout,
    mut pipeline: Pipeline,
    chosen: &Chosen,
    args: &RunArgs,
    show: &Show<'_>,
) -> Result<Exit, Failure> {
    let state = State::new(state_folder()?);
    let record = state.project(
        &pipeline.facts.project.path,
        &checkout.repository.common_dir(),
    );
    let live = record
        .begin(jiff::Timestamp::now())
        .map_err(|error| unwritable(&error))?;
    pipeline.facts.iid = live.iid();
    let executors = Executors::find(&checkout.settings, state.root(), live.id())?;
    // The daemon takes its time to answer; meanwhile the tree is packed.
    let greeting = executors.greet();
    let mut notices = Vec::new();
    let default_image = checkout.settings.text(Key::DefaultImage).map(str::to_owned);
    notices.extend(chosen.notice());
    notices.extend(executors.notices(&chosen.plan, default_image.as_deref()));
    let around = Arc::new(Surroundings {
        executors: executors
            .assign(&chosen.plan, default_image.as_deref())
            .map_err(|failure| failure.within(&pipeline.loaded.sources))?,
        earlier: earlier_artifacts(&record, chosen, &mut notices),
        facts: pipeline.facts,
        plan: chosen.plan.clone(),
        pipeline_id: live.pipeline_id(),
        default_image,
        clock: now,
    });
    let trees = Trees::of(&state, &live)?;
    let begun = Begun {
        checkout,
        args,
        state: &state,
        record: &record,
        live: &live,
        chosen,
    };
    let mut spec = spec(&begun, &around, &trees, notices)?;
    greeting.answer().await?;
    spec.notices.extend(reap(&executors, &state).await);
    let exit = report_run(spec, &live, show).await;
    drop(trees);
    let _ = record.prune(Keep::default(), jiff::Timestamp::now());
    exit
}

/// Runs the pipeline with its reporters.
async fn report_run(spec: RunSpec, live: &LiveRun, show: &Show<'_>) -> Result<Exit, Failure> {
    let health = Health::default();
    let streams = Streams::of_process();
    let mut hub = report::for_run(wish(show), streams, Some(&log_places(live)), &health);
    let mut recorder = Recorder::new(live).map_err(|error| unwritable(&error))?;
    let interrupt = signals::watch();
    let result = {
        let mut reporters: [&mut dyn Reporter; 2] = [&mut hub, &mut recorder];
        run::run(spec, interrupt, &mut reporters).await
    };
    let exit = result.map_err(|error| not_begun(&error))?.exit;
    match health.fault() {
        // A terminal that hung up can't be written to: the signal is what ended the run.
        Some(Fault::Failed(why)) if exit <= SIGNALLED => {
            Err(broken(&format!("the run can't be shown: {why}")))
        }
        _ => Ok(Exit::Run(exit)),
    }
}

fn wish(show: &Show<'_>) -> Wish {
    Wish {
        json: show.json,
        plain: show.plain,
        level: if show.global.quiet {
            OutputLevel::Quiet
        } else if show.global.verbose > 0 {
            OutputLevel::Verbose
        } else {
            OutputLevel::Normal
        },
        color: match show.global.color {
            When::Auto => report::ColorChoice::Auto,
            When::Always => report::ColorChoice::Always,
            When::Never => report::ColorChoice::Never,
        },
        log_lines: None,
    }
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

/// Removes what dead runs left behind; says so.
async fn reap(executors: &Executors, state: &State) -> Vec<String> {
    let owner = state.owner();
    let mut notices = Vec::new();
    for executor in executors.all() {
        match executor.reap(&owner, &|run| state.is_alive(run)).await {
            Ok(reaped) => notices.extend(removed_in_words(&reaped.removed)),
            Err(error) => notices.push(format!("can't look for what killed runs left: {error}")),
        }
    }
    notices
}

fn earlier_artifacts(
    record: &ProjectRecord,
    chosen: &Chosen,
    notices: &mut Vec<String>,
) -> HashMap<String, Vec<ArtifactRef>> {
    let mut earlier = HashMap::new();
    for (job, sources) in &chosen.missing_sources {
        let mut found = Vec::new();
        for source in sources {
            match record
                .newest_success(source)
                .and_then(|success| success.artifacts)
            {
                Some(tar) => found.push(ArtifactRef {
                    tar,
                    entries: 0,
                    notes: Vec::new(),
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

/// A run that has its place on disk.
struct Begun<'a> {
    checkout: &'a Checkout,
    args: &'a RunArgs,
    state: &'a State,
    record: &'a ProjectRecord,
    live: &'a LiveRun,
    chosen: &'a Chosen,
}

fn spec(
    begun: &Begun<'_>,
    around: &Arc<Surroundings>,
    trees: &Trees,
    notices: Vec<String>,
) -> Result<RunSpec, Failure> {
    let Begun {
        checkout,
        args,
        state,
        record,
        live,
        ..
    } = *begun;
    let jobs = run::jobs(around);
    let trees = trees.write(checkout, &around.facts.reference, &jobs)?;
    let past = record.durations();
    Ok(RunSpec {
        head: head(checkout, around, live)?,
        owner: Owner {
            owner: state.owner(),
            run: live.id().to_owned(),
        },
        stages: around.plan.stages.iter().map(ToString::to_string).collect(),
        durations: around
            .plan
            .jobs
            .iter()
            .map(|job| past.get(job.name()).copied())
            .collect(),
        jobs,
        options: Options {
            auto_cancel_on_job_failure: around.plan.cancel_on_failure,
            keep_going: false,
        },
        no_delay: args.no_delay,
        slots: checkout.settings.jobs(),
        project_path: around.facts.project.path.clone(),
        trees,
        artifacts: Box::new(live.artifacts()),
        pull: if args.offline {
            PullPolicy::Never
        } else {
            PullPolicy::IfNotPresent
        },
        notices,
        secrets: around.facts.secrets().map(str::to_owned).collect(),
        complete: begun.chosen.is_whole(),
    })
}

fn head(checkout: &Checkout, around: &Surroundings, live: &LiveRun) -> Result<RunStarted, Failure> {
    let state = checkout
        .tree
        .state()
        .map_err(|error| repository_failure(&error))?;
    let facts = &around.facts;
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
        jobs: around
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

fn release_command(job: &plan::Job, facts: &PipelineFacts) -> Command {
    Command::new("pipe run").with(&job.release_option(facts))
}

/// `$XDG_STATE_HOME/pipe`.
pub(super) fn state_folder() -> Result<PathBuf, Failure> {
    use etcetera::BaseStrategy;
    let base = etcetera::choose_base_strategy().map_err(|error| broken(&error.to_string()))?;
    let folder = base.state_dir().unwrap_or_else(|| base.data_dir());
    Ok(folder.join("pipe"))
}

fn not_begun(error: &RunError) -> Failure {
    let (exit, code) = match error {
        RunError::MissingImages(_) => (Exit::Environment, Code::ImageMissing),
        RunError::Executor(_) => (Exit::Environment, Code::ExecutorUnavailable),
        RunError::Interrupted(signal) => (Exit::Signal(*signal), Code::NothingToRun),
        RunError::Spec(_) => (Exit::Internal, Code::NothingToRun),
    };
    let diagnostic = Diagnostic::new(code, error.to_string());
    Failure::new(
        exit,
        match error {
            RunError::MissingImages(_) => {
                diagnostic.help("bring them with `docker pull`, or run without `--offline`")
            }
            RunError::Executor(_) | RunError::Interrupted(_) | RunError::Spec(_) => diagnostic,
        },
    )
}

fn unwritable(error: &RecordError) -> Failure {
    Failure::told(Exit::Environment, Code::StateUnwritable, &error.to_string())
}

fn broken(what: &str) -> Failure {
    Failure::new(
        Exit::Environment,
        Diagnostic::new(Code::StateUnwritable, what),
    )
}
