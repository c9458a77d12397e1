//! A pipeline with all that it includes: what is not on this machine is fetched where the user
//! says so, by an option or when asked on a terminal.

use std::io::{IsTerminal, stderr, stdin};

use crate::app::{
    Failure, FailureKind, Fetch, Fetched, History, Pipeline, PipelineRequest, Workspace,
};
use crate::config::Outside;
use crate::diag::{Code, Diagnostic};
use crate::report::line::{Line, Tone};
use crate::report::words;

use super::printer::Printer;
use super::signals::Signals;
use super::threads::one_thread;

/// Names that a line lists before it counts.
const NAMES: usize = 4;

/// What to do about files that are not on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenMissing {
    /// Fetch them.
    Fetch,
    /// Ask on a terminal, else leave it.
    Ask,
    /// Leave it.
    Leave,
}

impl WhenMissing {
    /// As the option `--fetch` says; only who reads can be asked.
    pub(super) fn of(fetch: bool, may_ask: bool) -> Self {
        match (fetch, may_ask) {
            (true, _) => Self::Fetch,
            (false, true) => Self::Ask,
            (false, false) => Self::Leave,
        }
    }
}

/// The pipeline, after the user's wish about what is missing was done.
pub(super) fn pipeline(
    workspace: &Workspace,
    request: &PipelineRequest,
    missing: WhenMissing,
    printer: &Printer,
) -> Result<Pipeline, Failure> {
    let pipeline = Pipeline::make(workspace, request, History::Read)?;
    let is_missing = !pipeline.loaded.missing.is_empty();
    let wanted = match missing {
        WhenMissing::Fetch => true,
        WhenMissing::Ask => is_missing && !printer.is_quiet() && agreed(&pipeline, printer),
        WhenMissing::Leave => false,
    };
    if !(wanted && is_missing) {
        return Ok(pipeline);
    }
    let Fetched {
        failed, pipeline, ..
    } = includes(workspace, request, false, printer)?;
    if failed.is_empty() {
        return Ok(pipeline);
    }
    Err(Failure {
        kind: FailureKind::Environment,
        diagnostics: failed,
        sources: pipeline.loaded.sources,
    })
}

/// Fetches, and says of what while it does.
pub(super) fn includes(
    workspace: &Workspace,
    request: &PipelineRequest,
    update: bool,
    printer: &Printer,
) -> Result<Fetched, Failure> {
    let fetch = Fetch::new(workspace)?;
    let say = |wanted: &[Outside]| {
        if !printer.is_quiet() {
            let what = listed(wanted.iter());
            printer.words(&[Line::of(Tone::Dim, format!("fetching {what} …"))]);
        }
    };
    wait(async { fetch.includes(request, update, &say).await })
}

/// Waits for something that servers have to do; a signal ends it.
pub(super) fn wait<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = one_thread()?;
    let done = runtime.block_on(async {
        let signals = Signals::watch();
        let mut interrupt = signals.interrupt();
        tokio::select! {
            done = work => done,
            Ok(()) = interrupt.changed() => {
                let signal = interrupt.borrow().signal;
                let diagnostic = Diagnostic::new(Code::FetchFailed, "stopped before all was fetched");
                Err(Failure::new(FailureKind::Signal(signal), diagnostic))
            }
        }
    });
    // Looking a name up can't be stopped, and nobody waits for it any more.
    runtime.shutdown_background();
    done
}

/// Asks whether to fetch now.
fn agreed(pipeline: &Pipeline, printer: &Printer) -> bool {
    if !(stdin().is_terminal() && stderr().is_terminal()) {
        return false;
    }
    let missing = &pipeline.loaded.missing;
    let what = listed(missing.iter().map(|(outside, _)| outside));
    let verb = if missing.len() == 1 { "is" } else { "are" };
    let text = format!("{what} {verb} not on this machine. Fetch now with `pipe fetch`? [Y/n]");
    printer.words(&[Line::of(Tone::Plain, text)]);
    let mut answer = String::new();
    let read = stdin().read_line(&mut answer);
    let answer = answer.trim().to_lowercase();
    read.is_ok_and(|bytes| bytes > 0) && matches!(answer.as_str(), "" | "y" | "yes")
}

fn listed<'o>(files: impl Iterator<Item = &'o Outside>) -> String {
    let names: Vec<String> = files.map(|file| file.describe().replace('`', "")).collect();
    words::names(&names, NAMES)
}
