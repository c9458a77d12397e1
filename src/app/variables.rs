//! The CI/CD variables that GitLab would keep on its server, from the files that hold them here
//! (design chapter 7).

use std::sync::Arc;

use crate::diag::{Diagnostic, has_errors};
use crate::plan::{Project, SettingVariable};
use crate::settings::variables::{Content, Entry, Trust, parse_peer, parse_project, parse_user};
use crate::settings::{Problem, variables};
use crate::source::SourceMap;

use super::failure::{Failure, FailureKind};
use super::folders::user_folder;
use super::workspace::{Workspace, own_file};

/// The checkout's own file.
const PROJECT_FILE: &str = ".pipe/variables.yml";
/// The same in the manner of another tool, which users bring along.
const PEER_FILE: &str = ".gitlab-ci-local-variables.yml";

type Parse = fn(&str, Trust) -> (Vec<Entry>, Vec<Problem>);

/// All CI/CD variables of the project, lowest level first.
pub(super) fn read(
    workspace: &Workspace,
    project: &Project,
) -> Result<Vec<SettingVariable>, Failure> {
    let mut sources = SourceMap::default();
    let mut found = Vec::new();
    let mut all = Vec::new();
    for entry in user_entries(workspace, project, &mut sources, &mut found) {
        all.push(variable(&entry, &mut found));
    }
    for (name, parse) in [
        (PEER_FILE, parse_peer as Parse),
        (PROJECT_FILE, parse_project as Parse),
    ] {
        let Some(text) = own_file(workspace.repository.root(), name)? else {
            continue;
        };
        let trust = if workspace.tree.is_tracked(name) {
            Trust::Repository
        } else {
            Trust::User
        };
        let (entries, problems) = parse(&text, trust);
        report(name, text, &problems, &mut sources, &mut found);
        for entry in &entries {
            all.push(variable(entry, &mut found));
        }
    }
    if has_errors(&found) {
        return Err(Failure {
            kind: FailureKind::Environment,
            diagnostics: found,
            sources,
        });
    }
    Ok(all)
}

fn user_entries(
    workspace: &Workspace,
    project: &Project,
    sources: &mut SourceMap,
    found: &mut Vec<Diagnostic>,
) -> Vec<Entry> {
    let Some(file) = user_folder().map(|folder| folder.join("variables.yml")) else {
        return Vec::new();
    };
    let Ok(text) = std::fs::read_to_string(&file) else {
        return Vec::new();
    };
    let (variables, problems) = parse_user(&text);
    report(&file.display().to_string(), text, &problems, sources, found);
    let root = workspace.repository.root().display().to_string();
    let home = etcetera::home_dir()
        .map(|home| home.display().to_string())
        .unwrap_or_default();
    variables
        .levels(&variables::Project {
            host: &project.server.host,
            path: &project.path,
            checkout: &root,
            home: &home,
        })
        .into_iter()
        .flatten()
        .cloned()
        .collect()
}

fn report(
    name: &str,
    text: String,
    problems: &[Problem],
    sources: &mut SourceMap,
    found: &mut Vec<Diagnostic>,
) {
    if problems.is_empty() {
        return;
    }
    let file = sources.add(name, text);
    found.extend(
        problems
            .iter()
            .map(|problem| problem.diagnostic(Some(file))),
    );
}

/// A variable with its value; the text of a file that the user's own file names is read here.
fn variable(entry: &Entry, found: &mut Vec<Diagnostic>) -> SettingVariable {
    let value = match &entry.content {
        Content::Text(text) => text.clone(),
        Content::Path(path) => std::fs::read_to_string(path).unwrap_or_else(|error| {
            found.push(Diagnostic::new(
                crate::diag::Code::VariablesInvalid,
                format!(
                    "`{path}`, the file of variable `{}`, can't be read: {error}",
                    entry.key
                ),
            ));
            String::new()
        }),
    };
    SettingVariable {
        key: Arc::from(entry.key.as_str()),
        value: value.into(),
        raw: entry.raw,
        file: entry.file,
        masked: entry.masked,
        protected: entry.protected,
        scope: Arc::from(entry.scope.as_str()),
    }
}
