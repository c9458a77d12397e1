//! The system calls that need `unsafe`: a process in new namespaces, a program in its place, signals as a
//! file, the filter of system calls. Nothing else is in here.

#![expect(
    unsafe_code,
    reason = "the kernel's interface for these has no safe form; each block says why it is sound"
)]

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::fs::{Mode, OFlags};
use rustix::process::Pid;
use rustix::thread::UnshareFlags;
use seccompiler::{BpfProgramRef, sock_filter};

/// Namespaces that a new process gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in super::super) struct Namespaces(libc::c_int);

impl Namespaces {
    /// None: a plain fork.
    pub(in super::super) const NONE: Self = Self(0);
    pub(in super::super) const USER: Self = Self(libc::CLONE_NEWUSER);
    pub(in super::super) const MOUNTS: Self = Self(libc::CLONE_NEWNS);
    pub(in super::super) const PROCESSES: Self = Self(libc::CLONE_NEWPID);
    pub(in super::super) const NET: Self = Self(libc::CLONE_NEWNET);
    /// Mounts, processes, System V IPC, the host's name and the names of control groups.
    pub(in super::super) const REST: Self = Self(
        libc::CLONE_NEWNS
            | libc::CLONE_NEWPID
            | libc::CLONE_NEWIPC
            | libc::CLONE_NEWUTS
            | libc::CLONE_NEWCGROUP,
    );

