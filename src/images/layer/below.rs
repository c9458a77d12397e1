//! What the layers below show at a path, as overlayfs would.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::Marks;

/// What there is at a path.
#[derive(Debug)]
pub(super) enum Shown {
    Nothing,
    Folder(Metadata),
    Link(PathBuf),
    /// Anything else, and where it lies.
    File(PathBuf),
}

/// The layers below the one that is unpacked, the lowest first. They are complete, and nobody
/// changes them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Below<'a> {
    pub(super) layers: &'a [PathBuf],
    pub(super) marks: Marks,
}

impl Below<'_> {
    /// What these layers show at `path`, which has neither links nor `..` on its way.
    pub(super) fn at(&self, path: &Path) -> io::Result<Shown> {
        for layer in self.layers.iter().rev() {
            match self.within(layer, path)? {
                Found::It(shown) => return Ok(shown),
                Found::HidesBelow => return Ok(Shown::Nothing),
                Found::SeeBelow => {}
            }
        }
        Ok(Shown::Nothing)
    }

    fn within(&self, layer: &Path, path: &Path) -> io::Result<Found> {
        let mut place = layer.to_owned();
        let mut hides = false;
        let mut names = path.components().peekable();
        while let Some(name) = names.next() {
            place.push(name);
            let about = match fs::symlink_metadata(&place) {
                Ok(about) => about,
                // A folder that its owner may not look into shows nothing.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied
                    ) =>
                {
                    return Ok(if hides {
                        Found::HidesBelow
                    } else {
                        Found::SeeBelow
                    });
                }
                Err(error) => return Err(error),
            };
            let is_last = names.peek().is_none();
            if about.is_dir() {
                if is_last {
                    return Ok(Found::It(Shown::Folder(about)));
                }
                hides |= is_opaque(&place, self.marks);
            } else if !is_last || is_whiteout(&about) {
                return Ok(Found::HidesBelow);
            } else if about.is_symlink() {
                return Ok(Found::It(Shown::Link(fs::read_link(&place)?)));
            } else {
                return Ok(Found::It(Shown::File(place)));
            }
        }
        Ok(Found::SeeBelow)
    }
}

enum Found {
    It(Shown),
    /// Not here, and what lies below does not show.
    HidesBelow,
    SeeBelow,
}

fn is_whiteout(about: &Metadata) -> bool {
    about.file_type().is_char_device() && about.rdev() == 0
}

fn is_opaque(folder: &Path, marks: Marks) -> bool {
    let mut value = [0; 1];
    rustix::fs::lgetxattr(folder, marks.opaque(), &mut value[..]).is_ok_and(|length| length == 1)
        && value == *b"y"
}
