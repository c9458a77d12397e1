//! GitLab's templates: from a folder, from an address, from the server's API.

use std::fs;

use super::web_server::{Reply, WebServer};
use crate::cli::Project;

const PIPELINE: &str =
    "include: [{template: Jobs/Build.gitlab-ci.yml}, {template: Ruby.gitlab-ci.yml}]\n";

fn checkout() -> Project {
    Project::new(PIPELINE).env("PIPE_LOCAL_HOSTS", "127.0.0.1")
}

#[test]
fn from_a_folder_or_a_clone_of_gitlab() {
    for below in ["", "lib/gitlab/ci/templates/"] {
        let project = checkout();
        let folder = project.home().join("templates").join(below);
        fs::create_dir_all(folder.join("Jobs")).expect("a folder");
        fs::write(folder.join("Jobs/Build.gitlab-ci.yml"), "b: {script: b}\n").expect("a file");
        fs::write(folder.join("Ruby.gitlab-ci.yml"), "r: {script: r}\n").expect("a file");
        let project = project.env("PIPE_TEMPLATES", "~/templates");
        let shown = project.pipe(&["fetch"]);
        assert!(shown.contains("2 files fetched"), "{shown}");
        fs::remove_dir_all(project.home().join("templates")).expect("it goes");
        let shown = project.pipe(&["list"]);
        assert!(shown.contains("2 jobs\n"), "{shown}");
    }
}

#[test]
fn from_an_address() {
    let server = WebServer::http(|ask| match ask.target.as_str() {
        "/t/Jobs/Build.gitlab-ci.yml" => Reply::Text(200, "b: {script: b}\n".to_owned()),
        "/t/Ruby.gitlab-ci.yml" => Reply::Text(200, "r: {script: r}\n".to_owned()),
        _ => Reply::Text(404, String::new()),
    });
    let shown = checkout()
        .env("PIPE_TEMPLATES", &server.address("/t/"))
        .pipe(&["fetch"]);
    assert!(shown.contains("2 files fetched"), "{shown}");
}

#[test]
fn from_the_server_of_origin() {
    let server = WebServer::http(|ask| match ask.target.as_str() {
        "/api/v4/templates/gitlab_ci_ymls/Ruby" => Reply::Text(
            200,
            r#"{"name":"Ruby","content":"r: {script: r}\n"}"#.to_owned(),
        ),
        _ => Reply::Text(404, String::new()),
    });
    let project = Project::new("include: {template: Ruby.gitlab-ci.yml}\n");
    let origin = server.address("/me/app.git");
    project.git(&["remote", "add", "origin", &origin]);
    let shown = project
        .env("PIPE_LOCAL_HOSTS", "127.0.0.1")
        .pipe(&["fetch"]);
    assert!(shown.contains("1 file fetched"), "{shown}");
    assert_eq!(server.asked()[0].header("authorization"), None);
}

#[test]
fn a_name_that_leads_elsewhere_is_no_template() {
    let project = Project::new("include: {template: ../../secret.gitlab-ci.yml}\n");
    fs::create_dir_all(project.home().join("a/b")).expect("a folder");
    fs::write(
        project.home().join("secret.gitlab-ci.yml"),
        "a: {script: a}\n",
    )
    .expect("a file");
    let shown = project.env("PIPE_TEMPLATES", "~/a/b").pipe(&["fetch"]);
    assert!(shown.contains("that is no name of a template"), "{shown}");
}

#[test]
fn a_folder_without_the_template_is_named() {
    let project = checkout();
    fs::create_dir(project.home().join("empty")).expect("a folder");
    let shown = project.env("PIPE_TEMPLATES", "~/empty").pipe(&["fetch"]);
    assert_eq!(shown.matches("has no such template").count(), 2, "{shown}");
}
