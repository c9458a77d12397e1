//! What the project directory holds when a script starts: a tree of layers, and artifacts laid over
//! it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::super::relocate::{open, relocate};

/// The project tree to publish.
#[derive(Debug, Clone)]
pub struct TreeSpec {
    /// Names the content: equal ids mean equal trees.
    pub id: String,
    /// What it is made of, the lowest first.
    pub layers: Vec<LayerSpec>,
}

/// A part of a tree, over those below it.
#[derive(Debug, Clone)]
pub struct LayerSpec {
    /// Names the content: equal ids mean equal layers, in other runs too.
    pub id: String,
    /// Gives the content.
    pub content: Arc<dyn LayerContent>,
}

/// The content of a layer: a tar stream with entries relative to the project directory, owned by
/// 0:0 and mode a+rwX. A character device 0:0 in it takes away what a lower layer has under its
/// name. All calls block.
pub trait LayerContent: fmt::Debug + Send + Sync {
    /// Writes it, straight from where it comes, with all its entries below `folder`. Ends with the
    /// error of `to`, if there is one.
    fn write(&self, folder: &Path, to: &mut dyn io::Write) -> io::Result<()>;

    /// A file that has it, made when it is first asked for. It stays until the run ends.
    fn file(&self) -> io::Result<PathBuf>;

    /// Whether it has something at or below that path. Whoever does not know says yes.
    fn holds(&self, _path: &Path) -> io::Result<bool> {
        Ok(true)
    }
}

/// A layer that lies in a tar file already.
#[derive(Debug, Clone)]
pub struct TarFile(pub PathBuf);

impl LayerContent for TarFile {
    fn write(&self, folder: &Path, to: &mut dyn io::Write) -> io::Result<()> {
        let mut to = tar::Builder::new(to);
        relocate(folder, open(&self.0)?, &mut to)?;
        to.finish()
    }

    fn file(&self) -> io::Result<PathBuf> {
        Ok(self.0.clone())
    }

    fn holds(&self, path: &Path) -> io::Result<bool> {
        let mut archive = tar::Archive::new(std::fs::File::open(&self.0)?);
        for entry in archive.entries_with_seek()? {
            let entry = entry?;
            let name = entry.path()?;
            let takes_away = entry.header().entry_type() == tar::EntryType::Char;
            if name.starts_with(path) || takes_away && path.starts_with(&name) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A tree that the executor has taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeRef(pub String);

/// What a session collected: a tar in the run's own folder, entries relative to the project
/// directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactRef {
    /// The tar file.
    pub tar: PathBuf,
    /// Number of files, folders and links in it.
    pub entries: usize,
    /// Lines for the job's log: a pattern that matches nothing, what was left out.
    pub notes: Vec<String>,
    /// Names the content of the archive: equal digests mean equal archives. `None` where it is not
    /// known.
    pub digest: Option<String>,
    /// Whether later runs may want it too, so that what an executor makes of it may stay.
    pub lasts: bool,
}

/// The content of the project directory when the script starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// `None` for an empty directory (`GIT_STRATEGY: none` or `empty`).
    pub tree: Option<TreeRef>,
    /// Laid over it in this order; later entries replace earlier ones.
    pub artifacts: Vec<ArtifactRef>,
}
