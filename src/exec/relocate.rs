//! Tar streams whose entries go below a folder of another.

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tar::{Builder, EntryType, Header};

use super::entry::{is_whiteout, relative};

/// Bytes read from an archive at once.
const READ: usize = 256 * 1024;

/// What a folder is that is only implied (runtime reference 7.2).
const OPEN: u32 = 0o777;

/// Copies the entries of the files `tars` below `folder`, each over those before it. Nothing takes
/// away what the stream itself has: what a later file takes away is left out from the start. Folders
/// below `folder` that the files only imply are open to all, as under the runner.
pub(super) fn lay_over(
    folder: &Path,
    tars: &[PathBuf],
    to: &mut Builder<impl Write>,
) -> io::Result<()> {
    let mut folders = Folders::below(folder);
    for (at, tar) in tars.iter().enumerate() {
        let gone = taken_away(&tars[at + 1..])?;
        for entry in tar::Archive::new(open(tar)?).entries()? {
            let mut entry = entry?;
            let name = relative(&entry.path()?)?;
            let is_gone = !gone.is_empty() && name.ancestors().any(|part| gone.contains(part));
            if !is_gone && !is_whiteout(entry.header()) {
                folders.lead_to(&folder.join(&name), to)?;
                folders.copy(folder, &name, &mut entry, to)?;
            }
        }
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
    let mut folders = Folders::below(Path::new(""));
    for entry in tar::Archive::new(from).entries()? {
        let mut entry = entry?;
        let name = relative(&entry.path()?)?;
        folders.lead_to(&folder.join(&name), to)?;
        folders.copy(folder, &name, &mut entry, to)?;
    }
    Ok(())
}

/// Folders that a stream has so far.
struct Folders<'a> {
    written: HashSet<PathBuf>,
    /// Those above, and this one, are there.
    top: &'a Path,
}

impl<'a> Folders<'a> {
    fn below(top: &'a Path) -> Self {
        Self {
            written: HashSet::new(),
            top,
        }
    }

    /// Writes those that lead to `path`, where the stream has not.
    fn lead_to(&mut self, path: &Path, to: &mut Builder<impl Write>) -> io::Result<()> {
        let is_below = |above: &&Path| above.starts_with(self.top) && *above != self.top;
        let above: Vec<&Path> = path.ancestors().skip(1).take_while(is_below).collect();
        for folder in above.into_iter().rev() {
            if self.written.insert(folder.to_owned()) {
                append_empty(to, folder, EntryType::Directory, OPEN)?;
            }
        }
        Ok(())
    }

    /// Writes one entry; the folder itself, where it is to be made, is open to all.
    fn copy(
        &mut self,
        folder: &Path,
        name: &Path,
        entry: &mut tar::Entry<'_, impl Read>,
        to: &mut Builder<impl Write>,
    ) -> io::Result<()> {
        if name.as_os_str().is_empty() {
            return self.lead_to(&folder.join("in"), to);
        }
        let path = folder.join(name);
        if entry.header().entry_type().is_dir() {
            self.written.insert(path.clone());
        }
        copy(folder, path, entry, to)
    }
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

fn copy(
    folder: &Path,
    path: PathBuf,
    entry: &mut tar::Entry<'_, impl Read>,
    to: &mut Builder<impl Write>,
) -> io::Result<()> {
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

    fn modes(tar: &[u8]) -> Vec<u32> {
        let mut archive = tar::Archive::new(tar);
        let entries = archive.entries().expect("entries");
        let mode = |entry: tar::Entry<'_, &[u8]>| entry.header().mode().expect("a mode");
        entries
            .map(|entry| mode(entry.expect("an entry")))
            .collect()
    }

    #[test]
    fn the_folder_itself_and_what_leads_to_an_entry_are_open_to_all() {
        let dir = tempfile::tempdir().expect("a folder");
        let (file, folder) = (EntryType::Regular, EntryType::Directory);
        let tar = written(
            &dir.path().join("tar"),
            &[
                ("./", folder),
                ("own", folder),
                ("own/b", file),
                ("a/b/c", file),
            ],
        );
        let below = Path::new("g/p");
        let mut layer = Builder::new(Vec::new());
        let opened = std::fs::File::open(&tar).expect("a tar");
        relocate(below, opened, &mut layer).expect("relocated");
        let layer = layer.into_inner().expect("a tar");
        let wanted = [
            "g",
            "g/p",
            "g/p/own",
            "g/p/own/b",
            "g/p/a",
            "g/p/a/b",
            "g/p/a/b/c",
        ];
        assert_eq!(names(&layer), wanted);
        assert_eq!(
            modes(&layer),
            [0o777, 0o777, 0o666, 0o666, 0o777, 0o777, 0o666]
        );
        let mut flat = Builder::new(Vec::new());
        lay_over(below, &[tar.clone(), tar], &mut flat).expect("laid over");
        let flat = flat.into_inner().expect("a tar");
        let (first, again) = (&wanted[2..], ["g/p/own", "g/p/own/b", "g/p/a/b/c"]);
        assert_eq!(names(&flat), [first, &again].concat());
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
        assert_eq!(modes(&flat), [0o666; 3]);
        let mut layer = Builder::new(Vec::new());
        let upper = std::fs::File::open(upper).expect("a tar");
        relocate(below, upper, &mut layer).expect("relocated");
        let layer = layer.into_inner().expect("a tar");
        assert_eq!(names(&layer), ["g", "g/p", "g/p/d", "g/p/c"]);
    }
}
