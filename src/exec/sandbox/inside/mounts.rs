//! Mounting, as the steps of a plan need it.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, Mode, OFlags, StatVfsMountFlags, StatxAttributes, StatxFlags, openat, statvfs,
    statx,
};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountFlags, MountPropagationFlags, MoveMountFlags,
    OpenTreeFlags, UnmountFlags, fsconfig_create, fsmount, fsopen, mount, mount_bind,
    mount_bind_recursive, mount_change, mount_remount, move_mount, open_tree, unmount,
};
use rustix::process::{chdir, fchdir, pivot_root};

use super::super::step::{Fresh, KernelTree, Marks};
use super::sys;

/// Gives this process mounts that are its own, now and later.
pub(in super::super) fn own_mounts() -> io::Result<()> {
    sys::own_mounts()?;
    private_mounts()
}

pub(super) fn private_mounts() -> io::Result<()> {
    let all = MountPropagationFlags::REC | MountPropagationFlags::PRIVATE;
    Ok(mount_change("/", all)?)
}

/// Makes a tree that lies nowhere yet the root, and gives up the old one.
pub(super) fn enter_root(tree: BorrowedFd<'_>) -> io::Result<()> {
    // Over the old root, which is still what names begin with.
    move_mount(tree, "", CWD, "/", MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?;
    fchdir(tree)?;
    // The old root now lies over the new one, where `..` leads to it.
    pivot_root(".", ".")?;
    unmount(".", UnmountFlags::DETACH)?;
    Ok(chdir("/")?)
}

/// Whether something is mounted right there.
pub(super) fn is_mounted(at: &Path) -> io::Result<bool> {
    let about = statx(CWD, at, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty())?;
    Ok(about.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// A new tree of the kernel's own, which lies nowhere yet, for reading.
pub(super) fn kernel_tree(kind: KernelTree) -> io::Result<OwnedFd> {
    let name = match kind {
        KernelTree::Proc => "proc",
        KernelTree::Sys => "sysfs",
    };
    let system = fsopen(name, FsOpenFlags::FSOPEN_CLOEXEC)?;
    fsconfig_create(system.as_fd())?;
    Ok(fsmount(
        system.as_fd(),
        FsMountFlags::FSMOUNT_CLOEXEC,
        MountAttrFlags::MOUNT_ATTR_RDONLY
            | MountAttrFlags::MOUNT_ATTR_NOSUID
            | MountAttrFlags::MOUNT_ATTR_NODEV
            | MountAttrFlags::MOUNT_ATTR_NOEXEC,
    )?)
}

/// What is mounted at `path`, once more, and nowhere.
pub(super) fn clone_tree(path: &Path, recursive: bool) -> io::Result<OwnedFd> {
    let mut flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    flags.set(OpenTreeFlags::AT_RECURSIVE, recursive);
    Ok(open_tree(CWD, path, flags)?)
}

/// Bytes of options that the kernel reads; what is beyond them it passes over in silence.
const MOST_OPTIONS: usize = 4095;

/// Puts an overlay at `at`.
pub(super) fn overlay(
    lower: &[impl AsRef<Path>],
    upper: &Path,
    work: &Path,
    at: &Path,
    marks: Marks,
) -> io::Result<()> {
    let mut options = overlay_options(lower, upper, work, marks)?;
    let mut open = Vec::new();
    if options.count_bytes() > MOST_OPTIONS {
        // An image may have many layers: open, they have short names.
        open = opened(lower)?;
        let names: Vec<PathBuf> = open.iter().map(name_of).collect();
        options = overlay_options(&names, upper, work, marks)?;
    }
    if options.count_bytes() > MOST_OPTIONS {
        return Err(Errno::TOOBIG.into());
    }
    let flags = MountFlags::NODEV;
    mount("overlay", at, "overlay", flags, options.as_c_str())?;
    drop(open);
    Ok(())
}

fn opened(folders: &[impl AsRef<Path>]) -> io::Result<Vec<OwnedFd>> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let open = |folder: &Path| Ok(openat(CWD, folder, flags, Mode::empty())?);
    folders.iter().map(|it| open(it.as_ref())).collect()
}

/// A name that leads to an open file of this process.
fn name_of(open: &OwnedFd) -> PathBuf {
    format!("/proc/self/fd/{}", open.as_raw_fd()).into()
}

/// Puts one at `at` that shows its layers and to which nobody writes.
pub(super) fn overlay_for_reading(layers: &[&Path], at: &Path) -> io::Result<()> {
    let mut options = lowest_last(layers);
    options.extend(b",redirect_dir=follow");
    let flags = MountFlags::NODEV | MountFlags::NOSUID | MountFlags::RDONLY;
    let options = CString::new(options)?;
    Ok(mount("overlay", at, "overlay", flags, options.as_c_str())?)
}

/// In options `:`, `,` and `\` mean something. What is written is
/// never wanted after the job: unless told so, the kernel would write all of the disk's dirty
/// pages out when the overlay goes. All files look as if they were on one device, else whoever stays
/// on one would pass them over.
fn overlay_options(
    lower: &[impl AsRef<Path>],
    upper: &Path,
    work: &Path,
    marks: Marks,
) -> io::Result<CString> {
    let mut options = lowest_last(lower);
    options.extend(b",upperdir=");
    escape(upper, &mut options);
    options.extend(b",workdir=");
    escape(work, &mut options);
    options.extend(match marks {
        Marks::Root => &b",redirect_dir=on,xino=on,volatile"[..],
        Marks::User => b",userxattr,volatile",
    });
    Ok(CString::new(options)?)
}

fn lowest_last(layers: &[impl AsRef<Path>]) -> Vec<u8> {
    let mut options = b"lowerdir=".to_vec();
    for (number, layer) in layers.iter().enumerate() {
        if number > 0 {
            options.push(b':');
        }
        escape(layer.as_ref(), &mut options);
    }
    options
}

fn escape(path: &Path, into: &mut Vec<u8>) {
    for &byte in path.as_os_str().as_bytes() {
        if matches!(byte, b':' | b',' | b'\\') {
            into.push(b'\\');
        }
        into.push(byte);
    }
}

pub(super) fn fresh(kind: Fresh, at: &Path, options: &str) -> io::Result<()> {
    let usual = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let (name, flags) = match kind {
        Fresh::Proc => ("proc", usual),
        Fresh::Tmp => ("tmpfs", usual),
        Fresh::TmpOfPrograms => ("tmpfs", MountFlags::NOSUID | MountFlags::NODEV),
        Fresh::Pts => ("devpts", MountFlags::NOSUID | MountFlags::NOEXEC),
        Fresh::Mqueue => ("mqueue", usual),
    };
    Ok(mount(
        name,
        at,
        name,
        flags,
        CString::new(options)?.as_c_str(),
    )?)
}

/// Lays something empty over it. One file system is enough for all folders: `empty` is where it was
/// laid first.
pub(super) fn hide(at: &Path, empty: &mut Option<PathBuf>) -> io::Result<()> {
    match fs::metadata(at) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(about) if about.is_dir() => {
            if let Some(empty) = empty {
                return Ok(mount_bind(&**empty, at)?);
            }
            let flags =
                MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::RDONLY;
            mount("tmpfs", at, "tmpfs", flags, c"size=0,mode=555")?;
            *empty = Some(at.to_owned());
            Ok(())
        }
        Ok(_) => Ok(mount_bind("/dev/null", at)?),
    }
}

/// Lays a file with that content over the one at `at`. Its own name is gone then.
pub(super) fn lay(content: &str, at: &Path) -> io::Result<()> {
    // In memory, and seen by nobody yet.
    const MADE_AT: &str = "/dev/.laid";
    fs::write(MADE_AT, content)?;
    fs::set_permissions(MADE_AT, fs::Permissions::from_mode(0o644))?;
    mount_bind(MADE_AT, at)?;
    fs::remove_file(MADE_AT)
}

/// Mounts it once more over itself, without the right to write. What the mount below does not
/// allow stays forbidden, or the kernel refuses.
pub(super) fn read_only(at: &Path) -> io::Result<()> {
    match mount_bind_recursive(at, at) {
        Err(rustix::io::Errno::NOENT) => return Ok(()),
        bound => bound?,
    }
    let now = statvfs(at)?.f_flag;
    let mut flags = MountFlags::BIND | MountFlags::RDONLY;
    for (has, flag) in [
        (StatVfsMountFlags::NOSUID, MountFlags::NOSUID),
        (StatVfsMountFlags::NODEV, MountFlags::NODEV),
        (StatVfsMountFlags::NOEXEC, MountFlags::NOEXEC),
        (StatVfsMountFlags::NOATIME, MountFlags::NOATIME),
        (StatVfsMountFlags::NODIRATIME, MountFlags::NODIRATIME),
        (StatVfsMountFlags::RELATIME, MountFlags::RELATIME),
    ] {
        flags.set(flag, now.contains(has));
    }
    Ok(mount_remount(at, flags, c"")?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Marks, overlay_options};

    #[test]
    fn names_of_layers_can_hold_any_character() {
        let (upper, work) = (Path::new("/u,p"), Path::new("/w"));
        let made = |marks| overlay_options(&["/a:b", "/c\\d"], upper, work, marks);
        assert_eq!(
            made(Marks::Root).expect("options").to_str(),
            Ok(r"lowerdir=/a\:b:/c\\d,upperdir=/u\,p,workdir=/w,redirect_dir=on,xino=on,volatile")
        );
        let user = made(Marks::User).expect("options");
        assert!(user.to_bytes().ends_with(b",userxattr,volatile"));
    }
}
