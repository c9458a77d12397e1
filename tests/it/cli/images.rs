//! Images whose names come to nothing, or to half a name.

use super::Project;
use super::doctor::without_versions;

const NOTHING: &str = r#"
build:
  script: "true"
  image: "$NO_SUCH_IMAGE"
"#;

const HALF: &str = r#"
variables:
  TOOLS: $REGISTRY/tools

build:
  script: "true"
  image: "$TOOLS:1"

test:
  script: "true"
  image: pipe-test-busybox:1
  needs: []
"#;

#[track_caller]
fn golden(name: &str, shown: &str) {
    without_versions().bind(|| insta::assert_snapshot!(name, shown));
}

#[test]
fn an_image_that_comes_to_nothing_names_its_variables() {
    let project = Project::new(NOTHING).env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    golden("image_of_nothing", &project.pipe(&["run"]));
    let offline = project.pipe(&["run", "--offline"]);
    assert!(offline.contains("`NO_SUCH_IMAGE` is empty"), "{offline}");
    // The shell executor asks for no image.
    let shell = project.pipe(&["run", "--executor", "shell"]);
    assert!(shell.contains("--- exit 0"), "{shell}");
}

#[test]
fn an_image_that_comes_to_nothing_is_the_default_one_in_docker() {
    let project = Project::new(NOTHING).env("PIPE_DEFAULT_IMAGE", "pipe-test-busybox:1");
    for arguments in [&["run"][..], &["run", "--offline"]] {
        let shown = project.pipe(arguments);
        assert!(shown.contains("--- exit 0"), "{shown}");
    }
    let given = [
        "run",
        "--var",
        "NO_SUCH_IMAGE=pipe-test-absent:1",
        "--offline",
    ];
    let shown = project.pipe(&given);
    assert!(
        shown.contains("image `pipe-test-absent:1` is not on this machine"),
        "{shown}"
    );
}

#[test]
fn half_a_name_fails_its_job_at_once_in_docker() {
    let project = Project::new(HALF);
    golden("doctor_half_an_image", &project.pipe(&["doctor"]));
    for arguments in [&["run"][..], &["run", "--offline"]] {
        let shown = project.pipe(arguments);
        let told = "image `$TOOLS:1` comes to `/tools:1`, which is no name of an image: `REGISTRY` is empty";
        assert!(shown.contains(told), "{shown}");
        assert!(shown.contains("--- exit 1"), "{shown}");
        assert!(shown.contains("1 failed, 1 passed"), "{shown}");
        assert!(!shown.contains("trying again"), "{shown}");
    }
}
