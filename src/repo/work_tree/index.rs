//! The index, as it is asked while the work tree is walked.

use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use git2::{IndexEntry, IndexTime};

use crate::repo::RepoError;

/// Entries sorted by path, as git keeps them.
pub(super) struct Tracked {
    pub(super) entries: Vec<IndexEntry>,
    /// When the index was written: what changed then or later may have changed without a trace.
    pub(super) written: IndexTime,
}

impl Tracked {
    pub(super) fn read(git: &git2::Repository) -> Result<Self, RepoError> {
        let index = git.index().map_err(RepoError::corrupt("the index"))?;
        let written = index
            .path()
            .and_then(|path| path.metadata().and_then(|about| about.modified()).ok());
        let entries = index.iter().collect();
        Ok(Self {
            entries,
            written: time(written.unwrap_or(UNIX_EPOCH)),
        })
    }

    /// The places of the entries in that folder and deeper, where [`Self::find`] may look for one
    /// of them: a few steps instead of one search through all for each file.
    pub(super) fn below(&self, folder: &[u8]) -> Range<usize> {
        if folder.is_empty() {
            return 0..self.entries.len();
        }
        // `0` is the character behind `/`.
        self.after(&[folder, b"/"].concat())..self.after(&[folder, b"0"].concat())
    }

    /// The place of the first entry with that path, of those in the range.
    pub(super) fn find(&self, path: &[u8], among: &Range<usize>) -> Option<usize> {
        let some = self.entries.get(among.clone())?;
        let at = among.start + some.partition_point(|entry| entry.path.as_slice() < path);
        let entry = self.entries.get(at)?;
        (entry.path == path).then_some(at)
    }

    /// Whether there is an entry in that folder, or deeper.
    pub(super) fn has_below(&self, folder: &[u8]) -> bool {
        let prefix = [folder, b"/"].concat();
        let entry = self.entries.get(self.after(&prefix));
        entry.is_some_and(|entry| entry.path.starts_with(&prefix))
    }

    fn after(&self, path: &[u8]) -> usize {
        self.entries
            .partition_point(|entry| entry.path.as_slice() < path)
    }
}

fn time(at: SystemTime) -> IndexTime {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i32::try_from(since.as_secs()).unwrap_or(i32::MAX);
    IndexTime::new(seconds, since.subsec_nanos())
}
