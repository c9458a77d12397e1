//! Caches of a project's jobs: `<project>/caches/<runner>/<key>/<digest>.tar`, the newest counts.
//! Each appears whole or not at all. What was not used for longest goes first.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::TempPath;

use super::folder::file_name;

/// What the caches of a project may take on disk. Bytes.
const MOST_BYTES: u64 = 20 << 30;

/// The caches of a project.
#[derive(Debug, Clone)]
pub struct Caches {
    folder: PathBuf,
}

/// A cache on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheArchive {
    /// The tar file.
    pub tar: PathBuf,
    /// Names its content.
    pub digest: String,
    /// When it was saved.
    pub saved: SystemTime,
}

impl Caches {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// What was last saved under `key` by a job of that runner.
    pub fn find(&self, runner: &str, key: &str) -> Option<CacheArchive> {
        let folder = self.place(runner, key);
        let newest = archives(&folder).max_by_key(|archive| archive.saved)?;
        // Its time is that of the last use. One that can't be set lets it go sooner.
        let used = fs::File::open(&folder);
        let _ = used.and_then(|folder| folder.set_modified(SystemTime::now()));
        Some(newest)
    }

    /// A file to write a new archive to; it goes where it is not kept.
    pub fn begin(&self) -> io::Result<TempPath> {
        fs::create_dir_all(&self.folder)?;
        let file = tempfile::NamedTempFile::new_in(&self.folder)?;
        Ok(file.into_temp_path())
    }

    /// Keeps an archive under `key`, in place of what was there.
    pub fn keep(&self, runner: &str, key: &str, tar: TempPath, digest: &str) -> io::Result<()> {
        let folder = self.place(runner, key);
        fs::create_dir_all(&folder)?;
        let place = folder.join(format!("{}.tar", file_name(digest)));
        tar.persist(&place).map_err(|error| error.error)?;
        fs::File::open(&place)?.set_modified(SystemTime::now())?;
        let mut old: Vec<_> = archives(&folder).collect();
        old.sort_by_key(|archive| std::cmp::Reverse(archive.saved));
        // The last but one may be on its way into a job.
        for archive in old.iter().skip(2) {
            fs::remove_file(&archive.tar)?;
        }
        Ok(())
    }

    /// Removes what is too much.
    pub fn prune(&self) {
        self.prune_to(MOST_BYTES);
    }

    fn prune_to(&self, most: u64) {
        let runners = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let keys = runners.flat_map(|runner| fs::read_dir(runner.path()).into_iter().flatten());
        let used = |folder: PathBuf| Some((folder.metadata().ok()?.modified().ok()?, folder));
        let mut keys: Vec<_> = keys.flatten().filter_map(|key| used(key.path())).collect();
        keys.sort_by_key(|(used, _)| std::cmp::Reverse(*used));
        let mut sum = 0;
        for (_, folder) in keys {
            sum += archives(&folder)
                .filter_map(|archive| archive.tar.metadata().ok())
                .map(|about| about.len())
                .sum::<u64>();
            if sum > most {
                // What stays is tried again by the next run.
                let _ = fs::remove_dir_all(folder);
            }
        }
    }

    fn place(&self, runner: &str, key: &str) -> PathBuf {
        self.folder.join(file_name(runner)).join(file_name(key))
    }
}

fn archives(folder: &Path) -> impl Iterator<Item = CacheArchive> + use<> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let tar = entry.path();
        let saved = entry.metadata().ok()?.modified().ok()?;
        let digest = tar.file_stem()?.to_str()?.to_owned();
        Some(CacheArchive { tar, digest, saved })
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Caches;

    fn saved(caches: &Caches, key: &str, digest: &str, content: &str) {
        let tar = caches.begin().expect("a file");
        fs::write(&tar, content).expect("written");
        caches.keep("docker", key, tar, digest).expect("kept");
        // Times of files tell them apart.
        std::thread::sleep(std::time::Duration::from_millis(10));
    }

    #[test]
    fn the_newest_of_a_key_counts() {
        let dir = tempfile::tempdir().expect("a folder");
        let caches = Caches::new(dir.path().join("caches"));
        assert_eq!(caches.find("docker", "a/b"), None);
        for digest in ["d1", "d2", "d3", "d1"] {
            saved(&caches, "a/b", digest, digest);
        }
        let found = caches.find("docker", "a/b").expect("a cache");
        assert_eq!(found.digest, "d1");
        assert_eq!(fs::read_to_string(&found.tar).expect("read"), "d1");
        let folder = found.tar.parent().expect("a folder");
        assert_eq!(fs::read_dir(folder).expect("a folder").count(), 2);
        assert_eq!(caches.find("shell", "a/b"), None, "another runner's");
        assert_eq!(caches.find("docker", "a"), None);
    }

    #[test]
    fn what_was_not_used_for_longest_goes() {
        let dir = tempfile::tempdir().expect("a folder");
        let caches = Caches::new(dir.path().join("caches"));
        for key in ["a", "b", "c"] {
            saved(&caches, key, key, "0123456789");
        }
        caches.find("docker", "a").expect("used again");
        caches.prune_to(25);
        assert!(caches.find("docker", "a").is_some());
        assert_eq!(caches.find("docker", "b"), None);
        assert!(caches.find("docker", "c").is_some());
    }
}
