//! The kinds of pipelines that there can be, and what is known of their variables (configuration
//! reference 11.1).

use std::collections::HashSet;

use crate::expr::{Known, Possible};
use crate::types::PipelineSource;

use super::super::model::{Clause, Config, Rule};

/// A kind of pipeline.
#[derive(Debug, Clone, Copy)]
pub(super) struct Event {
    kind: Kind,
    source: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Branch,
    Tag,
    MergeRequest,
}

/// Every kind, and the names that the configuration itself sets, of which nothing is known.
pub(super) struct Events<'a> {
    all: Vec<Event>,
    own: HashSet<&'a str>,
}

impl<'a> Events<'a> {
    pub(super) fn of(config: &'a Config) -> Self {
        let mut own: HashSet<&str> = config.variables.iter().map(|one| &*one.key).collect();
        let of_rules = |rules: &'a [Rule]| rules.iter().flat_map(|rule| &rule.variables);
        own.extend(of_rules(config.workflow.rules.entries()).map(|one| &*one.key));
        for job in &config.jobs {
            own.extend(job.variables.iter().map(|one| &*one.key));
        }
        Self { all: all(), own }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Event> {
        self.all.iter()
    }

    /// What the conditions of a rule can come to. What changes and which files there are is
    /// unknown.
    pub(super) fn possible(&self, rule: &Rule, event: &Event) -> Possible {
        let mut whole = Possible::Always;
        for clause in &rule.clauses {
            let one = match clause {
                Clause::If { condition, .. } => condition.possible(&|name| self.known(name, event)),
                Clause::Changes(_) | Clause::Exists(_) => Possible::Either,
            };
            match one {
                Possible::Never => return Possible::Never,
                Possible::Either => whole = Possible::Either,
                Possible::Always => {}
            }
        }
        whole
    }

    fn known(&self, name: &str, event: &Event) -> Known {
        if self.own.contains(name) {
            return Known::Nothing;
        }
        let set_for = |kind: Kind| {
            if event.kind == kind {
                Known::Set
            } else {
                Known::Unset
            }
        };
        match name {
            "CI" | "GITLAB_CI" => Known::Text("true"),
            "CI_PIPELINE_SOURCE" => Known::Text(event.source),
            "CI_COMMIT_BRANCH" => set_for(Kind::Branch),
            "CI_COMMIT_TAG" => set_for(Kind::Tag),
            "CI_MERGE_REQUEST_ID"
            | "CI_MERGE_REQUEST_IID"
            | "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"
            | "CI_MERGE_REQUEST_TARGET_BRANCH_NAME" => set_for(Kind::MergeRequest),
            _ if name.starts_with("CI_MERGE_REQUEST_") && event.kind != Kind::MergeRequest => {
                Known::Unset
            }
            "CI_COMMIT_REF_NAME"
            | "CI_COMMIT_REF_SLUG"
            | "CI_COMMIT_SHA"
            | "CI_DEFAULT_BRANCH"
            | "CI_PROJECT_PATH"
            | "CI_PROJECT_NAME"
            | "CI_PROJECT_NAMESPACE" => Known::Set,
            _ => Known::Nothing,
        }
    }
}

fn all() -> Vec<Event> {
    let request = PipelineSource::merge_request();
    let child = PipelineSource::parent_pipeline();
    let of = |source: &'static str| -> &'static [Kind] {
        if source == request.as_str() {
            &[Kind::MergeRequest]
        } else if source == child.as_str() {
            &[Kind::Branch, Kind::Tag, Kind::MergeRequest]
        } else {
            &[Kind::Branch, Kind::Tag]
        }
    };
    let sources = PipelineSource::KNOWN.iter().copied();
    let kinds = sources.flat_map(|source| of(source).iter().map(move |kind| (*kind, source)));
    kinds.map(|(kind, source)| Event { kind, source }).collect()
}
