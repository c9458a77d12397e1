//! What unpacking keeps of a file besides its content, its time and what its owner, its group and others
//! may do: set-id bits and the owner.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::Path;

use rustix::fs::{Mode, OFlags, fchmod, fchown, open};
use rustix::io::Errno;
use rustix::process::{Gid, Uid};
use serde::{Deserialize, Serialize};
use tar::Header;

use super::owned::owned_mode;

/// Bits of a mode that say more than who may do what: set-user-id, set-group-id, sticky.
const BITS: u32 = 0o7000;

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "no sandboxes there")
)]
pub(super) enum Keeps {
    /// Nothing of it: the files are those of whoever unpacks.
    Nothing,
    /// Set-id and sticky bits: there is one id alone, and nobody gains by them.
    Bits,
    /// Both, as GitLab's runner does (runtime reference 16.2). What belongs to an id that can't be had
    /// here is its unpacker's, without the bits, which would give away another's rights.
    Owners,
    /// Neither: all belongs to this user and group, and nobody else may write it
    /// (`FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR`).
    Given(u32, u32),
}

impl Keeps {
    /// What files in an environment keep, in which there may be other users than the one.
    #[cfg(target_os = "linux")]
    pub(super) fn of(has_many: bool) -> Self {
        if has_many { Self::Owners } else { Self::Bits }
    }

    /// Gives what was unpacked at `at` what `header` says of it. No link leads there.
    pub(super) fn apply(self, at: &Path, header: &Header) -> io::Result<()> {
        // Another name of a file that has it already.
        if self == Self::Nothing || header.entry_type().is_hard_link() {
            return Ok(());
        }
        let mode = match self {
            Self::Given(..) => owned_mode(header.mode()?, header.entry_type().is_dir()),
            _ => header.mode()? & 0o7777,
        };
        give(at, self.given(header)?, mode)
    }

    /// The user and the group that a file is to have; `None` where there is no choice.
    pub(super) fn given(self, header: &Header) -> io::Result<Option<(u32, u32)>> {
        let number = |id: u64| u32::try_from(id).unwrap_or(NOBODY);
        Ok(match self {
            Self::Owners => Some((number(header.uid()?), number(header.gid()?))),
            Self::Given(user, group) => Some((user, group)),
            Self::Nothing | Self::Bits => None,
        })
    }
}

/// Gives what is at `at` to a user and a group, so that nobody else may write it.
#[cfg(target_os = "linux")]
pub(super) fn own(at: &Path, owner: (u32, u32)) -> io::Result<()> {
    let about = fs::symlink_metadata(at)?;
    give(at, Some(owner), owned_mode(about.mode(), about.is_dir()))
}

fn give(at: &Path, given: Option<(u32, u32)>, mode: u32) -> io::Result<()> {
    let about = fs::symlink_metadata(at)?;
    let now = about.mode() & 0o7777;
    let is_theirs = given.is_none_or(|owner| owner == (about.uid(), about.gid()));
    if is_theirs && (mode == now || about.is_symlink()) {
        return Ok(());
    }
    if about.is_symlink() {
        if let (false, Some((user, group))) = (is_theirs, given) {
            can_be_had(lchown(at, Some(user), Some(group)))?;
        }
        return Ok(());
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match open(at, flags, Mode::empty()) {
        // Its mode keeps even its owner from it, and there is nobody else.
        Err(Errno::ACCESS) => return Ok(()),
        opened => opened?,
    };
    let was_theirs = is_theirs;
    let is_theirs = match given {
        Some((user, group)) if !is_theirs => {
            let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
            can_be_had(fchown(&file, Some(user), Some(group)).map_err(Into::into))?
        }
        _ => true,
    };
    // A change of the owner takes bits away.
    let mode = if is_theirs { mode } else { mode & !BITS };
    if is_theirs != was_theirs || mode != now {
        can_be_had(fchmod(&file, Mode::from_raw_mode(mode)).map_err(Into::into))?;
    }
    Ok(())
}

/// No id: the highest means to the kernel that it stays.
const NOBODY: u32 = u32::MAX - 1;

/// Whether it was done; `false` where there is no such id here.
fn can_be_had(done: io::Result<()>) -> io::Result<bool> {
    let refused = [libc::EPERM, libc::EINVAL];
    match done {
        Err(error) if error.raw_os_error().is_some_and(|it| refused.contains(&it)) => Ok(false),
        Err(error) => Err(error),
        Ok(()) => Ok(true),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use tar::EntryType;

    use super::*;

    fn header(kind: EntryType, mode: u32, user: u64) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(user);
        header.set_gid(user);
        header
    }

    #[test]
    fn owners_and_bits_are_kept_where_they_can_be_had() {
        let base = tempfile::tempdir().expect("a folder");
        let at = base.path().join("file");
        fs::write(&at, "x").expect("written");
        let link = base.path().join("link");
        symlink("nowhere", &link).expect("a link");
        let own = fs::metadata(&at).expect("there").uid();
        let is_root = rustix::process::geteuid().is_root();
        let had = |user: u32| if is_root { user } else { own };
        let own_id = u64::from(own);
        for (keeps, mode, user, wanted) in [
            (Keeps::Nothing, 0o4755, 7, (own, 0o644)),
            (Keeps::Bits, 0o4755, 7, (own, 0o4755)),
            (Keeps::Owners, 0o644, 7, (had(7), 0o644)),
            (Keeps::Owners, 0o4711, own_id, (own, 0o4711)),
            (
                Keeps::Owners,
                0o4711,
                7,
                (had(7), if is_root { 0o4711 } else { 0o644 }),
            ),
            (
                Keeps::Owners,
                0o4711,
                u64::MAX,
                (had(NOBODY), if is_root { 0o4711 } else { 0o644 }),
            ),
        ] {
            fs::set_permissions(&at, fs::Permissions::from_mode(0o644)).expect("a mode");
            lchown(&at, Some(own), Some(own)).expect("its own");
            let of_file = header(EntryType::Regular, mode, user);
            keeps.apply(&at, &of_file).expect("kept");
            let about = fs::metadata(&at).expect("there");
            let found = (about.uid(), about.mode() & 0o7777);
            assert_eq!(found, wanted, "{keeps:?} {mode:o} {user}");
        }
        let of_link = header(EntryType::Symlink, 0o777, 7);
        Keeps::Owners.apply(&link, &of_link).expect("kept");
        let about = fs::symlink_metadata(&link).expect("there");
        assert_eq!(about.uid(), had(7));
    }
}
