//! What a new network has of devices: its loopback, which it does not use at first, the one of its
//! gate, and those that join the networks of a job and of its services.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use rustix::net::netdevice::name_to_index;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use super::super::inside::sys;
use super::netlink::{Route, add_address, add_pair, add_route, use_device};

/// The index that loopback has in every network.
const LOOPBACK: u32 = 1;

/// Bytes of the longest packet that goes out.
pub(super) const LONGEST: u32 = 65_520;

/// What the device of a gate is called.
const GATE: &str = "gate0";

/// Any way that comes later goes before that of a gate.
const LAST: u32 = 10_000;

/// Takes the loopback of this process's network into use, with an address besides its own.
pub(in super::super) fn loopback(address: [u8; 4]) -> io::Result<()> {
    use_device(LOOPBACK, None)?;
    add_address(LOOPBACK, address)
}

/// Makes the device of a gate, to which all packets go that have no other way; this machine seems to
/// have `address`.
pub(in super::super) fn gate(address: [u8; 4]) -> io::Result<OwnedFd> {
    let device = sys::tunnel(GATE)?;
    let index = index(GATE)?;
    // As long as those of the way out: what is sent again is sent as it came.
    use_device(index, Some(LONGEST))?;
    add_address(index, address)?;
    let to_all = Route {
        priority: LAST,
        ..Route::default()
    };
    add_route(index, to_all)?;
    Ok(device)
}

/// Makes the devices of a pair: one here, the other in `network`.
pub(in super::super) fn pair(name: &str, other: &str, network: BorrowedFd<'_>) -> io::Result<()> {
    add_pair(name, other, network.as_raw_fd())
}

/// Takes the device of a pair into use, with an address where the network has none yet.
pub(in super::super) fn set_up(name: &str, address: Option<[u8; 4]>) -> io::Result<()> {
    let index = index(name)?;
    use_device(index, None)?;
    address.map_or(Ok(()), |address| add_address(index, address))
}

/// Has packets to the addresses that begin with these `bits` go to a device, with the address that they come
/// from; `by` carries them on, if they don't live at its other end.
pub(in super::super) fn lead(
    name: &str,
    (to, bits): ([u8; 4], u8),
    by: Option<[u8; 4]>,
    from: [u8; 4],
) -> io::Result<()> {
    let route = Route {
        to,
        bits,
        by,
        from: Some(from),
        priority: 0,
    };
    add_route(index(name)?, route)
}

/// Takes the device of a way out into use: all packets that have no other way go to `gateway`, which lives
/// behind it with the `neighbours`.
pub(super) fn way_out(
    name: &str,
    address: [u8; 4],
    neighbours: ([u8; 4], u8),
    gateway: [u8; 4],
) -> io::Result<()> {
    let index = index(name)?;
    use_device(index, Some(LONGEST))?;
    add_address(index, address)?;
    let (to, bits) = neighbours;
    let to_neighbours = Route {
        to,
        bits,
        ..Route::default()
    };
    add_route(index, to_neighbours)?;
    let to_all = Route {
        by: Some(gateway),
        ..Route::default()
    };
    add_route(index, to_all)
}

fn index(name: &str) -> io::Result<u32> {
    let socket = socket_with(
        AddressFamily::INET,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    Ok(name_to_index(&socket, name)?)
}
