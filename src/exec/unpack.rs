//! A tar stream onto this machine's disk. The stream is hostile: nothing is written outside the
//! folder, whatever names and links it holds.

use std::error::Error;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

use tar::{Archive, Entries, Entry, EntryType, Header};

use super::entry::{is_whiteout, relative};
use super::file_work::Stop;
use super::keeps::Keeps;
use crate::foreign::system_words;
use crate::remove::remove;

/// Unpacks the file `tar` over `folder`. Later entries replace earlier ones and what was there. The files
/// are those of whoever unpacks.
pub(super) fn unpack(tar: &Path, folder: &Path, stop: &Stop) -> io::Result<()> {
    let file = stop.reads(io::BufReader::new(File::open(tar)?));
    unpack_from(file, folder, Keeps::Nothing)
}

/// The same from a stream, of whose files more may be kept.
pub(super) fn unpack_from(from: impl Read, folder: &Path, keeps: Keeps) -> io::Result<()> {
    let mut archive = Archive::new(from);
    let into = Destination { folder, keeps };
    entries(archive.entries()?, into, &take_away, &mut |_, _| Ok(false))
}

/// The same from the file `tar`, with files that are had from elsewhere: `give` puts the file of a
/// path and header at its place, or says that it can't. What it has put there is not read.
#[cfg(target_os = "linux")]
pub(super) fn unpack_with(
    tar: &Path,
    folder: &Path,
    keeps: Keeps,
    give: Give<'_>,
) -> io::Result<()> {
    let mut archive = Archive::new(File::open(tar)?);
    let into = Destination { folder, keeps };
    entries(archive.entries_with_seek()?, into, &take_away, give)
}

/// Where entries go, and what is kept of them.
#[derive(Clone, Copy)]
struct Destination<'a> {
    folder: &'a Path,
    keeps: Keeps,
}

/// What becomes of a name that is taken away.
type Gone<'a> = &'a dyn Fn(&Path, &Path) -> io::Result<()>;

/// Puts a plain file at its place.
pub(super) type Give<'a> = &'a mut dyn FnMut(&Path, &Header) -> io::Result<bool>;

fn entries<'a, R: Read + 'a>(
    entries: Entries<'a, R>,
    into: Destination<'_>,
    gone: Gone<'_>,
    give: Give<'_>,
) -> io::Result<()> {
    let mut folders = Vec::new();
    for entry in entries {
        let mut entry = entry?;
        match entry.header().entry_type() {
            // Last and innermost first, or a folder without write permission could not be filled.
            EntryType::Directory => folders.push(entry),
            EntryType::Regular if give(&entry.path()?, entry.header())? => {}
            EntryType::Regular
            | EntryType::Continuous
            | EntryType::GNUSparse
            | EntryType::Symlink
            | EntryType::Link => place(&mut entry, into)?,
            EntryType::Char if is_whiteout(entry.header()) => {
                gone(into.folder, &relative(&entry.path()?)?)?;
            }
            _ => {}
        }
    }
    folders.sort_by(|a, b| b.path_bytes().cmp(&a.path_bytes()));
    folders
        .iter_mut()
        .try_for_each(|entry| place_folder(entry, into))
}

/// Places a folder whose content is there, with its time, which that content has changed. What is
/// saved again is told from what has changed by it.
fn place_folder(entry: &mut Entry<'_, impl Read>, into: Destination<'_>) -> io::Result<()> {
    place(entry, into)?;
    let folder = into.folder;
    let path = relative(&entry.path()?)?;
    if path.as_os_str().is_empty() || is_behind_a_link(folder, &path) {
        return Ok(());
    }
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(entry.header().mtime()?);
    match File::open(folder.join(path)).and_then(|it| it.set_modified(time)) {
        // Its mode may keep even its owner from opening it.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        done => done,
    }
}

/// Removes what a lower layer has at `path`. A parent that is a link leads elsewhere, and what lies
/// there is none of the layer's.
fn take_away(folder: &Path, path: &Path) -> io::Result<()> {
    if has_plain_parents(folder, path) && !path.as_os_str().is_empty() {
        make_room(&folder.join(path), EntryType::Char)?;
    }
    Ok(())
}

fn is_behind_a_link(folder: &Path, path: &Path) -> bool {
    path.ancestors().skip(1).any(|parent| {
        let place = folder.join(parent);
        std::fs::symlink_metadata(place).is_ok_and(|about| about.is_symlink())
    })
}

