//! The ids of a user of an image, where there is no sandbox of it yet: read from its layers.
//!
//! Whoever made the image may have put anything there: no link leads out of a layer, and nothing but a
//! plain file is read.

use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat2};
use rustix::io::Errno;

use super::super::inside::program::plain_text;
use super::super::inside::users::resolve;

/// The user and the group that `wanted` means in an image of these layers, the highest first. Nothing
/// where it means nobody, which is told where a program is to be started as them.
pub(super) fn ids(wanted: &str, layers: &[PathBuf]) -> Option<(u32, u32)> {
    let (passwd, group) = (text(layers, "etc/passwd"), text(layers, "etc/group"));
    let user = resolve(wanted, &passwd, &group).ok()?;
    Some((user.user, user.group))
}

fn text(layers: &[PathBuf], path: &str) -> String {
    let text = layers.iter().find_map(|layer| text_of(layer, path));
    text.unwrap_or_default()
}

/// What a layer has there; nothing where that is for the layers below to say.
fn text_of(layer: &Path, path: &str) -> Option<String> {
    let folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let layer = open(layer, folder, Mode::empty()).ok()?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let inside = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    match openat2(layer, path, flags, Mode::empty(), inside) {
        Ok(file) => Some(plain_text(file).unwrap_or_default()),
        Err(Errno::NOENT) => None,
        // It hides what is below, as the mark of a removed file does.
        Err(_) => Some(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};

    use rustix::fs::{CWD, FileType, Mode, mknodat};
    use tempfile::TempDir;

    use super::ids;

    const ANN: &str = "ann:x:5:60::/:/bin/sh\n";

    /// The highest layer, that below, and what is in no layer.
    fn places() -> (TempDir, PathBuf, PathBuf, PathBuf) {
        let scratch = tempfile::tempdir().expect("a folder");
        let of = |name: &str| scratch.path().join(name);
        let (high, low, outside) = (of("high"), of("low"), of("outside"));
        for folder in [&high, &low, &outside] {
            fs::create_dir_all(folder.join("etc")).expect("a folder");
            fs::write(folder.join("etc/group"), "joe:x:70:\n").expect("written");
        }
        (scratch, high, low, outside)
    }

    fn write(layer: &Path, passwd: &str) {
        fs::write(layer.join("etc/passwd"), passwd).expect("written");
    }

    #[test]
    fn the_highest_layer_that_has_a_file_says_who_is_who() {
        let (_scratch, high, low, _) = places();
        write(&low, ANN);
        let layers = [high.clone(), low];
        for (wanted, known) in [
            ("ann", Some((5, 60))),
            ("5", Some((5, 60))),
            ("ann:joe", Some((5, 70))),
            ("7:8", Some((7, 8))),
            ("bob", None),
            ("ann:bob", None),
        ] {
            assert_eq!(ids(wanted, &layers), known, "{wanted}");
        }
        write(&high, "ann:x:6:61::/:/bin/sh\n");
        assert_eq!(ids("ann", &layers), Some((6, 61)));
    }

    #[test]
    fn what_is_no_plain_file_says_nothing_and_is_not_waited_for() {
        let (_scratch, high, low, _) = places();
        write(&low, ANN);
        let at = high.join("etc/passwd");
        mknodat(CWD, &at, FileType::Fifo, Mode::from_raw_mode(0o644), 0).expect("a pipe");
        assert_eq!(ids("ann", &[high.clone(), low.clone()]), None);
        fs::remove_file(&at).expect("removed");
        fs::create_dir(&at).expect("a folder");
        assert_eq!(ids("ann", &[high, low]), None);
    }

    #[test]
    fn a_link_leads_to_a_file_of_its_own_layer_alone() {
        let (_scratch, high, _, outside) = places();
        write(&outside, ANN);
        fs::write(high.join("people"), ANN).expect("written");
        let absolute = outside.join("etc/passwd");
        let layers = std::slice::from_ref(&high);
        for (target, known) in [
            (Path::new("/people"), Some((5, 60))),
            (Path::new("../people"), Some((5, 60))),
            (Path::new("../../../people"), Some((5, 60))),
            (Path::new("../../outside/etc/passwd"), None),
            (absolute.as_path(), None),
        ] {
            let at = high.join("etc/passwd");
            symlink(target, &at).expect("a link");
            assert_eq!(ids("ann", layers), known, "{}", target.display());
            fs::remove_file(at).expect("removed");
        }
    }
}
