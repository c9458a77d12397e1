//! Where a file lies, and so which files and variables it sees (configuration reference 4.1, 4.4).

use std::sync::Arc;

use crate::expr::{InputValue, Lookup};

use super::super::own_project::{is_checked_out, is_this_project};
use super::super::provider::{BadRevision, Changes, FileProvider, ReadError};
use super::outside::{Outside, ProjectAt};
use super::reader::Reader;

/// The home of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Home {
    /// The repository itself.
    Here,
    /// The repository at another revision than the one that is checked out.
    Own(String),
    /// Another project at a revision.
    Project(ProjectAt),
    /// A remote file or a template: it has no project and sees no variables.
    Nowhere,
}

impl Home {
    /// The home's files, as conditions and wildcards look at them.
    pub(super) fn files<'a>(&'a self, files: &'a dyn FileProvider) -> HomeFiles<'a> {
        HomeFiles { home: self, files }
    }

    /// The name of a file of it, as messages show it.
    pub(super) fn name_of(&self, path: &str) -> String {
        match self {
            Self::Own(revision) => format!("{path}@{revision}"),
            Self::Here | Self::Project(_) | Self::Nowhere => path.to_owned(),
        }
    }

    /// Whether variables are seen.
    pub(super) fn sees_variables(&self) -> bool {
        *self != Self::Nowhere
    }
}

impl Reader<'_> {
    /// The home of a project's files. Those of this project need not be fetched: at the commit that
    /// is checked out they are the tree's, at another one git has them (configuration reference
    /// 4.1).
    pub(super) fn home_of(&self, project: &ProjectAt) -> Home {
        let known = self.request.lookup;
        let is_own = project.host == self.host() && is_this_project(&project.path, known);
        if !is_own {
            Home::Project(project.clone())
        } else if is_checked_out(&project.revision, known) {
            Home::Here
        } else if self.request.files.commit_at(&project.revision).is_some() {
            Home::Own(project.revision.clone())
        } else {
            Home::Project(project.clone())
        }
    }
}

/// The files of a home.
pub(super) struct HomeFiles<'a> {
    home: &'a Home,
    files: &'a dyn FileProvider,
}

impl FileProvider for HomeFiles<'_> {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        match self.home {
            Home::Here => self.files.read(path),
            Home::Own(revision) => {
                let text = self.files.read_at(revision, path);
                text.ok_or(ReadError::NotFound)
            }
            Home::Project(project) => self
                .files
                .fetched(&Outside::Project(project.clone(), path.to_owned()).key())
                .ok_or(ReadError::NotFound),
            Home::Nowhere => Err(ReadError::NotFound),
        }
    }

    fn paths(&self) -> Arc<[String]> {
        match self.home {
            Home::Here => self.files.paths(),
            Home::Own(revision) => self.files.paths_at(revision),
            Home::Project(project) => self
                .files
                .fetched_under(&project.prefix())
                .iter()
                .filter_map(|key| project.path_of(key))
                .collect(),
            Home::Nowhere => Arc::default(),
        }
    }

    fn changes(&self, compare_to: Option<&str>) -> Result<Changes, BadRevision> {
        self.files.changes(compare_to)
    }

    fn commit_at(&self, revision: &str) -> Option<String> {
        self.files.commit_at(revision)
    }

    fn paths_at(&self, revision: &str) -> Arc<[String]> {
        self.files.paths_at(revision)
    }
}

/// No variable at all.
pub(super) struct NoVariables;

impl Lookup for NoVariables {
    fn variable(&self, _name: &str) -> Option<&str> {
        None
    }

    fn input(&self, _name: &str) -> Option<InputValue> {
        None
    }
}
