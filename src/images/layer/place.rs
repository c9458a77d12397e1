//! Where a path of an archive leads: always into the layer, whatever links and names say.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, XattrFlags};
use rustix::io::Errno;

use super::LayerForm;
use super::below::{Below, Shown};
use super::entry::Facts;
use crate::remove::remove;

/// How deep folders lie in each other; each is held open while one within it is looked for.
const MOST_DEPTH: usize = 200;
/// How many links lead to each other, as the kernel has it.
const MOST_LINKS: usize = 40;

/// The folder that an entry goes into.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) folder: Rc<OwnedFd>,
    /// Its path in the layer, without links.
    pub(super) path: PathBuf,
}

/// What the layer itself has under a name.
#[derive(Debug)]
pub(super) enum Own {
    Nothing,
    /// A mark that what lies below is removed.
    Removed,
    Folder,
    Link,
    Other,
}

/// The folders of the layer that is being written.
#[derive(Debug)]
pub(super) struct Folders<'a> {
    top: Rc<OwnedFd>,
    root: &'a Path,
    below: Below<'a>,
    form: LayerForm,
    /// What each folder gets at the end: until then it belongs to whoever unpacks.
    facts: BTreeMap<PathBuf, Facts>,
    opaque: BTreeSet<PathBuf>,
    /// Entries stand beside each other: where the last one went.
    last: Option<(Vec<OsString>, Place)>,
}

impl<'a> Folders<'a> {
    /// The folders below `root`, which is there and empty.
    pub(super) fn new(root: &'a Path, below: &'a [PathBuf], form: LayerForm) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let top = rustix::fs::open(root, flags, Mode::empty())?;
        let marks = form.marks;
        let below = Below {
            layers: below,
            marks,
        };
        // Its own entry may be missing; then it looks as in the layer below.
        let facts = match below.layers.last().map(std::fs::metadata) {
            Some(about) => facts_of(&about?),
            None => Facts::folder(),
        };
        Ok(Self {
            top: Rc::new(top),
            root,
            below,
            form,
            facts: BTreeMap::from([(PathBuf::new(), facts)]),
            opaque: BTreeSet::new(),
            last: None,
        })
    }

    /// Whether a layer lies below.
    pub(super) fn is_lowest(&self) -> bool {
        self.below.layers.is_empty()
    }

    /// The folder at `path`, made where it is missing: with mode and owner as the layers below
    /// show it. Links lead on inside the layer, never out of it.
    pub(super) fn at(&mut self, path: &[OsString]) -> io::Result<Place> {
        if let Some((last, place)) = &self.last
            && last == path
        {
            return Ok(place.clone());
        }
        let place = self.walk(path)?;
        self.last = Some((path.to_vec(), place.clone()));
        Ok(place)
    }

    fn walk(&mut self, path: &[OsString]) -> io::Result<Place> {
        let mut stack = vec![Rc::clone(&self.top)];
        let mut at = PathBuf::new();
        let mut ahead: Vec<OsString> = path.iter().rev().cloned().collect();
        let mut links = 0;
        while let Some(name) = ahead.pop() {
            if name == ".." {
                // Above the top is the top.
                if stack.len() > 1 {
                    stack.pop();
                    at.pop();
                }
                continue;
            }
            if stack.len() > MOST_DEPTH {
                let what = format!("it lies more than {MOST_DEPTH} folders deep");
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
            let here = Place {
                folder: Rc::clone(&stack[stack.len() - 1]),
                path: at.clone(),
            };
            let target = match own(&here.folder, &name)? {
                Own::Folder => None,
                Own::Link => Some(link_target(&here.folder, &name)?),
                Own::Other => return Err(no_folder(&at.join(&name))),
                was @ (Own::Nothing | Own::Removed) => self.bring(&here, &name, &was)?,
            };
            let Some(target) = target else {
                stack.push(Rc::new(open_folder(&here.folder, &name)?));
                at.push(&name);
                continue;
            };
            links += 1;
            if links > MOST_LINKS {
                return Err(Errno::LOOP.into());
            }
            if target.is_absolute() {
                stack.truncate(1);
                at = PathBuf::new();
            }
            ahead.extend(target.components().rev().filter_map(|part| match part {
                Component::Normal(name) => Some(name.to_owned()),
                Component::ParentDir => Some("..".into()),
                Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
            }));
        }
        Ok(Place {
            folder: Rc::clone(&stack[stack.len() - 1]),
            path: at,
        })
    }

    /// Makes the folder `name`, which the archive has not named; or says where a link of a lower
    /// layer leads that stands there.
    fn bring(&mut self, here: &Place, name: &OsStr, was: &Own) -> io::Result<Option<PathBuf>> {
        let path = here.path.join(name);
        let is_removed = matches!(was, Own::Removed);
        let shown = if is_removed || self.is_hidden(&here.path) {
            Shown::Nothing
        } else {
            self.below.at(&path)?
        };
        let facts = match shown {
            Shown::Link(target) => return Ok(Some(target)),
            Shown::File(_) => return Err(no_folder(&path)),
            Shown::Folder(about) => facts_of(&about),
            Shown::Nothing => Facts::folder(),
        };
        if is_removed {
            rustix::fs::unlinkat(&here.folder, name, AtFlags::empty())?;
        }
        self.make(here, name, facts)?;
        if is_removed {
            self.hide_below(&path, &open_folder(&here.folder, name)?)?;
        }
        Ok(None)
    }

    /// Makes a folder where nothing is.
    pub(super) fn make(&mut self, here: &Place, name: &OsStr, facts: Facts) -> io::Result<()> {
        rustix::fs::mkdirat(&here.folder, name, Mode::RWXU)?;
        self.set(here.path.join(name), facts);
        Ok(())
    }

    /// What a folder gets at the end.
    pub(super) fn set(&mut self, path: PathBuf, facts: Facts) {
        self.facts.insert(path, facts);
    }

    /// Lets nothing of lower layers show in a folder.
    pub(super) fn hide_below(&mut self, path: &Path, folder: &OwnedFd) -> io::Result<()> {
        if !self.is_lowest() && self.opaque.insert(path.to_owned()) {
            let mark = self.form.marks.opaque();
            rustix::fs::fsetxattr(folder, mark, b"y", XattrFlags::empty())?;
        }
        Ok(())
    }

    fn is_hidden(&self, path: &Path) -> bool {
        path.ancestors().any(|path| self.opaque.contains(path))
    }

    /// What lower layers show at a path that the layer itself has nothing at.
    pub(super) fn shown_below(&self, here: &Place, name: &OsStr) -> io::Result<Shown> {
        if self.is_hidden(&here.path) {
            return Ok(Shown::Nothing);
        }
        self.below.at(&here.path.join(name))
    }

    /// Removes what the layer has under a name.
    pub(super) fn clear(&mut self, here: &Place, name: &OsStr) -> io::Result<Own> {
        let was = own(&here.folder, name)?;
        match was {
            Own::Nothing => return Ok(was),
            Own::Removed | Own::Link | Own::Other => {
                rustix::fs::unlinkat(&here.folder, name, AtFlags::empty())?;
            }
            Own::Folder => {
                let path = here.path.join(name);
                // No folder on the way is a link, and all are still open to whoever unpacks.
                remove(&self.root.join(&path))?;
                let within = |it: &&PathBuf| it.starts_with(&path);
                let gone: Vec<PathBuf> = (self.facts.range(path.clone()..).map(|(path, _)| path))
                    .take_while(within)
                    .cloned()
                    .collect();
                for path in gone {
                    self.facts.remove(&path);
                    self.opaque.remove(&path);
                }
            }
        }
        // The way of the last entry may have led through it.
        self.last = None;
        Ok(was)
    }

    /// Gives every folder its owner, mode and times, those within others first.
    pub(super) fn finish(self) -> io::Result<()> {
        for (path, facts) in self.facts.iter().rev() {
            let mut folder = Rc::clone(&self.top);
            for name in path {
                folder = Rc::new(open_folder(&folder, name)?);
            }
            facts.apply(&*folder, self.form)?;
        }
        Ok(())
    }
}

