//! An event as one line of JSON (design chapter 2). The order of the fields is part of the form:
//! what every event has, the job, then the kind's own.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::json;

use super::seconds::Seconds;
use super::{Event, EventKind, JobOutcome, RunResult, RunStarted, SourceMode};

impl Event {
    /// One line of JSON, without its end.
    pub fn to_json(&self) -> String {
        // An event holds nothing but text, numbers and lists of them, which always have a form.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kind", self.kind.name())?;
        map.serialize_entry("seq", &self.seq)?;
        map.serialize_entry("elapsed", &Seconds(self.elapsed))?;
        map.serialize_entry("pipeline", &self.pipeline)?;
        if let Some(job) = self.kind.job() {
            map.serialize_entry("job", job)?;
        }
        if let Some(attempt) = self.kind.attempt() {
            map.serialize_entry("attempt", &attempt)?;
        }
        own_fields(&mut map, &self.kind)?;
        map.end()
    }
}

fn own_fields<M: SerializeMap>(map: &mut M, kind: &EventKind) -> Result<(), M::Error> {
    match kind {
        EventKind::RunStarted(run) => run_started(map, run),
        EventKind::JobWaits { .. } => Ok(()),
        EventKind::JobStarted { image, .. } => map.serialize_entry("image", image),
        EventKind::Coverage { percent, .. } => map.serialize_entry("percent", percent),
        EventKind::TestSummary { tests, .. } => {
            map.serialize_entry("total", &tests.total)?;
            map.serialize_entry("failed", &tests.failed)?;
            map.serialize_entry("errors", &tests.errors)?;
            map.serialize_entry("skipped", &tests.skipped)?;
            map.serialize_entry("failures", &tests.failures)
        }
        EventKind::Environment {
            environment,
            action,
            url,
            on_stop,
            ..
        } => {
            map.serialize_entry("environment", environment)?;
            map.serialize_entry("action", action.as_str())?;
            map.serialize_entry("url", url)?;
            map.serialize_entry("on_stop", on_stop)
        }
        EventKind::JobPhase { phase, .. } => map.serialize_entry("phase", phase),
        EventKind::Pull {
            image,
            progress,
            done,
        } => {
            map.serialize_entry("image", image)?;
            map.serialize_entry("bytes", &progress.map(|(bytes, _)| bytes))?;
            map.serialize_entry("total", &progress.map(|(_, total)| total))?;
            map.serialize_entry("done", done)
        }
        EventKind::PullFailed { image, message } => {
            map.serialize_entry("image", image)?;
            map.serialize_entry("message", message)
        }
        EventKind::Log { text, partial, .. } => {
            map.serialize_entry("text", text)?;
            if *partial {
                map.serialize_entry("partial", partial)?;
            }
            Ok(())
        }
        EventKind::JobRetry { reason, .. } => map.serialize_entry("reason", reason),
        EventKind::JobFinished {
            outcome,
            exit_code,
            duration,
            ..
        } => {
            job_outcome(map, outcome)?;
            map.serialize_entry("exit_code", exit_code)?;
            map.serialize_entry("duration", &Seconds(*duration))
        }
        EventKind::JobSkipped { reason, .. } => map.serialize_entry("reason", reason),
        EventKind::JobScheduled { delay, .. } => map.serialize_entry("delay", &Seconds(*delay)),
        EventKind::CancelBegun { reason } => map.serialize_entry("reason", reason),
        EventKind::AfterScriptFailed { message, .. } | EventKind::RecordFailed { message } => {
            map.serialize_entry("message", message)
        }
        EventKind::Notice { text } => map.serialize_entry("text", text),
        EventKind::RunFinished(result) => run_finished(map, result),
    }
}

fn run_started<M: SerializeMap>(map: &mut M, run: &RunStarted) -> Result<(), M::Error> {
    map.serialize_entry("version", &run.version)?;
    map.serialize_entry("at", &run.at)?;
    map.serialize_entry("run", &run.run)?;
    let reference = json!({"name": run.ref_name, "kind": run.ref_kind, "sha": run.sha});
    map.serialize_entry("ref", &reference)?;
    map.serialize_entry("source", &run.source)?;
    match run.mode {
        SourceMode::WorkTree {
            uncommitted,
            untracked,
        } => {
            map.serialize_entry("mode", "work-tree")?;
            map.serialize_entry("uncommitted", &uncommitted)?;
            map.serialize_entry("untracked", &untracked)?;
        }
        SourceMode::Commit => map.serialize_entry("mode", "commit")?,
    }
    map.serialize_entry("jobs", &run.jobs)
}

/// `status` and `reason` are as in `run-finished`; `message` is the line for people.
fn job_outcome<M: SerializeMap>(map: &mut M, outcome: &JobOutcome) -> Result<(), M::Error> {
    let (status, reason, message, allowed) = match outcome {
        JobOutcome::Success => ("success", None, None, false),
        JobOutcome::Failed {
            reason,
            message,
            allowed,
        } => ("failed", Some(reason.as_str()), Some(message), *allowed),
        JobOutcome::Canceled { reason } => ("canceled", Some(reason.as_str()), None, false),
    };
    map.serialize_entry("status", status)?;
    map.serialize_entry("reason", &reason)?;
    map.serialize_entry("message", &message)?;
    map.serialize_entry("allowed", &allowed)
}

fn run_finished<M: SerializeMap>(map: &mut M, result: &RunResult) -> Result<(), M::Error> {
    map.serialize_entry("status", &result.status)?;
    map.serialize_entry("exit", &result.exit)?;
    map.serialize_entry("jobs", &result.jobs)?;
    map.serialize_entry("pipelines", &result.pipelines)?;
    map.serialize_entry("held", &result.held)?;
    map.serialize_entry("complete", &result.complete)
}