    /// Both.
    pub(in super::super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Makes a copy of this process in new `namespaces`; `None` in the copy.
///
/// Only ever called where one thread is all there is: behind the entry of the program, before
/// anything starts another.
pub(in super::super) fn fork(namespaces: Namespaces) -> io::Result<Option<Pid>> {
    let flags = libc::c_long::from(namespaces.0 | libc::SIGCHLD);
    let none: libc::c_long = 0;
    // SAFETY: without CLONE_VM and with no stack given this is `fork`: the copy has memory of its
    // own, and as the process has one thread, no lock in it is held by another.
    let number = unsafe { libc::syscall(libc::SYS_clone, flags, none, none, none, none) };
    match number {
        -1 => Err(io::Error::last_os_error()),
        number => Ok(i32::try_from(number).ok().and_then(Pid::from_raw)),
    }
}

/// Gives this process mounts of its own.
pub(in super::super) fn own_mounts() -> io::Result<()> {
    // SAFETY: only `UnshareFlags::FILES` is of concern, and it is not among them.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNS) }?;
    Ok(())
}

/// Gives this process a new network.
pub(in super::super) fn own_network() -> io::Result<()> {
    // SAFETY: as above.
    unsafe { rustix::thread::unshare_unsafe(UnshareFlags::NEWNET) }?;
    Ok(())
}

/// Closes all files but the first three: whoever started `pipe` may have left others open, and a job
/// must not get them.
pub(in super::super) fn close_foreign_files() -> io::Result<()> {
    let (first, last): (libc::c_uint, libc::c_uint) = (3, libc::c_uint::MAX);
    // SAFETY: this is called before anything of this process has opened a file that it keeps.
    if unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0 {
        return Ok(());
    }
    // Kernels before 5.9.
    let mut open = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd")? {
        let number = entry?.file_name().to_string_lossy().parse::<libc::c_int>();
        open.extend(number.ok().filter(|number| *number > 2));
    }
    for number in open {
        // SAFETY: as above; the one that listed the others is closed already, which is no harm.
        unsafe { libc::close(number) };
    }
    Ok(())
}

/// Puts what the output is in place of the input, which this process has taken elsewhere.
pub(in super::super) fn close_input() -> io::Result<()> {
    // SAFETY: the two numbers are those of open files that nobody closes.
    match unsafe { libc::dup2(libc::STDOUT_FILENO, libc::STDIN_FILENO) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Makes a device of the network whose packets come out of the file, and go in. It goes with the
/// network: the kernel takes milliseconds to end one alone, in which it makes and ends no other.
pub(in super::super) fn tunnel(name: &str) -> io::Result<OwnedFd> {
    // From `linux/if_tun.h` and `linux/if.h`: the request, packets of IP and nothing else.
    const SET_DEVICE: libc::c_ulong = 0x4004_54ca;
    const PACKETS: u16 = 0x1001;
    const NAME: usize = 16;
    let flags = OFlags::RDWR | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = rustix::fs::open("/dev/net/tun", flags, Mode::empty())?;
    let mut request = [0_u8; 40];
    let name = name.as_bytes();
    request[..name.len().min(NAME - 1)].copy_from_slice(&name[..name.len().min(NAME - 1)]);
    request[NAME..NAME + 2].copy_from_slice(&PACKETS.to_ne_bytes());
    // SAFETY: the kernel reads and writes the 40 bytes of a `struct ifreq`, which are there.
    if unsafe { libc::ioctl(file.as_raw_fd(), SET_DEVICE, request.as_mut_ptr()) } == -1 {
        return Err(io::Error::last_os_error());
    }
    outlives_its_file(file.as_fd(), true)?;
    Ok(file)
}

/// Whether the device of a tunnel stays when its file is closed.
pub(in super::super) fn outlives_its_file(file: BorrowedFd<'_>, stays: bool) -> io::Result<()> {
    // From `linux/if_tun.h`.
    const SET_PERSISTENT: libc::c_ulong = 0x4004_54cb;
    let stays = libc::c_int::from(stays);
    // SAFETY: the kernel takes the number as it is and follows nothing.
    match unsafe { libc::ioctl(file.as_raw_fd(), SET_PERSISTENT, stays) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Lets the other end of a terminal be opened; its number.
pub(in super::super) fn unlock_terminal(end: &OwnedFd) -> io::Result<libc::c_int> {
    let (unlock, mut number): (libc::c_int, libc::c_int) = (0, 0);
    // SAFETY: the kernel reads the one and writes the other, and both are there.
    let done = unsafe {
        match libc::ioctl(end.as_raw_fd(), libc::TIOCSPTLCK, &raw const unlock) {
            -1 => -1,
            _ => libc::ioctl(end.as_raw_fd(), libc::TIOCGPTN, &raw mut number),
        }
    };
    match done {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(number),
    }
}

/// Ends a copy of this process, which must never return. Nothing else is done by the way.
pub(in super::super) fn leave(code: i32) -> ! {
    // SAFETY: it takes a number and does not return.
    unsafe { libc::_exit(code) }
}

/// Has this process, once it is as `prepared` says, become the first of `files` that the kernel runs, each with
/// its words; why the last of them could not be. The program that `prepared` names is none of them: for it the
/// C library would have a shell read what the kernel can't run.
pub(super) fn execute(
    prepared: &mut Command,
    files: Vec<(CString, Vec<CString>)>,
    environment: Vec<CString>,
) -> io::Error {
    let pointers = |all: &[CString]| {
        let all = all.iter().map(|one| one.as_ptr());
        all.chain([std::ptr::null()]).collect::<Vec<_>>()
    };
    let become_one = move || {
        for (file, words) in &files {
            let (words, environment) = (pointers(words), pointers(&environment));
            // SAFETY: all strings end with NUL, both lists with a null pointer, and all of them are still
            // there when the kernel reads them.
            unsafe { libc::execve(file.as_ptr(), words.as_ptr(), environment.as_ptr()) };
        }
        Err(io::Error::last_os_error())
    };
    // SAFETY: nothing is forked here, and one thread is all there is: what it calls can wait for no other.
    unsafe { prepared.pre_exec(become_one) };
    prepared.exec()
}

/// What a tree of this machine loses before a job sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Loses {
    /// The right to be written to, to hold devices, and to run programs as their owners.
    Devices,
    /// The same, but what is a device stays one, whose mode and owner nobody changes.
    Changes,
    /// The right to hold devices alone.
    Nodes,
}

/// Takes that from a tree that lies nowhere yet, with all that is mounted in it.
pub(in super::super) fn restrict(tree: BorrowedFd<'_>, loses: Loses) -> io::Result<()> {
    /// As in `linux/mount.h`.
    #[repr(C)]
    struct Attributes {
        set: u64,
        clear: u64,
        propagation: u64,
        user_namespace: u64,
    }
    let attributes = Attributes {
        set: match loses {
            Loses::Devices => {
                libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV
            }
            Loses::Changes => {
                libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC
            }
            Loses::Nodes => libc::MOUNT_ATTR_NODEV,
        },
        clear: 0,
        propagation: 0,
        user_namespace: 0,
    };
    // SAFETY: the path is empty and ends with NUL, and the kernel only reads `attributes`, whose
    // size it is told.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | libc::AT_RECURSIVE,
            &raw const attributes,
            size_of::<Attributes>(),
        )
    };
    if done == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// A file that can be read from when a child has ended. SIGCHLD is blocked from now on.
pub(in super::super) fn child_signals() -> io::Result<OwnedFd> {
    // SAFETY: the set is a plain value that `sigemptyset` fills before it is used; the number that
    // `signalfd` returns belongs to nobody else.
    unsafe {
        let mut set = std::mem::zeroed();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        if libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) == -1 {
            return Err(io::Error::last_os_error());
        }
        let flags = libc::SFD_CLOEXEC | libc::SFD_NONBLOCK;
        match libc::signalfd(-1, &raw const set, flags) {
            -1 => Err(io::Error::last_os_error()),
            number => Ok(OwnedFd::from_raw_fd(number)),
        }
    }
}

/// Has the kernel ask `program` about each system call of this process and of all that it starts.
pub(in super::super) fn filter(program: BpfProgramRef) -> io::Result<()> {
    #[repr(C)]
    struct Program {
        length: libc::c_ushort,
        first: *const sock_filter,
    }
    let length = libc::c_ushort::try_from(program.len())
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let first = program.as_ptr();
    let program = Program { length, first };
    // SAFETY: the kernel copies the program, whose length is that of the slice, before it returns.
    let done = unsafe {
        libc::prctl(
            libc::PR_SET_SECCOMP,
            libc::SECCOMP_MODE_FILTER,
            &raw const program,
        )
    };
    if done == -1 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
