//! From the tar of a layer to its folder.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use rustix::fs::{AtFlags, FileType, Mode, OFlags};
use tar::{Archive, Entry};

use super::super::sha256::Hashing;
use super::below::Shown;
use super::compression::decompressed;
use super::entry::{Facts, Kind, invalid, names, target, unmapped};
use super::meter::{Meter, Packed, Plain};
use super::place::{Folders, Own, Place, facts_of, open_folder, own};
use super::{LayerError, LayerForm, Limits, Owners, UnpackJob, Unpacked};

/// What removes the file of the rest of its name from the layers below.
const REMOVES: &[u8] = b".wh.";
/// What removes all of its folder that lower layers have; others of its beginning are notes of a
/// file system that is no more.
const REMOVES_ALL: &[u8] = b".wh..wh..opq";
const NOTES: &[u8] = b".wh..wh.";
/// Bytes that are moved at once.
const PORTION: usize = 256 * 1024;

/// What is in an archive, whatever it is compressed with; an error where it is a bomb, of which
/// the meter knows.
pub(in crate::images) fn plain<'a>(
    archive: &Path,
    limits: Limits,
    stop: &'a AtomicBool,
) -> io::Result<(impl Read + use<'a>, Meter)> {
    let meter = Meter::new(limits);
    let packed = Packed::new(File::open(archive)?, meter.clone(), stop);
    let tar = decompressed(BufReader::with_capacity(PORTION, packed))?;
    Ok((Plain::new(tar, meter.clone()), meter))
}

impl UnpackJob {
    /// Unpacks the layer, in this process and with its ids.
    ///
    /// Whatever the archive says, only the folder [`into`](UnpackJob::into) is written. Device
    /// nodes are left out: a sandbox has its own, and every other mount of a job allows none.
    ///
    /// A digest that does not fit, a limit, a name that leads out, a full disk: an error.
    pub fn run(&self, stop: &AtomicBool) -> Result<Unpacked, LayerError> {
        let meter = Meter::new(self.limits);
        let file = self.open().map_err(|error| LayerError::of(&error))?;
        let mut packed = Hashing::new(Packed::new(file, meter.clone(), stop));
        let unpacked = self.unpack(&mut packed, &meter)?;
        // What stands behind a compressed archive belongs to the digest all the same.
        io::copy(&mut packed, &mut io::sink()).map_err(|error| LayerError::of(&error))?;
        let digests = [
            (&self.digest, packed.finish()),
            (&self.diff_id, unpacked.diff_id.clone()),
        ];
        for (expected, found) in digests {
            if expected.as_ref().is_some_and(|expected| *expected != found) {
                return Err(LayerError::saying(
                    "its content has another digest".to_owned(),
                ));
            }
        }
        Ok(unpacked)
    }

    fn open(&self) -> io::Result<impl Read + use<>> {
        let mut file = File::open(&self.archive)?;
        let (from, length) = self.part.unwrap_or((0, u64::MAX));
        file.seek(SeekFrom::Start(from))?;
        Ok(file.take(length))
    }

    fn unpack(&self, packed: impl Read, meter: &Meter) -> Result<Unpacked, LayerError> {
        let of = |error: io::Error| LayerError::of(&error);
        std::fs::create_dir(&self.into).map_err(of)?;
        let tar = decompressed(BufReader::with_capacity(PORTION, packed)).map_err(of)?;
        let mut archive = Archive::new(Plain::new(Hashing::new(tar), meter.clone()));
        let mut writer = Writer {
            folders: Folders::new(&self.into, &self.below, self.form).map_err(of)?,
            form: self.form,
            meter,
            done: Unpacked::default(),
            buffer: vec![0; PORTION],
        };
        let mut entries = archive.entries().map_err(of)?;
        loop {
            meter.begin_header();
            let Some(entry) = entries.next() else { break };
            let mut entry = entry.map_err(of)?;
            meter.begin_content();
            writer.done.entries += 1;
            if writer.done.entries > self.limits.entries {
                let most = self.limits.entries;
                let what = format!("it has more than {most} files");
                return Err(LayerError::saying(what));
            }
            let path = entry.path_bytes().into_owned();
            let written = writer.write(&path, &mut entry).and_then(|()| {
                // The rest of it is no header: the next step reads only that.
                io::copy(&mut entry, &mut io::sink()).map(drop)
            });
            written.map_err(|error| LayerError::at(&path, &error))?;
        }
        meter.begin_content();
        writer.folders.finish().map_err(of)?;
        let mut rest = archive.into_inner();
        io::copy(&mut rest, &mut io::sink()).map_err(of)?;
        Ok(Unpacked {
            diff_id: rest.into_inner().finish(),
            ..writer.done
        })
    }
}

/// Writes the entries of one archive.
struct Writer<'a> {
    folders: Folders<'a>,
    form: LayerForm,
    meter: &'a Meter,
    done: Unpacked,
    buffer: Vec<u8>,
}

