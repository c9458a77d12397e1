//! What a job has of the project: `GIT_DEPTH`, `GIT_CHECKOUT`, `GIT_SUBMODULE_STRATEGY`.

/// What a job's project directory holds before artifacts are laid over it (runtime reference
/// 11.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Sources {
    /// Commits of history, `GIT_DEPTH`; 0 for all of it.
    pub depth: u32,
    /// Whether the files are there too, not only `.git` (`GIT_CHECKOUT`).
    pub checkout: bool,
    /// `GIT_SUBMODULE_STRATEGY`.
    pub submodules: Submodules,
}

/// Those of a new project.
impl Default for Sources {
    fn default() -> Self {
        Self {
            depth: 20,
            checkout: true,
            submodules: Submodules::None,
        }
    }
}

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
