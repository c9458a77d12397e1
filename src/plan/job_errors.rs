//! What can be wrong with a job that is in the pipeline, in words (configuration reference 11.2).

use crate::config::JobConfig;
use crate::diag::{Code, Diagnostic, some_of};
use crate::expr::expand::ExpandError;

use super::model::{Job, LeftOut, Need};
use super::scope::Scope;

/// More needs than GitLab accepts.
pub(super) fn too_many_needs(job: &Job, count: usize, most: usize) -> Diagnostic {
    let message = format!(
        "job `{}` needs {count} jobs; at most {most} are accepted",
        job.name()
    );
    Diagnostic::new(Code::TooMany, message).at(job.config.span)
}

/// A need on a job that is not there; `left_out` may say why.
pub(super) fn absent_need(job: &Job, need: &Need, left_out: &[LeftOut]) -> Diagnostic {
    let message = format!(
        "job `{}` needs `{}`, which is not in this pipeline",
        job.name(),
        need.job
    );
    let diagnostic = Diagnostic::new(Code::NeedNotInPipeline, message)
        .at(need.span)
        .help("write `needs: [{job: …, optional: true}]` to need a job that may be absent");
    match left_out.iter().find(|left_out| left_out.name == need.job) {
        Some(left_out) => diagnostic.with(left_out.span, left_out.reason.to_string()),
        None => diagnostic,
    }
}

/// What is wrong with the references between the variables of a job.
pub(super) fn unexpandable(job: &Job, scope: &Scope<'_>) -> Option<Diagnostic> {
    let diagnostic = match scope.raw().check_references().err()? {
        ExpandError::Circular(circles) => {
            let names = circles.into_iter().next().unwrap_or_default();
            let message = format!(
                "variables of job `{}` refer to each other in a circle: {}",
                job.name(),
                some_of(names.iter().map(String::as_str))
            );
            Diagnostic::new(Code::VariableCycle, message)
                .help("take one of the references out, or set `expand: false`")
        }
        error @ ExpandError::TooLarge(_) => {
            let message = format!("variables of job `{}`: {error}", job.name());
            Diagnostic::new(Code::ConfigTooBig, message)
                .note("a job could not be started with an environment of that size")
                .help("let fewer variables repeat each other")
        }
    };
    Some(diagnostic.at(job.config.span))
}

/// Variables that grow beyond all measure.
pub(super) fn grown(config: &JobConfig) -> Diagnostic {
    let message = format!(
        "up to job `{}` variables expand to more text than a pipeline can have",
        config.name
    );
    Diagnostic::new(Code::ConfigTooBig, message)
        .at(config.span)
        .help("let variables repeat each other less, or use shorter ones in `environment`, `tags` and `rules`")
}