fn has_plain_parents(folder: &Path, path: &Path) -> bool {
    path.ancestors().skip(1).all(|parent| {
        let place = folder.join(parent);
        std::fs::symlink_metadata(place).is_ok_and(|about| about.is_dir())
    })
}

/// Unpacks a stream into `folder` as a layer for an overlay: what takes away from lower ones stays
/// in it as the mark that the kernel knows.
#[cfg(target_os = "linux")]
pub(super) fn unpack_layer(from: impl Read, folder: &Path, keeps: Keeps) -> io::Result<()> {
    let mut archive = Archive::new(from);
    let into = Destination { folder, keeps };
    entries(archive.entries()?, into, &mark_gone, &mut |_, _| Ok(false))
}

/// A character device 0:0, which everybody may make.
#[cfg(target_os = "linux")]
fn mark_gone(folder: &Path, path: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

    if path.as_os_str().is_empty() {
        return Ok(());
    }
    // Built one by one: none of them may be a link.
    let mut parents: Vec<&Path> = path.ancestors().skip(1).collect();
    parents.pop();
    for parent in parents.into_iter().rev() {
        let place = folder.join(parent);
        match std::fs::symlink_metadata(&place) {
            Ok(about) if about.is_dir() => {}
            Ok(_) => return Ok(()),
            Err(_) => std::fs::create_dir(&place)?,
        }
    }
    let place = folder.join(path);
    make_room(&place, EntryType::Char)?;
    let device = FileType::CharacterDevice;
    Ok(mknodat(CWD, &place, device, Mode::empty(), makedev(0, 0))?)
}

/// The tar crate refuses parents that are links out of `folder`; `relative` refuses the names that
/// it would silently skip.
fn place(entry: &mut Entry<'_, impl Read>, into: Destination<'_>) -> io::Result<()> {
    let folder = into.folder;
    let path = relative(&entry.path()?)?;
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    // What lies behind a link is not ours to take away, not even inside of `folder`.
    let is_in_sight = !is_behind_a_link(folder, &path);
    if is_in_sight {
        make_room(&folder.join(&path), entry.header().entry_type())?;
    }
    let placed = entry.unpack_in(folder);
    placed.map_err(|error| with_reason(&path, &error))?;
    if is_in_sight {
        into.keeps.apply(&folder.join(&path), entry.header())?;
    }
    Ok(())
}

/// An error that says why: those of the tar crate leave that to what they come from.
fn with_reason(path: &Path, error: &io::Error) -> io::Error {
    let mut reason: &dyn Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    let reason = match reason.downcast_ref() {
        Some(error) => system_words(error),
        None => reason.to_string(),
    };
    let text = format!("`{}`: {reason}", path.display());
    io::Error::new(error.kind(), text)
}

/// Removes what is in the way of a new entry: links are replaced, never written through.
fn make_room(target: &Path, kind: EntryType) -> io::Result<()> {
    match std::fs::symlink_metadata(target) {
        Err(_) => Ok(()),
        Ok(old) if old.is_dir() && kind == EntryType::Directory => Ok(()),
        Ok(old) if old.is_dir() => remove(target),
        Ok(_) => std::fs::remove_file(target),
    }
}

#[cfg(test)]
mod tests {
    use super::{Keeps, unpack_from};

    #[test]
    fn nothing_behind_a_link_is_taken_away_or_written() {
        let base = tempfile::tempdir().expect("a folder");
        let victim = base.path().join("victim");
        let folder = base.path().join("job");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::create_dir_all(&victim).expect("a folder");
        std::fs::write(victim.join("file"), "stays").expect("a file");

        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        header.set_mode(0o777);
        header.set_uid(0);
        header.set_gid(0);
        tar.append_link(&mut header, "link", &victim)
            .expect("a link");
        let mut header = tar::Header::new_gnu();
        header.set_size(4);
        header.set_mode(0o644);
        tar.append_data(&mut header, "link/file", &b"evil"[..])
            .expect("a file");
        let tar = tar.into_inner().expect("a stream");

        let refused = unpack_from(tar.as_slice(), &folder, Keeps::Owners);
        let error = refused.expect_err("it leads outside").to_string();
        assert!(error.starts_with("`link/file`: "), "{error}");
        let text = std::fs::read_to_string(victim.join("file")).expect("still there");
        assert_eq!(text, "stays");
    }
}