/// What the layer has under a name.
pub(super) fn own(folder: &OwnedFd, name: &OsStr) -> io::Result<Own> {
    let about = match rustix::fs::statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(about) => about,
        Err(Errno::NOENT) => return Ok(Own::Nothing),
        Err(error) => return Err(error.into()),
    };
    Ok(match FileType::from_raw_mode(about.st_mode) {
        FileType::Directory => Own::Folder,
        FileType::Symlink => Own::Link,
        FileType::CharacterDevice if about.st_rdev == 0 => Own::Removed,
        _ => Own::Other,
    })
}

/// Opens a folder that is no link.
pub(super) fn open_folder(folder: &OwnedFd, name: &OsStr) -> io::Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(rustix::fs::openat(folder, name, flags, Mode::empty())?)
}

fn link_target(folder: &OwnedFd, name: &OsStr) -> io::Result<PathBuf> {
    let target = rustix::fs::readlinkat(folder, name, Vec::new())?;
    Ok(OsStr::from_bytes(target.as_bytes()).into())
}

/// What its file system says of a file, but its attributes.
pub(super) fn facts_of(about: &std::fs::Metadata) -> Facts {
    Facts {
        mode: about.mode(),
        uid: about.uid(),
        gid: about.gid(),
        mtime: about.mtime(),
        attributes: Vec::new(),
    }
}

fn no_folder(path: &Path) -> io::Error {
    let what = format!("`{}` is no folder", path.display());
    io::Error::new(io::ErrorKind::InvalidData, what)
}
