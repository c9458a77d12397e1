//! `pipe shell`: a person where a job's script would be.

use std::io::{IsTerminal, stdin, stdout};
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::app::{self, Failure, FailureKind, Launch, LaunchOptions, RunRequest, Workspace};
use crate::diag::{Code, Diagnostic};
use crate::foreign::Command;
use crate::plan::{Outside, Release, Selection};
use crate::report::{self, Health};
use crate::settings::Key;

use super::args::{Global, ShellArgs};
use super::bring::{self, WhenMissing};
use super::exit::Exit;
use super::printer::Printer;
use super::request;
use super::run::warnings;
use super::seat::AtTerminal;
use super::signals::Signals;
use super::threads::threads;

/// Runs the command.
pub(super) fn shell(global: &Global, args: &ShellArgs, printer: &Printer) -> Result<Exit, Failure> {
    if !(stdin().is_terminal() && stdout().is_terminal()) {
        return Err(no_terminal(&args.job));
    }
    let workspace = Workspace::open(&request::workspace(global, settings(args)))?;
    app::begin_early(&workspace.settings);
    let request = request(&workspace, args)?;
    let missing = WhenMissing::of(args.fetch, !args.offline);
    let pipeline = bring::pipeline(&workspace, &request.pipeline, missing, printer)?;
    printer.hide(pipeline.facts.secrets());
    if !pipeline.is_valid() {
        return Err(pipeline.failure());
    }
    if !printer.is_quiet() {
        printer.diagnostics(&warnings(&pipeline), &pipeline.loaded.sources);
    }
    let chosen = app::choose(&workspace, &pipeline, &request)?;
    threads()?.block_on(async {
        let signals = Signals::watch();
        let interrupt = signals.interrupt();
        let launch = Launch::prepare(workspace, pipeline, chosen, &request, interrupt).await?;
        let (frees, free) = oneshot::channel();
        let person = Arc::new(AtTerminal::new(free));
        let mut reporter = report::for_shell(
            global.level(),
            global.color.into(),
            &Health::default(),
            // Nobody waits for it where no shell comes.
            move || {
                let _ = frees.send(());
            },
        );
        let interrupt = signals.into_interrupt();
        let result = launch.attend(Arc::clone(&person) as _, interrupt, &mut reporter);
        let result = result.await?;
        Ok(Exit::Run(person.status().unwrap_or(result.exit)))
    })
}

/// As `pipe run --job JOB --no-needs`: naming a job plays and releases it.
fn request(workspace: &Workspace, args: &ShellArgs) -> Result<RunRequest, Failure> {
    Ok(RunRequest {
        pipeline: request::pipeline(&args.event)?,
        selection: Selection {
            jobs: vec![args.job.clone()],
            no_needs: true,
            ..Selection::default()
        },
        outside: Outside {
            held: workspace.settings.list(Key::Held).to_vec(),
            release: Release::Nothing,
        },
        options: LaunchOptions {
            offline: args.offline,
            ..LaunchOptions::default()
        },
        resumes: None,
        shell_on: Some(std::env::var("TERM").unwrap_or_else(|_| "dumb".to_owned())),
    })
}

fn settings(args: &ShellArgs) -> Vec<(Key, String)> {
    let executor = args.executor.clone().map(|it| (Key::Executor, it));
    let network = args.network.clone().map(|it| (Key::DockerNetworkMode, it));
    executor.into_iter().chain(network).collect()
}

fn no_terminal(job: &str) -> Failure {
    let message = "a shell needs a terminal to read from and to write to";
    let run = Command::new("pipe run").option("--job", job);
    let diagnostic = Diagnostic::new(Code::TerminalMissing, message)
        .help(format!("start it in a terminal; `{run}` needs none"));
    Failure::new(FailureKind::Usage, diagnostic)
}
