//! A message names no command and no option that does not exist.

use std::collections::HashSet;

use regex::Regex;

use super::assert_none;
use super::files::sources;

/// Words for which a command may be made one day: named too early, they send people nowhere.
const COMMANDS: &str = "retry|expand|explain|graph|runs|logs|artifacts|shell|image|cache|clean\
    |fetch|runner|watch|hook|config|run|list|lint|doctor|completions|man";
/// Options of git, which some remedies name.
const OF_GIT: [&str; 3] = ["object-format", "filter", "ref-format"];

/// The commands and the options of the command line.
fn known() -> (HashSet<String>, HashSet<String>) {
    let root = pipe::cli::command();
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
