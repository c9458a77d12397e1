//! The user's own file: sections `global`, `group` and `project`.

use std::ops::Range;

use serde_yaml::Value;

use super::entry::{Entry, Reader, scalar_text};
use crate::settings::problem::Problem;

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

/// Reads `~/.config/pipe/variables.yml`.
pub fn parse_user(text: &str) -> (UserVariables, Vec<Problem>) {
    let mut reader = Reader::new(text);
    let mut variables = UserVariables::default();
    for (section, content) in &reader.document() {
        match section.as_str() {
            Some("global") => variables.global = reader.entries("global", content),
            Some("group") => variables.groups = reader.scopes("group", content),
            Some("project") => variables.projects = reader.scopes("project", content),
            _ => {
                let name = scalar_text(section).unwrap_or_default();
                let at = reader.find(&name);
                reader.error_with(
                    at,
                    format!("there is no section `{name}`"),
                    "the sections are `global`, `group` and `project`",
                );
            }
        }
    }
    (variables, reader.problems)
}

impl Reader<'_> {
    fn scopes(&mut self, section: &str, content: &Value) -> Vec<Scoped> {
        let Some(scopes) = content.as_mapping() else {
            self.no_mapping(section, content);
            return Vec::new();
        };
        let mut all = Vec::new();
        for (scope, content) in scopes {
            let key = scalar_text(scope).unwrap_or_default();
            all.push(Scoped {
                at: self.find(&key),
                entries: self.entries(&key, content),
                key,
            });
        }
        all
    }

    fn entries(&mut self, name: &str, content: &Value) -> Vec<Entry> {
        let Some(variables) = content.as_mapping() else {
            self.no_mapping(name, content);
            return Vec::new();
        };
        let mut entries = Vec::new();
        for (key, value) in variables {
            entries.extend(self.entry(key, value));
        }
        entries
    }

    fn no_mapping(&mut self, name: &str, content: &Value) {
        if !content.is_null() {
            let at = self.find(name);
            self.error(at, format!("`{name}` must be a mapping"));
        }
    }
}
