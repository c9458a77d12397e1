//! `pipe lint --server` against a stub of GitLab's API.

use std::fs;

use super::web_server::{Ask, Reply, WebServer};
use crate::cli::Project;

/// A server that answers so to whoever has the token and asks about `grp/app`.
fn gitlab(answer: &'static str) -> WebServer {
    WebServer::http(move |ask: &Ask| {
        if ask.header("authorization") != Some("Bearer s3cret-token") {
            return Reply::Text(401, "{}".to_owned());
        }
        match (ask.method.as_str(), ask.target.as_str()) {
            ("POST", "/api/v4/projects/grp%2Fapp/ci/lint") => Reply::Text(200, answer.to_owned()),
            _ => Reply::Text(404, "{}".to_owned()),
        }
    })
}

fn checkout(server: &WebServer, pipeline: &str) -> Project {
    let project = Project::new(pipeline);
    project.git(&["remote", "add", "origin", &server.address("/grp/app.git")]);
    fs::write(project.home().join("token"), "s3cret-token\n").expect("a file");
    project
        .env("PIPE_LOCAL_HOSTS", "127.0.0.1")
        .env("PIPE_SERVER_URL", &server.address(""))
        .env("PIPE_TOKEN_FILE", "~/token")
}

/// A golden file in which the server has no port.
#[track_caller]
fn golden(name: &str, shown: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.add_filter(r"127\.0\.0\.1:\d{4,5}", "127.0.0.1:[port]");
    settings.bind(|| insta::assert_snapshot!(name, shown));
}

const VALID: &str = "build: {stage: build, script: make}\ntest: {script: make test}\n";

#[test]
fn both_verdicts_stand_side_by_side() {
    for (name, pipeline, answer) in [
        (
            "lint_server_same",
            VALID,
            r#"{"valid":true,"errors":[],"warnings":["may be two pipelines"],"jobs":[{"name":"build","stage":"build"},{"name":"test","stage":"test"}]}"#,
        ),
        (
            "lint_server_other_jobs",
            VALID,
            r#"{"valid":true,"errors":[],"warnings":[],"jobs":[{"name":"build","stage":"test"},{"name":"test","stage":"test"},{"name":"more","stage":"test"}]}"#,
        ),
        (
            "lint_server_other_verdict",
            VALID,
            r#"{"valid":false,"errors":["jobs:test config is odd"],"warnings":[]}"#,
        ),
        (
            "lint_server_mistakes",
            "test: {script: make, stage: none, retry: 9}\n",
            r#"{"valid":false,"errors":["test job: chosen stage none does not exist"],"warnings":[],"jobs":[]}"#,
        ),
    ] {
        let server = gitlab(answer);
        let shown = checkout(&server, pipeline).pipe(&["lint", "--server"]);
        golden(name, &shown);
        let body = String::from_utf8(server.asked()[0].body.clone()).expect("text");
        let sent: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(sent["content"], pipeline);
    }
}

#[test]
fn programs_get_both_as_json() {
    let server = gitlab(r#"{"valid":true,"errors":[],"warnings":[],"jobs":[]}"#);
    let shown = checkout(&server, VALID).pipe(&["lint", "--server", "--format", "json"]);
    golden("lint_server_json", &shown);
}

#[test]
fn a_server_that_does_not_answer_is_told() {
    let server = gitlab("<html>");
    for (token, expected) in [
        ("other", "the server answers 401"),
        ("s3cret-token", "its answer is no JSON"),
    ] {
        let project = checkout(&server, VALID);
        fs::write(project.home().join("token"), token).expect("a file");
        let shown = project.pipe(&["lint", "--server"]);
        assert!(shown.contains("can't be asked about `grp/app`"), "{shown}");
        assert!(
            shown.contains(expected) && shown.contains("--- exit 4"),
            "{shown}"
        );
    }
}
