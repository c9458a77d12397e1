//! A tar stream onto this machine's disk. The stream is hostile: nothing is written outside the
//! folder, whatever names and links it holds.

use std::io;
use std::path::Path;

use tar::{Archive, Entry, EntryType};

use super::super::entry::{is_whiteout, relative};
use super::stop::Stop;

/// Unpacks the file `tar` over `folder`. Later entries replace earlier ones and what was there.
pub(super) fn unpack(tar: &Path, folder: &Path, stop: &Stop) -> io::Result<()> {
    let file = stop.reads(io::BufReader::new(std::fs::File::open(tar)?));
    let mut archive = Archive::new(file);
    let mut folders = Vec::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        match entry.header().entry_type() {
            // Last and innermost first, or a folder without write permission could not be filled.
            EntryType::Directory => folders.push(entry),
            EntryType::Regular
            | EntryType::Continuous
            | EntryType::GNUSparse
            | EntryType::Symlink
            | EntryType::Link => place(&mut entry, folder)?,
            EntryType::Char if is_whiteout(entry.header()) => take_away(&entry, folder)?,
            _ => {}
        }
    }
    folders.sort_by(|a, b| b.path_bytes().cmp(&a.path_bytes()));
    folders
        .iter_mut()
        .try_for_each(|entry| place(entry, folder))
}

/// Removes what a lower layer has at the entry's name. A parent that is a link leads elsewhere, and
/// what lies there is none of the layer's.
fn take_away(entry: &Entry<'_, impl io::Read>, folder: &Path) -> io::Result<()> {
    let path = relative(&entry.path()?)?;
    let is_folder = |parent: &Path| {
        let place = folder.join(parent);
        std::fs::symlink_metadata(place).is_ok_and(|about| about.is_dir())
    };
    if path.ancestors().skip(1).all(is_folder) && !path.as_os_str().is_empty() {
        make_room(&folder.join(path), EntryType::Char)?;
    }
    Ok(())
}

/// The tar crate refuses parents that are links out of `folder`; `relative` refuses the names that
/// it would silently skip.
fn place(entry: &mut Entry<'_, impl io::Read>, folder: &Path) -> io::Result<()> {
    let path = relative(&entry.path()?)?;
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    make_room(&folder.join(&path), entry.header().entry_type())?;
    entry.unpack_in(folder)?;
    Ok(())
}

/// Removes what is in the way of a new entry: links are replaced, never written through.
fn make_room(target: &Path, kind: EntryType) -> io::Result<()> {
    match std::fs::symlink_metadata(target) {
        Err(_) => Ok(()),
        Ok(old) if old.is_dir() && kind == EntryType::Directory => Ok(()),
        Ok(old) if old.is_dir() => std::fs::remove_dir_all(target),
        Ok(_) => std::fs::remove_file(target),
    }
}
