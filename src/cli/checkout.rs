//! What a command works on: the repository, the settings, the tree.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{BadRevision, Changes, FileProvider, ReadError};
use crate::diag::{Code, Diagnostic};
use crate::repo::{FileError, ProjectTree, RefRules, RepoError, Repository, TreeSource};
use crate::settings::{self, Key, Settings};
use crate::source::SourceMap;
use crate::types::Origin;

use super::args::Global;
use super::exit::{Exit, Failure, without_number};
use super::includes::IncludeStore;
use super::setting_files;

/// The repository's own settings file.
const REPOSITORY_SETTINGS: &str = ".pipe/config.toml";

/// A checkout with its settings.
#[derive(Debug)]
pub(super) struct Checkout {
    /// The repository.
    pub(super) repository: Repository,
    /// Settings in force.
    pub(super) settings: Settings,
    /// Which names are which class of ref.
    pub(super) rules: RefRules,
    /// The tree that jobs see.
    pub(super) tree: ProjectTree,
}

impl Checkout {
    /// Opens the checkout that the command is about.
    pub(super) fn open(global: &Global, flags: &[(Key, String)]) -> Result<Self, Failure> {
        let cwd = working_folder(global)?;
        let repository = Repository::discover(&cwd).map_err(|error| repository_failure(&error))?;
        let settings = read_settings(Some(repository.root()), global, flags)?;
        let default_branch = repository.default_branch(settings.text(Key::DefaultBranch));
        let rules = RefRules {
            default_branch,
            issue: settings.list(Key::RefsIssue).to_vec(),
            develop: settings.list(Key::RefsDevelop).to_vec(),
            release: settings.list(Key::RefsRelease).to_vec(),
            protected: settings.list(Key::Protected).to_vec(),
        };
        let tree = repository
            .tree(TreeSource::WorkTree)
            .map_err(|error| repository_failure(&error))?;
        Ok(Self {
            repository,
            settings,
            rules,
            tree,
        })
    }

    /// The GitLab server that the user's settings name.
    pub(super) fn server(&self) -> Option<Origin> {
        Origin::server(self.settings.text(Key::ServerUrl)?)
    }

    /// Path of the pipeline's file in the repository.
    pub(super) fn file(&self) -> &str {
        self.settings.text(Key::File).unwrap_or(".gitlab-ci.yml")
    }
}

fn working_folder(global: &Global) -> Result<PathBuf, Failure> {
    let folder = global.cwd.clone().unwrap_or_else(|| PathBuf::from("."));
    std::fs::canonicalize(&folder).map_err(|error| {
        Failure::new(
            Exit::Usage,
            Diagnostic::new(
                Code::NotARepository,
                format!(
                    "can't enter the folder `{}`: {}",
                    folder.display(),
                    without_number(&error.to_string()).to_lowercase()
                ),
            )
            .help("give `-C` the folder of a checkout"),
        )
    })
}

/// The exit code and the words of a failure to read the repository.
pub(super) fn repository_failure(error: &RepoError) -> Failure {
    let exit = match error {
        RepoError::RevisionUnknown { .. } => Exit::Usage,
        _ => Exit::Environment,
    };
    Failure::told(exit, error.code(), &error.to_string())
}

/// The settings in force; without a `root`, those of the user alone.
pub(super) fn read_settings(
    root: Option<&Path>,
    global: &Global,
    flags: &[(Key, String)],
) -> Result<Settings, Failure> {
    let mut flags = flags.to_vec();
    if let Some(file) = &global.file {
        flags.push((Key::File, file.clone()));
    }
    let environment = setting_files::of_environment()?;
    let user = setting_files::of_user("config.toml")?;
    let repository = match root {
        Some(root) => setting_files::of_checkout(root, REPOSITORY_SETTINGS)?,
        None => None,
    };
    let (settings, problems) = settings::resolve(&settings::Inputs {
        flags: &flags,
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
    let exit = if diagnostics.iter().any(|d| d.primary.is_some()) {
        Exit::Environment
    } else {
        Exit::Usage
    };
    Err(Failure {
        exit,
        diagnostics,
        sources,
    })
}

/// The tree as the configuration reads it. What is costly is looked up once, and only when asked.
pub(super) struct TreeFiles<'a> {
    checkout: &'a Checkout,
    event: EventChanges,
    fetched: IncludeStore,
    paths: OnceCell<Arc<[String]>>,
    changed: OnceCell<Changes>,
}

/// The files that the event changed.
#[derive(Debug, Clone)]
pub(super) enum EventChanges {
    /// Not to be known for this event.
    Unknown,
    /// As the user gave them.
    Given(Vec<String>),
    /// As git says.
    Git(Option<Vec<String>>),
}

impl<'a> TreeFiles<'a> {
    /// The tree of a checkout, for one event.
    pub(super) fn new(checkout: &'a Checkout, event: EventChanges) -> Self {
        Self {
            checkout,
            event,
            fetched: IncludeStore::of_user(),
            paths: OnceCell::new(),
            changed: OnceCell::new(),
        }
    }

    fn event_changes(&self) -> Changes {
        match &self.event {
            EventChanges::Unknown | EventChanges::Git(None) => Changes::Unknown,
            EventChanges::Given(paths) | EventChanges::Git(Some(paths)) => {
                Changes::Known(paths.clone().into())
            }
        }
    }
}

impl FileProvider for TreeFiles<'_> {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        let text = self.checkout.tree.read_text(path);
        text.map(Into::into).map_err(|error| match error {
            FileError::NotFound(_) => ReadError::NotFound,
            FileError::Outside(_) => ReadError::Outside,
            FileError::NotAFile(_) => ReadError::NotAFile,
            FileError::NotUtf8(_) => ReadError::NotUtf8,
            other => ReadError::Unreadable(other.to_string()),
        })
    }

    fn paths(&self) -> Arc<[String]> {
        let list = || self.checkout.tree.files().unwrap_or_default().into();
        Arc::clone(self.paths.get_or_init(list))
    }

    fn fetched(&self, key: &str) -> Option<Arc<str>> {
        self.fetched.read(key)
    }

    fn fetched_under(&self, prefix: &str) -> Vec<String> {
        self.fetched.under(prefix)
    }

    fn changes(&self, compare_to: Option<&str>) -> Result<Changes, BadRevision> {
        let Some(revision) = compare_to else {
            return Ok(self.changed.get_or_init(|| self.event_changes()).clone());
        };
        let since = self
            .checkout
            .repository
            .changes_since(&self.checkout.tree, revision)
            .map_err(|_| BadRevision(revision.to_owned()))?;
        Ok(match self.event {
            EventChanges::Given(_) => self.event_changes(),
            EventChanges::Unknown | EventChanges::Git(_) => Changes::Known(since.into()),
        })
    }
}
