//! `pipe logs`: the log of a job, or all logs of a run, as they were recorded.

use std::fs::File;

use crate::app::{Failure, FailureKind, PastAttempts, PastRuns};
use crate::diag::{Code, Diagnostic};
use crate::event::{Event, EventKind, JobOutcome, Reporter, RunResult};
use crate::foreign::system_words;
use crate::record::{JobPath, PastRun};
use crate::report::line::{Line, Tone};
use crate::report::{self, Fault, Health, Streams, notes, words};

use super::args::{Global, LogsArgs};
use super::exit::Exit;
use super::printer::Printer;
use super::request;

/// Names that a message lists before it counts.
const NAMES: usize = 8;

/// Runs the command.
pub(super) fn logs(global: &Global, args: &LogsArgs, printer: &Printer) -> Result<Exit, Failure> {
    let past = PastRuns::of(&request::workspace(global, Vec::new()))?;
    let run = args.past_run.as_deref();
    let Some(job) = &args.past_job else {
        let run = past.run(run)?;
        head(&format!("run {}", run.id), printer);
        return show(&run, None, global, printer);
    };
    let meant = past.attempts(job, run, args.attempt)?;
    match &meant.of[..] {
        [(job, attempt)] => head(
            &format!("job {job}, attempt {attempt}, run {}", meant.run.id),
            printer,
        ),
        jobs => head(
            &format!("{} jobs, run {}", jobs.len(), meant.run.id),
            printer,
        ),
    }
    if args.raw {
        raw(job, &meant, printer)?;
        let whole = |result: &RunResult| result.complete;
        if !meant.run.result.as_ref().is_some_and(whole) {
            let mut breaks = BreaksOff::of(&meant.run, Some(&meant.of));
            meant.run.events()?.for_each(|event| breaks.look(&event));
            breaks.tell(printer);
        }
        return Ok(Exit::Passed);
    }
    show(&meant.run, Some(&meant.of), global, printer)
}

/// Says on stderr which log it is; a log alone does not.
fn head(text: &str, printer: &Printer) {
    if !printer.is_quiet() {
        printer.words(&[Line::of(Tone::Dim, text)]);
    }
}

/// The lines of one attempt, or of several, or of all, with the names of their jobs in front.
fn show(
    run: &PastRun,
    of: Option<&[(JobPath, u32)]>,
    global: &Global,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let health = Health::default();
    let mut logs = report::for_logs(global.color.into(), Streams::of_process(), &health);
    if of.is_some_and(|of| of.len() == 1) {
        logs = logs.of_one_job();
    }
    let is_meant = |event: &Event| match (&event.kind, of) {
        (EventKind::RunStarted(_), _) | (EventKind::Log { .. }, None) => true,
        (EventKind::Log { job, attempt, .. }, Some(of)) => {
            let mut of = of.iter();
            of.any(|(meant, which)| meant.is_of(event, job) && which == attempt)
        }
        _ => false,
    };
    let mut breaks = BreaksOff::of(run, of);
    let mut silent = Silent::of(of.unwrap_or_default());
    for event in run.events()? {
        breaks.look(&event);
        silent.look(&event);
        if is_meant(&event) {
            logs.on_event(&event);
        }
        if health.fault().is_some() {
            break;
        }
    }
    logs.finish();
    silent.tell(printer);
    match health.fault() {
        Some(Fault::Failed(why)) => Err(unwritable(why)),
        Some(Fault::Closed) => Ok(Exit::Passed),
        None => {
            breaks.tell(printer);
            Ok(Exit::Passed)
        }
    }
}

/// Whether logs are not whole because the record of their run broke off.
struct BreaksOff<'a> {
    /// Attempts under way; `None` where all are meant.
    open: Option<Vec<&'a (JobPath, u32)>>,
    /// Why, as it was told then, as far as it was.
    why: Option<String>,
}

impl<'a> BreaksOff<'a> {
    fn of(run: &PastRun, of: Option<&'a [(JobPath, u32)]>) -> Self {
        // Where there is an end, an event says whether anything is missing before it.
        let has_no_end = run.result.is_none() && !run.alive;
        let why = "the record of this run has no end: it was killed, or its disk was full";
        Self {
            open: of.map(|of| of.iter().collect()),
            why: has_no_end.then(|| why.to_owned()),
        }
    }

    fn look(&mut self, event: &Event) {
        match (&event.kind, &mut self.open) {
            (EventKind::RecordFailed { message }, _) => self.why = Some(message.clone()),
            (EventKind::JobFinished { job, attempt, .. }, Some(open)) => {
                open.retain(|(meant, which)| !(meant.is_of(event, job) && which == attempt));
            }
            _ => {}
        }
    }

    fn tell(self, printer: &Printer) {
        let are_whole = self.open.is_some_and(|open| open.is_empty());
        if let Some(why) = self.why.filter(|_| !are_whole) {
            printer.words(&[Line::of(Tone::Warn, format!("warning: {why}"))]);
        }
    }
}

/// Attempts that failed before they could say anything.
struct Silent<'a> {
    /// Those without a line so far, and how they failed.
    of: Vec<(&'a (JobPath, u32), Option<String>)>,
    /// Images that were not pulled, and why.
    not_pulled: Vec<(String, String)>,
}

impl<'a> Silent<'a> {
    fn of(of: &'a [(JobPath, u32)]) -> Self {
        Self {
            of: of.iter().map(|attempt| (attempt, None)).collect(),
            not_pulled: Vec::new(),
        }
    }

    fn look(&mut self, event: &Event) {
        match &event.kind {
            EventKind::PullFailed { image, message } => {
                self.not_pulled.push((image.clone(), message.clone()));
            }
            EventKind::Log { job, attempt, .. } => {
                self.of
                    .retain(|((meant, which), _)| !(meant.is_of(event, job) && which == attempt));
            }
            EventKind::JobFinished {
                job,
                attempt,
                outcome: JobOutcome::Failed { message, .. },
                ..
            } => {
                let mut all = self.of.iter_mut();
                let failed =
                    all.find(|((meant, which), _)| meant.is_of(event, job) && which == attempt);
                if let Some((_, why)) = failed {
                    *why = Some(message.clone());
                }
            }
            _ => {}
        }
    }

    fn tell(self, printer: &Printer) {
        for ((job, _), why) in self.of {
            let Some(why) = why else { continue };
            let text = format!("job `{job}` has no log: {why}");
            printer.words(&[Line::of(Tone::Warn, text)]);
            let of_image = |(image, _): &&(String, String)| why.contains(&format!("`{image}`"));
            for (_, message) in self.not_pulled.iter().filter(of_image) {
                printer.words(&[notes::not_pulled(message)]);
            }
        }
    }
}

fn unwritable(why: &str) -> Failure {
    let message = format!("the output can't be written: {why}");
    let diagnostic = Diagnostic::new(Code::OutputUnwritable, message);
    Failure::new(FailureKind::Environment, diagnostic)
}

/// The file of the log. An attempt that said nothing has none.
fn raw(name: &str, meant: &PastAttempts, printer: &Printer) -> Result<(), Failure> {
    let [(job, attempt)] = &meant.of[..] else {
        let names: Vec<String> = (meant.of.iter()).map(|(job, _)| job.to_string()).collect();
        let names = words::names(&names, NAMES);
        let message = format!("`--raw` prints one log, and `{name}` means {names}");
        let diagnostic = Diagnostic::new(Code::InvalidValue, message).help("name one of them");
        return Err(Failure::new(FailureKind::Usage, diagnostic));
    };
    let path = meant.run.log(job, *attempt);
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
