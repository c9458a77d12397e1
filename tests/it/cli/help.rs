//! What `--help` shows: short, in groups, with examples.

use super::Project;
use crate::golden::golden;

#[test]
fn help_of_the_program_and_of_run() {
    let project = Project::empty();
    golden!("help", &project.pipe(&["--help"]));
    golden!("help_run", &project.pipe(&["run", "--help"]));
}

#[test]
fn no_command_needs_a_wide_terminal_or_a_long_read() {
    let project = Project::empty();
    for command in ["run", "list", "lint", "doctor", "completions", "man"] {
        let long = project.pipe(&[command, "--help"]);
        let widest = long.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(100), "{command}: {widest:?}\n{long}");
        let lines = long.lines().count();
        assert!(lines <= 60, "{command}: {lines} lines\n{long}");
        let short = project.pipe(&[command, "-h"]).replacen("-h", "--help", 1);
        assert_eq!(short, long, "{command}: one help is enough");
    }
}

#[test]
fn without_a_word_there_is_help() {
    let project = Project::empty();
    let bare = project.pipe(&[]);
    let help = project.pipe(&["--help"]);
    assert_eq!(
        bare.split_once('\n').map(|(_, text)| text),
        help.split_once('\n').map(|(_, text)| text)
    );
}
