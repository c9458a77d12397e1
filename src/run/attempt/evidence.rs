//! What the record says of an attempt that only the attempt knows: what it depended on, and which
//! of the variables it reported may be kept.

use crate::event::ReportedVariable;
use crate::types::Digest;

use super::driver::Attempt;

impl Attempt<'_> {
    /// Names all that the attempt depends on: what it runs, its sources, the artifacts it
    /// received. `None` where one of them has no name.
    pub(super) fn digest(&self) -> Option<String> {
        let mut digest = Digest::default();
        digest.add(self.scripts.digest.as_deref()?);
        digest.add_option(self.order.tree.as_ref().map(|tree| &tree.0));
        let artifacts = self.order.artifacts.iter();
        let artifacts: Option<Vec<&str>> = artifacts.map(|kept| kept.digest.as_deref()).collect();
        digest.add_all(artifacts?);
        Some(digest.finish())
    }

    /// Reported variables for the record, which keeps no value that the log would hide.
    pub(super) fn recordable(&self, dotenv: &[(String, String)]) -> Vec<ReportedVariable> {
        let recordable = |(name, value): &(String, String)| ReportedVariable {
            name: name.clone(),
            value: (self.log.masked(value) == *value).then(|| value.clone()),
        };
        dotenv.iter().map(recordable).collect()
    }
}
