//! Variables that conditions read and nobody defines.

use std::collections::HashSet;

use crate::diag::{Code, Diagnostic};
use crate::source::Span;

use super::super::model::{Clause, Config, Rule};

/// What GitLab or its runner sets begins with one of these.
const OF_GITLAB: [&str; 6] = [
    "CI",
    "GITLAB_",
    "CHAT_",
    "TRIGGER_PAYLOAD",
    "RUNNER_",
    "FF_",
];

/// Warnings about variables in `rules:if` that neither GitLab nor the configuration defines, nor
/// whoever `is_known` speaks for. A person or a trigger may give them to a pipeline, so this is
/// said only to who asks.
pub fn undefined_variables(config: &Config, is_known: &dyn Fn(&str) -> bool) -> Vec<Diagnostic> {
    let mut known: HashSet<&str> = config.variables.iter().map(|one| &*one.key).collect();
    let of_workflow = config.workflow.rules.entries();
    known.extend(
        of_workflow
            .iter()
            .flat_map(|rule| &rule.variables)
            .map(|one| &*one.key),
    );
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut look = |rules: &[Rule], own: &HashSet<&str>| {
        for (name, span) in rules.iter().flat_map(read_by) {
            let is_defined = own.contains(name)
                || known.contains(name)
                || OF_GITLAB.iter().any(|prefix| name.starts_with(prefix))
                || is_known(name);
            if !is_defined && seen.insert((name.to_owned(), span)) {
                found.push(undefined(name, span, &known));
            }
        }
    };
    look(of_workflow, &HashSet::new());
    for job in &config.jobs {
        let own = job.variables.iter().map(|one| &*one.key).collect();
        look(job.rules.entries(), &own);
    }
    found
}

fn read_by(rule: &Rule) -> impl Iterator<Item = (&str, Span)> {
    rule.clauses.iter().flat_map(|clause| match clause {
        Clause::If {
            condition, span, ..
        } => {
            let names = condition.variables().into_iter();
            names.map(|name| (name, *span)).collect::<Vec<_>>()
        }
        Clause::Changes(_) | Clause::Exists(_) => Vec::new(),
    })
}

fn undefined(name: &str, span: Span, known: &HashSet<&str>) -> Diagnostic {
    let message = format!("nothing here defines the variable `{name}`");
    let mut names: Vec<&str> = known.iter().copied().collect();
    names.sort_unstable();
    Diagnostic::new(Code::VariableUndefined, message)
        .at(span)
        .note("where nobody gives it to the pipeline, it is null")
        .did_you_mean(name, names)
}
