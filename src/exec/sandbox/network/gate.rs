//! The gate of a sandbox's network: the way out is opened when a job first sends something there.
//!
//! Until then there is a device that leads to us alone. To start the program that carries packets
//! takes longer than most of a sandbox, and most jobs never need it. What a job sends meanwhile is
//! kept, and sent once more when the way is open.

use std::fs::{self, File};
use std::io::{self, Read};
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{
    AddressFamily, SendFlags, SocketAddrV4, SocketFlags, SocketType, ipproto, sendto, socket_with,
};
use rustix::process::{WaitOptions, geteuid, waitpid};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use serde::{Deserialize, Serialize};

use super::super::inside::sys::{self, Namespaces};
use super::way_out::{Carrier, WayOut};

/// Packets that are kept while the way is opened. The kernel sends those again that get lost.
const KEPT: usize = 64;

/// The longest packet of the device.
const LONGEST: usize = 65_536;

/// How long a program may take until it is ready.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two looks whether it is.
const PAUSE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 1_000_000,
};

/// Where a gate leads, and where it keeps notes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Outside {
    pub(in super::super) way: WayOut,
    /// What the network has as address.
    pub(in super::super) address: Ipv4Addr,
    pub(in super::super) folder: PathBuf,
}

/// The gate, closed or open.
pub(in super::super) struct Gate {
    outside: Outside,
    users: OwnedFd,
    network: OwnedFd,
    /// `None` once it was opened, and where that failed.
    device: Option<File>,
    carrier: Option<Child>,
}

impl Gate {
    /// The gate of `network`, whose `device` leads to us.
    pub(in super::super) fn new(
        outside: Outside,
        device: OwnedFd,
        users: OwnedFd,
        network: OwnedFd,
    ) -> Self {
        Self {
            outside,
            users,
            network,
            device: Some(device.into()),
            carrier: None,
        }
    }

    /// What to wait for.
    pub(in super::super) fn knocks(&self) -> Option<&File> {
        self.device.as_ref()
    }

    /// Somebody knocks: opens it, if it is to somebody outside.
    pub(in super::super) fn answer(&mut self) {
        let Some(mut device) = self.device.take() else {
            return;
        };
        let mut kept = Vec::new();
        if !receive(&mut device, &mut kept) {
            self.device = Some(device);
            return;
        }
        // Where it can't be opened, the device goes, and the job hears at once that there is no way.
        if self.open(&mut device, &mut kept).is_ok() {
            let _ = self.send_again(&kept);
        }
        let _ = sys::outlives_its_file(device.as_fd(), false);
    }

    fn open(&mut self, device: &mut File, kept: &mut Vec<Vec<u8>>) -> io::Result<()> {
        let Outside {
            way,
            address,
            folder,
        } = &self.outside;
        fs::create_dir_all(folder)?;
        let note = folder.join("way-out");
        let words = way.command(geteuid().is_root(), &note, *address);
        let (mut says, said) = io::pipe()?;
        let mut carrier = Command::new(&words[0])
            .args(&words[1..])
            .stdin(self.users.try_clone()?)
            .stdout(said)
            .stderr(self.network.try_clone()?)
            .spawn()?;
        let begun = Instant::now();
        let opened: io::Result<()> = loop {
            let is_ready = match way.carrier {
                Carrier::Pasta => fs::read(&note).is_ok_and(|note| !note.is_empty()),
                Carrier::Slirp4netns => is_readable(&says)? && says.read(&mut [0])? > 0,
            };
            if is_ready {
                break Ok(());
            }
            if begun.elapsed() > PATIENCE || carrier.try_wait()?.is_some() {
                break Err(io::ErrorKind::TimedOut.into());
            }
            let mut source = [PollFd::new(&*device, PollFlags::IN)];
            if poll(&mut source, Some(&PAUSE)) == Ok(1) {
                receive(device, kept);
            }
        };
        // Ends with this, ready or not.
        self.carrier = Some(carrier);
        opened?;
        self.inside(|| way.carrier.set_up(*address))
    }

    /// Sends packets once more, from inside.
    fn send_again(&self, packets: &[Vec<u8>]) -> io::Result<()> {
        self.inside(|| send(packets))
    }

    /// Has a copy of this process do something in the network.
    fn inside(&self, work: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let Some(copy) = sys::fork(Namespaces::NONE)? else {
            let done = enter(&self.users, &self.network).and_then(|()| work());
            sys::leave(i32::from(done.is_err()));
        };
        match waitpid(Some(copy), WaitOptions::empty())? {
            Some((_, ended)) if ended.exit_status() == Some(0) => Ok(()),
            _ => Err(io::ErrorKind::Other.into()),
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        if let Some(carrier) = &mut self.carrier {
            // One that has ended needs no more.
            let _ = carrier.kill();
            let _ = carrier.wait();
        }
    }
}

fn is_readable(file: impl AsFd) -> io::Result<bool> {
    let mut source = [PollFd::from_borrowed_fd(file.as_fd(), PollFlags::IN)];
    Ok(poll(&mut source, Some(&Timespec::default()))? > 0)
}

/// Takes in one packet; whether it is one that wants to get out.
fn receive(device: &mut File, kept: &mut Vec<Vec<u8>>) -> bool {
    let mut packet = vec![0; LONGEST];
    let Ok(length) = device.read(&mut packet) else {
        return false;
    };
    packet.truncate(length);
    let wants_out = target(&packet).is_some();
    if wants_out && kept.len() < KEPT {
        kept.push(packet);
    }
    wants_out
}

/// Where a packet goes: one of the kernel's own, that look for neighbours, goes nowhere.
fn target(packet: &[u8]) -> Option<Ipv4Addr> {
    let version = packet.first()? >> 4;
    let target: [u8; 4] = packet.get(16..20)?.try_into().ok()?;
    let target = Ipv4Addr::from(target);
    let is_one = !target.is_multicast() && !target.is_broadcast();
    (version == 4 && is_one).then_some(target)
}

fn enter(users: &OwnedFd, network: &OwnedFd) -> io::Result<()> {
    move_into_link_name_space(users.as_fd(), Some(LinkNameSpaceType::User))?;
    move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))?;
    Ok(())
}

fn send(packets: &[Vec<u8>]) -> io::Result<()> {
    // Whoever sends on such a socket writes the head of the packet too.
    let socket = socket_with(
        AddressFamily::INET,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        Some(ipproto::RAW),
    )?;
    for packet in packets {
        if let Some(target) = target(packet) {
            // One that can't be sent keeps no other back.
            let _ = sendto(
                &socket,
                packet,
                SendFlags::empty(),
                &SocketAddrV4::new(target, 0),
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::target;

    #[test]
    fn only_packets_to_somebody_open_the_gate() {
        let packet = |version: u8, target: [u8; 4]| {
            let mut packet = vec![0; 20];
            packet[0] = version << 4 | 5;
            packet[16..].copy_from_slice(&target);
            packet
        };
        for (name, packet, wanted) in [
            (
                "to somebody",
                packet(4, [192, 0, 2, 1]),
                Some([192, 0, 2, 1]),
            ),
            ("to a group", packet(4, [224, 0, 0, 22]), None),
            ("to all", packet(4, [255; 4]), None),
            ("of the other version", packet(6, [192, 0, 2, 1]), None),
            (
                "half a head",
                packet(4, [192, 0, 2, 1])[..18].to_vec(),
                None,
            ),
            ("nothing", Vec::new(), None),
        ] {
            assert_eq!(target(&packet), wanted.map(Ipv4Addr::from), "{name}");
        }
    }
}
