//! What a run takes over from the one that it goes on with.

use std::collections::HashMap;

use crate::plan::Plan;
use crate::record::PastRun;
use crate::report::words;
use crate::run::EarlierSuccess;
use crate::types::Status;

/// Names that a sentence lists before it counts.
const NAMES: usize = 8;

/// What passed in that run and may count again, by the name of the job.
pub(super) fn passed(run: &PastRun) -> HashMap<String, EarlierSuccess> {
    let jobs = run.jobs().map(str::to_owned);
    jobs.filter_map(|job| success(run, &job).map(|success| (job, success)))
        .collect()
}

fn success(run: &PastRun, job: &str) -> Option<EarlierSuccess> {
    let last = run.results(&[], job).pop()?;
    let last = Some(last).filter(|last| last.status == Status::Success)?;
    Some(EarlierSuccess {
        run: run.id.clone(),
        executor: last.executor,
        digest: last.digest?,
        artifacts: last.artifacts,
        reports: last.reports,
        tests: last.tests,
        dotenv: last.dotenv,
    })
}

/// What to tell about it, one line each: which run goes on, and how the jobs differ now.
pub(super) fn resumption(run: &PastRun, plan: &Plan) -> Vec<String> {
    let mut notices = vec![format!(
        "goes on with run {}: jobs that passed are kept where nothing has changed",
        run.id
    )];
    let now: Vec<&str> = plan.jobs.iter().map(crate::plan::Job::name).collect();
    let then: Vec<&str> = run.jobs().collect();
    let only = |these: &[&str], those: &[&str]| -> Vec<String> {
        let only = these.iter().filter(|name| !those.contains(name));
        only.map(|name| (*name).to_owned()).collect()
    };
    for (names, what) in [(only(&now, &then), "new"), (only(&then, &now), "gone")] {
        if !names.is_empty() {
            let names = words::names(&names, NAMES);
            notices.push(format!(
                "the configuration has changed since: {what} {names}"
            ));
        }
    }
    notices
}
