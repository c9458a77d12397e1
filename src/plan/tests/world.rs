//! A pipeline for a text and an event, in memory.

use std::sync::Arc;

use crate::config::tests::world::{Tree, none_is_broken};
use crate::expr::expand::SettingPlace;
use crate::plan::{
    GivenVariable, Outcome, PipelineFacts, Plan, Project, RunFacts, Server, SettingVariable, User,
    build, job_variables,
};
use crate::types::{
    CommitFacts, Late, PipelineSource, RefClass, RefKind, Reference, VariableLevel,
};

/// A configuration and what it is made for.
#[derive(Debug, Clone)]
pub(super) struct Case {
    tree: Tree,
    facts: PipelineFacts,
}

impl Case {
    /// `text` at an event: `branch NAME`, `tag NAME`, `mr SOURCE`, or a source of GitLab and a
    /// branch, like `schedule main`.
    pub(super) fn new(text: &str, event: &str) -> Self {
        let (word, name) = event.split_once(' ').expect("an event and a name");
        let (kind, source) = match word {
            "branch" => (RefKind::Branch, "push"),
            "tag" => (RefKind::Tag, "push"),
            "mr" => {
                let target = "main".to_owned();
                (RefKind::MergeRequest { target }, "merge_request_event")
            }
            source => (RefKind::Branch, source),
        };
        Self {
            tree: Tree::of(text).with("src/lib.c", "").with("README.md", ""),
            facts: facts(kind, name, source),
        }
    }

    /// The same with another configuration.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.tree = self.tree.with(".gitlab-ci.yml", text);
        self
    }

    /// The same on a tag, where the event names a branch.
    pub(super) fn on_tag(mut self) -> Self {
        self.facts.reference.kind = RefKind::Tag;
        self
    }

    /// The same where it takes a moment to know what was there before the push.
    pub(super) fn before(mut self, find: fn() -> String) -> Self {
        self.facts.commit.before_sha = Some(Late::new(find));
        self
    }

    /// The same with known changed files.
    pub(super) fn changed(mut self, paths: &[&str]) -> Self {
        self.tree = self.tree.changed(paths);
        self
    }

    /// The same with a variable given to the pipeline.
    pub(super) fn given(mut self, key: &str, value: &str) -> Self {
        self.facts.given.push(GivenVariable::new(key, value));
        self
    }

    /// The same with a variable that the project has.
    pub(super) fn setting(self, key: &str, value: &str, scope: &str, protected: bool) -> Self {
        self.setting_at(VariableLevel::Project, (key, value), scope, protected)
    }

    /// The same with a variable that the project, a group of it or the instance has.
    pub(super) fn setting_at(
        mut self,
        level: VariableLevel,
        (key, value): (&str, &str),
        scope: &str,
        protected: bool,
    ) -> Self {
        self.facts.settings.push(SettingVariable {
            place: SettingPlace {
                level,
                file: "variables.yml".into(),
                line: None,
            }
            .into(),
            key: key.into(),
            value: value.into(),
            raw: false,
            file: false,
            masked: false,
            protected,
            scope: scope.into(),
        });
        self
    }

    /// The same with another commit message.
    pub(super) fn message(mut self, message: &str) -> Self {
        message.clone_into(&mut self.facts.commit.message);
        self
    }

    pub(super) fn outcome(&self) -> Outcome {
        let loaded = self.tree.load();
        let config = loaded
            .config
            .unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        build(&config, &self.facts, &self.tree)
    }

    pub(super) fn plan(&self) -> Plan {
        self.outcome().plan
    }

    /// What the pipeline is for.
    pub(super) fn facts(&self) -> &PipelineFacts {
        &self.facts
    }

    /// The value of a variable in the shell of the first job.
    pub(super) fn in_shell(&self, key: &str) -> Option<String> {
        let plan = self.plan();
        let run = RunFacts {
            pipeline_id: 7,
            job_id: 70,
            builds_dir: "/builds".to_owned(),
            project_dir: "/builds/group/project".to_owned(),
            started_at: "2026-01-02T03:04:06Z".to_owned(),
            timeout: 3600,
            image: Some("debian:12".to_owned()),
            disposable: true,
            slot: 0,
            runner: "a runner".to_owned(),
            dotenv: Vec::new(),
        };
        let temp_dir = "/builds/group/project.tmp";
        let variables = job_variables(&plan, &plan.jobs[0], &self.facts, &run, temp_dir);
        variables.value(key).map(str::to_owned)
    }

    /// The jobs' names, or `! code` of the first error, or `- reason` without a pipeline.
    pub(super) fn jobs(&self) -> String {
        let outcome = self.outcome();
        match (outcome.diagnostics.first(), &outcome.reason) {
            (Some(diagnostic), _) => format!("! {}", diagnostic.code.as_str()),
            (None, Some(reason)) => format!("- {reason}"),
            (None, None) => names(&outcome.plan),
        }
    }
}

/// Names of a plan's jobs.
pub(super) fn names(plan: &Plan) -> String {
    let names: Vec<&str> = plan.jobs.iter().map(crate::plan::Job::name).collect();
    names.join(" ")
}

/// Checks texts against the jobs at an event, beside a job `z` that is always there.
pub(super) fn check(rows: &[(&str, &str, &str)]) {
    let broken: Vec<String> = rows
        .iter()
        .filter_map(|(text, event, expected)| {
            let found = Case::new(text, event).jobs();
            (found != *expected).then(|| {
                format!("{text} at {event}\n    expected: {expected}\n    found:    {found}")
            })
        })
        .collect();
    none_is_broken(&broken);
}

fn facts(kind: RefKind, name: &str, source: &str) -> PipelineFacts {
    PipelineFacts {
        reference: Reference {
            protected: kind == RefKind::Branch && name == "main",
            kind,
            name: name.to_owned(),
            class: RefClass::Other,
            default_branch: "main".to_owned(),
        },
        commit: CommitFacts {
            sha: "1".repeat(40),
            message: "words\n".to_owned(),
            ..CommitFacts::default()
        },
        source: PipelineSource(source.to_owned()),
        project: Project {
            path: "group/project".to_owned(),
            server: Server {
                protocol: "https".to_owned(),
                host: "gitlab.example.com".to_owned(),
                port: None,
                ssh_port: 22,
            },
        },
        user: User {
            login: "me".to_owned(),
            ..User::default()
        },
        config_path: ".gitlab-ci.yml".to_owned(),
        created_at: "2026-01-02T03:04:05Z".to_owned(),
        iid: 1,
        settings: Vec::new(),
        given: Vec::new(),
    }
}

/// The value that a job's YAML variables give to a name.
pub(super) fn yaml_variable(plan: &Plan, job: &str, key: &str) -> Option<Arc<str>> {
    let job = plan.jobs.iter().find(|other| other.name() == job)?;
    let variable = job
        .variables
        .iter()
        .find(|variable| &*variable.key == key)?;
    Some(Arc::clone(&variable.value))
}
