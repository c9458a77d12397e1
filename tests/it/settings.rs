//! Whose settings and variables count: those of the user, wherever the checkout comes from, and
//! no more of the repository's than is safe.

use std::fs;

use crate::cli::Project;

const PIPELINE: &str = "stranger: {script: make}\nfriend: {script: make, rules: [{if: $TOKEN}]}\n";

/// A checkout of `origin` whose user has this `variables.yml`.
fn checkout(origin: &str, variables: &str) -> Project {
    let project = Project::new(PIPELINE);
    project.git(&["remote", "add", "origin", origin]);
    write_home(&project, "variables.yml", variables);
    project
}

/// Writes a file of the user's settings.
fn write_home(project: &Project, name: &str, content: impl AsRef<[u8]>) {
    let folder = project.home().join(".config/pipe");
    fs::create_dir_all(&folder).expect("a folder can be made");
    fs::write(folder.join(name), content).expect("a file can be written");
}

/// A golden file named after the case.
#[track_caller]
fn golden(name: &str, shown: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, shown));
}

#[test]
fn a_clone_from_elsewhere_gets_no_secret() {
    let variables = "project:\n  gitlab.com/acme/app: {TOKEN: s3cret}\n";
    for (origin, expected) in [
        ("https://gitlab.com/acme/app.git", true),
        ("git@gitlab.com:acme/app.git", true),
        ("https://evil.example/gitlab.com/acme/app.git", false),
        ("http://gitlab.com:8080/acme/app", false),
    ] {
        let shown = checkout(origin, variables).pipe(&["list"]);
        assert_eq!(shown.contains("2 jobs"), expected, "{origin}\n{shown}");
    }
}

#[test]
fn the_users_server_does_not_stand_for_that_of_a_clone() {
    let variables = "project:\n  acme/app: {TOKEN: s3cret}\n";
    for (origin, expected) in [
        ("https://gitlab.com/acme/app.git", true),
        ("https://evil.example/acme/app.git", false),
        ("https://evil.example/x/y.git", false),
    ] {
        let project = checkout(origin, variables)
            .env("PIPE_SERVER_URL", "https://gitlab.com")
            .env("PIPE_PROJECT_PATH", "acme/app");
        let shown = project.pipe(&["list"]);
        assert_eq!(shown.contains("2 jobs"), expected, "{origin}\n{shown}");
    }
}

#[test]
fn variables_that_are_left_out_are_told() {
    let variables = "project:\n  acme/app:\n    TOKEN: s3cret\n";
    let elsewhere = checkout("https://evil.example/acme/app.git", variables);
    golden("key_without_host", &elsewhere.pipe(&["list"]));
    let variables = "project:\n  gitlab.com/acme/app:\n    TOKEN: s3cret\n";
    let other_port = checkout("http://gitlab.com:8080/acme/app", variables);
    golden("key_of_another_port", &other_port.pipe(&["list"]));
}

#[test]
fn what_is_told_of_variables_shows_no_value() {
    let variables = "project: {acme/app: {TOKEN: s3cret}}\n";
    let shown = checkout("https://evil.example/acme/app.git", variables).pipe(&["list"]);
    assert!(shown.contains("variables.yml:1:11"), "{shown}");
    assert!(!shown.contains("s3cret"), "{shown}");
}
