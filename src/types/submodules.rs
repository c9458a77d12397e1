//! `GIT_SUBMODULE_STRATEGY`.

/// Which submodules a job has (runtime reference 11.2, 11.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Submodules {
    /// None: their folders are empty.
    #[default]
    None,
    /// Those of the project.
    Normal,
    /// Those within them too.
    Recursive,
}
