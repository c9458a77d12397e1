//! Artifacts from a folder, by walking through it.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use tar::Header;

use super::super::file_work::Stop;
use super::super::{ArtifactRef, Globs};
use super::{Pack, Packed, Selection, begin, keep};

/// Packs what `globs` take of `project` into the file `into`.
pub(in crate::exec) fn collect(
    globs: &Globs,
    project: &Path,
    into: &Path,
    stop: &Stop,
) -> io::Result<ArtifactRef> {
    let (selection, roots) = select(globs, project);
    let mut pack = begin(selection, globs, into)?;
    walk_all(project, &roots, &mut pack, stop)?;
    keep(pack, into)
}

/// Writes what `globs` take of `project` to `to`, as a tar stream.
pub(in crate::exec) fn stream(
    globs: &Globs,
    project: &Path,
    to: impl Write,
    stop: &Stop,
) -> io::Result<Packed> {
    let (selection, roots) = select(globs, project);
    let mut pack = Pack::new(selection, to);
    walk_all(project, &roots, &mut pack, stop)?;
    Ok(pack.finish()?.0)
}

/// The choice, and where to begin.
fn select(globs: &Globs, project: &Path) -> (Selection, Vec<String>) {
    let project_dir = project.to_string_lossy();
    let mut selection = Selection::new(globs, &project_dir);
    for (index, path) in selection.named() {
        if !is_there(project, Path::new(&path)) {
            selection.absent(index);
        }
    }
    let roots = selection.roots();
    (selection, roots)
}

fn walk_all(
    project: &Path,
    roots: &[String],
    pack: &mut Pack<impl Write>,
    stop: &Stop,
) -> io::Result<()> {
    for root in roots {
        let root = Path::new(root);
        if is_there(project, root) {
            walk(project, root, pack, stop)?;
        }
    }
    Ok(())
}

/// Whether `path` leads to something, and through no link, which could lead anywhere.
fn is_there(project: &Path, path: &Path) -> bool {
    let mut parents = path.ancestors().skip(1);
    let through_link =
        parents.any(|parent| !parent.as_os_str().is_empty() && project.join(parent).is_symlink());
    !through_link && project.join(path).exists()
}

/// Adds `path` and all that is in it, in the order of names.
fn walk(project: &Path, path: &Path, pack: &mut Pack<impl Write>, stop: &Stop) -> io::Result<()> {
    stop.check()?;
    let full = project.join(path);
    let named = |error: io::Error| match error.raw_os_error() {
        // The system's words don't say which file they are about; all others do.
        Some(_) => io::Error::new(error.kind(), format!("`{}`: {error}", path.display())),
        None => error,
    };
    let facts = fs::symlink_metadata(&full).map_err(named)?;
    // Sockets, pipes and devices are not kept, and count for nothing.
    let is_kept = facts.is_dir() || facts.is_file() || facts.is_symlink();
    if is_kept && !path.as_os_str().is_empty() && pack.wants(path, facts.is_dir()) {
        add(&full, path, &facts, pack, stop).map_err(named)?;
    }
    if facts.is_dir() && !path.starts_with(".git") {
        for name in names(&full).map_err(named)? {
            walk(project, &path.join(name), pack, stop)?;
        }
    }
    Ok(())
}

fn names(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut names = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| PathBuf::from(entry.file_name())))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn add(
    full: &Path,
    path: &Path,
    facts: &Metadata,
    pack: &mut Pack<impl Write>,
    stop: &Stop,
) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_metadata(facts);
    if facts.is_symlink() {
        pack.add_link(header, path, &fs::read_link(full)?)
    } else if facts.is_dir() {
        pack.add(header, path, 0, io::empty())
    } else if facts.is_file() {
        let Some(file) = open_plain(full)? else {
            return Ok(());
        };
        let facts = file.metadata()?;
        header.set_metadata(&facts);
        // One that gets shorter while it is read is filled up: the archive says its length already.
        let content = stop.reads(file).chain(io::repeat(0)).take(facts.len());
        pack.add(header, path, facts.len(), content)
    } else {
        // Sockets, pipes and devices are not kept.
        Ok(())
    }
}

/// Opens a plain file. What is none any more is not kept, and nobody waits for it: services may go
/// on while a job's files are packed.
fn open_plain(full: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = match rustix::fs::open(full, flags, Mode::empty()) {
        Err(Errno::LOOP | Errno::NXIO) => return Ok(None),
        opened => File::from(opened?),
    };
    let is_plain = file.metadata()?.is_file();
    Ok(is_plain.then_some(file))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::open_plain;

    #[test]
    fn nobody_waits_for_what_is_no_file_any_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("file"), "text").expect("a file");
        symlink("file", at("link")).expect("a link");
        let pipe = (FileType::Fifo, Mode::RUSR);
        mknodat(CWD, at("pipe"), pipe.0, pipe.1, 0).expect("a pipe");
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).expect("a socket");
        for (name, wanted) in [
            ("file", true),
            ("link", false),
            ("pipe", false),
            ("socket", false),
        ] {
            let opened = open_plain(&at(name)).expect(name);
            assert_eq!(opened.is_some(), wanted, "{name}");
        }
    }
}
