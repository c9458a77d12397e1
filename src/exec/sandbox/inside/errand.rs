//! Work on files that belong to the ids of a user: outside of a namespace that has these ids nobody
//! but root can make such files or remove them.
//!
//! The worker is made as a sandbox is; it sees this machine as its user does.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::super::identity::{Identity, Ranges, granted};
use super::super::step::Step;
use super::maker;
use super::users;
use super::wire::{Order, Reply, Request, Setup, Wire};
use crate::images::layer::{
    LayerError, LayerFolders, LayerForm, Marks, Owners, UnpackJob, Unpacked,
};
use crate::images::{ImageError, ImageStore};
use crate::remove::remove;

/// How often somebody who waits looks whether to go on. Nanoseconds.
const LOOK: i64 = 100_000_000;

/// The ids of this user, where they have some and `newuidmap` gives them: tried out once.
pub(in super::super) fn ranges() -> Option<Ranges> {
    static RANGES: OnceLock<Option<Ranges>> = OnceLock::new();
    *RANGES.get_or_init(|| {
        let ranges = noted()?;
        Errand::begin(ranges).ok()?;
        Some(ranges)
    })
}

/// What `/etc/subuid` and `/etc/subgid` say of this user. Root has all ids anyway.
fn noted() -> Option<Ranges> {
    let number = rustix::process::geteuid();
    if number.is_root() {
        return None;
    }
    let number = number.as_raw();
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let name = users::name_of(number, &read("/etc/passwd"));
    let of = |path| granted(&read(path), name.as_deref(), number);
    Some(Ranges {
        users: of("/etc/subuid")?,
        groups: of("/etc/subgid")?,
    })
}

/// Removes a folder, whoever of this user's ids its files belong to.
pub(in super::super) fn remove_of_all(folder: &Path) -> io::Result<()> {
    remove_with(None, folder)
}

fn remove_with(known: Option<Ranges>, folder: &Path) -> io::Result<()> {
    match remove(folder) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            match known.or_else(ranges) {
                Some(ranges) => Errand::begin(ranges)?.remove(folder),
                None => Err(error),
            }
        }
        done => done,
    }
}

/// The store of images in `root`: with the owners of each image where this user has ids for them.
pub fn image_store(root: &Path) -> Result<ImageStore, ImageError> {
    match ranges() {
        Some(ranges) => ImageStore::with_folders(root, Arc::new(WithRanges(ranges))),
        None => ImageStore::new(root),
    }
}

/// The stores that are there in `root`, of which each has another form of layers.
pub fn image_stores(root: &Path) -> Vec<ImageStore> {
    ImageStore::existing(root, &|form| {
        let of_ranges = form.owners == Owners::Image && form.marks == Marks::User;
        let ranges = of_ranges.then(ranges).flatten()?;
        Some(Arc::new(WithRanges(ranges)))
    })
}

/// A worker. It ends with this.
struct Errand {
    wire: Wire,
}

impl Errand {
    fn begin(ranges: Ranges) -> io::Result<Self> {
        let mut errand = Self {
            wire: Wire::new(maker::copy()?.into()),
        };
        let order = Order::Sandbox(Setup {
            outside: Vec::new(),
            identity: Identity::Ranges(ranges),
            joins: None,
            inside: vec![Step::PrivateMounts],
            for_program: Vec::new(),
            rights: Vec::new(),
            cap_drop: Vec::new(),
        });
        errand.wire.send(&order, &[])?;
        match errand.answer(None)? {
            Reply::Ready => Ok(errand),
            other => Err(no_sense(other)),
        }
    }

    fn remove(&mut self, folder: &Path) -> io::Result<()> {
        let folder = folder.to_owned();
        self.wire.send(&Request::Remove { folder }, &[])?;
        match self.answer(None)? {
            Reply::Done => Ok(()),
            other => Err(no_sense(other)),
        }
    }

    /// The next answer, unless somebody says to stop.
    fn answer(&mut self, stop: Option<&AtomicBool>) -> io::Result<Reply> {
        if let Some(stop) = stop {
            let pause = Timespec {
                tv_sec: 0,
                tv_nsec: LOOK,
            };
            loop {
                let mut source = [PollFd::new(&self.wire, PollFlags::IN)];
                match poll(&mut source, Some(&pause)) {
                    Ok(0) | Err(rustix::io::Errno::INTR) => {}
                    polled => {
                        polled?;
                        break;
                    }
                }
                if stop.load(Ordering::Relaxed) {
                    return Err(io::Error::other("stopped before it was done"));
                }
            }
        }
        let (reply, _) = (self.wire.receive::<Reply>()?).ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(reply)
    }
}

impl Drop for Errand {
    fn drop(&mut self) {
        // It ends with its socket; one that is gone already is fine.
        let _ = self.wire.end();
    }
}

fn no_sense(reply: Reply) -> io::Error {
    io::Error::other(match reply {
        Reply::Failed { what, .. } => what,
        other => format!("it gave no sense: {other:?}"),
    })
}

/// Layers of images with the owners that they have there.
struct WithRanges(Ranges);

impl LayerFolders for WithRanges {
    fn form(&self) -> LayerForm {
        LayerForm {
            owners: Owners::Image,
            marks: Marks::User,
        }
    }

    fn unpack(&self, job: &UnpackJob, stop: &AtomicBool) -> Result<Unpacked, LayerError> {
        let working = || {
            let mut errand = Errand::begin(self.0)?;
            let request = Request::UnpackLayer(Box::new(job.clone()));
            errand.wire.send(&request, &[])?;
            errand.answer(Some(stop))
        };
        match working() {
            Ok(Reply::Unpacked(done)) => done,
            Ok(other) => Err(LayerError::of(&no_sense(other))),
            Err(error) => Err(LayerError::of(&error)),
        }
    }

    fn remove(&self, folder: &Path) -> Result<(), LayerError> {
        remove_with(Some(self.0), folder).map_err(|error| LayerError::of(&error))
    }
}
