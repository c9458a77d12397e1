//! Where the words of a command go: a full disk is an error, a reader that has seen enough is not.

use std::fs::File;
use std::process::Stdio;

use super::Project;

/// Every command that prints what was asked for; `lint` finds nothing to say on stdout in full.
const COMMANDS: [&[&str]; 10] = [
    &["list"],
    &["list", "--format", "json"],
    &["lint", "--format", "concise"],
    &["lint", "--format", "json"],
    &["doctor"],
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
