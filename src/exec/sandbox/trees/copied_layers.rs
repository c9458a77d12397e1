//! Layers put together by copying, where the kernel lays them over each other for root alone.

use std::fs::{self, DirBuilder, File, FileTimes, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt, lchown, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, lgetxattr, mknodat};

use super::super::step::Marks;
use crate::remove::remove;

/// Copies `layers`, the highest first, over each other into `to`, a folder that is there. Their
/// marks for what is gone are heeded as the kernel would, and none is copied.
pub(in super::super) fn copy_layers(
    layers: &[impl AsRef<Path>],
    to: &Path,
    marks: Marks,
) -> io::Result<()> {
    for layer in layers.iter().rev() {
        let layer = layer.as_ref();
        copy_folder(layer, to, marks)?;
        take_over(to, &fs::metadata(layer)?)?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path, marks: Marks) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        copy(&from, &to, marks).map_err(|error| {
            let what = format!("`{}`: {error}", from.display());
            io::Error::new(error.kind(), what)
        })?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path, marks: Marks) -> io::Result<()> {
    let about = fs::symlink_metadata(from)?;
    let there = fs::symlink_metadata(to).ok();
    let kind = about.file_type();
    let stays = kind.is_dir()
        && there.as_ref().is_some_and(Metadata::is_dir)
        && !hides_lower_ones(from, marks);
    match there {
        Some(there) if !stays && there.is_dir() => remove(to)?,
        Some(_) if !stays => fs::remove_file(to)?,
        _ => {}
    }
    if kind.is_char_device() && about.rdev() == 0 {
        // It is gone, and nothing else was to be said.
        return Ok(());
    }
    if kind.is_dir() {
        if !stays {
            DirBuilder::new().mode(0o700).create(to)?;
        }
        copy_folder(from, to, marks)?;
    } else if kind.is_symlink() {
        symlink(fs::read_link(from)?, to)?;
    } else if kind.is_file() {
        fs::copy(from, to)?;
    } else if kind.is_fifo() {
        mknodat(CWD, to, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    } else {
        return Ok(());
    }
    take_over(to, &about)
}

/// Owner, mode and time. The mode comes after the owner, whose change takes bits from it.
fn take_over(to: &Path, about: &Metadata) -> io::Result<()> {
    let now = fs::symlink_metadata(to)?;
    if (now.uid(), now.gid()) != (about.uid(), about.gid()) {
        lchown(to, Some(about.uid()), Some(about.gid()))?;
    }
    if about.is_symlink() {
        return Ok(());
    }
    fs::set_permissions(to, Permissions::from_mode(about.mode() & 0o7777))?;
    if about.is_file() {
        let times = FileTimes::new().set_modified(about.modified()?);
        File::open(to)?.set_times(times)?;
    }
    Ok(())
}

/// Whether nothing of lower layers shows in a folder.
fn hides_lower_ones(folder: &Path, marks: Marks) -> bool {
    let name = match marks {
        Marks::Root => "trusted.overlay.opaque",
        Marks::User => "user.overlay.opaque",
    };
    let mut value = [0; 2];
    lgetxattr(folder, name, &mut value).is_ok_and(|length| value[..length] == *b"y")
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use rustix::fs::{XattrFlags, lsetxattr};

    use super::*;

    fn write(at: &Path, text: &str) {
        fs::create_dir_all(at.parent().expect("a folder")).expect("a folder");
        fs::write(at, text).expect("written");
    }

    #[test]
    fn layers_are_copied_as_the_kernel_would_show_them() {
        let base = tempfile::tempdir().expect("a folder");
        let at = |path: &str| base.path().join(path);
        for file in [
            "stays",
            "replaced",
            "gone",
            "hidden/lower",
            "shown/lower",
            "became/f",
            "link",
        ] {
            write(&at("low").join(file), "low");
        }
        for file in ["replaced", "hidden/upper", "shown/upper", "new/deep/file"] {
            write(&at("high").join(file), "high");
        }
        symlink("stays", at("high/link")).expect("a link");
        write(&at("high/became"), "a file now");
        let gone = (FileType::CharacterDevice, Mode::empty());
        mknodat(CWD, at("high/gone"), gone.0, gone.1, 0).expect("a mark");
        let opaque = lsetxattr(
            at("high/hidden"),
            "user.overlay.opaque",
            b"y",
            XattrFlags::empty(),
        );
        opaque.expect("a mark");
        fs::set_permissions(at("high/shown"), Permissions::from_mode(0o750)).expect("a mode");
        fs::create_dir(at("to")).expect("a folder");
        copy_layers(&[at("high"), at("low")], &at("to"), Marks::User).expect("copied");
        let text = |path: &str| fs::read_to_string(at("to").join(path)).ok();
        for (path, wanted) in [
            ("stays", Some("low")),
            ("replaced", Some("high")),
            ("gone", None),
            ("hidden/lower", None),
            ("hidden/upper", Some("high")),
            ("shown/lower", Some("low")),
            ("shown/upper", Some("high")),
            ("new/deep/file", Some("high")),
            ("became", Some("a file now")),
            ("link", Some("low")),
        ] {
            assert_eq!(text(path).as_deref(), wanted, "{path}");
        }
        assert_eq!(
            fs::read_link(at("to/link")).expect("a link"),
            PathBuf::from("stays")
        );
        let mode = fs::metadata(at("to/shown")).expect("there").mode();
        assert_eq!(mode & 0o777, 0o750);
        assert_eq!(
            fs::read_to_string(at("low/stays")).expect("untouched"),
            "low"
        );
    }
}
