//! A namespace of mounts with as little in it as a sandbox can begin with: its own begins as a copy of
//! that, and each mount more takes time to be copied and to be given up.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, open};
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MoveMountFlags, fsconfig_create, fsmount, fsopen,
    move_mount,
};

use super::entry::wait_for;
use super::mounts::{clone_tree, enter_root, private_mounts};
use super::sys::{self, Namespaces};

/// What the kernel has to see of itself where it is to give a new one: all that is mounted in `/proc`,
/// for a part may be hidden there.
const IN_SIGHT: [(&str, bool); 2] = [("/proc", true), ("/sys", false)];

/// Makes one; it stays as long as the file.
pub(super) fn mounts() -> io::Result<OwnedFd> {
    let (mut here, mut there) = UnixStream::pair()?;
    let Some(copy) = sys::fork(Namespaces::MOUNTS)? else {
        drop(here);
        let made = make().and_then(|()| {
            there.write_all(&[0])?;
            // Until it is opened.
            there.read(&mut [0])
        });
        sys::leave(i32::from(made.is_err()));
    };
    drop(there);
    let opened = here.read_exact(&mut [0]).and_then(|()| {
        let path = format!("/proc/{}/ns/mnt", copy.as_raw_nonzero());
        Ok(open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
    });
    drop(here);
    wait_for(copy)?;
    opened
}

fn make() -> io::Result<()> {
    private_mounts()?;
    let system = fsopen("tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(system.as_fd())?;
    let attributes = MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let root = fsmount(system.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attributes)?;
    let mut trees = Vec::new();
    for (at, all) in IN_SIGHT {
        trees.push((at, clone_tree(Path::new(at), all)?));
    }
    enter_root(root.as_fd())?;
    for (at, tree) in trees {
        fs::create_dir(at)?;
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH;
        move_mount(tree.as_fd(), "", CWD, at, flags)?;
    }
    Ok(())
}
