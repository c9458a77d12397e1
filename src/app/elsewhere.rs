//! Which other ref or event would have a job that this pipeline leaves out.

use crate::types::PipelineSource;

use super::pipeline::Pipeline;
use super::request::{PipelineRequest, RefRequest};
use super::workspace::Workspace;

/// The options of an event whose pipeline has the job, for a command to try. Variables, inputs
/// and changed files stay as they are in `request`.
pub(super) fn options(
    workspace: &Workspace,
    pipeline: &Pipeline,
    request: &PipelineRequest,
    job: &str,
) -> Option<String> {
    events(workspace).into_iter().find_map(|(options, event)| {
        let other = PipelineRequest {
            reference: event.reference,
            source: event.source,
            ..request.clone()
        };
        let plan = pipeline.plan_for(workspace, &other)?;
        plan.jobs
            .iter()
            .any(|other| other.name() == job)
            .then_some(options)
    })
}

/// One event of each kind that a team has, with its options, most usual first.
fn events(workspace: &Workspace) -> Vec<(String, PipelineRequest)> {
    let rules = &workspace.rules;
    let sample = |patterns: &[String]| patterns.first().map(|pattern| pattern.replace('*', "1"));
    let of_ref = |options: String, reference: RefRequest| {
        let request = PipelineRequest {
            reference,
            ..PipelineRequest::default()
        };
        (options, request)
    };
    let branch = |name: String| of_ref(format!("--branch {name}"), RefRequest::Branch(name));
    let merge_request = |target: String| {
        let options = format!("--merge-request --target-branch {target}");
        let reference = RefRequest::MergeRequest {
            source: None,
            target: Some(target),
        };
        of_ref(options, reference)
    };
    let by_source = |source: &str| {
        let request = PipelineRequest {
            source: Some(PipelineSource(source.to_owned())),
            ..PipelineRequest::default()
        };
        (format!("--source {source}"), request)
    };
    let default_branch = || rules.default_branch.clone();
    let branches = [
        Some(default_branch()),
        sample(&rules.develop),
        sample(&rules.release),
        sample(&rules.issue),
    ];
    let tag = "v1.0.0".to_owned();
    let targets = [Some(default_branch()), sample(&rules.develop)];
    branches
        .into_iter()
        .flatten()
        .map(branch)
        .chain([of_ref(format!("--tag {tag}"), RefRequest::Tag(tag))])
        .chain(targets.into_iter().flatten().map(merge_request))
        .chain(["schedule", "web"].map(by_source))
        .collect()
}
