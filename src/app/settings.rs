//! The settings in force: flags, environment, the user's file, the repository's file.

use std::path::{Path, PathBuf};

use crate::diag::Diagnostic;
use crate::repo::Repository;
use crate::settings::{self, Key, Settings};
use crate::source::SourceMap;

use super::failure::{Failure, FailureKind};
use super::request::WorkspaceRequest;
use super::{folders, setting_files};

/// The repository's own settings file.
pub const REPOSITORY_SETTINGS: &str = ".pipe/config.toml";

/// Where the user's own settings are, or would be.
pub fn users_settings() -> Result<PathBuf, Failure> {
    Ok(folders::config()?.join("config.toml"))
}

/// The settings in force where a command works; outside of a checkout those of the user alone.
pub fn settings_here(request: &WorkspaceRequest) -> Result<Settings, Failure> {
    let folder = request.folder.clone().unwrap_or_else(|| PathBuf::from("."));
    let repository = Repository::discover(&folder).ok();
    read_settings(repository.as_ref().map(Repository::root), &request.settings)
}

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
