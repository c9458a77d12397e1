//! The store of what was fetched: texts by the digest of their content, and for each name the
//! digest that it has now.
//!
//! ```text
//! includes/names/DIGEST OF THE KEY.json   what it is, where from, which commit, which content
//! includes/texts/DIGEST OF THE CONTENT    the content
//! ```

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// One name and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The name: [`Outside::key`](crate::config::Outside::key), or a key beside the files of a
    /// project.
    pub key: String,
    /// What it is, in the words of a message; empty for what only belongs to a file.
    pub what: String,
    /// Branch, tag, version or commit that was asked for; none for what has no such thing.
    pub revision: Option<String>,
    /// The commit that this was.
    pub commit: Option<String>,
    /// SHA-256 of the content.
    pub digest: String,
    /// Where it came from, without secrets.
    pub source: String,
    /// When, in RFC 3339.
    pub at: String,
}

impl Entry {
    /// Whether it can never mean anything else: it was asked for by its commit.
    fn is_fixed(&self) -> bool {
        self.revision.is_some() && self.revision == self.commit
    }
}

/// A folder of fetched files.
#[derive(Debug)]
pub struct Store {
    folder: Option<PathBuf>,
    /// Where all is to be renewed, the keys that were.
    renewed: Mutex<Option<HashSet<String>>>,
}

impl Store {
    /// The store in a folder that need not exist; without one it is empty.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            renewed: Mutex::new(None),
        }
    }

    /// From here on everything counts as missing that is not put here anew, unless it can never
    /// change.
    pub fn renew(&self) {
        *self.renewing() = Some(HashSet::new());
    }

    /// All that is here counts again.
    pub fn renewed(&self) {
        *self.renewing() = None;
    }

    fn renewing(&self) -> std::sync::MutexGuard<'_, Option<HashSet<String>>> {
        // A set of keys is whole between any two steps.
        self.renewed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text of a name, if it was fetched. What was damaged since was not.
    pub fn read(&self, key: &str) -> Option<Arc<str>> {
        let entry = self.entry(key)?;
        let hidden = match &*self.renewing() {
            Some(keys) => !keys.contains(key) && !entry.is_fixed(),
            None => false,
        };
        if hidden {
            return None;
        }
        let text = fs::read_to_string(self.text_path(&entry.digest)?).ok()?;
        (digest(&text) == entry.digest).then(|| text.into())
    }

    /// What is known of a name.
    pub fn entry(&self, key: &str) -> Option<Entry> {
        let text = fs::read_to_string(self.name_path(key)?).ok()?;
        let entry: Entry = serde_json::from_str(&text).ok()?;
        (entry.key == key).then_some(entry)
    }

    /// Keeps a text under a name; returns what the name stood for before. `entry.digest` is set
    /// here.
    pub fn put(&self, mut entry: Entry, text: &str) -> io::Result<Option<Entry>> {
        entry.digest = digest(text);
        let before = self.entry(&entry.key);
        let (name, content) = self
            .name_path(&entry.key)
            .zip(self.text_path(&entry.digest))
            .ok_or_else(|| io::Error::other("there is no home folder"))?;
        write(&content, text)?;
        write(&name, &serde_json::to_string(&entry)?)?;
        if let Some(keys) = &mut *self.renewing() {
            keys.insert(entry.key);
        }
        Ok(before)
    }

    /// Every name with what it stands for, by what it is.
    pub fn entries(&self) -> Vec<Entry> {
        let names = self.folder.as_ref().map(|folder| folder.join("names"));
        let files = names.and_then(|names| fs::read_dir(names).ok());
        let mut entries: Vec<Entry> = (files.into_iter().flatten().flatten())
            .filter_map(|file| fs::read_to_string(file.path()).ok())
            .filter_map(|text| serde_json::from_str(&text).ok())
            .filter(|entry: &Entry| !entry.what.is_empty())
            .collect();
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        entries
    }

    fn name_path(&self, key: &str) -> Option<PathBuf> {
        let name = format!("names/{}.json", digest(key));
        Some(self.folder.as_ref()?.join(name))
    }

    fn text_path(&self, digest: &str) -> Option<PathBuf> {
        let is_digest = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
        let folder = self.folder.as_ref().filter(|_| is_digest)?;
        Some(folder.join("texts").join(digest))
    }
}

/// SHA-256 in hexadecimal.
pub(super) fn digest(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        // Writing to a string can't fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// A file that appears whole or not at all.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    private_folder(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

/// A folder for the user alone.
pub fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str, revision: &str, commit: &str) -> Entry {
        Entry {
            key: key.to_owned(),
            what: key.to_owned(),
            revision: Some(revision.to_owned()),
            commit: Some(commit.to_owned()),
            digest: String::new(),
            source: "here".to_owned(),
            at: "2024-05-01T12:00:00Z".to_owned(),
        }
    }

    #[test]
    fn a_name_stands_for_what_was_put_there_last() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(Some(folder.path().join("includes")));
        assert_eq!(store.read("template/T"), None);
        let put = |text: &str| {
            let entry = entry("template/T", "v1", "a");
            store.put(entry, text).expect("it can be kept")
        };
        assert_eq!(put("one"), None);
        let before = put("two").expect("it was there");
        assert_eq!(before.digest, digest("one"));
        assert_eq!(store.read("template/T").as_deref(), Some("two"));
        assert_eq!(store.entries().len(), 1);
    }

    #[test]
    fn what_was_damaged_is_not_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(Some(folder.path().to_owned()));
        store
            .put(entry("k", "v1", "a"), "text")
            .expect("it can be kept");
        let path = folder.path().join("texts").join(digest("text"));
        fs::write(path, "other").expect("it can be written");
        assert_eq!(store.read("k"), None);
        let name = folder.path().join("names").join(digest("k") + ".json");
        fs::write(name, "{").expect("it can be written");
        assert_eq!(store.entry("k"), None);
    }

    #[test]
    fn while_all_is_renewed_only_the_new_counts_and_what_cant_change() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::new(Some(folder.path().to_owned()));
        for (key, revision, commit) in [
            ("moves", "v1", "a"),
            ("stays", "v1", "a"),
            ("fixed", "a", "a"),
        ] {
            store
                .put(entry(key, revision, commit), "old")
                .expect("it can be kept");
        }
        store.renew();
        assert_eq!(store.read("moves"), None);
        assert_eq!(store.read("fixed").as_deref(), Some("old"));
        store
            .put(entry("moves", "v1", "b"), "new")
            .expect("it can be kept");
        assert_eq!(store.read("moves").as_deref(), Some("new"));
        assert_eq!(store.read("stays"), None);
        store.renewed();
        assert_eq!(store.read("stays").as_deref(), Some("old"));
    }

    #[test]
    fn without_a_folder_nothing_is_kept() {
        let store = Store::new(None);
        assert!(store.put(entry("k", "v1", "a"), "text").is_err());
        assert_eq!(store.read("k"), None);
    }
}
