//! Commands in messages: they exist, and foreign words in them are quoted.

use std::collections::HashSet;
use std::sync::OnceLock;

use regex::Regex;

use super::assert_none;
use super::code::without_test_lines;
use super::files::{File, sources};

/// Words for which a command may be made one day: named too early, they send people nowhere.
const COMMANDS: &str = "retry|expand|explain|graph|runs|logs|artifacts|shell|image|cache|clean\
    |fetch|runner|watch|hook|config|run|list|lint|doctor|completions|man";
/// Options of git, which some remedies name.
const OF_GIT: [&str; 3] = ["object-format", "filter", "ref-format"];

/// The commands and the options of the command line.
fn known() -> (HashSet<String>, HashSet<String>) {
    let root = pipe::tested::command();
    let names = root.get_subcommands().map(clap::Command::get_name);
    let names = names.map(str::to_owned).collect();
    let options = root
        .get_subcommands()
        .chain([&root])
        .flat_map(clap::Command::get_arguments)
        .filter_map(clap::Arg::get_long)
        .chain(OF_GIT)
        .map(str::to_owned);
    (names, options.collect())
}

#[test]
fn messages_name_what_exists() {
    let (commands, options) = known();
    let pattern = format!(r"\bpipe ({COMMANDS})\b|(?:`|pipe run )--([a-z][a-z-]*)");
    let pattern = Regex::new(&pattern).expect("a pattern");
    let mut broken = Vec::new();
    for file in sources() {
        let lines = file.text.lines().enumerate();
        for (number, line) in lines.filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for found in pattern.captures_iter(line) {
                let named = |group, known: &HashSet<String>| {
                    let name = found.get(group);
                    name.is_some_and(|name| !known.contains(name.as_str()))
                };
                if named(1, &commands) || named(2, &options) {
                    broken.push(format!("{}:{}: {}", file.path, number + 1, &found[0]));
                }
            }
        }
    }
    assert_none("name a command or an option that exists:", &broken);
}

/// Text with a place for a value inside a command that a person may paste: a program or an option,
/// and a brace before the command ends.
const FILLED_IN: &str = r"(?:\b(?:pipe (?:run|list|lint|doctor)|docker|podman|git|cd|rm|chmod|chown|sudo|export|mkdir|unset) [^`;{]*|(?:`|\s|\x22)--[a-z][a-z-]*[= ][^`;{]*|`(?:pipe|docker|git)[^`;{]*)\{[^{]";

/// A string literal on one line.
const STRING: &str = r#""(?:[^"\\]|\\.)*""#;

/// The builder itself, and the scripts of jobs, which have a quoting of their own.
const MAKES_COMMANDS: [&str; 2] = ["src/foreign/command.rs", "src/script/"];

/// The places where a string of ours is filled into a command by hand.
fn filled_in(text: &str) -> Vec<(usize, String)> {
    static PATTERNS: OnceLock<[Regex; 2]> = OnceLock::new();
    let compile = |pattern| Regex::new(pattern).expect("a pattern");
    let [string, pattern] = PATTERNS.get_or_init(|| [STRING, FILLED_IN].map(compile));
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .flat_map(|(number, line)| {
            let strings = string.find_iter(line).map(|found| found.as_str());
            // A line in the middle of a longer string has no quotes of its own.
            let strings = strings.chain((!line.contains('"')).then_some(line));
            strings
                .filter_map(|text| pattern.find(text))
                .map(|found| (number + 1, found.as_str().to_owned()))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn printed_commands_are_built_not_filled_in() {
    let mut broken = Vec::new();
    let is_ours = |file: &&File| {
        !file.is_test
            && !MAKES_COMMANDS
                .iter()
                .any(|path| file.path.starts_with(path))
    };
    for file in sources().iter().filter(is_ours) {
        for (line, text) in filled_in(&without_test_lines(&file.text)) {
            broken.push(format!("{}:{line}: {text}", file.path));
        }
    }
    assert_none("a printed command is made by `foreign::Command`:", &broken);
}

#[test]
fn a_command_that_is_filled_in_is_found() {
    for (text, found) in [
        (r#"format!("run `pipe run --job {name}`")"#, true),
        (r#"format!("{why}; pipe run {option}")"#, true),
        (r#"format!("`docker pull {image}` brings it")"#, true),
        (r#"format!("--deploy={name}")"#, true),
        (r#"format!(" --exclude '{job}'")"#, true),
        (r#"format!("try `--branch {name}`")"#, true),
        (r#"format!("run `git config x {}`", path)"#, true),
        (r#"format!("`cd {dir}`")"#, true),
        (r#"format!("run `{command}`")"#, false),
        (r#"format!("`pipe list` shows {count}")"#, false),
        (r#"format!("bring it with `docker pull`; {remedy}")"#, false),
        (r#"format!("job `{name}` is no git job")"#, false),
        ("    \"first\\\n    run `pipe run --job {}`\\\n", true),
        ("// `pipe run {x}`", false),
    ] {
        assert_eq!(!filled_in(text).is_empty(), found, "{text}");
    }
}
