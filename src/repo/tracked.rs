//! What git tracks in a folder that is not ours: the index of a job's own checkout.

use std::collections::BTreeSet;
use std::io::Write;

/// The paths in an index file, submodules included, relative to the top of its work tree. `None`
/// when it is no index that can be read.
pub fn tracked(index: &[u8]) -> Option<BTreeSet<String>> {
    let mut file = tempfile::NamedTempFile::new().ok()?;
    file.write_all(index).ok()?;
    let index = git2::Index::open(file.path()).ok()?;
    let names = index
        .iter()
        .map(|entry| String::from_utf8_lossy(&entry.path).into_owned());
    Some(names.collect())
}

#[cfg(test)]
mod tests {
    use super::tracked;
    use crate::repo::fixture::Fixture;

    #[test]
    fn an_index_is_read() {
        let fixture = Fixture::with(&[("a", "1"), ("b/c", "2")]);
        let index = std::fs::read(fixture.path().join(".git/index")).expect("an index");
        let names: Vec<String> = tracked(&index).expect("it is one").into_iter().collect();
        assert_eq!(names, ["a", "b/c"]);
        assert_eq!(tracked(b"nonsense"), None);
        assert_eq!(tracked(b"DIRC\0\0\0\x02\xff\xff\xff\xff"), None);
    }
}
