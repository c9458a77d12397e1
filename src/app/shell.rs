//! A shell in the place of a job's script (`pipe shell`): which jobs can have one, and what such a run
//! does without.

use crate::diag::{Code, Diagnostic};
use crate::foreign::Command;
use crate::plan::{Chosen, Selection};
use crate::run::JobRun;
use crate::types::{AllowFailure, Retry};

use super::failure::{Failure, FailureKind};

/// Fails unless what was chosen is one job with a script.
pub(super) fn one_with_script(chosen: &Chosen, selection: &Selection) -> Result<(), Failure> {
    let jobs = &chosen.plan.jobs;
    let diagnostic = match &jobs[..] {
        [job] if !job.starts_pipeline() => return Ok(()),
        [job] => {
            let message = format!("job `{}` has no script: it starts a pipeline", job.name());
            Diagnostic::new(Code::JobWithoutShell, message)
                .help("choose one with a script; `pipe list` shows the jobs")
        }
        _ => {
            let names = selection.jobs.join("`, `");
            let message = format!("`{names}` stands for {} jobs", jobs.len());
            let first = jobs.first().map_or("JOB", |job| job.name());
            let help = format!("name one: `{}`", Command::new("pipe shell").arg(first));
            Diagnostic::new(Code::JobWithoutShell, message).help(help)
        }
    };
    Err(Failure::new(FailureKind::Usage, diagnostic))
}

/// What does not come up is told at once: a person who waits is there, and a failure is one.
pub(super) fn counts_once(job: &mut JobRun) {
    job.sched.retry = Retry {
        max: Some(0),
        ..Retry::default()
    };
    job.sched.allow_failure = AllowFailure::No;
}
