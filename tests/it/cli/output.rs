//! Where the words of a command go: a full disk is an error, a reader that has seen enough is not.

use std::fs::File;
use std::process::Stdio;

use super::Project;

/// Every command that prints what was asked for; `lint` finds nothing to say on stdout in full.
const COMMANDS: [&[&str]; 12] = [
    &["list"],
    &["list", "--format", "json"],
    &["lint", "--format", "concise"],
    &["lint", "--format", "json"],
    &["doctor"],
    &["runs"],
    &["runs", "--format", "json"],
    &["completions", "bash"],
    &["man"],
    &["--help"],
    &["run", "--help"],
    &["--version"],
];

fn project() -> Project {
    // A word in the wrong place, so that `lint` has something to say, and a valid pipeline.
    let pipeline = "build: {script: [make], script: [make all]}\n";
    Project::new(pipeline).env("PIPE_EXECUTOR", "shell")
}

#[test]
fn a_full_disk_is_told_and_ends_with_4() {
    let project = project();
    for arguments in COMMANDS.iter().chain([&[][..]].iter()) {
        let full = File::options().write(true).open("/dev/full");
        let output = project
            .command()
            .args(*arguments)
            .stdout(full.expect("a device that is full"))
            .stderr(Stdio::piped())
            .output()
            .expect("pipe can be started");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{arguments:?}: {text}");
        let message =
            "error[output-unwritable]: the output can't be written: no space left on device";
        assert!(text.contains(message), "{arguments:?}: {text}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let project = project();
    for arguments in COMMANDS {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = project
            .command()
            .args(arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .output()
            .expect("pipe can be started");
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {text}");
        assert!(!text.contains("can't be written"), "{arguments:?}: {text}");
    }
}

#[test]
fn a_run_tells_coverage_environments_and_what_failed_behind_a_script() {
    let project = Project::new(
        r#"
unit:
  script: [echo "1.5% of nothing", echo "total 83.25%"]
  coverage: '/total (\d+\.\d+)%/'
  after_script: [exit 3]
review:
  script: [echo "HOST=a.example" > out.env]
  environment: {name: review/$CI_COMMIT_REF_NAME, url: "https://$HOST/$CI_COMMIT_REF_SLUG"}
  artifacts: {reports: {dotenv: out.env}}
  needs: []
stop:
  script: [echo]
  environment: {name: review/$CI_COMMIT_REF_NAME, action: stop, url: "https://gone.example"}
  needs: [review]
"#,
    );
    let run = ["run", "--executor", "shell", "--deploy", "--format"];
    let plain = project.pipe(&[&run[..], &["plain"]].concat());
    for told in [
        "coverage 83.25%; after_script failed: exit code 3",
        "environment review/main at https://a.example/main",
        "environment review/main stopped",
    ] {
        assert_eq!(plain.matches(told).count(), 1, "{told}\n{plain}");
    }
    assert!(!plain.contains("gone.example"), "{plain}");
    assert!(plain.contains("● unit: started, stage test\n"), "{plain}");
    let json = project.pipe(&[&run[..], &["json"]].concat());
    for told in [
        r#""job":"unit","attempt":1,"percent":83.25}"#,
        r#""environment":"review/main","action":"start","url":"https://a.example/main","#,
        r#""environment":"review/main","action":"stop","url":null,"#,
        r#""kind":"after-script-failed""#,
    ] {
        assert_eq!(json.matches(told).count(), 1, "{told}\n{json}");
    }
}
