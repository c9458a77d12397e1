//! Where in an archive of images its parts lie.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use tar::{Archive, EntryType};

use super::super::ImageError;
use super::super::arrival::LayerSource;
use super::super::layer::Meter;
use super::super::manifest::{Descriptor, MOST_MANIFEST};
use super::super::sha256::digits;

/// What such an archive may hold: it has a few files for each layer.
const MOST_ENTRIES: usize = 20_000;
/// How many links lead to each other.
const MOST_LINKS: usize = 8;

/// Whether a tar is an archive of images, and not a root file system: by the names of its files.
/// Reads no further than to the first other name.
pub(super) fn is_image_archive((tar, meter): (impl Read, Meter)) -> io::Result<bool> {
    let mut archive = Archive::new(tar);
    let mut entries = archive.entries()?;
    let (mut has_manifest, mut number) = (false, 0);
    loop {
        meter.begin_header();
        let Some(entry) = entries.next() else {
            return Ok(has_manifest);
        };
        let mut entry = entry?;
        meter.begin_content();
        let path = path(&entry.path_bytes());
        number += 1;
        if number > MOST_ENTRIES || !is_of_archives(&path) {
            return Ok(false);
        }
        has_manifest |= matches!(path.as_str(), "manifest.json" | "index.json");
        io::copy(&mut entry, &mut io::sink())?;
    }
}

/// Names that engines give.
fn is_of_archives(path: &str) -> bool {
    let top = path.split('/').next().unwrap_or_default();
    let known = [
        "",
        "blobs",
        "oci-layout",
        "index.json",
        "manifest.json",
        "config.json",
        "repositories",
    ];
    let ending = [".json", ".tar", ".tar.gz", ""];
    let is_digest = |end: &str| {
        let stem = top.strip_suffix(end).unwrap_or_default();
        let stem = stem.strip_prefix("sha256:").unwrap_or(stem);
        digits(&format!("sha256:{stem}")).is_some()
    };
    known.contains(&top) || ending.into_iter().any(is_digest)
}

/// A path as one writes it: no `./`, no `/` at its ends.
fn path(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let parts = text.split('/').filter(|part| !matches!(*part, "" | "."));
    parts.collect::<Vec<_>>().join("/")
}

enum Item {
    /// Where it begins, and how long it is.
    File(u64, u64),
    Link(String),
}

/// The files of an archive that is not compressed.
pub(super) struct TarIndex {
    archive: PathBuf,
    items: HashMap<String, Item>,
}

