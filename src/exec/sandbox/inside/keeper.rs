//! The keeper of a network: the process that makes it and its users, which sandboxes join, and stays
//! outside to answer at its gate.
//!
//! It ends when its socket is closed, and with it goes what carries packets out. The network itself
//! stays as long as somebody is on it.

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::super::network::gate::Gate;
use super::super::network::sockets::Sockets;
use super::super::words::{broken, cause};
use super::cause::Cause;
use super::entry::{fail, wait_for};
use super::identities::write_maps;
use super::kernel::{Linux, perform};
use super::sys::{self, Namespaces};
use super::wire::{NetworkSetup, Question, Reply, Wire};
use crate::foreign::system_words;

/// The kernel's count of what went through each device of the reader's network.
const COUNTS: &str = "/proc/self/net/dev";

/// Files of a network that its keeper gets, but for that of its gate.
const FILES: usize = 3 + Sockets::FILES;

/// Makes a network, and keeps it until nobody is at the other end of the socket. `job` are the users and the
/// network of a job, where it is made beside that.
pub(super) fn keep(mut wire: Wire, setup: NetworkSetup, job: Vec<OwnedFd>) -> io::Result<()> {
    let job = <[OwnedFd; 2]>::try_from(job).ok();
    let namespaces = match &job {
        Some(_) => Namespaces::NONE,
        None if setup.is_own => Namespaces::USER.and(Namespaces::NET),
        None => Namespaces::USER,
    };
    let has_own_users = job.is_none();
    let (here, there) = UnixStream::pair()?;
    let first = match sys::fork(namespaces) {
        Err(error) => {
            let what = format!("no new namespaces: {}", system_words(&error));
            return fail(&mut wire, what, Cause::of(&error));
        }
        Ok(None) => {
            drop((here, wire));
            return make(there, &setup, job);
        }
        Ok(Some(first)) => first,
    };
    drop((there, job));
    if has_own_users && let Err(error) = write_maps(first, &setup.identity) {
        let what = format!("the ids can't be given: {}", system_words(&error));
        // It ends where it is told nothing.
        return fail(&mut wire, what, Cause::of(&error));
    }
    (&here).write_all(&[0])?;
    let made = Wire::new(here.into()).receive::<Reply>();
    wait_for(first)?;
    let (reply, mut files) = made?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let gate = files.split_off(files.len().min(FILES));
    let Ok([users, network, counts, sockets @ ..]) = <[OwnedFd; FILES]>::try_from(files) else {
        return wire.send(&reply, &[]);
    };
    let gate = gate.into_iter().next().zip(setup.outside_of_gate);
    let gate = match gate {
        Some((device, outside)) => Some(Gate::new(
            outside,
            device,
            users.try_clone()?,
            network.try_clone()?,
        )),
        None => None,
    };
    wire.send(&reply, &[users.as_fd(), network.as_fd()])?;
    drop((users, network));
    Keeper {
        wire,
        counts: counts.into(),
        sockets: Sockets::of(sockets),
        gate,
    }
    .serve()
}

/// What the first process in new namespaces does: it hands out their files.
fn make(mut there: UnixStream, setup: &NetworkSetup, job: Option<[OwnedFd; 2]>) -> io::Result<()> {
    // Nothing is told where the maps came to grief.
    there.read_exact(&mut [0])?;
    let mut wire = Wire::new(there.into());
    let mut kernel = match job {
        None => Linux::with(Vec::new(), None),
        Some([users, network]) => {
            if let Err(error) = enter_new_network(&users) {
                let what = format!("no new network: {}", system_words(&error));
                return fail(&mut wire, what, Cause::of(&error));
            }
            Linux::beside(network)
        }
    };
    if let Err(it) = perform(&mut kernel, &setup.inside) {
        return fail(&mut wire, broken(&it), cause(&it));
    }
    // Later nobody outside can open these any more, but for root.
    let own = [
        File::open("/proc/self/ns/user")?,
        File::open("/proc/self/ns/net")?,
        File::open(COUNTS)?,
    ];
    let sockets = Sockets::here()?;
    if let Err(it) = perform(&mut kernel, &setup.in_job) {
        return fail(&mut wire, broken(&it), cause(&it));
    }
    let gate = kernel.take_gate();
    let gate = gate.iter().map(AsFd::as_fd);
    let own = own.iter().map(AsFd::as_fd);
    let files: Vec<BorrowedFd<'_>> = own.chain(sockets.files()).chain(gate).collect();
    wire.send(&Reply::Ready, &files)
}

/// A network that belongs to the users of another.
fn enter_new_network(users: &OwnedFd) -> io::Result<()> {
    move_into_link_name_space(users.as_fd(), Some(LinkNameSpaceType::User))?;
    sys::own_network()
}

struct Keeper {
    wire: Wire,
    counts: File,
    sockets: Sockets,
    gate: Option<Gate>,
}

impl Keeper {
    fn serve(&mut self) -> io::Result<()> {
        loop {
            let (asked, knocked) = {
                let mut sources = vec![PollFd::new(&self.wire, PollFlags::IN)];
                let knocks = self.gate.as_ref().and_then(Gate::knocks);
                sources.extend(knocks.map(|device| PollFd::new(device, PollFlags::IN)));
                match poll(&mut sources, None) {
                    Err(Errno::INTR) => continue,
                    polled => polled?,
                };
                let mut happened = sources.iter().map(|source| !source.revents().is_empty());
                let happened = [happened.next(), happened.next()];
                happened.map(|it| it == Some(true)).into()
            };
            // What was sent before somebody asks counts.
            if knocked && let Some(gate) = &mut self.gate {
                gate.answer();
            } else if asked {
                let reply = match self.wire.receive::<Question>()? {
                    None => return Ok(()),
                    Some((Question::IsUsed, _)) => Reply::Used(self.is_used()),
                    Some((Question::Ports, _)) => Reply::Ports(self.sockets.ports()),
                };
                self.wire.send(&reply, &[])?;
            }
        }
    }

    /// Whether anything was ever sent, to somebody outside or by the loopback. Of what was not the
    /// kernel keeps no trace when those that were on the network are gone.
    fn is_used(&mut self) -> bool {
        if self
            .gate
            .as_ref()
            .is_some_and(|gate| gate.knocks().is_none())
        {
            return true;
        }
        let mut counts = String::new();
        let read = self.counts.rewind();
        let read = read.and_then(|()| self.counts.read_to_string(&mut counts));
        read.is_err() || !is_loopback_silent(&counts)
    }
}

/// Whether the kernel's counts say that nothing came by the loopback.
fn is_loopback_silent(counts: &str) -> bool {
    let mut lines = counts.lines().filter_map(|line| line.split_once(':'));
    let loopback = lines.find(|(name, _)| name.trim() == "lo");
    // The bytes that came, and the packets.
    loopback.is_some_and(|(_, counts)| {
        let mut counts = counts.split_whitespace();
        (counts.next(), counts.next()) == (Some("0"), Some("0"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loopback_is_silent_where_nothing_came_by_it() {
        let table = |counts: &str| {
            format!(
                "Inter-|   Receive                |  Transmit\n \
                 face |bytes    packets errs drop|bytes    packets\n \
                 gate0: 120 3 0 0 0 0\n    lo: {counts}\n"
            )
        };
        assert!(is_loopback_silent(&table("0 0 0 0 0 0")));
        assert!(is_loopback_silent("lo:0 0 0 0\n"));
        assert!(!is_loopback_silent(&table("84 1 0 0 84 1")));
        assert!(!is_loopback_silent("eth0: 0 0 0 0\n"), "who knows");
    }
}
