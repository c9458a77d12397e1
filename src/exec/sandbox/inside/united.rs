//! Trees of this machine put together below one folder, each at its own path: they are one layer then,
//! where each would need an overlay of its own, for every job.
//!
//! An overlay shows nothing of what is mounted in its layers, so it has to be made of what lies in the
//! root of this machine, and must show nothing else of that. A skeleton in memory has an empty folder
//! for each tree, with a mark that sends whoever looks there to the tree itself. Above these folders is
//! one that hides what is below, and only what is in that is given away.

use std::ffi::CStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FlockOperation, Mode, OFlags, XattrFlags, flock, openat, setxattr};

use super::super::step::Fresh;
use super::mounts::{fresh, is_mounted, overlay_for_reading};

/// The folder that has the trees.
const TREES: &str = "trees";

/// Where trees lie that are put together at `at`.
pub(in super::super) fn united_trees(at: &Path) -> PathBuf {
    together(at).join(TREES)
}

fn together(at: &Path) -> PathBuf {
    at.join("together")
}

/// Puts trees of `machine` together, the paths of which begin there. Root alone can read the marks.
pub(super) fn unite(machine: &Path, trees: &[PathBuf], at: &Path) -> io::Result<()> {
    let (bones, together) = (at.join("skeleton"), together(at));
    if is_mounted(&together).unwrap_or(false) {
        return Ok(());
    }
    fs::create_dir_all(&bones)?;
    fs::create_dir_all(&together)?;
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let only_one = openat(CWD, at, flags, Mode::empty())?;
    flock(&only_one, FlockOperation::LockExclusive)?;
    if is_mounted(&together)? {
        return Ok(());
    }
    fresh(Fresh::Tmp, &bones, "mode=755")?;
    let folder = bones.join(TREES);
    fs::create_dir(&folder)?;
    mark(&folder, c"trusted.overlay.opaque", b"y")?;
    for tree in trees {
        let place = folder.join(tree.strip_prefix("/").unwrap_or(tree));
        fs::create_dir_all(&place)?;
        mark(
            &place,
            c"trusted.overlay.redirect",
            tree.as_os_str().as_encoded_bytes(),
        )?;
    }
    overlay_for_reading(&[&bones, machine], &together)
}

fn mark(folder: &Path, name: &CStr, value: &[u8]) -> io::Result<()> {
    Ok(setxattr(folder, name, value, XattrFlags::empty())?)
}

#[cfg(test)]
mod tests {
    use super::super::mounts::own_mounts;
    use super::*;

    #[test]
    fn nothing_of_the_machine_is_given_away_but_the_trees_as_root() {
        let base = tempfile::tempdir().expect("a folder");
        let (machine, at) = (base.path().join("machine"), base.path().join("at"));
        // What has the name of our own folder is no more than anything else.
        for file in [
            "usr/bin/a",
            "home/ann/.tools/b",
            "home/ann/secret",
            "etc/secret",
            "trees/secret",
        ] {
            let file = machine.join(file);
            fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            fs::write(file, "").expect("written");
        }
        let trees = ["/usr", "/home/ann/.tools"].map(PathBuf::from);
        // What is mounted is there for this thread alone, and goes with it.
        let uniting = std::thread::spawn(move || {
            own_mounts()?;
            unite(&machine, &trees, &at)?;
            unite(&machine, &trees, &at)?;
            let mut found = Vec::new();
            let mut folders = vec![united_trees(&at)];
            while let Some(folder) = folders.pop() {
                for entry in fs::read_dir(folder)? {
                    let entry = entry?;
                    if entry.file_type()?.is_dir() {
                        folders.push(entry.path());
                    } else {
                        found.push(
                            entry
                                .path()
                                .strip_prefix(united_trees(&at))
                                .expect("below")
                                .to_owned(),
                        );
                    }
                }
            }
            found.sort();
            io::Result::Ok(found)
        });
        let found = uniting.join().expect("no panic").expect("united");
        assert_eq!(found, ["home/ann/.tools/b", "usr/bin/a"].map(PathBuf::from));
    }
}
