//! What `JUnit` reports say of an attempt, summed up as GitLab shows it beside a job.

use serde::{Deserialize, Serialize};

/// The tests of an attempt (runtime reference 16.4).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TestSummary {
    /// All of them.
    pub total: usize,
    /// Those that failed.
    pub failed: usize,
    /// Those that ended in an error.
    pub errors: usize,
    /// Those that were skipped.
    pub skipped: usize,
    /// Names of the first that failed or ended in an error.
    pub failures: Vec<String>,
}

impl TestSummary {
    /// Those that failed or ended in an error.
    pub fn bad(&self) -> usize {
        self.failed + self.errors
    }
}
