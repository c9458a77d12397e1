//! The way into a sandbox: what this program does when `pipe` starts it anew to make some.
//!
//! The new process makes a copy of itself for each. A copy does what needs the rights of `pipe`,
//! joins the network of the sandbox, makes the first process in namespaces of its own, and waits for
//! its end.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, geteuid, kill_process, pidfd_open,
    set_parent_process_death_signal, umask, waitpid,
};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::super::identity::Identity;
use super::super::words::{broken, cause};
use super::bare;
use super::cause::Cause;
use super::identities::write_maps;
use super::init;
use super::keeper;
use super::kernel::{Linux, perform};
use super::mounts::own_mounts;
use super::seccomp::{self, Filter};
use super::sys::{self, Namespaces};
use super::wire::{GroupSetup, Joins, Order, Reply, Setup, Wire};
use crate::foreign::system_words;

/// What `pipe` calls itself when it starts itself anew.
pub(in super::super) const NAME: &str = "pipe-sandbox";

/// From which copy on it is worth the time that others are made in less.
const MANY: usize = 4;

/// How long a sandbox whose socket is closed may take to end, before it is killed.
const ENDS_SOON: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};

/// Makes sandboxes where this program was started to do that, and returns only where it was not. Has to
/// come before anything that starts a thread: a process with several can't enter namespaces.
pub fn enter_sandbox() {
    if std::env::args_os().next().is_some_and(|name| name == NAME) {
        // Whoever waits at the other end of the socket sees it closed.
        sys::leave(i32::from(make().is_err()));
    }
}

/// Copies this process for each socket that comes, until nobody is there any more to send one. Returns
/// in each copy too, when it has done its work.
fn make() -> io::Result<()> {
    sys::close_foreign_files()?;
    // Whoever started `pipe` may have another; what is made here is seen by jobs of all users.
    umask(Mode::from_raw_mode(0o022));
    // Trees that stay for later sandboxes are mounted here.
    let set_apart = if geteuid().is_root() {
        own_mounts()
    } else {
        Ok(())
    };
    // The same for all. Where there is none, that is told by the step that wants it.
    let filter = seccomp::programs().ok();
    let mut wire = Wire::new(io::stdin().as_fd().try_clone_to_owned()?);
    // No copy keeps the maker's socket open.
    sys::close_input()?;
    let (mut bare, mut copies) = (None, 0);
    while let Some(mut files) = wire.receive_files()? {
        let Some(socket) = files.pop() else {
            continue;
        };
        copies += 1;
        if copies == MANY && geteuid().is_root() && set_apart.is_ok() {
            // Without it, it takes longer.
            bare = bare::mounts().ok();
        }
        // Those that have ended since.
        while let Ok(Some(_)) = waitpid(None, WaitOptions::NOHANG) {}
        match sys::fork(Namespaces::NONE) {
            Ok(Some(_)) => {}
            Ok(None) => {
                drop(wire);
                let mut wire = Wire::new(socket);
                return match set_apart {
                    Ok(()) => enter(wire, filter, bare),
                    Err(error) => {
                        let words = system_words(&error);
                        let what = format!("the mounts can't be set apart: {words}");
                        fail(&mut wire, what, Cause::of(&error))
                    }
                };
            }
            Err(error) => {
                let what = format!("no new process: {}", system_words(&error));
                // Whoever waits for it may be gone.
                let _ = fail(&mut Wire::new(socket), what, Cause::of(&error));
            }
        }
    }
    Ok(())
}

fn enter(mut wire: Wire, filter: Option<Filter>, bare: Option<OwnedFd>) -> io::Result<()> {
    loop {
        let done = match wire.receive::<Order>()? {
            Some((Order::Limits(groups), _)) => limit(&groups),
            Some((Order::Sandbox(setup), files)) => {
                return enter_sandbox_of(wire, &setup, files, filter, bare);
            }
            Some((Order::Network(setup), files)) => {
                drop(bare);
                return keeper::keep(wire, setup, files);
            }
            None => return Ok(()),
        };
        if let Err((what, cause)) = done {
            return fail(&mut wire, what, cause);
        }
    }
}

/// Puts this process, and with it all that it makes, in control groups.
fn limit(groups: &GroupSetup) -> Result<(), (String, Cause)> {
    let mut kernel = Linux::with(Vec::new(), None);
    perform(&mut kernel, &groups.steps).map_err(|it| (broken(&it), cause(&it)))?;
    for entrance in &groups.entrances {
        // 0 is whoever writes it.
        fs::write(entrance, "0").map_err(|error| {
            let words = system_words(&error);
            let what = format!(
                "the limits can't be set in `{}`: {words}",
                entrance.display()
            );
            (what, Cause::of(&error))
        })?;
    }
    Ok(())
}

