//! `pipe logs`: the log of a job, or all logs of a run, as they were recorded.

use std::fs::File;

use crate::app::{Failure, FailureKind, PastAttempt, PastRuns};
use crate::diag::{Code, Diagnostic};
use crate::event::{Event, EventKind, Reporter};
use crate::foreign::system_words;
use crate::record::PastRun;
use crate::report::line::{Line, Tone};
use crate::report::{self, Fault, Health, Streams};

use super::args::{Global, LogsArgs};
use super::exit::Exit;
use super::printer::Printer;
use super::request;

/// Runs the command.
pub(super) fn logs(global: &Global, args: &LogsArgs, printer: &Printer) -> Result<Exit, Failure> {
    let past = PastRuns::of(&request::workspace(global, Vec::new()))?;
    let run = args.past_run.as_deref();
    let Some(job) = &args.past_job else {
        let run = past.run(run)?;
        head(&format!("run {}", run.id), printer);
        return show(&run, None, global);
    };
    let meant = past.attempt(job, run, args.attempt)?;
    let PastAttempt { run, job, attempt } = &meant;
    head(
        &format!("job {job}, attempt {attempt}, run {}", run.id),
        printer,
    );
    if args.raw {
        raw(&meant, printer)?;
        return Ok(Exit::Passed);
    }
    show(run, Some(&meant), global)
}

/// Says on stderr which log it is; a log alone does not.
fn head(text: &str, printer: &Printer) {
    if !printer.is_quiet() {
        printer.words(&[Line::of(Tone::Dim, text)]);
    }
}

/// The lines of one attempt, or of all jobs with their names in front.
fn show(run: &PastRun, one: Option<&PastAttempt>, global: &Global) -> Result<Exit, Failure> {
    let health = Health::default();
    let mut logs = report::for_logs(global.color.into(), Streams::of_process(), &health);
    if one.is_some() {
        logs = logs.of_one_job();
    }
    let is_meant = |event: &Event| match (&event.kind, one) {
        (EventKind::RunStarted(_), _) | (EventKind::Log { .. }, None) => true,
        (EventKind::Log { job, attempt, .. }, Some(one)) => {
            event.pipeline.is_empty() && *job == one.job && *attempt == one.attempt
        }
        _ => false,
    };
    for event in run.events()?.filter(is_meant) {
        logs.on_event(&event);
        if health.fault().is_some() {
            break;
        }
    }
    logs.finish();
    match health.fault() {
        Some(Fault::Failed(why)) => Err(unwritable(why)),
        Some(Fault::Closed) | None => Ok(Exit::Passed),
    }
}

fn unwritable(why: &str) -> Failure {
    let message = format!("the output can't be written: {why}");
    let diagnostic = Diagnostic::new(Code::OutputUnwritable, message);
    Failure::new(FailureKind::Environment, diagnostic)
}

/// The file of the log. An attempt that said nothing has none.
fn raw(meant: &PastAttempt, printer: &Printer) -> Result<(), Failure> {
    let path = meant.run.log(&[], &meant.job, meant.attempt);
    let read = match File::open(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        opened => opened.and_then(|file| printer.bytes(file)),
    };
    read.map_err(|error| {
        let (path, why) = (path.display(), system_words(&error));
        let diagnostic =
            Diagnostic::new(Code::StateUnwritable, format!("can't read `{path}`: {why}"));
        Failure::new(FailureKind::Environment, diagnostic)
    })
}
