//! Taking the snapshot: the files in this thread, the `.git` in another.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use sha2::{Digest, Sha256};

use super::archive::Archive;
use super::attributes::Attributes;
use super::git_dir::{GitDir, Settings};
use super::history::Fetch;
use super::submodules;
use crate::repo::listing::{Mode, Place, TreeFile, is_private, to_path};
use crate::repo::{ProjectTree, RepoError, Repository};
use crate::types::{RefKind, Submodules};

/// `GIT_DEPTH` of a new project.
const DEFAULT_DEPTH: u32 = 20;

/// What the jobs of a run find in their project folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotOptions {
    /// Kind of the pipeline's ref; it decides which refs the job's `.git` has.
    pub kind: RefKind,
    /// Name of the ref.
    pub name: String,
    /// Commits of history, `GIT_DEPTH`; 0 for all of it.
    pub depth: u32,
    /// Whether the files are written too, not only `.git` (`GIT_CHECKOUT`).
    pub checkout: bool,
    /// Which submodules are brought in.
    pub submodules: Submodules,
    /// Files to keep out, relative to the root, besides those that are always private.
    pub exclude: Vec<String>,
}

impl SnapshotOptions {
    /// With the depth of a new project.
    pub fn new(kind: RefKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            depth: DEFAULT_DEPTH,
            checkout: true,
            submodules: Submodules::None,
            exclude: Vec::new(),
        }
    }
}

/// A finished tar file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Names the content, times aside: equal ids mean equal trees.
    pub id: String,
    /// Entries relative to the project folder, owned by 0:0, open to every user.
    pub tar: PathBuf,
}

impl Repository {
    /// Writes `tree` with a working `.git` as one tar file to `into`. A scratch folder beside it
    /// is used meanwhile.
    pub fn snapshot(
        &self,
        tree: &ProjectTree,
        into: &Path,
        options: &SnapshotOptions,
    ) -> Result<Snapshot, RepoError> {
        let folder = into.parent().unwrap_or(Path::new("."));
        let scratch = || tempfile::tempdir_in(folder).map_err(RepoError::io("write to", folder));
        let (scratch, beside) = (scratch()?, scratch()?);
        let fetch = Fetch {
            commit: tree.commit,
            kind: options.kind.clone(),
            name: options.name.clone(),
            depth: options.depth,
        };
        let remote = self.clean_remote_url();
        let own_handle = self.handle()?;
        let strategy = if options.checkout {
            options.submodules
        } else {
            Submodules::None
        };
        let submodules = submodules::find(&own_handle, tree.commit, &remote, strategy)?;
        let settings = Settings {
            remote: &remote,
            worktree: None,
            more: submodules::settings(&submodules),
        };
        let (files, git_dir) = std::thread::scope(|scope| {
            let (fetch, settings, scratch) = (&fetch, &settings, scratch.path());
            let head = options.checkout.into();
            let history =
                scope.spawn(move || GitDir::build(&own_handle, fetch, settings, head, scratch));
            let files = if options.checkout {
                write_files(tree, into, options)
            } else {
                Archive::create(into).map(|archive| (archive, Vec::new()))
            };
            let git_dir = history
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (files, git_dir)
        });
        let (mut archive, edits) = files?;
        git_dir?.append(&mut archive, Path::new(".git"))?;
        for submodule in &submodules {
            submodule.append(&mut archive, options.depth, beside.path())?;
        }
        archive.finish()?;
        Ok(Snapshot {
            id: identity(&fetch, &remote, options, &edits),
            tar: into.to_owned(),
        })
    }

    /// The URL that jobs see, without credentials: that of `CI_REPOSITORY_URL`.
    fn clean_remote_url(&self) -> String {
        let origin = self.origin();
        format!("{}/{}.git", origin.server_url(), origin.path)
    }
}

/// Writes the files of the tree. Returns the open archive and a digest of what differs from the
/// commit.
fn write_files(
    tree: &ProjectTree,
    into: &Path,
    options: &SnapshotOptions,
) -> Result<(Archive, Vec<u8>), RepoError> {
    let mut archive = Archive::create(into)?;
    let listing = tree.listing()?;
    let git = tree.git();
    let paths: Vec<PathBuf> = listing
        .files
        .iter()
        .map(|file| to_path(&file.path))
        .collect();
    let mut writer = Writer {
        git: &git,
        root: tree.root(),
        attributes: Attributes::new(&git, tree.root(), paths.iter().map(PathBuf::as_path)),
        archive: &mut archive,
        edited: listing.state.modified.iter().map(String::as_str).collect(),
        trusts_disk: git
            .config()
            .is_ok_and(|config| config.get_bool("core.filemode").unwrap_or(true)),
        digest: Sha256::new(),
        buffer: Vec::new(),
    };
    let excluded: HashSet<&[u8]> = options.exclude.iter().map(String::as_bytes).collect();
    for (file, name) in listing.files.iter().zip(&listing.names) {
        if !is_private(&file.path) && !excluded.contains(file.path.as_slice()) {
            writer.write(file, name)?;
        }
    }
    for name in &listing.state.deleted {
        writer.note(b"deleted", name.as_bytes(), b"");
    }
    let digest = writer.digest.finalize().to_vec();
    for path in &listing.submodules {
        archive.folder(&to_path(path))?;
    }
    Ok((archive, digest))
}

struct Writer<'a> {
    git: &'a git2::Repository,
    root: &'a Path,
    attributes: Attributes<'a>,
    archive: &'a mut Archive,
    edited: HashSet<&'a str>,
    /// Whether the executable bit of the disk is the one git would record.
    trusts_disk: bool,
    digest: Sha256,
    buffer: Vec<u8>,
}

