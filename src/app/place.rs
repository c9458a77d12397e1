//! Where a run is recorded.

use crate::plan::PipelineFacts;
use crate::record::{LiveRun, ProjectRecord, State};

use super::failure::Failure;
use super::folders;
use super::workspace::Workspace;

/// Where a run is recorded.
pub(super) struct Place {
    pub(super) state: State,
    pub(super) record: ProjectRecord,
    pub(super) live: LiveRun,
}

impl Place {
    /// A new place for a run of this checkout, or for a shell, which leaves no record.
    pub(super) fn of(
        workspace: &Workspace,
        facts: &PipelineFacts,
        is_shell: bool,
    ) -> Result<Self, Failure> {
        let state = State::new(folders::state()?);
        let record = state.project(&facts.project.path, &workspace.repository.common_dir());
        let now = jiff::Timestamp::now();
        let live = if is_shell {
            record.begin_shell(now)
        } else {
            record.begin(now)
        }?;
        Ok(Self {
            state,
            record,
            live,
        })
    }

    /// A run of which nothing happened leaves no record.
    pub(super) fn forget(&self) {
        let events = self.live.folder().join("events.jsonl");
        if events.metadata().map_or(0, |about| about.len()) == 0 {
            let _ = std::fs::remove_dir_all(self.live.folder());
        }
    }
}
