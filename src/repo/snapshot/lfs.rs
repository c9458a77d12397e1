//! Files that Git LFS keeps beside the repository: a commit holds a pointer, a job gets what it
//! points to, as the runner's checkout does (design chapter 6).

use std::path::{Path, PathBuf};

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
