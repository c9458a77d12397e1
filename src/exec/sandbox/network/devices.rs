//! What a new network has of devices: its loopback, which it does not use at first, and the one of
//! its gate.

use std::io;
use std::os::fd::OwnedFd;

use rustix::net::netdevice::name_to_index;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
};

use super::super::inside::sys;

/// The index that loopback has in every network.
const LOOPBACK: u32 = 1;

/// What the device of a gate is called.
const GATE: &str = "gate0";

/// From `linux/rtnetlink.h`, `linux/netlink.h`, `linux/if.h` and `linux/if_addr.h`.
const NEW_LINK: u16 = 16;
const NEW_ADDRESS: u16 = 20;
const NEW_ROUTE: u16 = 24;
const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
const CREATE: u16 = 0x400;
const IS_UP: u32 = 1;
const INET: u8 = 2;
const ADDRESS: u16 = 1;
const LOCAL: u16 = 2;
const DEVICE: u16 = 4;
const PRIORITY: u16 = 6;

/// The main table, a route that an administrator made, one that leads to the device itself, to one
/// address at a time.
const ROUTE: [u8; 4] = [254, 4, 253, 1];

/// Any way that comes later goes before that of a gate.
const LAST: u32 = 10_000;

/// Takes the loopback of this process's network into use.
pub(in super::super) fn loopback() -> io::Result<()> {
    ask(NEW_LINK, 0, &up(LOOPBACK))
}

/// Makes the device of a gate, to which all packets go that have no other way; this machine seems to
/// have `address`.
pub(in super::super) fn gate(address: [u8; 4]) -> io::Result<OwnedFd> {
    let device = sys::tunnel(GATE)?;
    let socket = socket_with(
        AddressFamily::INET,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        None,
    )?;
    let index = name_to_index(&socket, GATE)?;
    ask(NEW_LINK, 0, &up(index))?;
    ask(NEW_ADDRESS, CREATE, &has(index, address))?;
    ask(NEW_ROUTE, CREATE, &leads_to(index))?;
    Ok(device)
}

fn ask(kind: u16, flags: u16, what: &[u8]) -> io::Result<()> {
    let socket = socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        // Routing, the first of all protocols of this family.
        None,
    )?;
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(
        &socket,
        &message(kind, flags, what),
        SendFlags::empty(),
        &kernel,
    )?;
    let mut answer = [0; 256];
    let (_, length) = recv(&socket, &mut answer, RecvFlags::empty())?;
    verdict(&answer[..length])
}

/// In the kernel's form.
fn message(kind: u16, flags: u16, what: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + what.len()).unwrap_or_default();
    let mut message = Vec::new();
    message.extend(length.to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend((REQUEST | ACKNOWLEDGE | flags).to_ne_bytes());
    // Number and sender of the message.
    message.extend([0; 8]);
    message.extend(what);
    message
}

/// A device is in use.
fn up(device: u32) -> Vec<u8> {
    // Family, padding, type.
    let mut what = vec![0; 4];
    what.extend(device.to_ne_bytes());
    what.extend(IS_UP.to_ne_bytes());
    // Which flags are meant.
    what.extend(IS_UP.to_ne_bytes());
    what
}

/// A device has an address, and nobody is its neighbour.
fn has(device: u32, address: [u8; 4]) -> Vec<u8> {
    let mut what = vec![INET, 32, 0, 0];
    what.extend(device.to_ne_bytes());
    for kind in [LOCAL, ADDRESS] {
        attribute(kind, address, &mut what);
    }
    what
}

/// All that has no other way goes to a device.
fn leads_to(device: u32) -> Vec<u8> {
    let mut what = vec![INET, 0, 0, 0];
    what.extend(ROUTE);
    what.extend([0; 4]);
    attribute(DEVICE, device.to_ne_bytes(), &mut what);
    attribute(PRIORITY, LAST.to_ne_bytes(), &mut what);
    what
}

fn attribute(kind: u16, value: [u8; 4], into: &mut Vec<u8>) {
    into.extend(8_u16.to_ne_bytes());
    into.extend(kind.to_ne_bytes());
    into.extend(value);
}

/// The number of an error stands behind the head of the answer, negative; 0 is none.
fn verdict(answer: &[u8]) -> io::Result<()> {
    let number = answer.get(16..20).and_then(|bytes| bytes.try_into().ok());
    match number.map(i32::from_ne_bytes) {
        Some(0) => Ok(()),
        Some(number) => Err(io::Error::from_raw_os_error(-number)),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{has, leads_to, message, up, verdict};

    #[test]
    fn a_message_is_as_long_as_it_says() {
        for (name, what, length) in [
            ("up", up(1), 32),
            ("address", has(7, [10, 0, 2, 100]), 40),
            ("route", leads_to(7), 44),
        ] {
            let message = message(16, 0, &what);
            assert_eq!(message.len(), length, "{name}");
            assert_eq!(usize::from(message[0]), length, "{name}");
        }
    }

    #[test]
    fn the_kernel_may_refuse() {
        let mut answer = [0; 36];
        verdict(&answer).expect("no error");
        answer[16..20].copy_from_slice(&(-1_i32).to_ne_bytes());
        let error = verdict(&answer).expect_err("not permitted");
        assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
        assert!(verdict(&answer[..8]).is_err());
    }
}
