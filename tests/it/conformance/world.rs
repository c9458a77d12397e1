//! The repository that every case is laid out in, and its events, in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipe::tested::config::{self, BadRevision, Changes, FileProvider, ReadError, Request, Start};
use pipe::tested::diag::Severity;
use pipe::tested::plan::{
    self, GivenVariable, IncludeScope, PipelineFacts, Plan, Project, Server, User,
};
use pipe::tested::types::{CommitFacts, PipelineSource, RefClass, RefKind, Reference};

use super::case::Case;

/// Revisions that the repository knows.
const REVISIONS: &[&str] = &[
    "HEAD",
    "master",
    "issue-12",
    "develop",
    "release-1.0",
    "v1.0",
];

/// What a pipeline is made for.
pub(super) struct Event {
    kind: RefKind,
    name: String,
    source: &'static str,
}

impl Event {
    /// `branch:NAME`, `tag:NAME`, `merge_request:SOURCE`, or `EVENT:BRANCH`.
    pub(super) fn parse(text: &str) -> Self {
        let (kind, name) = text.split_once(':').unwrap_or((text, "master"));
        let (kind, source) = match kind {
            "branch" => (RefKind::Branch, "push"),
            "tag" => (RefKind::Tag, "push"),
            "merge_request" => {
                let target = "master".to_owned();
                (RefKind::MergeRequest { target }, "merge_request_event")
            }
            other => {
                let known = PipelineSource::KNOWN
                    .iter()
                    .copied()
                    .find(|known| *known == other);
                (
                    RefKind::Branch,
                    known.expect("the case names an event of GitLab"),
                )
            }
        };
        Self {
            kind,
            name: name.to_owned(),
            source,
        }
    }
}

/// The repository of a case at one event.
pub(super) struct World<'a> {
    case: &'a Case,
    facts: PipelineFacts,
}

/// What came of it.
pub(super) struct Made {
    pub(super) errors: Vec<String>,
    pub(super) created: bool,
    pub(super) plan: Option<Plan>,
}

impl<'a> World<'a> {
    pub(super) fn new(case: &'a Case, event: &Event) -> Self {
        Self {
            case,
            facts: facts(event, &case.verdict.vars),
        }
    }

    /// The pipeline that we would make.
    pub(super) fn pipeline(&self) -> Made {
        let scope = IncludeScope::new(&self.facts);
        let loaded = config::load(&Request {
            start: Start::File(".gitlab-ci.yml"),
            files: self,
            lookup: scope.lookup(),
            expand: &|text| scope.path(text),
            expand_known: &|text| scope.known(text),
            inputs: &[],
        });
        let mut found = loaded.diagnostics;
        let outcome = loaded
            .config
            .map(|config| plan::build(&config, &self.facts, self));
        found.extend(
            outcome
                .iter()
                .flat_map(|outcome| outcome.diagnostics.clone()),
        );
        Made {
            errors: found
                .into_iter()
                .filter(|diagnostic| diagnostic.severity == Severity::Error)
                .map(|diagnostic| diagnostic.message)
                .collect(),
            created: outcome
                .as_ref()
                .is_some_and(|made| made.reason.is_none() && made.diagnostics.is_empty()),
            plan: outcome.map(|outcome| outcome.plan),
        }
    }

    /// Changes are known for pushes to branches where the case gives them, and for merge requests.
    fn event_changes(&self) -> Changes {
        let given = &self.case.verdict.changed;
        let known = |paths: &[String]| Changes::Known(paths.into());
        match (&self.facts.reference.kind, self.facts.source.as_str()) {
            (RefKind::Branch, "push") if !given.is_empty() => known(given),
            (RefKind::MergeRequest { .. }, _) => known(given),
            _ => Changes::Unknown,
        }
    }
}

impl FileProvider for World<'_> {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        let text = self.case.files.get(path).ok_or(ReadError::NotFound)?;
        Ok(text.as_str().into())
    }

    fn paths(&self) -> Arc<[String]> {
        self.case.files.keys().cloned().collect()
    }

    fn changes(&self, compare_to: Option<&str>) -> Result<Changes, BadRevision> {
        let Some(revision) = compare_to else {
            return Ok(self.event_changes());
        };
        let name = revision
            .trim_start_matches("refs/heads/")
            .trim_start_matches("origin/");
        if !REVISIONS.contains(&name) {
            return Err(BadRevision(revision.to_owned()));
        }
        Ok(Changes::Known(self.case.verdict.changed.clone().into()))
    }
}

fn facts(event: &Event, vars: &BTreeMap<String, String>) -> PipelineFacts {
    PipelineFacts {
        reference: Reference {
            kind: event.kind.clone(),
            name: event.name.clone(),
            class: RefClass::Other,
            default_branch: "master".to_owned(),
            protected: event.kind == RefKind::Branch && event.name == "master",
        },
        commit: CommitFacts {
            sha: "1".repeat(40),
            message: "first\n".to_owned(),
            ..CommitFacts::default()
        },
        source: PipelineSource(event.source.to_owned()),
        project: Project {
            path: "group/project".to_owned(),
            server: Server {
                protocol: "https".to_owned(),
                host: "gitlab.example.com".to_owned(),
                port: None,
                ssh_port: 22,
            },
        },
        user: User::default(),
        config_path: ".gitlab-ci.yml".to_owned(),
        created_at: "2026-01-02T03:04:05Z".to_owned(),
        iid: 1,
        settings: Vec::new(),
        given: vars
            .iter()
            .map(|(key, value)| GivenVariable::new(key, value))
            .collect(),
    }
}