/// Makes one, and stays until its end.
fn enter_sandbox_of(
    mut wire: Wire,
    setup: &Setup,
    mut files: Vec<OwnedFd>,
    filter: Option<Filter>,
    bare: Option<OwnedFd>,
) -> io::Result<()> {
    let lent = files.split_off(files.len().min(2));
    let mut kernel = Linux::with(lent, filter);
    if let Err((what, cause)) = outside(setup, &files, bare, &mut kernel) {
        return fail(&mut wire, what, cause);
    }
    let namespaces = match setup.joins {
        Some(_) => Namespaces::REST,
        None => Namespaces::REST.and(Namespaces::USER),
    };
    let (mut told, mut tell) = UnixStream::pair()?;
    match sys::fork(namespaces) {
        Err(error) => {
            let what = format!("no new namespaces: {}", system_words(&error));
            fail(&mut wire, what, Cause::of(&error))
        }
        Ok(None) => {
            drop((tell, files));
            // Whoever ends the one that waits ends the sandbox. One that is gone already shows
            // below.
            set_parent_process_death_signal(Some(Signal::KILL))?;
            // Nothing is told where `pipe` or the maps came to grief.
            told.read_exact(&mut [0])?;
            drop(told);
            init::run(wire, setup, kernel)
        }
        Ok(Some(first)) => {
            drop((told, files, kernel));
            let maps = match setup.joins {
                Some(_) => Ok(()),
                None => write_maps(first, &setup.identity),
            };
            match maps {
                // One that is gone already needs to know nothing.
                Ok(()) => drop(tell.write_all(&[0])),
                Err(error) => {
                    let what = format!("the ids can't be given: {}", system_words(&error));
                    fail(&mut wire, what, Cause::of(&error))?;
                    kill_process(first, Signal::KILL)?;
                }
            }
            wait(first, &wire)
        }
    }
}

/// Does what needs the rights of `pipe`, and joins what it is to join.
fn outside(
    setup: &Setup,
    files: &[OwnedFd],
    bare: Option<OwnedFd>,
    kernel: &mut Linux,
) -> Result<(), (String, Cause)> {
    perform(kernel, &setup.outside).map_err(|it| (broken(&it), cause(&it)))?;
    // Whoever is another inside takes what is mounted here only there.
    if let (Some(bare), Identity::Same, Some(_)) = (bare, &setup.identity, setup.joins) {
        move_into_link_name_space(bare.as_fd(), Some(LinkNameSpaceType::Mount)).map_err(
            |error| {
                let error = io::Error::from(error);
                let what = format!("the mounts can't be set apart: {}", system_words(&error));
                (what, Cause::of(&error))
            },
        )?;
    }
    let kinds = [LinkNameSpaceType::User, LinkNameSpaceType::Network];
    let joined = match setup.joins {
        None => 0,
        Some(Joins::Users) => 1,
        Some(Joins::Network) => 2,
    };
    for (file, kind) in files.iter().zip(kinds).take(joined) {
        move_into_link_name_space(file.as_fd(), Some(kind)).map_err(|error| {
            let error = io::Error::from(error);
            let words = system_words(&error);
            let what = format!("the job's network can't be joined: {words}");
            (what, Cause::of(&error))
        })?;
    }
    Ok(())
}

pub(super) fn fail(wire: &mut Wire, what: String, cause: Cause) -> io::Result<()> {
    wire.send(&Reply::Failed { what, cause }, &[])
}

/// Waits for the end of the sandbox. Its socket stays open until then, and is how that is told. One
/// that does not end by itself when the other side is closed is killed.
fn wait(first: Pid, wire: &Wire) -> io::Result<()> {
    let process = pidfd_open(first, PidfdFlags::empty())?;
    let mut sources = [
        PollFd::new(&process, PollFlags::IN),
        PollFd::new(wire, PollFlags::RDHUP),
    ];
    while poll(&mut sources, None) == Err(Errno::INTR) {}
    let has_ended = !sources[0].revents().is_empty();
    if !has_ended && poll(&mut sources[..1], Some(&ENDS_SOON)) == Ok(0) {
        kill_process(first, Signal::KILL)?;
    }
    wait_for(first)
}

/// Waits for the end of a copy of this process.
pub(super) fn wait_for(copy: Pid) -> io::Result<()> {
    loop {
        match waitpid(Some(copy), WaitOptions::empty()) {
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(_) => return Ok(()),
        }
    }
}
