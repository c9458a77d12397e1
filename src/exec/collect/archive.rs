//! The file of a job's artifacts. It appears whole or not at all: half an archive would keep a
//! full disk full.

use std::io::{self, Read};
use std::path::Path;

use tar::Header;
use tempfile::NamedTempFile;

use super::super::file_work::Stop;
use super::super::{ArtifactRef, ExecError, Fault, Globs};
use super::holes::{HoleWriter, Stored, TooLarge};
use super::pack::UNIT;
use super::{Pack, Packed, Selection};

/// What a GitLab server takes by default (runtime reference 16.6). Bytes.
const SERVER_DEFAULT: u64 = 100 * MEGABYTE;

const MEGABYTE: u64 = 1024 * 1024;

/// An archive on its way to its place.
pub(in crate::exec) type Archive = Pack<HoleWriter>;

/// An empty archive beside its place `into`, for what `globs` take.
pub(in crate::exec) fn begin(
    selection: Selection,
    globs: &Globs,
    into: &Path,
) -> io::Result<Archive> {
    let folder = into.parent().unwrap_or(Path::new("."));
    let file = NamedTempFile::new_in(folder)?;
    Ok(Pack::new(selection, HoleWriter::new(file, globs.limit)))
}

/// Where the content of a file is in an archive.
#[derive(Debug, Clone, Copy)]
pub(in crate::exec) struct Content {
    from: u64,
    size: u64,
}

impl Archive {
    /// Adds a file, and tells where its content is.
    pub(in crate::exec) fn add_file(
        &mut self,
        header: Header,
        path: &Path,
        size: u64,
        data: impl Read,
    ) -> io::Result<Content> {
        self.add(header, path, size, data)?;
        let end = self.written().length();
        // The content ends with the unit that it ends in.
        let from = end.saturating_sub(size.next_multiple_of(UNIT as u64));
        Ok(Content { from, size })
    }

    /// Adds a file with the content of one that is there: GitLab's archives know no hard links, and what
    /// had two names is two files behind them (runtime reference 16.2).
    pub(in crate::exec) fn add_again(
        &mut self,
        of_link: &Header,
        path: &Path,
        content: Content,
    ) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_mode(of_link.mode()?);
        header.set_uid(of_link.uid()?);
        header.set_gid(of_link.gid()?);
        header.set_mtime(of_link.mtime()?);
        self.add_copy(header, path, content.size, |to, done, piece| {
            to.read_back(content.from + done, piece)
        })
    }
}

/// Closes the archive and gives it its place.
pub(in crate::exec) fn keep(archive: Archive, into: &Path) -> io::Result<ArtifactRef> {
    let (packed, writer) = archive.finish()?;
    place(packed, writer.finish()?, into)
}

/// Stores an archive that was packed elsewhere beside its place `into`, as it arrives.
pub(in crate::exec) fn store(
    from: impl Read,
    globs: &Globs,
    into: &Path,
    stop: &Stop,
) -> io::Result<Stored> {
    let folder = into.parent().unwrap_or(Path::new("."));
    let mut writer = HoleWriter::new(NamedTempFile::new_in(folder)?, globs.limit);
    writer.write_from(stop.reads(from))?;
    writer.finish()
}

/// Gives an archive its place.
pub(in crate::exec) fn place(
    mut packed: Packed,
    stored: Stored,
    into: &Path,
) -> io::Result<ArtifactRef> {
    let Stored {
        file,
        bytes: stored,
        digest,
    } = stored;
    file.persist(into).map_err(|error| error.error)?;
    if stored > SERVER_DEFAULT {
        packed.notes.push(format!(
            "WARNING: these artifacts take {} MB uncompressed: compressed, a GitLab server takes 100 MB by default, GitLab.com 1 GB",
            stored / MEGABYTE
        ));
    }
    Ok(ArtifactRef {
        tar: into.to_owned(),
        entries: packed.entries,
        notes: packed.notes,
        digest: Some(digest),
        lasts: false,
    })
}

