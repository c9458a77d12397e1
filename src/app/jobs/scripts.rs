//! The scripts of one attempt, as the runner would generate them.

use std::sync::Arc;

use crate::exec::{Brief, Script};
use crate::expr::{Variable as Expanded, re2};
use crate::plan::{Job, JobVariables};
use crate::run::{
    AfterScript, AttemptContext, AttemptScripts, Coverage, Expand, JobEnvironment, JobSettings,
    Refusal, ReportFiles,
};
use crate::script::{Stage, Variable};
use crate::types::{Artifacts, EnvironmentAction, go_bool};

use super::caches::caches;
use super::context::PipelineContext;
use super::digest::digest;
use super::refusal;
use super::sources::Git;

/// What the job at that place of the plan does in that attempt.
pub(super) fn scripts(
    context: &PipelineContext,
    at: usize,
    attempt: &AttemptContext,
) -> AttemptScripts {
    let usual = context.variables(at, attempt);
    let traits = context.runners.runner(at).executor.traits();
    let job = &context.plan.jobs[at];
    let refused = |refusal| refused_for(refusal, &usual);
    if let Some(refusal) = refusal::for_lack(context, job) {
        return refused(refusal);
    }
    let image = match context.image(job, &usual) {
        Err(fault) if traits.images => return refused(fault.refusal()),
        image => image.ok().flatten(),
    };
    if let Some(refusal) = context.forbids(at, &usual) {
        return refused(refusal);
    }
    let git = Git::of(&usual);
    let layout = match git.layout(&attempt.layout, traits) {
        Ok(layout) => layout,
        Err(refusal) => return refused(refusal),
    };
    let is_moved = layout != attempt.layout;
    let attempt = AttemptContext {
        layout,
        ..attempt.clone()
    };
    // Directories are among the variables, so these are new only where the directory moves.
    let variables = if is_moved {
        context.variables(at, &attempt)
    } else {
        usual
    };
    let services = match context.services(at, &variables) {
        Ok(services) => services,
        Err(fault) => return refused_for(fault.refusal_of_service(), &variables),
    };
    let protected = context.facts.reference.protected;
    let (caches, no_caches) = match caches(job, &variables, &context.key_digests, protected) {
        Ok(caches) => (caches, None),
        Err(why) => (Vec::new(), Some(refusal::for_cache(&why))),
    };
    let has_sources = git.sources().is_some();
    let stages = of_stages(context, at, &attempt, &variables);
    AttemptScripts {
        // The runner has it in the script that brings the sources.
        hook: stages.hook.clone().filter(|_| has_sources),
        refusal: refusal::of(&variables, traits, has_sources)
            .or_else(|| git.refusal())
            .or(no_caches),
        caches,
        warnings: [git.warnings().to_vec(), services.warnings].concat(),
        services: services.specs,
        layout: Some(attempt.layout.clone()),
        image: image.filter(|_| context.image_comes_late(job)),
        ..stages
    }
}

fn refused_for(refusal: Refusal, variables: &JobVariables) -> AttemptScripts {
    AttemptScripts {
        refusal: Some(refusal),
        secrets: secrets(variables),
        ..AttemptScripts::default()
    }
}

fn of_stages(
    context: &PipelineContext,
    at: usize,
    attempt: &AttemptContext,
    variables: &JobVariables,
) -> AttemptScripts {
    let job = &context.plan.jobs[at];
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
    let given = stage.environment();
    let (script, login) = match &context.shell_on {
        None => (step_script(stage, &commands, &given), None),
        Some(kind) => (Script::whole(stage.surroundings()), Some(stage.login(kind))),
    };
    AttemptScripts {
        hook: (!hook.is_empty()).then(|| stage.pre_get_sources_script(hook)),
        script,
        login,
        after_script: after_script(job, &exports, &given, &project_dir),
        variables: given,
        artifacts: artifacts(job),
        dotenv: dotenv(job),
        reports: reports(job),
        coverage: coverage(job),
        environment: environment(job),
        expand: Some(expand(variables)),
        secrets: secrets(variables),
        digest: Some(digest(context, at, variables)),
        earlier: context.passed.get(job.name()).cloned(),
        settings: settings(variables),
        volumes_of: volumes_of(context, attempt),
        ..AttemptScripts::default()
    }
}

fn step_script(stage: Stage<'_>, commands: &[Arc<str>], given: &[(String, String)]) -> Script {
    both(stage, given, |stage| stage.step_script(commands))
}

