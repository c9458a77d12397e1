//! Where a CI/CD variable of the settings is kept on GitLab.

/// The level of a CI/CD variable. A higher one wins, whatever the environment scopes say; scopes
/// decide inside one level only (runtime reference 12.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum VariableLevel {
    /// Of the instance: for every project.
    Instance,
    /// Of a group; the number of its path's parts, so that a subgroup is the higher.
    Group(usize),
    /// Of the project.
    Project,
}