impl TarIndex {
    /// Reads the heads of its entries, which [`is_image_archive`] has found sound.
    pub(super) fn read(archive: &Path) -> io::Result<Self> {
        let mut items = HashMap::new();
        let mut tar = Archive::new(File::open(archive)?);
        for entry in tar.entries_with_seek()? {
            let entry = entry?;
            let name = path(&entry.path_bytes());
            let target = || entry.link_name_bytes().unwrap_or_default().into_owned();
            let item = match entry.header().entry_type() {
                EntryType::Regular | EntryType::Continuous => {
                    Item::File(entry.raw_file_position(), entry.size())
                }
                EntryType::Symlink => Item::Link(beside(&name, &path_of_link(&target()))),
                EntryType::Link => Item::Link(path(&target())),
                _ => continue,
            };
            if items.len() >= MOST_ENTRIES {
                let what = format!("it has more than {MOST_ENTRIES} files");
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
            items.insert(name, item);
        }
        Ok(Self {
            archive: archive.to_owned(),
            items,
        })
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.items.contains_key(name)
    }

    /// Where a file lies, links followed.
    pub(super) fn find(&self, name: &str) -> Option<LayerSource> {
        let mut name = path(name.as_bytes());
        for _ in 0..MOST_LINKS {
            match self.items.get(&name)? {
                Item::Link(target) => name.clone_from(target),
                Item::File(from, length) => {
                    return Some(LayerSource {
                        archive: self.archive.clone(),
                        part: Some((*from, *length)),
                        digest: None,
                    });
                }
            }
        }
        None
    }

    /// The bytes of a small file.
    pub(super) fn bytes(&self, name: &str) -> Result<Vec<u8>, ImageError> {
        let source = self.find(name).ok_or_else(|| missing(name))?;
        read(&source, name)
    }
}

fn path_of_link(target: &[u8]) -> String {
    String::from_utf8_lossy(target).into_owned()
}

/// Where a link in the archive leads; out of it leads none.
fn beside(name: &str, target: &str) -> String {
    let mut parts: Vec<&str> = name.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

fn missing(name: &str) -> ImageError {
    ImageError::unsound(format!("it has no `{name}`"))
}

/// The bytes of a file that is known to be small.
fn read(source: &LayerSource, name: &str) -> Result<Vec<u8>, ImageError> {
    let (from, length) = source.part.unwrap_or((0, u64::MAX));
    let bytes = File::open(&source.archive).and_then(|mut file| {
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.take(length.min(MOST_MANIFEST + 1))
            .read_to_end(&mut bytes)?;
        Ok(bytes)
    });
    let bytes = bytes.map_err(ImageError::at("read", &source.archive))?;
    if bytes.len() as u64 > MOST_MANIFEST {
        let what = format!("`{name}` is larger than it may be");
        return Err(ImageError::unsound(what));
    }
    Ok(bytes)
}

/// The blobs of an OCI layout.
pub(super) enum Blobs {
    Folder(PathBuf),
    Archive(TarIndex),
}

impl Blobs {
    /// `index.json`.
    pub(super) fn index(&self) -> Result<Vec<u8>, ImageError> {
        self.file("index.json")
    }

    fn file(&self, name: &str) -> Result<Vec<u8>, ImageError> {
        match self {
            Self::Archive(index) => index.bytes(name),
            Self::Folder(_) => {
                let source = self.find(name).ok_or_else(|| missing(name))?;
                read(&source, name)
            }
        }
    }

    /// A file of the folder that is one: links lead to what is the user's, not the archive's.
    fn find(&self, name: &str) -> Option<LayerSource> {
        match self {
            Self::Archive(index) => index.find(name),
            Self::Folder(folder) => {
                let archive = folder.join(name);
                let is_file = fs::symlink_metadata(&archive).is_ok_and(|about| about.is_file());
                is_file.then_some(LayerSource {
                    archive,
                    part: None,
                    digest: None,
                })
            }
        }
    }

    /// The bytes of a manifest or a configuration, which are checked.
    pub(super) fn bytes(&self, of: &Descriptor) -> Result<Vec<u8>, ImageError> {
        let bytes = self.file(&blob(&of.digest)?)?;
        of.check(&bytes)?;
        Ok(bytes)
    }

    /// Where a layer lies; its digest is checked while it is unpacked.
    pub(super) fn layer(&self, of: &Descriptor) -> Result<LayerSource, ImageError> {
        let name = blob(&of.digest)?;
        let source = self.find(&name).ok_or_else(|| missing(&name))?;
        Ok(LayerSource {
            digest: Some(of.digest.clone()),
            ..source
        })
    }
}

fn blob(digest: &str) -> Result<String, ImageError> {
    let digits = digits(digest).ok_or_else(|| missing(digest))?;
    Ok(format!("blobs/sha256/{digits}"))
}

#[cfg(test)]
mod tests {
    use super::{beside, is_of_archives};

    #[test]
    fn names_tell_archives_of_images_from_root_file_systems() {
        let digest = "a".repeat(64);
        for (path, expected) in [
            ("manifest.json".to_owned(), true),
            ("blobs/sha256/x".to_owned(), true),
            (format!("{digest}/layer.tar"), true),
            (format!("{digest}.json"), true),
            (format!("{digest}.tar.gz"), true),
            (format!("sha256:{digest}"), true),
            (String::new(), true),
            ("bin/sh".to_owned(), false),
            ("etc".to_owned(), false),
            (format!("{digest}.sh"), false),
        ] {
            assert_eq!(is_of_archives(&path), expected, "{path}");
        }
    }

    #[test]
    fn links_of_an_archive_stay_in_it() {
        for (name, target, expected) in [
            ("a/layer.tar", "../b/layer.tar", "b/layer.tar"),
            ("a/layer.tar", "../../../../etc/shadow", "etc/shadow"),
            ("a/layer.tar", "/etc/shadow", "a/etc/shadow"),
            ("a", "b", "b"),
        ] {
            assert_eq!(beside(name, target), expected, "{name} {target}");
        }
    }
}
