//! What the kernel is asked about devices, addresses and routes of a network, in its own form
//! (`rtnetlink`).

use std::io;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
};

/// From `linux/rtnetlink.h`, `linux/netlink.h`, `linux/if.h`, `linux/if_link.h`, `linux/veth.h` and
/// `linux/if_addr.h`.
const NEW_LINK: u16 = 16;
const NEW_ADDRESS: u16 = 20;
const NEW_ROUTE: u16 = 24;
const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
const EXCLUSIVE: u16 = 0x200;
const CREATE: u16 = 0x400;
const IS_UP: u32 = 1;
const INET: u8 = 2;
const ADDRESS: u16 = 1;
const LOCAL: u16 = 2;
const TARGET: u16 = 1;
const DEVICE: u16 = 4;
const GATEWAY: u16 = 5;
const PRIORITY: u16 = 6;
const FROM: u16 = 7;
const NAME: u16 = 3;
const LONGEST_PACKET: u16 = 4;
const ABOUT: u16 = 18;
const NETWORK: u16 = 28;
const KIND: u16 = 1;
const DATA: u16 = 2;
const PEER: u16 = 1;

/// The main table, and a route that an administrator made.
const BY_ADMINISTRATOR: [u8; 2] = [254, 4];
/// How far it leads: anywhere, or to what the device reaches itself. And that it leads to one address at
/// a time.
const ANYWHERE: [u8; 2] = [0, 1];
const TO_NEIGHBOURS: [u8; 2] = [253, 1];

/// Where packets to some addresses go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Route {
    /// The first of the addresses.
    pub(super) to: [u8; 4],
    /// How many bits all of them begin with: 0 for all there are.
    pub(super) bits: u8,
    /// Who carries them on; `None` where they live at the other end of the device.
    pub(super) by: Option<[u8; 4]>,
    /// The address that they come from, if it is not one of the device.
    pub(super) from: Option<[u8; 4]>,
    /// The least goes first.
    pub(super) priority: u32,
}

/// Takes a device into use; `longest` is how many bytes its packets have at most, where it is not what the
/// kernel thinks.
pub(super) fn use_device(device: u32, longest: Option<u32>) -> io::Result<()> {
    ask(NEW_LINK, 0, &up(device, longest))
}

/// Gives a device an address, and no neighbours.
pub(super) fn add_address(device: u32, address: [u8; 4]) -> io::Result<()> {
    ask(NEW_ADDRESS, CREATE, &has(device, address))
}

/// Sends packets to a device.
pub(super) fn add_route(device: u32, route: Route) -> io::Result<()> {
    ask(NEW_ROUTE, CREATE, &leads_to(device, route))
}

/// Makes two devices: what goes into one comes out of the other, which is in the network of the open
/// file `network`.
pub(super) fn add_pair(name: &str, other: &str, network: i32) -> io::Result<()> {
    ask(NEW_LINK, CREATE | EXCLUSIVE, &pair(name, other, network))
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
        &message(kind, REQUEST | ACKNOWLEDGE | flags, what),
        SendFlags::empty(),
        &kernel,
    )?;
    let mut answer = [0; 512];
    let (_, length) = recv(&socket, &mut answer, RecvFlags::empty())?;
    verdict(&answer[..length.min(512)])
}

/// A message in the kernel's form.
pub(super) fn message(kind: u16, flags: u16, what: &[u8]) -> Vec<u8> {
    let length = u32::try_from(16 + what.len()).unwrap_or_default();
    let mut message = Vec::new();
    message.extend(length.to_ne_bytes());
    message.extend(kind.to_ne_bytes());
    message.extend(flags.to_ne_bytes());
    // Number and sender of the message.
    message.extend([0; 8]);
    message.extend(what);
    message
}

fn up(device: u32, longest: Option<u32>) -> Vec<u8> {
    // Family, padding, type.
    let mut what = vec![0; 4];
    what.extend(device.to_ne_bytes());
    what.extend(IS_UP.to_ne_bytes());
    // Which flags are meant.
    what.extend(IS_UP.to_ne_bytes());
    if let Some(longest) = longest {
        attribute(LONGEST_PACKET, &longest.to_ne_bytes(), &mut what);
    }
    what
}

fn has(device: u32, address: [u8; 4]) -> Vec<u8> {
    let mut what = vec![INET, 32, 0, 0];
    what.extend(device.to_ne_bytes());
    for kind in [LOCAL, ADDRESS] {
        attribute(kind, &address, &mut what);
    }
    what
}

fn leads_to(device: u32, route: Route) -> Vec<u8> {
    let mut what = vec![INET, route.bits, 0, 0];
    what.extend(BY_ADMINISTRATOR);
    what.extend(if route.by.is_some() {
        ANYWHERE
    } else {
        TO_NEIGHBOURS
    });
    what.extend([0; 4]);
    if route.bits > 0 {
        attribute(TARGET, &route.to, &mut what);
    }
    if let Some(by) = route.by {
        attribute(GATEWAY, &by, &mut what);
    }
    if let Some(from) = route.from {
        attribute(FROM, &from, &mut what);
    }
    attribute(DEVICE, &device.to_ne_bytes(), &mut what);
    attribute(PRIORITY, &route.priority.to_ne_bytes(), &mut what);
    what
}

fn pair(name: &str, other: &str, network: i32) -> Vec<u8> {
    // A device about which nothing is said but its attributes.
    const DEVICE: [u8; 16] = [0; 16];
    let named = |name: &str| [name.as_bytes(), &[0]].concat();
    let mut peer = DEVICE.to_vec();
    attribute(NAME, &named(other), &mut peer);
    attribute(NETWORK, &network.to_ne_bytes(), &mut peer);
    let (mut data, mut about) = (Vec::new(), Vec::new());
    attribute(PEER, &peer, &mut data);
    attribute(KIND, b"veth", &mut about);
    attribute(DATA, &data, &mut about);
    let mut what = DEVICE.to_vec();
    attribute(NAME, &named(name), &mut what);
    attribute(ABOUT, &about, &mut what);
    what
}

/// Begins where a multiple of 4 bytes is before it.
fn attribute(kind: u16, value: &[u8], into: &mut Vec<u8>) {
    let length = u16::try_from(4 + value.len()).unwrap_or_default();
    into.extend(length.to_ne_bytes());
    into.extend(kind.to_ne_bytes());
    into.extend(value);
    into.resize(into.len().next_multiple_of(4), 0);
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
    use super::{Route, has, leads_to, message, pair, up, verdict};

    #[test]
    fn a_message_is_as_long_as_it_says() {
        let by = Route {
            to: [10, 0, 2, 128],
            bits: 25,
            by: Some([10, 0, 2, 100]),
            from: Some([10, 0, 2, 130]),
            priority: 0,
        };
        for (name, what, length) in [
            ("up", up(1, None), 32),
            ("up, with a length", up(1, Some(65_520)), 40),
            ("address", has(7, [10, 0, 2, 100]), 40),
            ("route to all", leads_to(7, Route::default()), 44),
            ("route to some", leads_to(7, by), 68),
            ("pair", pair("eth1", "service10", 5), 104),
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
