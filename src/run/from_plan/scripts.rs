//! The scripts of one attempt, as the runner would generate them.

use std::sync::Arc;

use crate::config::ArtifactsWhen as When;
use crate::exec::Globs;
use crate::expr::Variable as Expanded;
use crate::plan::{Job, JobVariables};
use crate::run::spec::{
    AfterScript, Artifacts, ArtifactsWhen, AttemptContext, AttemptScripts, JobSettings,
};
use crate::script::{Stage, Variable};
use crate::types::go_bool;

use super::refusal;
use super::sources::Git;
use super::surroundings::Surroundings;

/// What the job at that place of the plan does in that attempt.
pub(super) fn scripts(
    around: &Surroundings,
    at: usize,
    attempt: &AttemptContext,
) -> AttemptScripts {
    let first = around.variables(at, attempt);
    let executor = around.executors[at].name();
    let git = Git::of(&first);
    let layout = match git.layout(&attempt.layout, executor) {
        Ok(layout) => layout,
        Err(refusal) => {
            return AttemptScripts {
                refusal: Some(refusal),
                secrets: secrets(&first),
                ..AttemptScripts::default()
            };
        }
    };
    let attempt = AttemptContext {
        layout,
        ..attempt.clone()
    };
    let variables = around.variables(at, &attempt);
    AttemptScripts {
        refusal: refusal::of(&variables, executor, git.sources().is_some()),
        warnings: git.warnings().to_vec(),
        layout: Some(attempt.layout.clone()),
        ..of_stages(around, at, &attempt, &variables)
    }
}

fn of_stages(
    around: &Surroundings,
    at: usize,
    attempt: &AttemptContext,
    variables: &JobVariables,
) -> AttemptScripts {
    let job = &around.plan.jobs[at];
    let exports: Vec<Variable> = variables.all.iter().map(export).collect();
    let project_dir = attempt.layout.project_dir.clone();
    let stage = Stage::new(&exports, &project_dir);
    let commands: Vec<Arc<str>> = job
        .config
        .before_script
        .iter()
        .chain(job.config.script.iter())
        .cloned()
        .collect();
    let hook = &job.config.pre_get_sources_script;
    AttemptScripts {
        variables: stage.environment(),
        hook: (!hook.is_empty()).then(|| stage.pre_get_sources_script(hook)),
        script: stage.step_script(&commands),
        after_script: after_script(job, &exports, &project_dir),
        artifacts: artifacts(around, job, variables),
        dotenv: dotenv(job, variables),
        secrets: secrets(variables),
        settings: settings(variables),
        ..AttemptScripts::default()
    }
}

fn secrets(variables: &JobVariables) -> Vec<String> {
    variables.secrets().map(str::to_owned).collect()
}

fn dotenv(job: &Job, variables: &JobVariables) -> Vec<String> {
    let artifacts = job.config.artifacts.iter();
    let globs = artifacts.flat_map(|artifacts| &artifacts.dotenv);
    globs.map(|glob| variables.expand(glob)).collect()
}

fn export(variable: &Expanded) -> Variable {
    if variable.file {
        Variable::file(&*variable.key, &*variable.value)
    } else {
        Variable::plain(&*variable.key, &*variable.value)
    }
}

fn after_script(job: &Job, exports: &[Variable], project_dir: &str) -> Option<AfterScript> {
    if job.config.after_script.is_empty() {
        return None;
    }
    let commands = Arc::clone(&job.config.after_script);
    let exports = exports.to_vec();
    let project_dir = project_dir.to_owned();
    Some(Box::new(move |status| {
        let mut exports = exports.clone();
        exports.push(Variable::plain("CI_JOB_STATUS", status));
        Stage::new(&exports, &project_dir).after_script(&commands)
    }))
}

fn artifacts(around: &Surroundings, job: &Job, variables: &JobVariables) -> Option<Artifacts> {
    let artifacts = job.config.artifacts.as_ref()?;
    let expanded = |globs: &[Arc<str>]| globs.iter().map(|glob| variables.expand(glob)).collect();
    let globs = Globs {
        paths: expanded(&artifacts.paths),
        exclude: expanded(&artifacts.exclude),
        untracked: artifacts.untracked.then(|| Arc::clone(&around.tracked)),
    };
    let keeps = !globs.paths.is_empty() || globs.untracked.is_some();
    keeps.then_some(Artifacts {
        globs,
        when: match artifacts.when {
            When::OnSuccess => ArtifactsWhen::OnSuccess,
            When::OnFailure => ArtifactsWhen::OnFailure,
            When::Always => ArtifactsWhen::Always,
        },
    })
}

fn settings(variables: &JobVariables) -> JobSettings {
    let value = |key: &str| variables.value(key).map(str::to_owned);
    JobSettings {
        script_timeout: value("RUNNER_SCRIPT_TIMEOUT"),
        after_script_timeout: value("RUNNER_AFTER_SCRIPT_TIMEOUT"),
        after_script_can_fail: variables
            .value("AFTER_SCRIPT_IGNORE_ERRORS")
            .and_then(go_bool)
            == Some(false),
    }
}
