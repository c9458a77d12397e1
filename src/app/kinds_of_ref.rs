//! The kinds of ref that a team has, with one that stands for each, and their pipelines.

use crate::foreign::Command;
use crate::plan::Outcome;
use crate::types::{PipelineSource, RefClass, RefKind};

use super::pipeline::Pipeline;
use super::request::{PipelineRequest, RefRequest};
use super::workspace::Workspace;

/// A kind of ref or event.
pub struct KindOfRef {
    /// `issue`, `tag`, `schedule`.
    pub name: &'static str,
    /// What stands for it: `branch issue-12`.
    pub representative: String,
    /// The options that choose it.
    pub options: Command,
    /// What is made for it; `None` where no pipeline can be made at all.
    pub outcome: Option<Outcome>,
}

/// Each kind with the pipeline that the configuration makes for it. A branch stands for its kind
/// that is here and whose commit is the newest, else a name as the settings have it. `request` has
/// the rest: variables, inputs, changed files.
pub fn kinds_of_ref(
    workspace: &Workspace,
    pipeline: &Pipeline,
    request: &PipelineRequest,
) -> Vec<KindOfRef> {
    events(workspace)
        .into_iter()
        .map(|event| {
            let other = PipelineRequest {
                reference: event.reference,
                source: event.source,
                ..request.clone()
            };
            KindOfRef {
                name: event.name,
                representative: event.representative,
                options: event.options,
                outcome: pipeline.for_event(workspace, &other),
            }
        })
        .collect()
}

/// What a kind is made for.
struct Event {
    name: &'static str,
    representative: String,
    options: Command,
    reference: RefRequest,
    source: Option<PipelineSource>,
}

fn events(workspace: &Workspace) -> Vec<Event> {
    let rules = &workspace.rules;
    let branches = workspace.repository.newest_branches();
    let here = |class: RefClass| {
        let mut names = branches.iter();
        names
            .find(|name| rules.class(&RefKind::Branch, name) == class)
            .cloned()
    };
    let named = |patterns: &[String], part: &str| {
        let first = patterns.first();
        first.map(|pattern| pattern.replace('*', part))
    };
    let issue = here(RefClass::Issue).or_else(|| named(&rules.issue, "1"));
    let develop = here(RefClass::Develop).or_else(|| named(&rules.develop, "1"));
    let release = here(RefClass::Release).or_else(|| named(&rules.release, "1.0"));
    let other = here(RefClass::Other);
    let default = rules.default_branch.clone();
    let tag = workspace.repository.newest_tag();
    let tag = tag.unwrap_or_else(|| "v1.0".to_owned());
    let source = issue.clone().unwrap_or_else(|| default.clone());
    let branch = |name: &'static str, branch: String| Event {
        name,
        representative: format!("branch {branch}"),
        options: Command::default().option("--branch", &branch),
        reference: RefRequest::Branch(branch),
        source: None,
    };
    let mut events: Vec<Event> = [
        ("issue", issue),
        ("develop", develop),
        ("release", release),
        ("default", Some(default.clone())),
        ("other", other),
    ]
    .into_iter()
    .filter_map(|(name, of)| Some(branch(name, of?)))
    .collect();
    events.push(Event {
        name: "tag",
        representative: format!("tag {tag}"),
        options: Command::default().option("--tag", &tag),
        reference: RefRequest::Tag(tag),
        source: None,
    });
    events.push(Event {
        name: "merge request",
        representative: format!("merge request of {source} into {default}"),
        options: Command::new("--merge-request")
            .option("--source-branch", &source)
            .option("--target-branch", &default),
        reference: RefRequest::MergeRequest {
            source: Some(source),
            target: Some(default.clone()),
        },
        source: None,
    });
    events.push(Event {
        name: "schedule",
        representative: format!("schedule on {default}"),
        options: Command::default()
            .option("--branch", &default)
            .option("--source", "schedule"),
        reference: RefRequest::Branch(default),
        source: Some(PipelineSource("schedule".to_owned())),
    });
    events
}
