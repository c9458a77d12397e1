//! Completions and manual pages, from the definition of the command line.

use clap_complete::env::{EnvCompleter, Fish, Shells, Zsh};
use std::fmt::Write as _;

use crate::app::{Failure, FailureKind};
use crate::diag::{Code, Diagnostic};

use super::args::{Shell, command};
use super::complete::completing_command;
use super::exit::Exit;
use super::printer::Printer;
use super::shells::QuotingBash;

/// File name and shell of each completion script.
pub const COMPLETIONS: &[(&str, Shell)] = &[
    ("pipe.bash", Shell::Bash),
    ("_pipe", Shell::Zsh),
    ("pipe.fish", Shell::Fish),
];

/// Answers a shell that asks for completions; returns at once in any other process.
pub(super) fn complete() {
    if std::env::var_os("COMPLETE").is_none() {
        return;
    }
    // A shell shows whatever is printed in the middle of the line that its user is typing.
    std::panic::set_hook(Box::new(|_| {}));
    clap_complete::CompleteEnv::with_factory(completing_command)
        .shells(Shells(SHELLS))
        .complete();
}

const SHELLS: &[&dyn EnvCompleter] = &[&QuotingBash, &Zsh, &Fish];

/// The script that makes a shell ask `pipe` for completions.
pub fn completion(shell: Shell) -> String {
    let completer: &dyn EnvCompleter = match shell {
        Shell::Bash => &QuotingBash,
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
    };
    let mut script = Vec::new();
    let _ = completer.write_registration("COMPLETE", "pipe", "pipe", "pipe", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Name and text of each manual page.
pub fn man_pages() -> Vec<(String, String)> {
    let mut all = command();
    all.build();
    let mut pages = vec![page(&all, "pipe")];
    add_pages_below(&all, "pipe", &mut pages);
    pages
}

/// A page for each command below `command`, which is called `usage`.
fn add_pages_below(command: &clap::Command, usage: &str, pages: &mut Vec<(String, String)>) {
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let usage = format!("{usage} {}", sub.get_name());
        let name = usage.replace(' ', "-");
        let named = sub.clone().name(name.clone()).display_name(name.clone());
        pages.push(page(&named.bin_name(usage.clone()), &name));
        add_pages_below(sub, &usage, pages);
    }
}

fn page(command: &clap::Command, name: &str) -> (String, String) {
    let man = clap_mangen::Man::new(command.clone());
    let mut text = Vec::new();
    // Writing to memory does not fail.
    let _ = man.render_name_section(&mut text);
    text.extend_from_slice(synopsis(command).as_bytes());
    let _ = man.render_description_section(&mut text);
    let _ = man.render_options_section(&mut text);
    if command.has_subcommands() {
        let _ = man.render_subcommands_section(&mut text);
    }
    let text = once(&String::from_utf8_lossy(&text));
    // Without a date, so that the page is the same whenever it is made.
    let title = name.to_uppercase();
    let mut text = format!(".TH {title} 1 \"\" pipe \"User Commands\"\n{text}");
    text.push_str(&examples(command));
    text.push_str(&exit_status());
    if name != "pipe" {
        text.push_str(".SH \"SEE ALSO\"\n\\fBpipe\\fR(1)\n");
    }
    (format!("{name}.1"), text)
}

/// Each section comes with the same definitions; once is enough.
fn once(text: &str) -> String {
    const DEFINITIONS: &str = ".ie \\n(.g .ds Aq \\(aq\n.el .ds Aq '\n";
    format!("{DEFINITIONS}{}", text.replace(DEFINITIONS, ""))
}

/// The line of the help text: the generator's own lists every option.
fn synopsis(command: &clap::Command) -> String {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    format!(".SH SYNOPSIS\n{}\n", escaped(usage))
}

fn examples(command: &clap::Command) -> String {
    let Some(text) = command.get_after_help() else {
        return String::new();
    };
    let text = text.to_string();
    let lines = text.trim_start_matches("Examples:\n");
    format!(".SH EXAMPLES\n.nf\n{}\n.fi\n", escaped(lines))
}

fn exit_status() -> String {
    let mut text = ".SH \"EXIT STATUS\"\n".to_owned();
    for (code, meaning) in Exit::TABLE {
        let _ = write!(text, ".TP\n\\fB{code}\\fR\n{meaning}\n");
    }
    text
}

/// Plain text for roff: a backslash and a hyphen are its own, and so are lines that begin with a
/// dot or a quote.
fn escaped(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        if line.starts_with(['.', '\'']) {
            format!("\\&{line}")
        } else {
            line
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Runs `pipe man`.
pub(super) fn man(wanted: Option<&str>, printer: &Printer) -> Result<Exit, Failure> {
    let file = wanted.map_or_else(|| "pipe.1".to_owned(), |name| format!("pipe-{name}.1"));
    let pages = man_pages();
    if let Some((_, text)) = pages.iter().find(|(name, _)| *name == file) {
        printer.exact(text);
        return Ok(Exit::Passed);
    }
    let name = wanted.unwrap_or_default();
    let known = pages
        .iter()
        .filter_map(|(file, _)| file.strip_prefix("pipe-")?.strip_suffix(".1"));
    let diagnostic = Diagnostic::new(Code::InvalidValue, format!("there is no command `{name}`"));
    Err(Failure::new(
        FailureKind::Usage,
        diagnostic.choose_from(name, "the commands", known),
    ))
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn roff_takes_text_as_it_is() {
        for (text, expected) in [
            ("pipe run --tag v1", r"pipe run \-\-tag v1"),
            (".gitlab-ci.yml", r"\&.gitlab\-ci.yml"),
            ("'a'\nb\\c", "\\&'a'\nb\\ec"),
        ] {
            assert_eq!(escaped(text), expected, "{text}");
        }
    }
}
