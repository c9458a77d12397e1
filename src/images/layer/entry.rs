//! What an archive says of one of its entries.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{Gid, Mode, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;
use tar::{Entry, EntryType};

use super::{LayerForm, Owners};

/// Extended attributes in the extended header of an entry.
const ATTRIBUTE: &str = "SCHILY.xattr.";
/// What programs may do without being root.
const CAPABILITY: &str = "security.capability";
/// Permissions, with set-user-id, set-group-id and sticky.
const MODE: u32 = 0o7777;
/// What a path of Linux may have.
const MOST_PATH: usize = 4095;
const MOST_NAME: usize = 255;

/// Mode, owner, time and attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    /// Seconds since 1970.
    pub(super) mtime: i64,
    pub(super) attributes: Vec<(String, Vec<u8>)>,
}

impl Facts {
    /// A folder that no archive says anything of.
    pub(super) const fn folder() -> Self {
        Self {
            mode: 0o755,
            uid: 0,
            gid: 0,
            mtime: 0,
            attributes: Vec::new(),
        }
    }

    /// What the archive says.
    pub(super) fn of<R: Read>(entry: &mut Entry<'_, R>) -> io::Result<Self> {
        let header = entry.header();
        let id = |id: u64| {
            let id = u32::try_from(id).ok().filter(|id| *id != u32::MAX);
            id.ok_or_else(|| invalid("its owner is no id that Linux has"))
        };
        let (mode, uid, gid) = (header.mode()?, id(header.uid()?)?, id(header.gid()?)?);
        // One before 1970 can't be told from nonsense.
        let mtime = header.mtime().unwrap_or(0);
        Ok(Self {
            mode,
            uid,
            gid,
            mtime: i64::try_from(mtime).unwrap_or(0),
            attributes: attributes(entry)?,
        })
    }

    /// Gives them to a file or folder.
    pub(super) fn apply(&self, file: impl AsFd, form: LayerForm) -> io::Result<()> {
        if form.owners == Owners::Image {
            let (uid, gid) = self.owner();
            rustix::fs::fchown(&file, uid, gid).map_err(unmapped)?;
        }
        // A change of owner takes set-user-id and capabilities away: they come after.
        rustix::fs::fchmod(&file, self.mode())?;
        for (name, value) in &self.attributes {
            if name == CAPABILITY && form.owners == Owners::One {
                continue;
            }
            match rustix::fs::fsetxattr(&file, name.as_str(), value, XattrFlags::empty()) {
                // The file system has none, or not for this kind of file.
                Ok(()) | Err(Errno::OPNOTSUPP | Errno::PERM) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(rustix::fs::futimens(&file, &self.times())?)
    }

    pub(super) fn owner(&self) -> (Option<Uid>, Option<Gid>) {
        (Some(Uid::from_raw(self.uid)), Some(Gid::from_raw(self.gid)))
    }

    pub(super) fn mode(&self) -> Mode {
        Mode::from_raw_mode(self.mode & MODE)
    }

    pub(super) fn times(&self) -> Timestamps {
        let time = Timespec {
            tv_sec: self.mtime,
            tv_nsec: 0,
        };
        Timestamps {
            last_access: time,
            last_modification: time,
        }
    }
}

/// The user namespace has no such id.
pub(super) fn unmapped(error: Errno) -> io::Error {
    if error == Errno::INVAL {
        return invalid("its owner is outside of the ids of this user (`/etc/subuid`)");
    }
    error.into()
}

/// Attributes that a layer keeps: those of users and capabilities of programs. Those that overlayfs
/// reads would let an archive say what lies below it, and labels belong to the machine.
fn is_kept(name: &str) -> bool {
    name == CAPABILITY || (name.starts_with("user.") && !name.starts_with("user.overlay."))
}

fn attributes<R: Read>(entry: &mut Entry<'_, R>) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut kept = Vec::new();
    for extension in entry.pax_extensions()?.into_iter().flatten() {
        let extension = extension?;
        let name = extension.key().ok();
        if let Some(name) = name.and_then(|key| key.strip_prefix(ATTRIBUTE))
            && is_kept(name)
        {
            kept.push((name.to_owned(), extension.value_bytes().to_owned()));
        }
    }
    Ok(kept)
}

/// What kind of thing an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Link,
    HardLink,
    Fifo,
    Device,
    /// Words for readers of archives.
    Note,
}

impl Kind {
    pub(super) fn of<R: Read>(entry: &Entry<'_, R>, path: &[u8]) -> io::Result<Self> {
        Ok(match entry.header().entry_type() {
            EntryType::Directory => Self::Folder,
            // How folders were written before there was a kind for them.
            EntryType::Regular if path.ends_with(b"/") => Self::Folder,
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => Self::File,
            EntryType::Symlink => Self::Link,
            EntryType::Link => Self::HardLink,
            EntryType::Fifo => Self::Fifo,
            EntryType::Char | EntryType::Block => Self::Device,
            EntryType::XGlobalHeader => Self::Note,
            other => {
                let kind = char::from(other.as_byte()).escape_default();
                return Err(invalid(&format!("an entry of kind `{kind}` is not known")));
            }
        })
    }
}

/// The names on the way of a path. `/` at its start says nothing, as for `tar`.
pub(super) fn names(path: &[u8]) -> io::Result<Vec<OsString>> {
    if path.len() > MOST_PATH {
        return Err(invalid("its path is longer than Linux allows"));
    }
    let parts = path.split(|byte| *byte == b'/');
    let parts = parts.filter(|part| !part.is_empty() && *part != b".");
    parts
        .map(|part| {
            if part == b".." {
                return Err(invalid("its path has `..` in it"));
            }
            if part.len() > MOST_NAME || part.contains(&0) {
                return Err(invalid("its path has a name that Linux does not allow"));
            }
            Ok(OsStr::from_bytes(part).to_owned())
        })
        .collect()
}

/// Where a link leads, as text: the container follows it, not whoever unpacks.
pub(super) fn target<R: Read>(entry: &Entry<'_, R>) -> io::Result<Vec<u8>> {
    let target = entry.link_name_bytes().unwrap_or_default().into_owned();
    if target.is_empty() || target.len() > MOST_PATH || target.contains(&0) {
        return Err(invalid("it is a link that leads nowhere"));
    }
    Ok(target)
}

pub(super) fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::{is_kept, names};

    #[test]
    fn paths_lead_nowhere_but_down() {
        let long = "x".repeat(256);
        let deep = "a/".repeat(3000);
        for (path, expected) in [
            ("a/b", Some("a|b")),
            ("./a/./b/", Some("a|b")),
            ("/etc/passwd", Some("etc|passwd")),
            ("//a//b", Some("a|b")),
            ("", Some("")),
            ("./", Some("")),
            ("a..b/...", Some("a..b|...")),
            ("../a", None),
            ("a/../b", None),
            ("a/..", None),
            ("a\0b", None),
            (&long, None),
            (&deep, None),
        ] {
            let found = names(path.as_bytes()).ok().map(|names| {
                let names: Vec<_> = names.iter().map(|name| name.to_string_lossy()).collect();
                names.join("|")
            });
            assert_eq!(found.as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn an_archive_can_not_speak_to_overlayfs() {
        for (name, kept) in [
            ("user.note", true),
            ("security.capability", true),
            ("user.overlay.redirect", false),
            ("user.overlay.opaque", false),
            ("trusted.overlay.opaque", false),
            ("trusted.x", false),
            ("security.selinux", false),
            ("system.posix_acl_access", false),
            ("user", false),
        ] {
            assert_eq!(is_kept(name), kept, "{name}");
        }
    }
}
