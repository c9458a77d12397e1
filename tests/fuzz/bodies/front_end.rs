//! The whole front end: the text of a configuration → the plan for a branch and a merge request.

use std::sync::Arc;

use pipe::tested::config::{self, BadRevision, Changes, FileProvider, ReadError, Request, Start};
use pipe::tested::plan::{self, IncludeScope, PipelineFacts, Project, Server, User};
use pipe::tested::types::{CommitFacts, PipelineSource, RefClass, RefKind, Reference};

struct Files<'a>(&'a str);

impl FileProvider for Files<'_> {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        match path {
            ".gitlab-ci.yml" => Ok(self.0.into()),
            // A second file that is the first one again: nesting, inputs, loops.
            "inc.yml" => Ok(self.0.into()),
            _ => Err(ReadError::NotFound),
        }
    }

    fn paths(&self) -> Arc<[String]> {
        [".gitlab-ci.yml", "inc.yml", "src/a.c"]
            .map(str::to_owned)
            .into()
    }

    fn changes(&self, compare_to: Option<&str>) -> Result<Changes, BadRevision> {
        match compare_to {
            None | Some("main") => Ok(Changes::Known(["src/a.c".to_owned()].into())),
            Some(other) => Err(BadRevision(other.to_owned())),
        }
    }
}

fn facts(kind: RefKind, source: &str) -> PipelineFacts {
    PipelineFacts {
        reference: Reference {
            kind,
            name: "issue-1".to_owned(),
            class: RefClass::Issue,
            default_branch: "main".to_owned(),
            protected: false,
        },
        commit: CommitFacts {
            sha: "0123456789012345678901234567890123456789".to_owned(),
            message: "first".to_owned(),
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
        user: User::default(),
        config_path: ".gitlab-ci.yml".to_owned(),
        created_at: "2026-01-02T03:04:05Z".to_owned(),
        iid: 1,
        settings: Vec::new(),
        given: Vec::new(),
    }
}

/// `text` is the file.
pub fn feed(text: &str) {
    let files = Files(text);
    let target = "main".to_owned();
    for facts in [
        facts(RefKind::Branch, "push"),
        facts(RefKind::MergeRequest { target }, "merge_request_event"),
    ] {
        let scope = IncludeScope::new(&facts);
        let loaded = config::load(&Request {
            start: Start::File(".gitlab-ci.yml"),
            files: &files,
            lookup: scope.lookup(),
            expand: &|text| scope.path(text),
            expand_known: &|text| scope.known(text),
            inputs: &[],
        });
        let _ = pipe::tested::diag::full(&loaded.diagnostics, &loaded.sources, false);
        if let Some(config) = &loaded.config {
            let outcome = plan::build(config, &facts, &files);
            let _ = plan::refusals(&outcome.plan, &|_| false);
        }
    }
}
