//! The user's own file: sections `global`, `group` and `project`.

use std::ops::Range;

use serde_yaml::Value;

use super::entry::{Content, Entry, Reader, is_field, scalar_text};
use super::flat::names_a_file;
use crate::settings::problem::{Place, Problem, ProblemKind};

/// The user's variables, each under what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UserVariables {
    /// For any project, but only those with `share`.
    pub global: Vec<Entry>,
    /// By group.
    pub groups: Vec<Scoped>,
    /// By project.
    pub projects: Vec<Scoped>,
}

/// Variables under a key that says which project or group they are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scoped {
    /// As written.
    pub key: String,
    /// Where it stands.
    pub at: Option<Range<usize>>,
    /// The variables.
    pub entries: Vec<Entry>,
}

/// How the variables of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// As in `~/.config/pipe/variables.yml`.
    Own,
    /// As gitlab-ci-local has it.
    Peer,
}

impl UserVariables {
    /// What stands under `global` and reaches no project, for nobody said that it may.
    pub(super) fn unshared(&self) -> Option<Problem> {
        let mut names: Vec<&Entry> = Vec::new();
        for entry in self.global.iter().filter(|entry| !entry.share) {
            if names.iter().all(|other| other.key != entry.key) {
                names.push(entry);
            }
        }
        let first = names.first()?;
        let (who, is) = match names.len() {
            1 => (format!("`{}`", first.key), "is"),
            more => (format!("`{}` and {} more", first.key, more - 1), "are"),
        };
        let message = format!("{who} under `global` {is} left out, for want of `share: true`");
        let help = format!(
            "name the projects it is for under `project`; or write `{}: {{value: …, share: true}}` in `~/.config/pipe/variables.yml`, which lets every checkout have it",
            first.key
        );
        let place = Place::Variables(first.at.clone());
        Some(Problem::new(ProblemKind::VariablesWarning, place, message).help(help))
    }
}

/// Reads `~/.config/pipe/variables.yml`.
pub fn parse_user(text: &str) -> (UserVariables, Vec<Problem>) {
    parse(text, Manner::Own)
}

/// Reads `~/.gitlab-ci-local/variables.yml`: the same sections, with variables as in
/// `.gitlab-ci-local-variables.yml`. Values that are paths of files are read, for the file is the
/// user's. It is written for another tool, so that nothing in it is a reason to stop.
pub fn parse_peer_user(text: &str) -> (UserVariables, Vec<Problem>) {
    let (variables, mut problems) = parse(text, Manner::Peer);
    for problem in &mut problems {
        problem.kind = ProblemKind::VariablesWarning;
    }
    (variables, problems)
}

fn parse(text: &str, manner: Manner) -> (UserVariables, Vec<Problem>) {
    let mut reader = Reader::new(text);
    let mut variables = UserVariables::default();
    for (section, content) in &reader.document() {
        reader.within(section, |reader| match section.as_str() {
            Some("global") => variables.global = reader.entries("global", content, manner),
            Some("group") => variables.groups = reader.scopes("group", content, manner),
            Some("project") => variables.projects = reader.scopes("project", content, manner),
            _ => {
                let name = scalar_text(section).unwrap_or_default();
                reader.error_with(
                    format!("there is no section `{name}`"),
                    "the sections are `global`, `group` and `project`",
                );
            }
        });
    }
    (variables, reader.problems)
}

impl Reader<'_> {
    /// Whether it is a section as the user's own file has them, which is then told. A variable of such
    /// a name has fields of one.
    pub(super) fn is_section(&mut self, key: &Value, value: &Value) -> bool {
        let (Some(name @ ("global" | "group" | "project")), Some(content)) =
            (key.as_str(), value.as_mapping())
        else {
            return false;
        };
        let has_field = content.keys().filter_map(Value::as_str).any(is_field);
        let may_be_one = name == "global" || content.values().any(Value::is_mapping);
        let is_section = !has_field && may_be_one && !content.is_empty();
        if is_section {
            self.error_with(
                format!("`{name}` is no variable, and sections are not for the file of one project"),
                "write its variables here without it, or move the section to `~/.config/pipe/variables.yml`, \
                 which has `global`, `group` and `project`",
            );
        }
        is_section
    }

    fn scopes(&mut self, section: &str, content: &Value, manner: Manner) -> Vec<Scoped> {
        let Some(scopes) = content.as_mapping() else {
            self.no_mapping(section, content);
            return Vec::new();
        };
        let mut all = Vec::new();
        for (scope, content) in scopes {
            let key = scalar_text(scope).unwrap_or_default();
            self.within(scope, |reader| {
                all.push(Scoped {
                    at: reader.place(),
                    entries: reader.entries(&key, content, manner),
                    key,
                });
            });
        }
        all
    }

    fn entries(&mut self, name: &str, content: &Value, manner: Manner) -> Vec<Entry> {
        let Some(variables) = content.as_mapping() else {
            self.no_mapping(name, content);
            return Vec::new();
        };
        let mut entries = Vec::new();
        for (key, value) in variables {
            self.within(key, |reader| match manner {
                Manner::Own => entries.extend(reader.entries_of(key, value)),
                Manner::Peer => {
                    let found = reader.peer_entries(key, value);
                    entries.extend(found.into_iter().map(with_its_file));
                }
            });
        }
        entries
    }

    fn no_mapping(&mut self, name: &str, content: &Value) {
        if !content.is_null() {
            self.error(format!("`{name}` must be a mapping"));
        }
    }
}

/// A value that may be the path of a file is one where there is that file.
fn with_its_file(entry: Entry) -> Entry {
    match entry.content {
        Content::Text(text) if names_a_file(&text) => Entry {
            content: Content::PathOrText(text),
            ..entry
        },
        _ => entry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peers_home_file() {
        let text = "\
global: {HOSTS: ~/.ssh/known_hosts}
project:
  gitlab.com/acme/app.git:
    PLAIN: value
    BY_ENV: {type: file, values: {\"*\": everywhere, staging: only there}}
    ODD: {type: file}
";
        let (variables, problems) = parse_peer_user(text);
        let hosts = Content::PathOrText("~/.ssh/known_hosts".to_owned());
        assert_eq!(variables.global[0].content, hosts);
        let found = variables.projects[0].entries.iter();
        let found: Vec<_> = found.map(|e| (&*e.key, &*e.scope, e.file)).collect();
        let expected = [
            ("PLAIN", "*", false),
            ("BY_ENV", "*", true),
            ("BY_ENV", "staging", true),
        ];
        assert_eq!(found, expected);
        assert_eq!(problems[0].message, "`ODD` needs `values`");
        assert_eq!(problems[0].kind, ProblemKind::VariablesWarning);
    }
}
