//! The settings in force: flags, environment, the user's file, the repository's file.

use std::path::Path;

use crate::diag::Diagnostic;
use crate::settings::{self, Key, Settings};
use crate::source::SourceMap;

use super::failure::{Failure, FailureKind};
use super::folders::user_folder;

/// The repository's own settings file.
const REPOSITORY_SETTINGS: &str = ".pipe/config.toml";

/// The settings in force; without a `root`, those of the user alone.
pub fn read_settings(root: Option<&Path>, flags: &[(Key, String)]) -> Result<Settings, Failure> {
    let environment: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(key, _)| key.starts_with("PIPE_"))
        .collect();
    let user_file = user_folder().map(|folder| folder.join("config.toml"));
    let user = user_file
        .as_ref()
        .and_then(|file| std::fs::read_to_string(file).ok());
    let repository =
        root.and_then(|root| std::fs::read_to_string(root.join(REPOSITORY_SETTINGS)).ok());
    let (settings, problems) = settings::resolve(&settings::Inputs {
        flags,
        environment: &environment,
        user: user.as_deref(),
        repository: repository.as_deref(),
    });
    if problems.is_empty() {
        return Ok(settings);
    }
    let mut sources = SourceMap::default();
    let name = user_file.map_or_else(String::new, |file| file.display().to_string());
    let user_id = sources.add(name, user.unwrap_or_default());
    let repository_id = sources.add(REPOSITORY_SETTINGS, repository.unwrap_or_default());
    let diagnostics: Vec<Diagnostic> = problems
        .iter()
        .map(|problem| {
            let file = match problem.place {
                settings::Place::User(_) => Some(user_id),
                settings::Place::Repository(_) => Some(repository_id),
                _ => None,
            };
            problem.diagnostic(file)
        })
        .collect();
    let kind = if diagnostics.iter().any(|d| d.primary.is_some()) {
        FailureKind::Environment
    } else {
        FailureKind::Usage
    };
    Err(Failure {
        kind,
        diagnostics,
        sources,
    })
}
