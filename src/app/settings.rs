//! The settings in force: flags, environment, the user's file, the repository's file.

use std::path::Path;

use crate::diag::Diagnostic;
use crate::settings::{self, Key, Settings};
use crate::source::SourceMap;

use super::failure::{Failure, FailureKind};
use super::setting_files;

/// The repository's own settings file.
const REPOSITORY_SETTINGS: &str = ".pipe/config.toml";

/// The settings in force; without a `root`, those of the user alone.
pub fn read_settings(root: Option<&Path>, flags: &[(Key, String)]) -> Result<Settings, Failure> {
    let environment = setting_files::of_environment()?;
    let user = setting_files::of_user("config.toml")?;
    let repository = match root {
        Some(root) => setting_files::of_checkout(root, REPOSITORY_SETTINGS)?,
        None => None,
    };
    let (settings, problems) = settings::resolve(&settings::Inputs {
        flags,
        environment: &environment,
        user: user.text.as_deref(),
        repository: repository.as_deref(),
    });
    if problems.is_empty() {
        return Ok(settings);
    }
    let mut sources = SourceMap::default();
    let name = user.path.display().to_string();
    let user_id = sources.add(name, user.text.unwrap_or_default());
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
