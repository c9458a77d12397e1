//! `pipe run`: the pipeline of this ref, here and now.

use tokio::sync::watch;

use crate::app::{self, Failure, Launch, LaunchOptions, Pipeline, RunRequest, Workspace};
use crate::diag::{Code, Diagnostic};
use crate::plan::{Chosen, Outside, Release, Selection};
use crate::report::{self, Fault, Health, Streams, Wish};
use crate::run::Interrupt;
use crate::settings::{Key, Settings};
use crate::types::exit_code;

use super::args::{EVERY_ENVIRONMENT, Global, RunArgs, RunFormat};
use super::bring::{self, WhenMissing};
use super::exit::Exit;
use super::places::log_places;
use super::printer::Printer;
use super::question;
use super::request;
use super::signals::Signals;
use super::threads::threads_for_jobs;

/// Runs the command.
pub(super) fn run(global: &Global, args: &RunArgs, printer: &Printer) -> Result<Exit, Failure> {
    let workspace = Workspace::open(&request::workspace(global, settings(args)))?;
    app::begin_early(&workspace.settings);
    let request = RunRequest {
        pipeline: request::pipeline(&args.event)?,
        selection: selection(args),
        outside: outside(&workspace.settings, args),
        options: LaunchOptions {
            offline: args.offline,
            no_delay: args.no_delay,
            keep_going: args.keep_going,
        },
        resumes: None,
        shell_on: None,
    };
    let may_ask = args.format == RunFormat::Auto && !args.offline;
    let missing = WhenMissing::of(args.fetch, may_ask);
    let pipeline = bring::pipeline(&workspace, &request.pipeline, missing, printer)?;
    launch(global, args.format, workspace, pipeline, &request, printer)
}

/// Runs what is chosen of a pipeline.
pub(super) fn launch(
    global: &Global,
    format: RunFormat,
    workspace: Workspace,
    pipeline: Pipeline,
    request: &RunRequest,
    printer: &Printer,
) -> Result<Exit, Failure> {
    printer.hide(pipeline.facts.secrets());
    if !pipeline.is_valid() {
        return Err(pipeline.failure());
    }
    if !printer.is_quiet() && format != RunFormat::Json {
        printer.diagnostics(&warnings(&pipeline), &pipeline.loaded.sources);
    }
    let mut request = request.clone();
    let mut chosen = app::choose(&workspace, &pipeline, &request)?;
    if let Some(release) = asked(&workspace.settings, &request, &chosen, format, printer) {
        request.outside.release = release;
        chosen = app::choose(&workspace, &pipeline, &request)?;
    }
    if let Some(names) = played(&chosen, &request, format, printer) {
        request.selection.manual.extend(names);
        chosen = app::choose(&workspace, &pipeline, &request)?;
    }
    threads_for_jobs()?.block_on(async {
        let signals = Signals::watch();
        let interrupt = signals.interrupt();
        let launch = Launch::prepare(workspace, pipeline, chosen, &request, interrupt).await?;
        show(launch, signals.into_interrupt(), wish(global, format)).await
    })
}

/// What a person at the terminal releases, where nothing has been said about it.
fn asked(
    settings: &Settings,
    request: &RunRequest,
    chosen: &Chosen,
    format: RunFormat,
    printer: &Printer,
) -> Option<Release> {
    let held: Vec<_> = chosen.held().collect();
    let is_open = request.outside.release == Release::Nothing
        && settings.text(Key::Deploy) == Some("ask")
        && !held.is_empty();
    if !is_open || !may_ask(format, printer) || !question::may_run(&held, printer) {
        return None;
    }
    let names = held.iter().map(|(name, _)| (*name).to_owned());
    Some(Release::Jobs(names.collect()))
}

/// The manual jobs that block, where a person at the terminal plays them.
fn played(
    chosen: &Chosen,
    request: &RunRequest,
    format: RunFormat,
    printer: &Printer,
) -> Option<Vec<String>> {
    let blocking: Vec<_> = chosen.blocking(&request.outside).collect();
    let is_asked = !blocking.is_empty() && may_ask(format, printer);
    let is_played = is_asked && question::may_play(&blocking, printer);
    let names = blocking.iter().map(|(name, _)| (*name).to_owned());
    is_played.then(|| names.collect())
}

fn may_ask(format: RunFormat, printer: &Printer) -> bool {
    format != RunFormat::Json && !printer.is_quiet() && question::can_be_asked()
}

/// Settings that options give.
fn settings(args: &RunArgs) -> Vec<(Key, String)> {
    let mut settings = Vec::new();
    if let Some(executor) = &args.executor {
        settings.push((Key::Executor, executor.clone()));
    }
    if let Some(network) = &args.network {
        settings.push((Key::DockerNetworkMode, network.clone()));
    }
    if let Some(jobs) = &args.jobs {
        settings.push((Key::Jobs, jobs.clone()));
    }
    settings
}

/// Keywords that `run` refuses are errors of their own later.
pub(super) fn warnings(pipeline: &Pipeline) -> Vec<Diagnostic> {
    let mut found = pipeline.loaded.diagnostics.clone();
    found.retain(|diagnostic| diagnostic.code != Code::KeywordNotRun);
    found
}

fn selection(args: &RunArgs) -> Selection {
    Selection {
        jobs: args.names.iter().chain(&args.job).cloned().collect(),
        stages: args.stage.clone(),
        exclude: args.exclude.clone(),
        manual: args.manual.clone(),
        no_needs: args.no_needs,
    }
}

fn outside(settings: &Settings, args: &RunArgs) -> Outside {
    let everything = settings.text(Key::Deploy) == Some("run")
        || args.deploy.iter().any(|name| name == EVERY_ENVIRONMENT);
    let release = if everything {
        Release::All
    } else if args.deploy.is_empty() {
        Release::Nothing
    } else {
        Release::Environments(args.deploy.clone())
    };
    Outside {
        held: settings.list(Key::Held).to_vec(),
        release,
    }
}

/// Runs the pipeline and shows it.
async fn show(
    launch: Launch,
    interrupt: watch::Receiver<Interrupt>,
    wish: Wish,
) -> Result<Exit, Failure> {
    let health = Health::default();
    let places = log_places(launch.folder());
    let mut hub = report::for_run(wish, Streams::of_process(), Some(&places), &health);
    let exit = launch.run(interrupt, &mut hub).await?.exit;
    match health.fault() {
        // A terminal that hung up can't be written to: the signal is what ended the run.
        Some(Fault::Failed(why)) if !exit_code::is_signal(exit) => {
            Err(broken(&format!("the run can't be shown: {why}")))
        }
        _ => Ok(Exit::Run(exit)),
    }
}

fn wish(global: &Global, format: RunFormat) -> Wish {
    Wish {
        json: format == RunFormat::Json,
        plain: format == RunFormat::Plain,
        level: global.level(),
        color: global.color.into(),
        log_lines: None,
    }
}

fn broken(what: &str) -> Failure {
    let diagnostic = Diagnostic::new(Code::StateUnwritable, what);
    Failure::new(app::FailureKind::Environment, diagnostic)
}
