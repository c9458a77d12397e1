//! The tar of the project tree while a run needs it: `$XDG_STATE_HOME/pipe/trees/<run>.tar`.

use std::path::{Path, PathBuf};

use crate::diag::{Code, Diagnostic};
use crate::record::{LiveRun, State};

use super::exit::{Exit, Failure};

/// The tree of one run. Trees of runs that died are removed when the next one begins.
pub(super) struct Trees {
    path: PathBuf,
}

impl Trees {
    /// The place for the tree of `run`.
    pub(super) fn of(state: &State, run: &LiveRun) -> Result<Self, Failure> {
        let folder = state.root().join("trees");
        std::fs::create_dir_all(&folder).map_err(|error| {
            Failure::new(
                Exit::Environment,
                Diagnostic::new(
                    Code::StateUnwritable,
                    format!("`{}` can't be made: {error}", folder.display()),
                ),
            )
        })?;
        remove_dead(&folder, state);
        Ok(Self {
            path: folder.join(format!("{}.tar", run.id())),
        })
    }

    /// Where the tar goes.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes it.
    pub(super) fn remove(&self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

fn remove_dead(folder: &Path, state: &State) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for path in entries.map(|entry| entry.path()) {
        let run = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if !state.is_alive(run) {
            let _ = std::fs::remove_file(&path);
        }
    }
}