/// A script as a whole, and in brief for the environment `given`.
fn both(
    stage: Stage<'_>,
    given: &[(String, String)],
    make: impl Fn(&Stage<'_>) -> String,
) -> Script {
    let in_environment = stage.in_environment(given);
    Script {
        text: make(&stage),
        brief: Some(Brief {
            text: make(&in_environment),
            relies_on: in_environment.relies_on(),
        }),
    }
}

fn coverage(job: &Job) -> Option<Coverage> {
    let regex = re2::from_slashes(job.config.coverage.as_deref()?)?.ok()?;
    Some(Coverage::new(regex))
}

fn environment(job: &Job) -> Option<JobEnvironment> {
    let environment = job.environment.as_ref()?;
    let on_stop = job.config.environment.as_ref()?.on_stop.as_ref();
    // Nobody can reach an environment that was taken down.
    let is_up = environment.action != EnvironmentAction::Stop;
    Some(JobEnvironment {
        name: environment.name.clone(),
        action: environment.action,
        url: (environment.url.as_deref().filter(|_| is_up)).map(str::to_owned),
        on_stop: on_stop.map(|job| job.text.to_string()),
    })
}

/// Protected refs never share a volume with others (runtime reference 7.3).
fn volumes_of(context: &PipelineContext, attempt: &AttemptContext) -> String {
    let protected = if context.facts.reference.protected {
        " protected"
    } else {
        ""
    };
    let facts = &context.facts.project;
    format!(
        "{}/{} {}{protected}",
        facts.server.host, facts.path, attempt.slot
    )
}

fn secrets(variables: &JobVariables) -> Vec<String> {
    variables.secrets().map(str::to_owned).collect()
}

fn expand(variables: &JobVariables) -> Expand {
    let variables = variables.clone();
    Box::new(move |text, more| variables.expand_with(text, more))
}

fn dotenv(job: &Job) -> Vec<Arc<str>> {
    let artifacts = job.config.artifacts.as_ref();
    artifacts.map_or_else(Vec::new, |artifacts| artifacts.reports.dotenv.clone())
}

/// Those of files, each with the type that it has on GitLab.
pub(super) fn reports(job: &Job) -> Vec<ReportFiles> {
    let Some(artifacts) = &job.config.artifacts else {
        return Vec::new();
    };
    let reports = &artifacts.reports;
    let coverage = reports.coverage.iter();
    let coverage = coverage.map(|coverage| (&coverage.format, vec![Arc::clone(&coverage.path)]));
    let others = reports.others.iter();
    let others = others.map(|(kind, paths)| (kind, paths.clone()));
    others
        .chain(coverage)
        .map(|(kind, paths)| ReportFiles {
            kind: kind.to_string(),
            paths,
        })
        .collect()
}

fn export(variable: &Expanded) -> Variable {
    if variable.file {
        Variable::file(&*variable.key, &*variable.value)
    } else {
        Variable::plain(&*variable.key, &*variable.value)
    }
}

fn after_script(
    job: &Job,
    exports: &[Variable],
    given: &[(String, String)],
    project_dir: &str,
) -> Option<AfterScript> {
    if job.config.after_script.is_empty() {
        return None;
    }
    let commands = Arc::clone(&job.config.after_script);
    let (exports, given) = (exports.to_vec(), given.to_vec());
    let project_dir = project_dir.to_owned();
    Some(Box::new(move |status| {
        let mut exports = exports.clone();
        exports.push(Variable::plain("CI_JOB_STATUS", status));
        let stage = Stage::new(&exports, &project_dir);
        both(stage, &given, |stage| stage.after_script(&commands))
    }))
}

/// Which files are kept; `None` where nothing can be.
fn artifacts(job: &Job) -> Option<Artifacts> {
    let artifacts = job.config.artifacts.as_ref()?;
    Some(artifacts.files.clone()).filter(Artifacts::takes_files)
}

fn settings(variables: &JobVariables) -> JobSettings {
    let value = |key: &str| variables.value(key).map(str::to_owned);
    let says = |key: &str, wanted: bool| variables.value(key).and_then(go_bool) == Some(wanted);
    JobSettings {
        init: says("FF_USE_INIT_WITH_DOCKER_EXECUTOR", true),
        owned_files: says("FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR", true),
        shows_tokens: says("FF_MASK_ALL_DEFAULT_TOKENS", false),
        script_timeout: value("RUNNER_SCRIPT_TIMEOUT"),
        after_script_timeout: value("RUNNER_AFTER_SCRIPT_TIMEOUT"),
        after_script_can_fail: says("AFTER_SCRIPT_IGNORE_ERRORS", false),
    }
}
