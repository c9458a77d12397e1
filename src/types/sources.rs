//! What a job has of the project: `GIT_DEPTH`, `GIT_CHECKOUT`, `GIT_SUBMODULE_STRATEGY` and their kin.

/// What a job's project directory holds before artifacts are laid over it (runtime reference
/// 11.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sources {
    /// Commits of history, `GIT_DEPTH`; 0 for all of it.
    pub depth: u32,
    /// Whether the files are there too, not only `.git` (`GIT_CHECKOUT`).
    pub checkout: bool,
    /// Whether what Git LFS keeps is in the place of its pointers (`GIT_LFS_SKIP_SMUDGE`).
    pub lfs: bool,
    /// Which tags come with the history (`GIT_FETCH_EXTRA_FLAGS`).
    pub tags: Tags,
    /// Which submodules.
    pub submodules: Submodules,
}

/// Those of a new project.
impl Default for Sources {
    fn default() -> Self {
        Self {
            depth: 20,
            checkout: true,
            lfs: true,
            tags: Tags::default(),
            submodules: Submodules::default(),
        }
    }
}

/// Which tags a job has (runtime reference 11.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tags {
    /// Those that point into the history that is there.
    #[default]
    Following,
    /// All of them, each with as much history (`--tags`).
    All,
    /// That of the pipeline alone (`--no-tags`).
    Own,
}

/// Which submodules a job has, and what of them (runtime reference 11.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Submodules {
    /// `GIT_SUBMODULE_STRATEGY`.
    pub strategy: SubmoduleStrategy,
    /// `GIT_SUBMODULE_PATHS`: git's pathspecs; without any, all.
    pub paths: Vec<String>,
    /// `GIT_SUBMODULE_DEPTH`: commits of their history, 0 for all of it; `None` for as many as the
    /// project has.
    pub depth: Option<u32>,
    /// Whether they are at the tip of their branch, not at the commit that the project names
    /// (`--remote` in `GIT_SUBMODULE_UPDATE_FLAGS`).
    pub newest: bool,
}

/// How deep submodules are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SubmoduleStrategy {
    /// Not at all: their folders are empty.
    #[default]
    None,
    /// Those of the project.
    Normal,
    /// Those within them too.
    Recursive,
}
