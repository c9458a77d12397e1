//! What git tracks in a folder that is not ours: the index of a job's own checkout.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

use super::RepoError;

/// The paths in an index file, submodules included, relative to the top of its work tree. `None`
/// when it is no index that can be read. libgit2 reads a file: it lies in `scratch` meanwhile,
/// and an error means that it could not be written there.
pub fn tracked(index: &[u8], scratch: &Path) -> Result<Option<BTreeSet<String>>, RepoError> {
    let written = NamedTempFile::new_in(scratch).and_then(|mut file| {
        file.write_all(index)?;
        Ok(file)
    });
    let file = written.map_err(RepoError::io("write to", scratch))?;
    let Ok(index) = git2::Index::open(file.path()) else {
        return Ok(None);
    };
    let names = index
        .iter()
        .map(|entry| String::from_utf8_lossy(&entry.path).into_owned());
    Ok(Some(names.collect()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::tracked;
    use crate::repo::fixture::Fixture;

    #[test]
    fn an_index_is_read() {
        let fixture = Fixture::with(&[("a", "1"), ("b/c", "2")]);
        let index = std::fs::read(fixture.path().join(".git/index")).expect("an index");
        let scratch = tempfile::tempdir().expect("a folder");
        let tracked = |index: &[u8]| tracked(index, scratch.path()).expect("it can be looked at");
        let names: Vec<String> = tracked(&index).expect("it is one").into_iter().collect();
        assert_eq!(names, ["a", "b/c"]);
        assert_eq!(tracked(b"nonsense"), None);
        assert_eq!(tracked(b"DIRC\0\0\0\x02\xff\xff\xff\xff"), None);
        let left = std::fs::read_dir(scratch.path()).expect("a folder");
        assert_eq!(left.count(), 0);
    }

    #[test]
    fn without_its_scratch_folder_nothing_is_said_of_the_index() {
        let error = tracked(b"nonsense", Path::new("/nowhere")).expect_err("no folder");
        let text = error.to_string();
        assert!(text.starts_with("can't write to `/nowhere`: "), "{text}");
    }
}
