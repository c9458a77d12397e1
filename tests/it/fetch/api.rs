//! CI/CD variables by GitLab's API, from a stub.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::web_server::{Ask, Reply, WebServer};
use crate::cli::Project;

const PIPELINE: &str = "a: {script: a, rules: [{if: $PLAIN == \"yes\"}]}\nb: {script: b, rules: [{if: $OF_GROUP}]}\nc: {script: c, rules: [{if: $SECRET}]}\n";

/// A server with variables of `grp/app` and of `grp`, for who has the token.
fn gitlab() -> WebServer {
    WebServer::http(|ask: &Ask| {
        if ask.header("authorization") != Some("Bearer s3cret-token") {
            return Reply::Text(401, r#"{"message":"401 Unauthorized"}"#.to_owned());
        }
        let page = |text: &str, next: &str| {
            let header = ("X-Next-Page".to_owned(), next.to_owned());
            Reply::Bytes(200, vec![header], text.as_bytes().to_vec())
        };
        match ask.target.as_str() {
            "/api/v4/projects/grp%2Fapp/variables?per_page=100&page=1" => page(
                r#"[{"key":"PLAIN","value":"yes","variable_type":"env_var","environment_scope":"*","protected":false,"masked":false}]"#,
                "2",
            ),
            "/api/v4/projects/grp%2Fapp/variables?per_page=100&page=2" => page(
                r#"[{"key":"SECRET","value":"hunter22222","masked":true,"environment_scope":"production"},{"key":"GONE","value":null,"masked":true,"hidden":true}]"#,
                "",
            ),
            "/api/v4/groups/grp/variables?per_page=100&page=1" => page(
                r#"[{"key":"OF_GROUP","value":"1"},{"key":"PLAIN","value":"no"}]"#,
                "",
            ),
            _ => Reply::Text(404, "{}".to_owned()),
        }
    })
}

/// A checkout of `grp/app`; the user has a token for that server.
fn checkout(server: &WebServer, origin: &str) -> Project {
    let project = Project::new(PIPELINE);
    project.git(&["remote", "add", "origin", origin]);
    fs::write(project.home().join("token"), "s3cret-token\n").expect("a file");
    project
        .env("PIPE_LOCAL_HOSTS", "127.0.0.1")
        .env("PIPE_SERVER_URL", &server.address(""))
        .env("PIPE_TOKEN_FILE", "~/token")
}

#[test]
fn variables_come_without_secrets_and_stay() {
    let server = gitlab();
    let project = checkout(&server, &server.address("/grp/app.git"));
    let shown = project.pipe(&["fetch", "--variables"]);
    assert!(
        shown.contains("3 variables of 127.0.0.1:") && shown.contains("--- exit 0"),
        "{shown}"
    );
    assert!(shown.contains("2 variables masked or hidden"), "{shown}");
    assert!(
        shown.contains("  SECRET (production)\n") && shown.contains("  GONE\n"),
        "{shown}"
    );
    drop(server);
    let shown = project.pipe(&["list"]);
    assert!(
        shown.contains("  a  ") && shown.contains("  b  "),
        "{shown}"
    );
    assert!(shown.contains("2 jobs"), "{shown}");
    let kept = fs::read_dir(project.home().join(".local/state/pipe/variables")).expect("a folder");
    for file in kept {
        let path = file.expect("a file").path();
        let text = fs::read_to_string(&path).expect("text");
        assert!(
            text.contains("OF_GROUP") && !text.contains("hunter2"),
            "{text}"
        );
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_clone_from_elsewhere_gets_nothing() {
    let server = gitlab();
    let project = checkout(&server, "https://evil.example/grp/app.git");
    let shown = project.pipe(&["fetch", "--variables"]);
    assert!(
        shown.contains("which is not on the server of your settings"),
        "{shown}"
    );
    assert!(shown.contains("--- exit 4"), "{shown}");
    assert!(server.asked().is_empty());

    // What was fetched for the project itself does not count for it either.
    let own = checkout(&server, &server.address("/grp/app.git"));
    own.pipe(&["fetch", "--variables"]);
    own.git(&[
        "remote",
        "set-url",
        "origin",
        "https://evil.example/grp/app.git",
    ]);
    let shown = own.pipe(&["list"]);
    assert!(shown.contains("0 jobs"), "{shown}");
}

#[test]
fn without_a_token_the_settings_to_make_are_named() {
    let project = Project::new(PIPELINE);
    let shown = project.pipe(&["fetch", "--variables"]);
    assert!(
        shown.contains("your settings name no server, and no token for it"),
        "{shown}"
    );
    assert!(shown.contains("`token-file = \"~/…\"`"), "{shown}");

    let server = gitlab();
    let project = checkout(&server, &server.address("/grp/app.git"));
    fs::write(project.home().join("token"), "other").expect("a file");
    let shown = project.pipe(&["fetch", "--variables"]);
    assert!(shown.contains("the server answers 401"), "{shown}");
    assert!(!shown.contains("other"), "{shown}");
}

#[test]
fn a_token_goes_to_no_other_server() {
    let elsewhere = WebServer::http(|_| Reply::Text(200, "[]".to_owned()));
    let there = elsewhere.address("/stolen");
    let server = WebServer::http(move |_| Reply::Redirect(there.clone()));
    let project = checkout(&server, &server.address("/grp/app.git"));
    project.pipe(&["fetch", "--variables"]);
    for ask in elsewhere.asked() {
        assert_eq!(ask.header("authorization"), None);
    }
    // Nor to the server of a clone, where the settings name none.
    let project = Project::new("include: {template: Ruby.gitlab-ci.yml}\n");
    project.git(&[
        "remote",
        "add",
        "origin",
        &elsewhere.address("/grp/app.git"),
    ]);
    fs::write(project.home().join("token"), "s3cret-token").expect("a file");
    let project = project
        .env("PIPE_LOCAL_HOSTS", "127.0.0.1")
        .env("PIPE_TOKEN_FILE", "~/token");
    project.pipe(&["fetch"]);
    let asked = elsewhere.asked();
    assert!(
        asked
            .last()
            .is_some_and(|ask| ask.target.contains("gitlab_ci_ymls"))
    );
    assert!(
        asked
            .iter()
            .all(|ask| ask.header("authorization").is_none())
    );
}
