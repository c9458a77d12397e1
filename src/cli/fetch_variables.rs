//! `pipe fetch --variables`: what the server keeps for this project, and what only the user can add.

use crate::app::{Failure, Fetch, ServerVariables, Workspace};
use crate::report::line::{Line, Tone};
use crate::report::words;

use super::bring::wait;
use super::exit::Exit;
use super::printer::Printer;

/// Runs the command.
pub(super) fn fetch(workspace: &Workspace, printer: &Printer) -> Result<Exit, Failure> {
    let fetch = Fetch::new(workspace)?;
    let all = wait(async { fetch.variables().await })?;
    printer.lines(&lines(&all));
    Ok(Exit::Passed)
}

fn lines(all: &ServerVariables) -> Vec<Line> {
    let plain = |text: String| Line::of(Tone::Plain, text);
    let mut lines = vec![plain(format!(
        "{} of {} kept",
        words::count(all.kept.len(), "variable"),
        all.address
    ))];
    for name in &all.kept {
        lines.push(plain(format!("  {}", named(name))));
    }
    if !all.secret.is_empty() {
        lines.push(plain(format!(
            "{} masked or hidden, and so not fetched; put their values into `~/.config/pipe/variables.yml`, under `project:` and `{}:`",
            words::count(all.secret.len(), "variable"),
            all.address
        )));
        for name in &all.secret {
            lines.push(plain(format!("  {}", named(name))));
        }
    }
    for (group, why) in &all.silent {
        let text = format!("group {group} does not tell its variables: {why}");
        lines.push(Line::of(Tone::Warn, text));
    }
    lines
}

fn named((name, scope): &(String, String)) -> String {
    match scope.as_str() {
        "*" => name.clone(),
        scope => format!("{name} ({scope})"),
    }
}
