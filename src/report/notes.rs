//! Single lines about what happens: a job starts, is skipped, is tried again.
//!
//! PURE. Plain output shows them all; the board those that must not scroll away.

use std::time::Duration;

use super::line::{Line, Tone};
use super::model::JobView;
use super::{look, words};

/// `note: …`
pub fn notice(notice: &str) -> Line {
    Line::of(Tone::Warn, "note").put(Tone::Plain, format!(": {notice}"))
}

/// The record of the run can't be written any more.
pub fn record_failed(message: &str) -> Line {
    Line::of(Tone::Bad, "warning").put(Tone::Plain, format!(": {message}"))
}

/// Everything is being stopped.
pub fn cancel(reason: &str) -> Line {
    let line = Line::of(Tone::Warn, format!("stopping: {reason}"));
    match reason {
        "interrupted" => line.put(Tone::Dim, "; Ctrl-C again kills"),
        _ => line,
    }
}

/// Where a job stands now: `✓ unit: passed, after 4.1s`.
pub fn state(job: &JobView, now: Duration) -> Line {
    let mut line = word(job);
    let reason = look::reason(job, now);
    if !reason.is_empty() {
        line = line.put(Tone::Plain, format!(", {reason}"));
    }
    after(job, line)
}

/// `✓ unit: passed`.
fn word(job: &JobView) -> Line {
    let look = look::of(&job.state);
    Line::of(look.tone, look.symbol)
        .gap(1)
        .put(Tone::Strong, &job.label)
        .put(Tone::Plain, ": ")
        .put(look.tone, look.word)
}

/// The line with `, after 4.1s`, once the job has ended.
fn after(job: &JobView, line: Line) -> Line {
    match job.duration {
        Some(took) => line.put(Tone::Dim, format!(", after {}", words::duration(took))),
        None => line,
    }
}

/// An attempt begins: `● unit: started, attempt 2, stage test, image ruby:3.1`.
pub fn started(job: &JobView, stage: &str) -> Line {
    let look = look::of(&job.state);
    let attempt = match job.attempt {
        0 | 1 => String::new(),
        attempt => format!(", attempt {attempt}"),
    };
    let stage = match stage {
        "" => String::new(),
        stage => format!(", stage {stage}"),
    };
    let image = job.image.as_ref();
    let image = image.map_or_else(String::new, |image| format!(", image {image}"));
    Line::of(look.tone, look.symbol)
        .gap(1)
        .put(Tone::Strong, &job.label)
        .put(Tone::Plain, format!(": started{attempt}"))
        .put(Tone::Dim, format!("{stage}{image}"))
}

/// An attempt has ended: `✗ unit: failed, after 4.1s`. Why is told once, in the summary.
pub fn ended(job: &JobView) -> Line {
    after(job, word(job))
}

/// An attempt failed and there will be another.
pub fn retry(job: &JobView) -> Line {
    let look = look::of(&job.state);
    let reason = look::reason(job, Duration::ZERO);
    Line::of(look.tone, look.symbol)
        .gap(1)
        .put(Tone::Strong, &job.label)
        .put(Tone::Plain, format!(": {reason}, trying again"))
}

/// A phase begins; `None` for the script.
pub fn phase(job: &JobView) -> Option<Line> {
    let phase = words::phase(job.phase?);
    (!phase.is_empty()).then(|| {
        Line::of(Tone::Dim, "· ")
            .put(Tone::Dim, &job.label)
            .put(Tone::Dim, format!(": {phase}"))
    })
}

/// After a long silence: what still runs.
pub fn still_running(jobs: &[&str], elapsed: Duration) -> Line {
    let names = words::names(jobs, 5);
    Line::of(
        Tone::Dim,
        format!(
            "· after {}: still running {names}",
            words::duration(elapsed)
        ),
    )
}

/// An image is on its way.
pub fn pulling(image: &str) -> Line {
    Line::of(Tone::Active, "↓").put(Tone::Plain, format!(" pulling {image}"))
}

/// An image has come.
pub fn pulled(image: &str) -> Line {
    Line::of(Tone::Good, "✓").put(Tone::Plain, format!(" pulled {image}"))
}

/// It could not be brought, and why.
pub fn not_pulled(message: &str) -> Line {
    Line::of(Tone::Bad, "✗").put(Tone::Plain, format!(" {message}"))
}
