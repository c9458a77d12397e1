//! Where a file lies, and so which files and variables it sees (configuration reference 4.1, 4.4).

use std::sync::Arc;

use crate::expr::{InputValue, Lookup};

use super::super::provider::{BadRevision, Changes, FileProvider, ReadError};
use super::outside::{Outside, ProjectAt};

/// Digits of a commit's id below which git takes it for no id.
const SHORTEST_SHA: usize = 4;

/// The home of a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Home {
    /// The repository itself.
    Here,
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

    /// Whether variables are seen.
    pub(super) fn sees_variables(&self) -> bool {
        *self != Self::Nowhere
    }
}

/// Whether a project at a revision is this one at the commit that is checked out, so that its files
/// are those of the tree (configuration reference 4.1). `expand` expands variables.
pub(super) fn is_here(project: &ProjectAt, expand: &dyn Fn(&str) -> String) -> bool {
    let is_this_project = project.host == expand("$CI_SERVER_FQDN")
        && project.path == expand("$CI_PROJECT_PATH").to_lowercase();
    is_this_project && is_checked_out(&project.revision, expand)
}

fn is_checked_out(revision: &str, expand: &dyn Fn(&str) -> String) -> bool {
    let (reference, default) = (expand("$CI_COMMIT_REF_NAME"), expand("$CI_DEFAULT_BRANCH"));
    let named = if revision == "HEAD" {
        &default
    } else {
        revision
    };
    let is_part_of_sha = revision.len() >= SHORTEST_SHA
        && expand("$CI_COMMIT_SHA").starts_with(&revision.to_lowercase());
    is_part_of_sha || (named == reference && !reference.is_empty())
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
