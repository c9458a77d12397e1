//! The commands that README.md shows exist, with the options that it shows.

use super::assert_none;
use super::files::{root, under};
use std::process::Command;

/// The command lines of the shell blocks, without prompts and comments.
fn commands(markdown: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in markdown.lines() {
        if line.starts_with("```") {
            inside = line == "```sh";
        } else if inside {
            let command = line.split(" #").next().unwrap_or_default().trim();
            if !command.is_empty() && !command.starts_with('#') {
                found.push(command.to_owned());
            }
        }
    }
    found
}

/// What is wrong with a command line, if anything.
fn complaint(command: &str) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words[..] {
        [script, ..] if script.starts_with("tests/scripts/") => {
            (!root().join(script).exists()).then(|| "no such script".to_owned())
        }
        ["pipe", ref rest @ ..] => pipe_complaint(rest),
        _ => None,
    }
}

fn pipe_complaint(words: &[&str]) -> Option<String> {
    let subcommand = words.first().filter(|word| !word.starts_with('-'));
    let mut pipe = Command::new(env!("CARGO_BIN_EXE_pipe"));
    pipe.env("NO_COLOR", "1").args(subcommand).arg("--help");
    let output = pipe.output().expect("pipe can be started");
    if !output.status.success() {
        return Some("no such command".to_owned());
    }
    let help = String::from_utf8_lossy(&output.stdout);
    let known = |option: &&str| {
        help.split(|c: char| !(c.is_alphanumeric() || c == '-'))
            .any(|word| word == *option)
    };
    (words.iter())
        .filter(|word| word.starts_with('-'))
        .map(|word| word.split(['=', '[']).next().unwrap_or(word))
        .find(|option| !known(option))
        .map(|option| format!("no option {option}"))
}

#[test]
fn commands_exist() {
    let mut commands = commands(&under("README.md").remove(0).text);
    commands.extend(self::commands(&under("tests/README.md").remove(0).text));
    assert!(
        commands
            .iter()
            .any(|command| command == "tests/scripts/test"),
        "README.md no longer says how to test"
    );
    let broken: Vec<String> = (commands.iter())
        .filter_map(|command| Some(format!("{command}: {}", complaint(command)?)))
        .collect();
    assert_none("README.md shows what does not exist", &broken);
}