/// Files up to this size are read whole before their header is written. Bytes.
const SMALL: u64 = 1 << 20;

impl Writer<'_> {
    fn write(&mut self, file: &TreeFile, name: &str) -> Result<(), RepoError> {
        match file.place {
            Place::Blob(id) => self.write_blob(file, id),
            Place::WorkTree => {
                let counts = !file.tracked || self.edited.contains(name);
                self.write_from_disk(file, counts)
            }
        }
    }

    fn write_blob(&mut self, file: &TreeFile, id: git2::Oid) -> Result<(), RepoError> {
        let blob = self
            .git
            .find_blob(id)
            .map_err(RepoError::corrupt("an object"))?;
        let path = to_path(&file.path);
        if file.mode == Some(Mode::Link) {
            return self.archive.link(&path, &to_path(blob.content()));
        }
        let mode = permissions(file.mode == Some(Mode::Executable));
        let content = self.attributes.checked_out(&path, blob.content());
        let size = content.len() as u64;
        self.archive.file(&path, mode, size, &*content)
    }

    /// Writes what lies on disk. `counts`: it is an edit, and belongs to the identity.
    fn write_from_disk(&mut self, file: &TreeFile, counts: bool) -> Result<(), RepoError> {
        let path = to_path(&file.path);
        let full = self.root.join(&path);
        let opened = match open_plain(&full) {
            Ok(opened) => opened,
            // It went away since the listing was made.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if is_link(&error) => return self.write_link(&path, &full, counts),
            Err(source) => return Err(RepoError::io("read", full)(source)),
        };
        let about = opened.metadata().map_err(RepoError::io("read", &full))?;
        // Sockets, pipes and folders are nothing to git.
        if !about.is_file() {
            return Ok(());
        }
        let on_disk = about.permissions().mode() & 0o100 != 0;
        let executable = match file.mode {
            Some(mode) if !self.trusts_disk => mode == Mode::Executable,
            _ => on_disk,
        };
        let content = Content {
            path: &path,
            full: &full,
            mode: permissions(executable),
            size: about.len(),
            counts,
        };
        self.copy(&content, opened)
    }

    fn copy(&mut self, content: &Content<'_>, mut opened: File) -> Result<(), RepoError> {
        let failed = || RepoError::io("read", content.full);
        if content.size > SMALL {
            if content.counts {
                let id = git2::Oid::hash_file(git2::ObjectType::Blob, content.full)
                    .map_err(RepoError::corrupt("an edited file"))?;
                self.note(b"file", content.path.as_os_str().as_bytes(), id.as_bytes());
            }
            let exact = Exact::new(opened, content.size);
            return self
                .archive
                .file(content.path, content.mode, content.size, exact);
        }
        self.buffer.clear();
        opened.read_to_end(&mut self.buffer).map_err(failed())?;
        if content.counts {
            let bytes = std::mem::take(&mut self.buffer);
            self.note(
                &content.mode.to_le_bytes(),
                content.path.as_os_str().as_bytes(),
                &bytes,
            );
            self.buffer = bytes;
        }
        let checked_out = self.attributes.checked_out(content.path, &self.buffer);
        let size = checked_out.len() as u64;
        self.archive
            .file(content.path, content.mode, size, &*checked_out)
    }

    fn write_link(&mut self, path: &Path, full: &Path, counts: bool) -> Result<(), RepoError> {
        let target = std::fs::read_link(full).map_err(RepoError::io("read", full))?;
        if counts {
            self.note(
                b"link",
                path.as_os_str().as_bytes(),
                target.as_os_str().as_bytes(),
            );
        }
        self.archive.link(path, &target)
    }

    /// Adds an edit to the identity of the tree.
    fn note(&mut self, kind: &[u8], path: &[u8], content: &[u8]) {
        for part in [kind, path, content] {
            self.digest.update((part.len() as u64).to_le_bytes());
            self.digest.update(part);
        }
    }
}

/// A file on its way into the archive.
struct Content<'a> {
    path: &'a Path,
    full: &'a Path,
    mode: u32,
    size: u64,
    counts: bool,
}

/// Reads exactly so many bytes: a file that grows is cut, one that shrinks is an error, for its
/// header is already written.
struct Exact<R> {
    inner: io::Take<R>,
}

impl<R: Read> Exact<R> {
    fn new(inner: R, size: u64) -> Self {
        Self {
            inner: inner.take(size),
        }
    }
}

impl<R: Read> Read for Exact<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if read == 0 && !buffer.is_empty() && self.inner.limit() > 0 {
            let message = "a file became shorter while it was read; run again";
            return Err(io::Error::new(ErrorKind::UnexpectedEof, message));
        }
        Ok(read)
    }
}

/// Opens without following a link and without waiting for the other end of a pipe.
fn open_plain(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

fn is_link(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error())
}

fn permissions(executable: bool) -> u32 {
    if executable { 0o777 } else { 0o666 }
}

fn identity(fetch: &Fetch, remote: &str, options: &SnapshotOptions, edits: &[u8]) -> String {
    let mut digest = Sha256::new();
    let SnapshotOptions {
        checkout,
        submodules,
        exclude,
        ..
    } = options;
    digest.update(format!(
        "{fetch:?} {remote} {checkout} {submodules:?} {exclude:?} "
    ));
    digest.update(edits);
    let (mut short, digest) = (String::new(), digest.finalize());
    for byte in digest.iter().take(16) {
        // Writing to a string can't fail.
        let _ = write!(short, "{byte:02x}");
    }
    format!("{}-{short}", &fetch.commit.to_string()[..12])
}
