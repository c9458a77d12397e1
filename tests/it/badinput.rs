//! What goes wrong, and what `pipe` says: one clear message with its place and what to do. The
//! mistakes in a configuration itself are in `fixtures`.

use std::fs;
use std::os::unix::fs::symlink;

use crate::cli::Project;
use crate::golden::golden;

const PIPELINE: &str = r"
stages: [build, deploy]

default:
  image: pipe-test-absent:1

build:
  stage: build
  script: make

unit test:
  stage: build
  image: pipe-test-absent:2
  script: make test

release:
  stage: deploy
  script: make release
  rules:
    - if: $CI_COMMIT_TAG

rollback:
  stage: deploy
  script: make rollback
  when: manual

after rollback:
  stage: deploy
  needs: [rollback]
  script: make check

staging:
  stage: deploy
  script: make deploy
  environment: staging
";

/// Jobs in one branch only.
const ONLY_TAGS: &str = "build:\n  script: make\n  rules:\n    - if: $CI_COMMIT_TAG\n";

const NO_TAGS: &str = "workflow:\n  rules:\n    - if: $CI_COMMIT_TAG\n      when: never\n    - when: always\nbuild:\n  script: make\n";

fn pipeline() -> Project {
    Project::new(PIPELINE)
}

#[test]
fn the_place_is_wrong() {
    let outside = Project::empty();
    fs::remove_dir_all(outside.root().join(".git")).expect("it is there");
    golden!("not_a_repository", &outside.pipe(&["run"]));
    golden!(
        "no_such_folder",
        &pipeline().pipe(&["-C", "nowhere", "run"]),
    );
    golden!("no_commit", &Project::empty().pipe(&["run"]));
    let bare = Project::empty();
    bare.git(&["init", "-q", "--bare", "bare.git"]);
    golden!("bare", &bare.pipe(&["-C", "bare.git", "run"]));
}

#[test]
fn the_file_is_wrong() {
    let none = Project::empty();
    none.commit();
    golden!("no_file", &none.pipe(&["run"]));
    golden!(
        "no_such_file",
        &pipeline().pipe(&["-f", "ci/pipeline.yml", "run"]),
    );
    golden!("empty_file", &Project::new("").pipe(&["run"]));
    golden!(
        "only_comments",
        &Project::new("# build:\n#   script: make\n").pipe(&["run"]),
    );
    golden!("several_mistakes", &Project::new("build:\n  scirpt: make\n\ntest:\n  script: make test\n  stage: tset\n  needs: [biuld]\n\ndocs:\n  script: make docs\n  retry: 5\n").pipe(&["run"]));
}

#[test]
fn an_include_leads_outside() {
    for (name, include) in [
        ("include_up", "../secret.yml"),
        ("include_link", "ci/secret.yml"),
        ("include_linked_folder", "out/secret.yml"),
    ] {
        let project = Project::empty();
        fs::write(
            project.home().join("../secret.yml"),
            "secret:\n  script: cat\n",
        )
        .expect("it can be written");
        project.write("ci/build.yml", "build:\n  script: make\n");
        symlink("../../secret.yml", project.root().join("ci/secret.yml"))
            .expect("a link can be made");
        symlink("..", project.root().join("out")).expect("a link can be made");
        project.write(
            ".gitlab-ci.yml",
            &format!("include:\n  - ci/build.yml\n  - {include}\n"),
        );
        project.commit();
        golden!(name, &project.pipe(&["lint"]));
    }
}

#[test]
fn the_machine_lacks_something() {
    let dead = "unix:///nonexistent/docker.sock";
    golden!(
        "no_daemon",
        &pipeline()
            .env("DOCKER_HOST", dead)
            .env("PIPE_EXECUTOR", "docker")
            .pipe(&["run"]),
    );
    golden!(
        "foreign_daemon",
        &pipeline()
            .env("DOCKER_HOST", "tcp://prod.example:2376")
            .pipe(&["run", "--offline"]),
    );
    let nowhere = pipeline();
    fs::write(nowhere.home().join("state"), "").expect("it can be written");
    let state = nowhere.home().join("state/of").display().to_string();
    golden!(
        "no_state",
        &nowhere.env("XDG_STATE_HOME", &state).pipe(&["run"]),
    );
}

#[test]
fn a_job_is_not_there() {
    for (name, arguments) in [
        ("job_misspelled", &["run", "--job", "biuld"][..]),
        ("job_unknown", &["run", "documentation"]),
        ("job_template", &["run", "--exclude", "lint"]),
        ("job_of_another_ref", &["run", "--job", "release"]),
        ("job_needs_manual", &["run", "--job", "after rollback"]),
        ("manual_not_manual", &["run", "--manual", "unit test"]),
        ("stage_misspelled", &["run", "--stage", "biuld"]),
        ("environment_misspelled", &["run", "--deploy=stagin"]),
        ("environment_unknown", &["run", "--deploy=production"]),
    ] {
        golden!(name, &pipeline().pipe(arguments));
    }
    golden!(
        "environment_none",
        &Project::new("build:\n  script: make\n").pipe(&["run", "--deploy=staging"]),
    );
}

/// A script that always leaves a job out works on every ref; only the daemon is missing here.
#[test]
fn leaving_out_what_is_not_there_is_no_mistake() {
    let project = pipeline()
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        .env("PIPE_EXECUTOR", "docker");
    for name in ["release", "rel*"] {
        let shown = project.pipe(&["run", "--exclude", name]);
        assert!(shown.contains("error[executor-unavailable]"), "{shown}");
    }
}

