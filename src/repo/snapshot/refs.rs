//! Which refs a job's `.git` is made from, in short: two equal digests mean equal histories.

use git2::Repository;
use sha2::{Digest, Sha256};

use crate::repo::RepoError;
use crate::repo::plain_file;

/// What git reads of the file that says where a clone ends. Bytes.
const MAX_SIZE: u64 = 100 << 20;

/// Adds all tags, with `all` the branches too, and where the clone itself is cut off.
pub(super) fn add(git: &Repository, all: bool, digest: &mut Sha256) -> Result<(), RepoError> {
    let patterns: &[&str] = if all {
        &["refs/tags/*", "refs/remotes/origin/*", "refs/heads/*"]
    } else {
        &["refs/tags/*"]
    };
    for pattern in patterns {
        let refs = git.references_glob(pattern);
        for found in refs.map_err(RepoError::corrupt("the refs"))? {
            // One that can't be read is no part of the history either.
            let Ok(found) = found else { continue };
            digest.update(found.name_bytes());
            let target = found.target().map(|id| id.to_string());
            digest.update(format!(" {}\n", target.unwrap_or_default()));
        }
    }
    digest.update(plain_file::content(
        &git.commondir().join("shallow"),
        MAX_SIZE,
    ));
    Ok(())
}
