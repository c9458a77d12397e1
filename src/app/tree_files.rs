//! The files of the tree, as the configuration reads them.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use crate::config::{
    BadRevision, Changes, Config, FileProvider, KeptError, ReadError, changed_roots,
};
use crate::exec::{KeptFileError, kept_file};
use crate::expr::glob::Roots;
use crate::foreign::system_words;
use crate::repo::{EventBase, FileError, ProjectTree, TreeSource};

use super::workspace::Workspace;

/// Bytes of a configuration file that are taken out of artifacts; GitLab accepts fewer
/// (configuration reference 2.1).
const MAX_KEPT: u64 = 4 * 1024 * 1024;

/// The tree of a workspace, for one event. What is costly is looked up once, and only when asked.
pub(super) struct TreeFiles<'a> {
    workspace: &'a Workspace,
    event: EventChanges,
    /// Whose rules ask; none while includes do.
    config: Option<&'a Config>,
    kept: Rc<KeptFiles>,
    changed: OnceCell<Changes>,
    others: Rc<OtherTrees>,
}

/// Trees of other commits, by revision.
type OtherTrees = RefCell<HashMap<String, Option<Rc<ProjectTree>>>>;

/// The files that the event changed.
#[derive(Debug, Clone)]
pub(super) enum EventChanges {
    /// Not to be known for this event.
    Unknown,
    /// As the user gave them.
    Given(Vec<String>),
    /// As git says, when somebody asks.
    Git(EventBase),
}

/// Names of jobs with the archives of what they have kept.
#[derive(Debug, Default)]
pub(super) struct KeptFiles(pub(super) Vec<(String, PathBuf)>);

impl<'a> TreeFiles<'a> {
    /// The tree of a workspace, for one event.
    pub(super) fn new(workspace: &'a Workspace, event: EventChanges) -> Self {
        Self {
            workspace,
            event,
            config: None,
            kept: Rc::default(),
            changed: OnceCell::new(),
            others: Rc::default(),
        }
    }

    /// The same with what jobs of the parent pipeline have kept.
    pub(super) fn with_kept(self, kept: KeptFiles) -> Self {
        Self {
            kept: Rc::new(kept),
            ..self
        }
    }

    /// The same for the rules of the workflow and of jobs: edits are looked for only where these
    /// lead.
    pub(super) fn for_rules_of<'b>(&'b self, config: &'b Config) -> TreeFiles<'b> {
        TreeFiles {
            workspace: self.workspace,
            event: self.event.clone(),
            config: Some(config),
            kept: Rc::clone(&self.kept),
            changed: OnceCell::new(),
            others: Rc::clone(&self.others),
        }
    }

    /// Whose tree it is.
    pub(super) fn workspace(&self) -> &'a Workspace {
        self.workspace
    }

    /// What the event changed.
    pub(super) fn event(&self) -> &EventChanges {
        &self.event
    }

    /// The tree of a revision as the server knows it.
    fn tree_at(&self, revision: &str) -> Option<Rc<ProjectTree>> {
        if let Some(known) = self.others.borrow().get(revision) {
            return known.clone();
        }
        let name = match revision {
            "HEAD" => &self.workspace.rules.default_branch,
            revision => revision,
        };
        let repository = &self.workspace.repository;
        let commit = repository.commit_on_server(name);
        let tree = commit.and_then(|commit| repository.tree(TreeSource::Commit(commit)).ok());
        let tree = tree.map(Rc::new);
        self.others
            .borrow_mut()
            .insert(revision.to_owned(), tree.clone());
        tree
    }

    /// Whether anything has depended on what the event changed.
    pub(super) fn changes_were_asked(&self) -> bool {
        self.changed.get().is_some()
    }

    /// Whether anything did, and nobody knows.
    pub(super) fn unknown_changes_were_asked(&self) -> bool {
        self.changed.get() == Some(&Changes::Unknown)
    }

    fn event_changes(&self) -> Changes {
        match &self.event {
            EventChanges::Unknown => Changes::Unknown,
            EventChanges::Given(paths) => Changes::Known(paths.clone().into()),
            EventChanges::Git(base) => {
                let (repository, tree) = (&self.workspace.repository, &self.workspace.tree);
                let roots = self.config.map_or_else(Roots::everything, changed_roots);
                // A history that can't be read is not known.
                let paths = repository.changes(tree, base, &roots).ok().flatten();
                paths.map_or(Changes::Unknown, |paths| Changes::Known(paths.into()))
            }
        }
    }
}

impl FileProvider for TreeFiles<'_> {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        let text = self.workspace.tree.read_text(path);
        text.map(Into::into).map_err(|error| match error {
            FileError::NotFound(_) => ReadError::NotFound,
            FileError::Outside(_) => ReadError::Outside,
            FileError::NotAFile(_) => ReadError::NotAFile,
            FileError::NotUtf8(_) => ReadError::NotUtf8,
            other => ReadError::Unreadable(other.to_string()),
        })
    }

    fn paths(&self) -> Arc<[String]> {
        self.workspace.tree.shared_files().unwrap_or_default()
    }

    fn fetched(&self, key: &str) -> Option<Arc<str>> {
        self.workspace.includes.read(key)
    }

    fn commit_at(&self, revision: &str) -> Option<String> {
        Some(self.tree_at(revision)?.sha())
    }

    fn read_at(&self, revision: &str, path: &str) -> Option<Arc<str>> {
        let text = self.tree_at(revision)?.read_text(path).ok()?;
        Some(text.into())
    }

    fn paths_at(&self, revision: &str) -> Arc<[String]> {
        let tree = self.tree_at(revision);
        let paths = tree.and_then(|tree| tree.shared_files().ok());
        paths.unwrap_or_default()
    }

    fn kept(&self, job: &str, path: &str) -> Result<Arc<str>, KeptError> {
        let of_job = self.kept.0.iter().find(|(name, _)| name == job);
        let (_, tar) = of_job.ok_or(KeptError::NothingKept)?;
        let text = kept_file(tar, path, MAX_KEPT).map_err(|error| match error {
            KeptFileError::Missing => ReadError::NotFound,
            KeptFileError::NotAFile => ReadError::NotAFile,
            KeptFileError::NotUtf8 => ReadError::NotUtf8,
            KeptFileError::TooLarge(limit) => {
                ReadError::Unreadable(format!("it has more than {limit} bytes"))
            }
            KeptFileError::Unreadable(error) => ReadError::Unreadable(system_words(&error)),
        });
        text.map(Into::into).map_err(KeptError::Unreadable)
    }

    fn changes(&self, compare_to: Option<&str>) -> Result<Changes, BadRevision> {
        let Some(revision) = compare_to else {
            return Ok(self.changed.get_or_init(|| self.event_changes()).clone());
        };
        let since = self
            .workspace
            .repository
            .changes_since(&self.workspace.tree, revision)
            .map_err(|_| BadRevision(revision.to_owned()))?;
        Ok(match self.event {
            EventChanges::Given(_) => self.event_changes(),
            EventChanges::Unknown | EventChanges::Git(_) => Changes::Known(since.into()),
        })
    }
}