/// Why artifacts or a cache were not packed, and what to do. Too many are the job's fault, as on GitLab.
pub(in crate::exec) fn cannot_pack(error: io::Error) -> ExecError {
    let too_large = error.get_ref().and_then(|error| error.downcast_ref());
    if let Some(TooLarge { limit, with_holes }) = too_large {
        let are = if *with_holes {
            "their files, holes and all, have"
        } else {
            "they take"
        };
        let text = format!(
            "the artifacts are too large: {are} more than {} MB",
            limit / MEGABYTE
        );
        let remedy =
            "keep less with `artifacts:exclude`, or raise `artifacts-limit` in your `config.toml`";
        return ExecError {
            fault: Fault::User,
            ..ExecError::system("collect artifacts", text).help(remedy)
        };
    }
    ExecError::file("collect artifacts", "the archive can't be packed", error)
}

#[cfg(test)]
mod tests {
    use std::fs::{File, OpenOptions};
    use std::path::Path;

    use tempfile::{NamedTempFile, TempDir, TempPath};

    use super::*;

    fn globs(limit: Option<u64>) -> Globs {
        Globs {
            paths: vec!["out".to_owned()],
            limit,
            ..Globs::default()
        }
    }

    /// Adds a file that no block of is empty.
    fn fill(archive: &mut Archive, size: u64) -> io::Result<()> {
        let data = io::Read::take(io::repeat(b'x'), size);
        archive.add(Header::new_gnu(), Path::new("out"), size, data)
    }

    fn is_empty(folder: &TempDir) -> bool {
        folder.path().read_dir().expect("a folder").count() == 0
    }

    #[test]
    fn half_an_archive_does_not_stay_on_a_full_disk() {
        let folder = TempDir::new().expect("a folder");
        let place = folder.path().join("a.tar");
        File::create(&place).expect("a file");
        let full = OpenOptions::new().write(true).open("/dev/full");
        let file = NamedTempFile::from_parts(
            full.expect("the full device"),
            TempPath::try_from_path(&place).expect("a path"),
        );
        let selection = Selection::new(&globs(None), "/p");
        let mut archive = Pack::new(selection, HoleWriter::new(file, None));
        let error = fill(&mut archive, 1_000_000).expect_err("no room");
        drop(archive);
        let error = cannot_pack(error);
        assert_eq!(error.fault, Fault::Lasting);
        assert_eq!(
            error.in_one_line(),
            "the archive can't be packed: no space left on device: make room, or name other places with `XDG_STATE_HOME` (runs) and `XDG_CACHE_HOME` (sandboxes)"
        );
        assert!(is_empty(&folder));
    }

    #[test]
    fn artifacts_beyond_the_limit_are_the_jobs_fault() {
        let folder = TempDir::new().expect("a folder");
        let globs = globs(Some(MEGABYTE));
        let selection = Selection::new(&globs, "/p");
        let mut archive = begin(selection, &globs, &folder.path().join("a.tar")).expect("begun");
        let error = fill(&mut archive, 2 * MEGABYTE).expect_err("too large");
        drop(archive);
        let error = cannot_pack(error);
        assert_eq!(error.fault, Fault::User);
        assert!(error.message.contains("more than 1 MB"), "{error}");
        assert!(error.in_one_line().contains("`artifacts-limit`"), "{error}");
        assert!(is_empty(&folder));
    }

    #[test]
    fn more_than_a_server_takes_by_default_is_noted() {
        let folder = TempDir::new().expect("a folder");
        let place = folder.path().join("a.tar");
        for (size, noted) in [(MEGABYTE, false), (101 * MEGABYTE, true)] {
            let globs = globs(None);
            let selection = Selection::new(&globs, "/p");
            let mut archive = begin(selection, &globs, &place).expect("begun");
            fill(&mut archive, size).expect("added");
            let kept = keep(archive, &place).expect("kept");
            let warned = kept.notes.iter().any(|note| note.contains("take 101 MB"));
            assert_eq!(warned, noted, "{size}: {:?}", kept.notes);
        }
    }
}
