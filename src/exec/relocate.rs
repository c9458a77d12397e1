//! Tar streams whose entries go below a folder of another.

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tar::{Builder, EntryType, Header};

use super::entry::{is_whiteout, relative};

/// Bytes read from an archive at once.
const READ: usize = 256 * 1024;

/// Copies the entries of the files `tars` below `folder`, each over those before it. Nothing takes
/// away what the stream itself has: what a later file takes away is left out from the start.
pub(super) fn lay_over(
    folder: &Path,
    tars: &[PathBuf],
    to: &mut Builder<impl Write>,
) -> io::Result<()> {
    for (at, tar) in tars.iter().enumerate() {
        let gone = taken_away(&tars[at + 1..])?;
        copy_below(folder, &gone, open(tar)?, to)?;
    }
    Ok(())
}

/// Copies one stream below `folder`, what takes away included. Folders that it only implies are
/// open to all, as those of a tree: a layer's folder hides what those below it say of it.
pub(super) fn relocate(
    folder: &Path,
    from: impl Read,
    to: &mut Builder<impl Write>,
) -> io::Result<()> {
    let mut seen = HashSet::new();
    for entry in tar::Archive::new(from).entries()? {
        let mut entry = entry?;
        let path = folder.join(relative(&entry.path()?)?);
        let mut implied: Vec<&Path> = path.ancestors().skip(1).collect();
        // The empty path, with which all end.
        implied.pop();
        for above in implied.into_iter().rev() {
            if seen.insert(above.to_owned()) {
                append_empty(to, above, EntryType::Directory, 0o777)?;
            }
        }
        if entry.header().entry_type().is_dir() {
            seen.insert(path);
        }
        copy(folder, &mut entry, to)?;
    }
    Ok(())
}

/// An empty folder or file that belongs to 0:0.
pub(super) fn append_empty(
    tar: &mut Builder<impl Write>,
    path: &Path,
    kind: EntryType,
    mode: u32,
) -> io::Result<()> {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_mtime(now.as_secs());
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    tar.append_data(&mut header, path, io::empty())
}

/// A file for reading it in large pieces.
pub(super) fn open(tar: &Path) -> io::Result<impl Read> {
    Ok(io::BufReader::with_capacity(
        READ,
        std::fs::File::open(tar)?,
    ))
}

/// What the files take away from those below them.
fn taken_away(tars: &[PathBuf]) -> io::Result<HashSet<PathBuf>> {
    let mut gone = HashSet::new();
    for tar in tars {
        for entry in tar::Archive::new(open(tar)?).entries()? {
            let entry = entry?;
            if is_whiteout(entry.header()) {
                gone.insert(relative(&entry.path()?)?);
            }
        }
    }
    Ok(gone)
}

fn copy_below(
    folder: &Path,
    gone: &HashSet<PathBuf>,
    from: impl Read,
    to: &mut Builder<impl Write>,
) -> io::Result<()> {
    for entry in tar::Archive::new(from).entries()? {
        let mut entry = entry?;
        let name = relative(&entry.path()?)?;
        let is_gone = !gone.is_empty() && name.ancestors().any(|part| gone.contains(part));
        if !is_gone && !is_whiteout(entry.header()) {
            copy(folder, &mut entry, to)?;
        }
    }
    Ok(())
}

fn copy(
    folder: &Path,
    entry: &mut tar::Entry<'_, impl Read>,
    to: &mut Builder<impl Write>,
) -> io::Result<()> {
    let name = relative(&entry.path()?)?;
    if name.as_os_str().is_empty() {
        return Ok(());
    }
    let path = folder.join(name);
    let mut header = entry.header().clone();
    match header.entry_type() {
        EntryType::Symlink => {
            let target = entry.link_name()?.unwrap_or_default().into_owned();
            to.append_link(&mut header, path, target)
        }
        EntryType::Link => {
            let target = relative(&entry.link_name()?.unwrap_or_default())?;
            to.append_link(&mut header, path, folder.join(target))
        }
        _ => {
            if header.entry_type().is_gnu_sparse() {
                // Its content comes with the holes filled.
                header.set_entry_type(EntryType::Regular);
            }
            header.set_size(entry.size());
            to.append_data(&mut header, path, entry)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use tar::{Builder, EntryType};

    use super::{append_empty, lay_over, relocate};

    fn written(path: &Path, entries: &[(&str, EntryType)]) -> PathBuf {
        let mut tar = Builder::new(std::fs::File::create(path).expect("a file"));
        for (name, kind) in entries {
            append_empty(&mut tar, Path::new(name), *kind, 0o666).expect("an entry");
        }
        tar.finish().expect("finished");
        path.to_owned()
    }

    fn names(tar: &[u8]) -> Vec<String> {
        let mut archive = tar::Archive::new(tar);
        let entries = archive.entries().expect("entries");
        entries
            .map(|entry| {
                let entry = entry.expect("an entry");
                entry.path().expect("a path").display().to_string()
            })
            .collect()
    }

    #[test]
    fn a_later_file_takes_away_what_an_earlier_one_has() {
        let dir = tempfile::tempdir().expect("a folder");
        let (file, whiteout) = (EntryType::Regular, EntryType::Char);
        let lower = written(
            &dir.path().join("lower"),
            &[
                ("./", EntryType::Directory),
                ("a", file),
                ("d/b", file),
                ("d2", file),
            ],
        );
        let upper = written(&dir.path().join("upper"), &[("d", whiteout), ("c", file)]);
        let mut flat = Builder::new(Vec::new());
        let below = Path::new("g/p");
        lay_over(below, &[lower, upper.clone()], &mut flat).expect("laid over");
        let flat = flat.into_inner().expect("a tar");
        assert_eq!(names(&flat), ["g/p/a", "g/p/d2", "g/p/c"]);
        let mut layer = Builder::new(Vec::new());
        let upper = std::fs::File::open(upper).expect("a tar");
        relocate(below, upper, &mut layer).expect("relocated");
        let layer = layer.into_inner().expect("a tar");
        assert_eq!(names(&layer), ["g", "g/p", "g/p/d", "g/p/c"]);
    }
}
