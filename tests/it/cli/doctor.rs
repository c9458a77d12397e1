//! `pipe doctor`.

use super::Project;

const PIPELINE: &str = "build:\n  image: pipe-test-absent:1\n  script: make\n\ntest:\n  image: pipe-test-busybox:1\n  script: make test\n\ndocs:\n  script: make docs\n";

#[track_caller]
/// Golden files without what differs from machine to machine.
pub(super) fn without_versions() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.add_filter(
        r"Docker Engine \S+, API [0-9.]+, \w+/\w+",
        "Docker Engine [version]",
    );
    settings.add_filter(r"namespaces of Linux .*", "namespaces of Linux [version]");
    settings
}

fn golden(name: &str, shown: &str) {
    without_versions().bind(|| insta::assert_snapshot!(name, shown));
}

#[test]
fn without_a_daemon() {
    let project = Project::new(PIPELINE)
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        .env("PIPE_JOBS", "4");
    project.write(
        ".pipe/config.toml",
        "default-image = \"pipe-test-busybox:1\"\n",
    );
    project.commit();
    golden("doctor_without_daemon", &project.pipe(&["doctor"]));
    golden(
        "doctor_with_shell",
        &project.env("PIPE_EXECUTOR", "shell").pipe(&["doctor"]),
    );
}

#[test]
fn with_mistakes() {
    let project = Project::new("build:\n  stage: x\n  script: make\n")
        .env("DOCKER_HOST", "tcp://prod.example:2376");
    golden("doctor_with_mistakes", &project.pipe(&["doctor"]));
}

#[test]
fn a_daemon_and_its_images_in_docker() {
    let project = Project::new(PIPELINE);
    golden("doctor_no_default_image", &project.pipe(&["doctor"]));
    golden(
        "doctor",
        &project
            .env("PIPE_DEFAULT_IMAGE", "pipe-test-busybox:1")
            .pipe(&["doctor"]),
    );
}

#[test]
fn without_a_checkout() {
    let project = Project::empty().env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    std::fs::remove_dir_all(project.root().join(".git")).expect("it is there");
    golden("doctor_without_checkout", &project.pipe(&["doctor"]));
}
