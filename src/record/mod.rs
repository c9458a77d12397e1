//! Runs on disk (design chapter 6, 8).
//!
//! ```text
//! $XDG_STATE_HOME/pipe/
//!   pipelines, jobs          the last ids given out, `CI_PIPELINE_ID` and `CI_JOB_ID`
//!   <project>/
//!     iid                    number of the last run
//!     checkout               where the project is, so that its record goes with it
//!     runs/<id>/
//!       lock                 held while the run lives
//!       request.json         what was asked for; written before the first job
//!       events.jsonl         what happened; log lines by offset and length
//!       results/<job>.<attempt>.json
//!                            how an attempt ended, what it left and a digest of what it depended
//!                            on; written when it ends, so that a later program can go on from there
//!       logs/<job>.<attempt>
//!       artifacts/<job>.<attempt>.tar
//! ```
//!
//! Values that a log would hide are in none of these files; of a given variable and of one that a
//! job reported, only the name is there then. Records of older versions, without requests and
//! results, stay readable.
//!
//! Layer 5. Folders are 0700 and files 0600, also those that were there before; files appear whole
//! or not at all, and two processes never get the same id. Knows events, no plan and no executor.

mod archive;
mod caches;
mod copy;
mod counter;
mod environments;
mod error;
mod folder;
mod history;
mod job_path;
mod live;
mod project;
mod recorder;
mod replay;
mod request;
mod reserve;
mod results;
mod state;
#[cfg(test)]
mod tests;

pub use archive::{KeptEntry, KeptKind, entries};
pub use caches::{CacheArchive, Caches};
pub use copy::{Copied, CopyError, copy_out};
pub use environments::{Deployment, PastEnvironment};
pub use error::RecordError;
pub use history::{LastArtifacts, PastRun, Success};
pub use job_path::JobPath;
pub use live::{LiveRun, log};
pub use project::{Keep, ProjectRecord};
pub use recorder::Recorder;
pub use request::{
    GivenText, GivenValue, RecordedRequest, Released, RequestedJobs, RequestedRef, SettingInForce,
};
pub use state::State;
