//! Where a file lies, and so which files and variables it sees (configuration reference 4.1, 4.4).

use std::sync::Arc;

use crate::expr::{InputValue, Lookup};

use super::super::provider::{BadRevision, Changes, FileProvider, KeptError, ReadError};
use super::outside::{Outside, ProjectAt};

/// The home of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Home {
    /// The repository itself.
    Here,
    /// The repository at another revision than the one that is checked out.
    Own(String),
    /// Another project at a revision.
    Project(ProjectAt),
    /// The artifacts of a job of the parent pipeline. What a file there names lies in the
    /// repository.
    Kept(String),
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
            Self::Own(place) | Self::Kept(place) => format!("{path}@{place}"),
            Self::Project(project) => Outside::Project(project.clone(), path.to_owned()).name(),
            Self::Here | Self::Nowhere => path.to_owned(),
        }
    }

    /// Whether variables are seen.
    pub(super) fn sees_variables(&self) -> bool {
        *self != Self::Nowhere
    }
}

/// The files of a home.
pub(super) struct HomeFiles<'a> {
    home: &'a Home,
    files: &'a dyn FileProvider,
}

impl HomeFiles<'_> {
    /// All files of another project, where it was fetched.
    pub(super) fn listed(&self) -> Option<Arc<[String]>> {
        let Home::Project(project) = self.home else {
            return None;
        };
        let paths = self.files.fetched(&project.paths_key())?;
        Some(paths.lines().map(str::to_owned).collect())
    }
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
            Home::Kept(job) => self.files.kept(job, path).map_err(|error| match error {
                KeptError::NothingKept => ReadError::NotFound,
                KeptError::Unreadable(error) => error,
            }),
            Home::Nowhere => Err(ReadError::NotFound),
        }
    }

    fn paths(&self) -> Arc<[String]> {
        match self.home {
            Home::Here => self.files.paths(),
            Home::Own(revision) => self.files.paths_at(revision),
            Home::Project(_) => self.listed().unwrap_or_default(),
            Home::Kept(_) | Home::Nowhere => Arc::default(),
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
