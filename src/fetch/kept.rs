//! All that was fetched, as one thing that takes room.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::store::Store;

/// The store and the repositories that projects are fetched into.
#[derive(Debug)]
pub struct FetchedFiles {
    folders: [PathBuf; 2],
}

impl FetchedFiles {
    /// What lies in `pipe`'s folder for what can be made again.
    pub fn new(cache: &Path) -> Self {
        Self {
            folders: ["includes", "git"].map(|name| cache.join(name)),
        }
    }

    /// How many files were fetched.
    pub fn count(&self) -> usize {
        Store::new(Some(self.folders[0].clone())).entries().len()
    }

    /// Bytes of all of it.
    pub fn size(&self) -> u64 {
        self.folders.iter().map(|folder| size(folder)).sum()
    }

    /// Removes all of it.
    pub fn remove(&self) -> io::Result<()> {
        for folder in &self.folders {
            match fs::remove_dir_all(folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |entry: fs::DirEntry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size(&entry.path()),
        Ok(_) => entry.metadata().map_or(0, |facts| facts.len()),
        Err(_) => 0,
    };
    entries.map(of).sum()
}
