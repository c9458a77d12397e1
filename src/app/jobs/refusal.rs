//! Where GitLab Runner comes to grief before a job's script, though we would not: the job fails
//! here too, and the log says why (design chapter 6).

use crate::exec::Traits;
use crate::plan::{Job, JobVariables};
use crate::run::Refusal;
use crate::types::FailureReason;

use super::context::PipelineContext;

/// Folders that the runner's own image finds its programs in.
const NEEDED_IN_PATH: [&str; 2] = ["/usr/bin", "/bin"];

/// Folders of the runner's own image that can be a home.
const HOMES: [&str; 14] = [
    "/", "/root", "/tmp", "/home", "/builds", "/var", "/var/tmp", "/etc", "/usr", "/opt", "/srv",
    "/mnt", "/run", "/cache",
];

/// Why the attempt fails at once. `sources`: whether git runs in it.
pub(super) fn of(variables: &JobVariables, traits: Traits, sources: bool) -> Option<Refusal> {
    path(variables, traits).or_else(|| {
        let helper_runs_git = sources && traits.images;
        helper_runs_git.then(|| home(variables)).flatten()
    })
}

/// Why a job can't have what it needs of other pipelines: it fails as on GitLab where that is gone
/// (configuration reference 6.10).
pub(super) fn for_lack(context: &PipelineContext, job: &Job) -> Option<Refusal> {
    let lacking = job.lacking().next()?;
    let what = match context.root_job {
        None => "it",
        Some(_) => "the child pipeline",
    };
    Some(Refusal {
        reason: lacking.reason,
        message: format!(
            "ERROR: the job needs {}, which this machine does not have; leave {what} out with `{}`",
            lacking.what,
            context.exclusion(job)
        ),
        exit_code: None,
    })
}

/// A cache that says what the runner can't read (runtime reference 17.4).
pub(super) fn for_cache(why: &str) -> Refusal {
    Refusal {
        reason: FailureReason::RunnerSystemFailure,
        message: format!("ERROR: {why}"),
        exit_code: None,
    }
}

/// The runner gives a variable `PATH` to its own commands too (runtime reference 12.1).
fn path(variables: &JobVariables, traits: Traits) -> Option<Refusal> {
    let path = variables.value("PATH")?;
    let has = |folder: &str| {
        path.split(':')
            .any(|part| part.trim_end_matches('/') == folder)
    };
    let fits = if traits.images {
        NEEDED_IN_PATH.into_iter().all(has)
    } else {
        // On most machines the one is a link to the other.
        NEEDED_IN_PATH.into_iter().any(has)
    };
    (!fits).then(|| Refusal {
        reason: FailureReason::ScriptFailure,
        message: format!(
            "ERROR: the variable `PATH` is `{path}` for GitLab Runner's own commands too (a `$PATH` in it \
             stands for nothing), which are then not found: the job fails before its script, as on \
             GitLab; write `export PATH=\"…:$PATH\"` in `before_script` instead"
        ),
        exit_code: Some(127),
    })
}

/// The runner writes git's global settings there before it fetches.
fn home(variables: &JobVariables) -> Option<Refusal> {
    let home = variables.value("HOME")?;
    let (exit_code, why) = match home.trim_end_matches('/') {
        "" if home.is_empty() => (128, "git needs a home"),
        "" => return None,
        folder if HOMES.contains(&folder) => return None,
        _ => (
            255,
            "the runner's own image has no such folder, and git can't write its settings",
        ),
    };
    Some(Refusal {
        reason: FailureReason::ScriptFailure,
        message: format!(
            "ERROR: the variable `HOME` is `{home}` while GitLab Runner fetches the sources: {why}; \
             the job fails before its script, as on GitLab; write `export HOME=…` in \
             `before_script` instead"
        ),
        exit_code: Some(exit_code),
    })
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::exec::Traits;
    use crate::expr::Variable;
    use crate::plan::JobVariables;

    fn code(name: &str, value: &str, executor: &str, sources: bool) -> Option<i64> {
        let variables: JobVariables = [Variable::new(name, value)].into_iter().collect();
        let traits = Traits {
            images: executor != "shell",
            ..Traits::default()
        };
        of(&variables, traits, sources).and_then(|refusal| refusal.exit_code)
    }

    #[test]
    fn variables_that_the_runner_trips_over() {
        for (name, value, executor, sources, wanted) in [
            ("PATH", "/x:", "docker", true, Some(127)),
            ("PATH", "/x:", "docker", false, Some(127)),
            ("PATH", "", "docker", true, Some(127)),
            ("PATH", "/usr/bin", "docker", true, Some(127)),
            ("PATH", "/x:/usr/bin/:/bin", "docker", true, None),
            ("PATH", "/x:/usr/bin", "shell", true, None),
            ("PATH", "/x:", "shell", true, Some(127)),
            ("HOME", "/nowhere", "docker", true, Some(255)),
            ("HOME", "/builds/g/p/.home", "docker", true, Some(255)),
            ("HOME", "/nowhere", "docker", false, None),
            ("HOME", "/nowhere", "shell", true, None),
            ("HOME", "/root/", "docker", true, None),
            ("HOME", "/", "docker", true, None),
            ("HOME", "", "docker", true, Some(128)),
            ("OTHER", "/x:", "docker", true, None),
        ] {
            let got = code(name, value, executor, sources);
            assert_eq!(got, wanted, "{name}={value} {executor} {sources}");
        }
    }
}
