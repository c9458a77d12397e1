//! Files that Git LFS keeps beside the repository: a commit holds a pointer, a job gets what it
//! points to, as the runner's checkout does (design chapter 6).

use std::path::{Path, PathBuf};

use super::attributes::Attributes;
use crate::repo::listing::{Listing, Place, to_path};
use crate::repo::{RepoError, plain_file};

/// The longest text that is a pointer. Bytes.
const MAX_POINTER: usize = 1024;

/// How every pointer begins.
const VERSION: &[u8] = b"version https://git-lfs.github.com/spec/v1\n";

/// Where the content lies that `blob` points to; `None` where it is no pointer. `git_dir` is the
/// folder that all worktrees share.
pub(super) fn object(git_dir: &Path, blob: &[u8]) -> Option<PathBuf> {
    if blob.len() > MAX_POINTER || !blob.starts_with(VERSION) {
        return None;
    }
    let text = std::str::from_utf8(blob).ok()?;
    let id = text
        .lines()
        .find_map(|line| line.strip_prefix("oid sha256:"))?;
    let is_digest = id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digest.then(|| {
        let folder = git_dir.join("lfs/objects").join(&id[..2]);
        folder.join(&id[2..4]).join(id)
    })
}

/// Whether a pointer lies there, as a plain file.
pub(super) fn is_pointer(path: &Path) -> bool {
    let content = plain_file::content(path, MAX_POINTER as u64 + 1);
    object(Path::new(""), &content).is_some()
}

/// The files of a commit whose content Git LFS keeps, but not on this machine: jobs get their pointers.
/// `git` is a handle of nobody else's.
pub(super) fn missing(git: &git2::Repository, commit: git2::Oid) -> Result<Vec<String>, RepoError> {
    if !may_be_used(git, commit) {
        return Ok(Vec::new());
    }
    let listing = Listing::of_commit(git, commit)?;
    let attributes = Attributes::of_commit(git, commit, &listing)?;
    let odb = git.odb().map_err(RepoError::corrupt("the objects"))?;
    let mut missing = Vec::new();
    for file in &listing.files {
        let (Place::Blob(id), path) = (file.place, to_path(&file.path)) else {
            continue;
        };
        let is_small = || {
            odb.read_header(id)
                .is_ok_and(|(size, _)| size <= MAX_POINTER)
        };
        if !attributes.is_lfs(&path) || !is_small() {
            continue;
        }
        let blob = git.find_blob(id).map_err(RepoError::corrupt("an object"))?;
        let kept = object(git.commondir(), blob.content());
        if kept.is_some_and(|kept| plain_file::open(&kept).is_err()) {
            missing.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(missing)
}

/// Whether the attributes at the top, where `git lfs track` writes them, speak of it.
fn may_be_used(git: &git2::Repository, commit: git2::Oid) -> bool {
    let top = git.find_commit(commit).and_then(|commit| commit.tree());
    let Ok(top) = top else {
        return false;
    };
    let attributes = top.get_name(".gitattributes");
    let attributes = attributes.and_then(|entry| git.find_blob(entry.id()).ok());
    let says = |text: &[u8]| text.windows(3).any(|part| part == b"lfs");
    attributes.is_some_and(|blob| says(blob.content()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::object;

    #[test]
    fn where_a_pointer_leads() {
        let id = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
        let pointer = |id: &str| {
            format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 12\n")
        };
        let found = object(Path::new("/g"), pointer(id).as_bytes());
        let wanted = format!("/g/lfs/objects/4d/7a/{id}");
        assert_eq!(found.as_deref(), Some(Path::new(&wanted)));
        for (situation, blob) in [
            ("another file", "oid sha256:4d7a\n".to_owned()),
            ("a way out", pointer("../../../../etc/passwd")),
            ("too long", pointer(id) + &"#".repeat(2000)),
            (
                "no id",
                "version https://git-lfs.github.com/spec/v1\n".to_owned(),
            ),
        ] {
            assert_eq!(
                object(Path::new("/g"), blob.as_bytes()),
                None,
                "{situation}"
            );
        }
    }
}
