//! Builds directories that the daemon's host has under the same path, for jobs that start containers
//! of their own through its socket: `docker run -v "$PWD:…"` finds the job's files (runtime reference
//! 7.3).
//!
//! Such a directory is the place of its volume: while a container has the volume, the daemon has it
//! mounted there.

use std::path::Path;
use std::sync::OnceLock;

use super::super::names::unique_slug;

/// Where Docker keeps what it has, unless its settings say otherwise.
const USUAL_ROOT: &str = "/var/lib/docker";

/// Where the volumes of one run's jobs will be.
#[derive(Debug)]
pub(super) struct HostBuilds {
    root: OnceLock<String>,
    /// What no other run has in its names.
    token: String,
}

impl HostBuilds {
    pub(super) fn new(token: String) -> Self {
        Self {
            root: OnceLock::new(),
            token,
        }
    }

    /// Learns where the daemon keeps what it has.
    pub(super) fn learn(&self, root: &str) {
        let _ = self.root.set(root.trim_end_matches('/').to_owned());
    }

    /// The builds directory of an attempt.
    pub(super) fn builds_dir(&self, job: &str, attempt: u32) -> String {
        let root = self.root.get().map_or(USUAL_ROOT, String::as_str);
        let job = unique_slug(job);
        format!("{root}/volumes/pipe-{}-{job}-{attempt}/_data", self.token)
    }
}

/// The volume whose place a builds directory is.
pub(super) fn volume(builds_dir: &str) -> Option<String> {
    let folder = builds_dir.strip_suffix("/_data")?;
    Some(Path::new(folder).file_name()?.to_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{HostBuilds, volume};

    #[test]
    fn a_builds_directory_is_the_place_of_its_volume() {
        let builds = HostBuilds::new("t0".to_owned());
        let usual = builds.builds_dir("test", 1);
        assert_eq!(usual, "/var/lib/docker/volumes/pipe-t0-test-1/_data");
        builds.learn("/data/");
        let learnt = builds.builds_dir("test", 2);
        assert_eq!(learnt, "/data/volumes/pipe-t0-test-2/_data");
        assert_eq!(volume(&learnt).as_deref(), Some("pipe-t0-test-2"));
        assert_eq!(volume("/builds"), None);
    }
}
