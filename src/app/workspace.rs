//! What a command works on: the repository, the settings, the tree.

use std::path::PathBuf;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::fetch::Store;
use crate::foreign::system_words;
use crate::repo::{ProjectTree, RefRules, Repository, TreeSource};
use crate::settings::{Key, Settings};
use crate::types::Origin;

use super::failure::{Failure, FailureKind};
use super::folders;
use super::request::WorkspaceRequest;
use super::settings::read_settings;

/// A checkout with its settings.
#[derive(Debug)]
pub struct Workspace {
    /// The repository.
    pub repository: Repository,
    /// Settings in force.
    pub settings: Settings,
    /// Which names are which class of ref.
    pub rules: RefRules,
    /// The tree that jobs see.
    pub tree: Arc<ProjectTree>,
    /// What was fetched from elsewhere before.
    pub includes: Store,
}

impl Workspace {
    /// Opens the checkout that the command is about.
    pub fn open(request: &WorkspaceRequest) -> Result<Self, Failure> {
        let folder = working_folder(request)?;
        let repository = Repository::discover(&folder)?;
        let settings = read_settings(Some(repository.root()), &request.settings)?;
        let default_branch = repository.default_branch(settings.text(Key::DefaultBranch));
        let rules = RefRules {
            default_branch,
            issue: settings.list(Key::RefsIssue).to_vec(),
            develop: settings.list(Key::RefsDevelop).to_vec(),
            release: settings.list(Key::RefsRelease).to_vec(),
            protected: settings.list(Key::Protected).to_vec(),
        };
        let tree = repository.tree(TreeSource::WorkTree)?;
        Ok(Self {
            repository,
            settings,
            rules,
            tree: Arc::new(tree),
            includes: Store::new(folders::includes()),
        })
    }

    /// The GitLab server that the user's settings name.
    pub(super) fn server(&self) -> Option<Origin> {
        Origin::server(self.settings.text(Key::ServerUrl)?)
    }

    /// Path of the pipeline's file in the repository.
    pub fn file(&self) -> &str {
        self.settings.text(Key::File).unwrap_or(".gitlab-ci.yml")
    }
}

fn working_folder(request: &WorkspaceRequest) -> Result<PathBuf, Failure> {
    let folder = request.folder.clone().unwrap_or_else(|| PathBuf::from("."));
    std::fs::canonicalize(&folder).map_err(|error| {
        Failure::new(
            FailureKind::Usage,
            Diagnostic::new(
                Code::NotARepository,
                format!(
                    "can't enter the folder `{}`: {}",
                    folder.display(),
                    system_words(&error)
                ),
            )
            .help("give `-C` the folder of a checkout"),
        )
    })
}
