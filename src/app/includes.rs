//! The store of files from outside the repository that were fetched before.

use std::path::PathBuf;
use std::sync::Arc;

use super::folders;

/// A folder of fetched files, each at the path that is its key.
#[derive(Debug)]
pub(super) struct IncludeStore {
    folder: Option<PathBuf>,
}

impl IncludeStore {
    /// `$XDG_CACHE_HOME/pipe/includes`.
    pub(super) fn of_user() -> Self {
        let cache = folders::cache().ok();
        Self {
            folder: cache.map(|cache| cache.join("includes")),
        }
    }

    /// The text of a file, if it was fetched and is UTF-8.
    pub(super) fn read(&self, key: &str) -> Option<Arc<str>> {
        let text = std::fs::read_to_string(self.folder.as_ref()?.join(key)).ok()?;
        Some(text.into())
    }

    /// Keys of all files below a folder of the store, in order.
    pub(super) fn under(&self, prefix: &str) -> Vec<String> {
        let Some(folder) = &self.folder else {
            return Vec::new();
        };
        let mut keys = Vec::new();
        let mut open = vec![prefix.trim_end_matches('/').to_owned()];
        while let Some(inside) = open.pop() {
            let entries = std::fs::read_dir(folder.join(&inside));
            for entry in entries.into_iter().flatten().flatten() {
                let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string())
                else {
                    continue;
                };
                let key = format!("{inside}/{name}");
                if kind.is_dir() {
                    open.push(key);
                } else if kind.is_file() {
                    keys.push(key);
                }
            }
        }
        keys.sort();
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_by_their_keys() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let store = IncludeStore {
            folder: Some(folder.path().to_owned()),
        };
        for key in [
            "project/h/g/p/@HEAD/b/c.yml",
            "project/h/g/p/@HEAD/a.yml",
            "template/T.yml",
        ] {
            let path = folder.path().join(key);
            std::fs::create_dir_all(path.parent().expect("a key has a folder"))
                .expect("it can be made");
            std::fs::write(path, key).expect("it can be written");
        }
        assert_eq!(
            store.read("template/T.yml").as_deref(),
            Some("template/T.yml")
        );
        assert_eq!(store.read("template/U.yml"), None);
        assert_eq!(
            store.under("project/h/g/p/@HEAD/"),
            ["project/h/g/p/@HEAD/a.yml", "project/h/g/p/@HEAD/b/c.yml"]
        );
        assert!(store.under("project/none/").is_empty());
    }
}
