//! What a file or folder is that shall become an image.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::arrival::LayerSource;
use super::super::layer::{Limits, is_compressed, plain};
use super::super::{Arrival, Arrived, ImageError, ImageName, OnProgress, Platform, Progress};
use super::docker_archive::docker_archive;
use super::index::{Blobs, TarIndex, is_image_archive};
use super::layout::layout;

/// How to import.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// The name that the image gets, in place of those that the archive has.
    pub name: Option<ImageName>,
    /// Which image of several, and what a root file system is made for.
    pub platform: Option<Platform>,
}

impl ImportOptions {
    pub(super) fn wanted_platform(&self) -> Platform {
        self.platform.clone().unwrap_or_else(Platform::here)
    }
}

/// What all ways of importing need.
pub(super) struct Import<'a> {
    /// What is imported, as messages name it.
    pub(super) of: String,
    pub(super) options: &'a ImportOptions,
    pub(super) progress: OnProgress<'a>,
    pub(super) stop: &'a AtomicBool,
}

impl Import<'_> {
    pub(super) fn unsound(&self, what: &str) -> ImageError {
        ImageError::unsound(format!("{} {what}", self.of))
    }

    /// Names an error that knows only what is wrong.
    pub(super) fn named(&self, error: ImageError) -> ImageError {
        match error {
            ImageError::Unsound { what, help } => ImageError::Unsound {
                what: format!("{}: {what}", self.of),
                help,
            },
            other => other,
        }
    }

    pub(super) fn at(&self, layer: usize, layers: usize) {
        (self.progress)(Progress::Unpacking(layer, layers));
    }
}

impl Arrival<'_> {
    /// Imports what lies at `path`: an archive of images (`docker save`, an OCI layout as a folder
    /// or an archive), or the tar of a root file system, each plain or compressed with gzip or
    /// zstd. `of` is what messages call it.
    pub fn import(
        &mut self,
        path: &Path,
        of: &str,
        options: &ImportOptions,
        progress: OnProgress<'_>,
        stop: &AtomicBool,
    ) -> Result<Vec<Arrived>, ImageError> {
        let import = Import {
            of: format!("`{of}`"),
            options,
            progress,
            stop,
        };
        let read = ImageError::at("read", path);
        let about = fs::metadata(path).map_err(read)?;
        if about.is_dir() {
            if !path.join("index.json").is_file() {
                let advice =
                    "a folder has to be an OCI layout; pack a root file system with `tar -c`";
                return Err(import
                    .unsound("is no image: it has no `index.json`")
                    .advise(advice));
            }
            return layout(self, &Blobs::Folder(path.to_owned()), &import);
        }
        if !about.is_file() {
            return Err(import
                .unsound("is no file")
                .advise("`-` reads from standard input"));
        }
        let compressed = starts_compressed(path).map_err(ImageError::at("read", path))?;
        let scanned = plain(path, Limits::default(), stop).and_then(is_image_archive);
        let is_archive = scanned.map_err(|error| unreadable(&import, &error))?;
        if !is_archive {
            return self.root_file_system(path, &import);
        }
        let unpacked = if compressed {
            Some(self.spool(path, &import)?)
        } else {
            None
        };
        let index = TarIndex::read(unpacked.as_deref().unwrap_or(path));
        let index = index.map_err(|error| unreadable(&import, &error))?;
        // Archives of newer engines are both; what Docker wrote has the names as people know them.
        if index.has("manifest.json") {
            docker_archive(self, &index, &import)
        } else {
            layout(self, &Blobs::Archive(index), &import)
        }
    }

    fn root_file_system(
        &mut self,
        path: &Path,
        import: &Import<'_>,
    ) -> Result<Vec<Arrived>, ImageError> {
        let Some(name) = import.options.name.clone() else {
            let advice = "say the name that it shall have with `--tag`";
            return Err(import
                .unsound("is a root file system without a name")
                .advise(advice));
        };
        import.at(0, 1);
        let source = LayerSource {
            archive: path.to_owned(),
            part: None,
            digest: None,
        };
        let platform = import.options.wanted_platform();
        let image = self.unpack_alone(&import.of, &platform, &source, import.stop)?;
        import.at(1, 1);
        Ok(self.add(image, &[name], &[]))
    }

    /// The archive without its compression: the parts of it are then read where they lie.
    fn spool(&self, path: &Path, import: &Import<'_>) -> Result<std::path::PathBuf, ImageError> {
        let (mut file, spooled) = self.file()?;
        let copied = plain(path, Limits::default(), import.stop)
            .and_then(|(mut from, _)| io::copy(&mut from, &mut file));
        copied.map_err(|error| unreadable(import, &error))?;
        Ok(spooled)
    }
}

fn starts_compressed(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    File::open(path)?.take(16).read_to_end(&mut start)?;
    Ok(is_compressed(&start))
}

/// An archive that can't be read to where it matters.
fn unreadable(import: &Import<'_>, error: &io::Error) -> ImageError {
    if import.stop.load(Ordering::Relaxed) {
        return ImageError::Stopped;
    }
    let words = crate::foreign::system_words(error);
    let advice =
        "an archive of `docker save`, an OCI layout or the tar of a root file system is wanted";
    let error = import.unsound(&format!("can't be read: {words}"));
    error.advise(advice)
}