impl Writer<'_> {
    fn write<R: Read>(&mut self, path: &[u8], entry: &mut Entry<'_, R>) -> io::Result<()> {
        let kind = Kind::of(entry, path)?;
        let mut names = names(path)?;
        let facts = match kind {
            Kind::Note => return Ok(()),
            Kind::Device => {
                self.done.devices += 1;
                return Ok(());
            }
            _ => Facts::of(entry)?,
        };
        let Some(name) = names.pop() else {
            // The top itself.
            if kind == Kind::Folder {
                self.folders.set("".into(), facts);
            }
            return Ok(());
        };
        if name.as_bytes().starts_with(REMOVES) {
            return self.remove(&names, &name);
        }
        let here = self.folders.at(&names)?;
        if kind == Kind::Folder {
            return self.folder(&here, &name, facts);
        }
        if kind == Kind::HardLink {
            return self.hard_link(&here, &name, &target(entry)?);
        }
        self.folders.clear(&here, &name)?;
        match kind {
            Kind::File => {
                let file = create(&here, &name)?;
                self.fill(&file, entry)?;
                facts.apply(&file, self.form)
            }
            Kind::Link => {
                let target = target(entry)?;
                rustix::fs::symlinkat(&target[..], &here.folder, &*name)?;
                self.own_without_opening(&here, &name, &facts)
            }
            _ => {
                let (fifo, mode) = (FileType::Fifo, Mode::RUSR | Mode::WUSR);
                rustix::fs::mknodat(&here.folder, &*name, fifo, mode, 0)?;
                self.own_without_opening(&here, &name, &facts)?;
                // What was just made is no link.
                let mode = facts.mode();
                Ok(rustix::fs::chmodat(
                    &here.folder,
                    &*name,
                    mode,
                    AtFlags::empty(),
                )?)
            }
        }
    }

    /// A folder, which may be there: then it only gets other facts.
    fn folder(&mut self, here: &Place, name: &OsStr, facts: Facts) -> io::Result<()> {
        if matches!(own(&here.folder, name)?, Own::Folder) {
            self.folders.set(here.path.join(name), facts);
            return Ok(());
        }
        let was = self.folders.clear(here, name)?;
        self.folders.make(here, name, facts)?;
        match was {
            Own::Nothing => Ok(()),
            // What was there hid what lies below.
            _ => self.hide_below(here, name),
        }
    }

    fn hide_below(&mut self, here: &Place, name: &OsStr) -> io::Result<()> {
        let folder = open_folder(&here.folder, name)?;
        self.folders.hide_below(&here.path.join(name), &folder)
    }

    /// What `.wh.…` says is gone from lower layers. What this layer has of that name stays.
    fn remove(&mut self, names: &[OsString], mark: &OsStr) -> io::Result<()> {
        let is_note = mark.as_bytes().starts_with(NOTES) && mark.as_bytes() != REMOVES_ALL;
        let name = OsStr::from_bytes(&mark.as_bytes()[REMOVES.len()..]);
        if name.is_empty() || name == "." || name == ".." {
            return Err(invalid("it removes a folder from within"));
        }
        if is_note || self.folders.is_lowest() {
            return Ok(());
        }
        let here = self.folders.at(names)?;
        if mark.as_bytes() == REMOVES_ALL {
            return self.folders.hide_below(&here.path, &here.folder);
        }
        match own(&here.folder, name)? {
            Own::Folder => self.hide_below(&here, name),
            Own::Link | Own::Other | Own::Removed => Ok(()),
            Own::Nothing => {
                let device = FileType::CharacterDevice;
                Ok(rustix::fs::mknodat(
                    &here.folder,
                    name,
                    device,
                    Mode::empty(),
                    0,
                )?)
            }
        }
    }

    /// One more name of a file of this layer, or a copy of one of a lower layer: two layers never
    /// share a file, whose facts could then change in both.
    fn hard_link(&mut self, here: &Place, name: &OsStr, target: &[u8]) -> io::Result<()> {
        let mut names = names(target)?;
        let leads_nowhere = || invalid("it is a link to a file that is not there");
        let target = names.pop().ok_or_else(leads_nowhere)?;
        let there = self.folders.at(&names)?;
        if there.path == here.path && target == name {
            return Ok(());
        }
        match own(&there.folder, &target)? {
            Own::Link | Own::Other => {
                self.folders.clear(here, name)?;
                let (from, to) = (&there.folder, &here.folder);
                Ok(rustix::fs::linkat(
                    from,
                    &*target,
                    to,
                    name,
                    AtFlags::empty(),
                )?)
            }
            Own::Nothing => match self.folders.shown_below(&there, &target)? {
                Shown::File(path) => {
                    self.folders.clear(here, name)?;
                    self.copy(&path, here, name)
                }
                _ => Err(leads_nowhere()),
            },
            Own::Removed | Own::Folder => Err(leads_nowhere()),
        }
    }

    fn copy(&mut self, from: &Path, here: &Place, name: &OsStr) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let mut from = File::from(rustix::fs::open(from, flags, Mode::empty())?);
        let about = from.metadata()?;
        if !about.is_file() {
            return Err(invalid("it is a link to something that is no file"));
        }
        let to = create(here, name)?;
        self.fill(&to, &mut from)?;
        facts_of(&about).apply(&to, self.form)
    }

    fn fill(&mut self, mut to: &File, from: &mut impl Read) -> io::Result<()> {
        loop {
            let read = from.read(&mut self.buffer)?;
            if read == 0 {
                return Ok(());
            }
            self.done.bytes += read as u64;
            // Holes of a sparse file come from nothing.
            self.meter.check(self.done.bytes)?;
            to.write_all(&self.buffer[..read])?;
        }
    }

    /// Owner and times of what opening would follow or wait for.
    fn own_without_opening(&self, here: &Place, name: &OsStr, facts: &Facts) -> io::Result<()> {
        let (folder, link): (&OwnedFd, _) = (&here.folder, AtFlags::SYMLINK_NOFOLLOW);
        if self.form.owners == Owners::Image {
            let (uid, gid) = facts.owner();
            rustix::fs::chownat(folder, name, uid, gid, link).map_err(unmapped)?;
        }
        Ok(rustix::fs::utimensat(
            folder.as_fd(),
            name,
            &facts.times(),
            link,
        )?)
    }
}

/// A new file where nothing is.
fn create(here: &Place, name: &OsStr) -> io::Result<File> {
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    Ok(rustix::fs::openat(&here.folder, name, flags, mode)?.into())
}
