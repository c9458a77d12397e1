//! A name for what an attempt runs, equal in a later run where that is the same.

use std::sync::Arc;

use crate::plan::JobVariables;
use crate::types::Digest;

use super::context::PipelineContext;
use super::scripts::reports;

/// Variables that differ from run to run and from slot to slot. What is made from one of them
/// differs too: a job that asks for such a value is not the same in another run.
const OF_ONE_RUN: [&str; 12] = [
    "CI_BUILDS_DIR",
    "CI_CONCURRENT_ID",
    "CI_CONCURRENT_PROJECT_ID",
    "CI_JOB_ID",
    "CI_JOB_STARTED_AT",
    "CI_JOB_STARTED_AT_SLUG",
    "CI_JOB_URL",
    "CI_PIPELINE_CREATED_AT",
    "CI_PIPELINE_ID",
    "CI_PIPELINE_IID",
    "CI_PIPELINE_URL",
    "CI_PROJECT_DIR",
];

/// Names scripts, image, services, executor, variables and what is kept of the job at that place.
pub(super) fn digest(context: &PipelineContext, at: usize, variables: &JobVariables) -> String {
    let config = &context.plan.jobs[at].config;
    let mut digest = Digest::default();
    digest.add(context.runners.runner(at).executor.name());
    for script in [
        &config.pre_get_sources_script,
        &config.before_script,
        &config.script,
        &config.after_script,
    ] {
        digest.add_all(script.iter().map(|line| line.as_bytes()));
    }
    let image = context.image(&context.plan.jobs[at], variables);
    let image = image.ok().flatten();
    digest.add_option(image.as_ref().map(|image| &image.name));
    let entrypoint = image.as_ref().and_then(|image| image.entrypoint.as_ref());
    digest.add_all(entrypoint.into_iter().flatten());
    digest.add_option(image.as_ref().and_then(|image| image.user.as_ref()));
    digest.add_option(image.as_ref().and_then(|image| image.platform.as_ref()));
    for service in context.services(at, variables).unwrap_or_default().specs {
        digest.add(&service.image.name);
        digest.add_all(service.image.entrypoint.iter().flatten());
        digest.add_all(service.command.iter().flatten());
        digest.add_all(&service.aliases);
        digest.add_option(service.image.user.as_ref());
        digest.add_option(service.image.platform.as_ref());
        // The job's own follow below.
        for variable in &config.services {
            for variable in &variable.variables {
                digest.add(&*variable.key);
                digest.add(&*variable.value);
            }
        }
    }
    if let Some(artifacts) = &config.artifacts {
        let files = &artifacts.files;
        for globs in [&files.paths, &files.exclude, &artifacts.reports.dotenv] {
            digest.add_all(globs.iter().map(|glob: &Arc<str>| glob.as_bytes()));
        }
        for report in reports(&context.plan.jobs[at]) {
            digest.add(report.kind);
            digest.add_all(report.paths.iter().map(|glob| glob.as_bytes()));
        }
        digest.add([u8::from(files.untracked)]);
        digest.add(files.when.as_str());
    }
    let lasting = variables.all.iter();
    for variable in lasting.filter(|variable| !OF_ONE_RUN.contains(&&*variable.key)) {
        digest.add(&*variable.key);
        digest.add(&*variable.value);
        digest.add([u8::from(variable.file)]);
    }
    digest.finish()
}
