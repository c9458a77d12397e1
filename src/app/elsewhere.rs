//! Which other ref or event would have a job that this pipeline leaves out.

use std::sync::Arc;

use crate::config::JobConfig;
use crate::foreign::Command;
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
    job: &Arc<JobConfig>,
) -> Option<Command> {
    events(workspace).into_iter().find_map(|(options, event)| {
        let other = PipelineRequest {
            reference: event.reference,
            source: event.source,
            ..request.clone()
        };
        pipeline.lets_in(workspace, &other, job).then_some(options)
    })
}

/// One event of each kind that a team has, with its options, most usual first.
fn events(workspace: &Workspace) -> Vec<(Command, PipelineRequest)> {
    let rules = &workspace.rules;
    let sample = |patterns: &[String]| patterns.first().map(|pattern| pattern.replace('*', "1"));
    let of_ref = |options: Command, reference: RefRequest| {
        let request = PipelineRequest {
            reference,
            ..PipelineRequest::default()
        };
        (options, request)
    };
    let branch = |name: String| {
        let options = Command::default().option("--branch", &name);
        of_ref(options, RefRequest::Branch(name))
    };
    let merge_request = |target: String| {
        let options = Command::new("--merge-request").option("--target-branch", &target);
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
        (Command::default().option("--source", source), request)
    };
    let default_branch = || rules.default_branch.clone();
    let branches = [
        Some(default_branch()),
        sample(&rules.develop),
        sample(&rules.release),
        sample(&rules.issue),
    ];
    let tag = "v1.0.0";
    let tagged = of_ref(
        Command::default().option("--tag", tag),
        RefRequest::Tag(tag.to_owned()),
    );
    let targets = [Some(default_branch()), sample(&rules.develop)];
    branches
        .into_iter()
        .flatten()
        .map(branch)
        .chain([tagged])
        .chain(targets.into_iter().flatten().map(merge_request))
        .chain(["schedule", "web"].map(by_source))
        .collect()
}