#[test]
fn there_is_nothing_to_run() {
    golden!(
        "no_job_for_this_ref",
        &Project::new(ONLY_TAGS).pipe(&["run"]),
    );
    golden!(
        "job_without_pipeline",
        &Project::new(ONLY_TAGS).pipe(&["run", "build"]),
    );
    golden!(
        "workflow_says_no",
        &Project::new(NO_TAGS).pipe(&["run", "--tag", "v1"]),
    );
    golden!(
        "all_excluded",
        &Project::new("build:\n  script: make\n").pipe(&["run", "--exclude", "build"]),
    );
}

#[test]
fn a_repository_asks_for_too_much() {
    let project = pipeline();
    project.write(
        ".pipe/config.toml",
        "executor = \"shell\"\ndocker-host = \"unix:///tmp/x.sock\"\nvolumes = [\"/:/host\"]\n",
    );
    project.commit();
    golden!("repository_settings", &project.pipe(&["run"]));
}

#[test]
fn a_keyword_is_refused() {
    let configuration = "default:\n  image: pipe-test-absent:1\n\ntest:\n  script: make test\n  identity: google_cloud\n\nbrowser:\n  script: make browser\n  identity: google_cloud\n\nother:\n  trigger: group/other\n";
    golden!(
        "refused_keywords",
        &Project::new(configuration).pipe(&["run"]),
    );
}

#[test]
fn an_option_is_wrong() {
    for (name, arguments) in [
        ("source_misspelled", &["list", "--source", "shedule"][..]),
        ("source_unknown", &["list", "--source", "moon"]),
        ("var_without_value", &["list", "--var", "LEVEL"]),
        ("var_without_name", &["list", "--var", "=high"]),
        ("var_bad_name", &["list", "--var", "MY-LEVEL=s3cret"]),
        ("var_secret", &["list", "--var", "s3cret word"]),
        ("jobs_zero", &["run", "--jobs", "0"]),
        ("executor_unknown", &["run", "--executor", "podman"]),
        ("option_unknown", &["run", "--jbo", "build"]),
        ("command_unknown", &["rnu"]),
        ("branch_bad_name", &["list", "--branch", "a b~^:?"]),
        ("tag_bad_name", &["list", "--tag", ".."]),
        (
            "source_branch_bad_name",
            &["list", "--merge-request", "--source-branch", "a..b"],
        ),
        (
            "target_branch_bad_name",
            &["list", "--merge-request", "--target-branch", "a.lock"],
        ),
        ("named_and_excluded", &["run", "build", "--exclude", "b*"]),
        ("branch_and_tag", &["run", "--branch", "a", "--tag", "b"]),
        ("man_unknown", &["man", "rnu"]),
    ] {
        golden!(name, &pipeline().pipe(arguments));
    }
}

/// As a script writes them whose variable is not set.
#[test]
fn an_empty_value_never_chooses_more() {
    golden!("deploy_empty", &pipeline().pipe(&["run", "--deploy="]));
    golden!("stage_empty", &pipeline().pipe(&["run", "--stage", ""]));
    let project = pipeline();
    for arguments in [
        &["run", ""][..],
        &["run", "--deploy=staging", "--deploy="],
        &["run", "--job", ""],
        &["run", "--job="],
        &["run", "--stage="],
        &["run", "--exclude="],
        &["run", "--manual="],
        &["run", "--jobs="],
        &["run", "--executor="],
        &["list", "--var="],
        &["list", "--changed="],
        &["list", "--branch="],
        &["list", "--tag="],
        &["list", "--source="],
        &["list", "--merge-request", "--source-branch="],
        &["list", "--merge-request", "--target-branch="],
        &["list", "--input="],
        &["list", "--input-file="],
        &["list", "--file="],
        &["--file=", "list"],
        &["-C", "", "list"],
        &["lint", "--changed="],
        &["doctor", "--tag="],
        &["man", ""],
    ] {
        let shown = project.pipe(arguments);
        assert!(shown.contains("--- exit 2"), "{shown}");
    }
    for (name, value) in [
        ("PIPE_DEPLOY", ""),
        ("PIPE_EXECUTOR", ""),
        ("PIPE_FILE", ""),
    ] {
        let shown = pipeline().env(name, value).pipe(&["run"]);
        assert!(shown.contains("--- exit 2"), "{shown}");
    }
}

#[test]
fn deploy_alone_still_means_all() {
    let dead = pipeline()
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        .env("PIPE_EXECUTOR", "docker");
    let shown = dead.pipe(&["run", "--deploy"]);
    assert!(shown.contains("error[executor-unavailable]"), "{shown}");
    let shell = Project::new("p: {script: echo released, environment: production}\n");
    let shown = shell.pipe(&[
        "run",
        "--executor",
        "shell",
        "--format",
        "plain",
        "--deploy",
    ]);
    assert!(shown.contains("p > released"), "{shown}");
}

#[test]
fn changed_files_replace_those_of_git() {
    let project = Project::new(
        "a:\n  script: make\n  rules:\n    - changes: [src/*]\nb:\n  script: make\n  rules:\n    - changes: [lib/*]\n",
    );
    golden!("changed", &project.pipe(&["list", "--changed", "src/a"]));
    golden!(
        "changed_on_a_tag",
        &project.pipe(&["list", "--tag", "v1", "--changed", "src/a"]),
    );
}

#[test]
fn images_are_missing_and_none_may_be_brought_in_docker() {
    golden!("offline", &pipeline().pipe(&["run", "--offline"]));
    golden!(
        "no_image",
        &Project::new("build:\n  script: make\n\ntest:\n  script: make test\n").pipe(&[
            "run",
            "--executor",
            "docker",
        ]),
    );
}
