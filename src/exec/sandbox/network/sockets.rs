//! On which ports a network takes connections, asked of the kernel.
//!
//! It answers by `sock_diag` for what listens alone, in microseconds. Its tables under `/proc` take
//! milliseconds, for it looks through the connections of the whole machine: they are for kernels that were
//! built without the other.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
};

use super::super::super::ports::{is_reachable, listening};
use super::netlink::message;

/// The tables, one for each kind of addresses that the kernel knows.
const TABLES: [&str; 2] = ["/proc/self/net/tcp", "/proc/self/net/tcp6"];

/// Bytes that are read of a table.
const LONGEST: u64 = 4 << 20;

/// From `linux/sock_diag.h`, `linux/inet_diag.h`, `linux/netlink.h` and `net/tcp_states.h`.
const BY_FAMILY: u16 = 20;
const REQUEST_ALL: u16 = 0x301;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const FAMILIES: [u8; 2] = [2, 10];
const TCP: u8 = 6;
const LISTENS: u32 = 1 << 10;

/// Files by which a network can be asked from outside.
pub(in super::super) struct Sockets {
    line: OwnedFd,
    tables: [File; 2],
}

impl Sockets {
    /// How many files they are.
    pub(in super::super) const FILES: usize = 3;

    /// Those of the network of this process.
    pub(in super::super) fn here() -> io::Result<Self> {
        let line = socket_with(
            AddressFamily::NETLINK,
            SocketType::RAW,
            SocketFlags::CLOEXEC,
            Some(SOCK_DIAG),
        )?;
        let [one, other] = TABLES;
        // A kernel may know one kind of addresses alone.
        let other = File::open(other).or_else(|_| File::open("/dev/null"))?;
        let tables = [File::open(one)?, other];
        Ok(Self { line, tables })
    }

    /// Those that another process has opened.
    pub(in super::super) fn of([line, one, other]: [OwnedFd; Self::FILES]) -> Self {
        let tables = [one.into(), other.into()];
        Self { line, tables }
    }

    /// The files, for another process.
    pub(in super::super) fn files(&self) -> [BorrowedFd<'_>; Self::FILES] {
        let [one, other] = &self.tables;
        [self.line.as_fd(), one.as_fd(), other.as_fd()]
    }

    /// The ports on which others can connect. What can't be asked says nothing.
    pub(in super::super) fn ports(&mut self) -> BTreeSet<u16> {
        self.asked().unwrap_or_else(|_| {
            let tables = self.tables.iter_mut();
            let tables = tables.filter_map(|table| text_of(table).ok());
            tables.flat_map(|table| listening(&table)).collect()
        })
    }

    fn asked(&self) -> io::Result<BTreeSet<u16>> {
        let mut ports = BTreeSet::new();
        for family in FAMILIES {
            let kernel = SocketAddrNetlink::new(0, 0);
            sendto(&self.line, &question(family), SendFlags::empty(), &kernel)?;
            let mut answer = vec![0; 64 * 1024];
            loop {
                let (_, length) = recv(&self.line, &mut answer, RecvFlags::empty())?;
                if !read_answer(&answer[..length.min(answer.len())], &mut ports)? {
                    break;
                }
            }
        }
        Ok(ports)
    }
}

/// Asks for what listens, by the addresses of one kind.
fn question(family: u8) -> Vec<u8> {
    let mut what = vec![family, TCP, 0, 0];
    what.extend(LISTENS.to_ne_bytes());
    // Nothing else is asked for: no addresses, no ports.
    what.extend([0; 48]);
    message(BY_FAMILY, REQUEST_ALL, &what)
}

/// Adds the ports that a part of the answer names; whether more parts come.
fn read_answer(mut answer: &[u8], ports: &mut BTreeSet<u16>) -> io::Result<bool> {
    while let Some((head, _)) = answer.split_first_chunk::<16>() {
        let length = u32::from_ne_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let body = answer.get(16..length).ok_or(io::ErrorKind::InvalidData)?;
        match u16::from_ne_bytes([head[4], head[5]]) {
            DONE => return Ok(false),
            ERROR => return Err(io::ErrorKind::Unsupported.into()),
            _ => ports.extend(port(body)),
        }
        answer = answer.get(length.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(true)
}

/// The port of a socket, where somebody else can connect to it. Port and address are in the order of the
/// network.
fn port(socket: &[u8]) -> Option<u16> {
    let family = *socket.first()?;
    let port = u16::from_be_bytes(socket.get(4..6)?.try_into().ok()?);
    let address = if family == FAMILIES[0] {
        <[u8; 4]>::try_from(socket.get(8..12)?).ok()?.into()
    } else {
        <[u8; 16]>::try_from(socket.get(8..24)?).ok()?.into()
    };
    is_reachable(address).then_some(port)
}

/// What a table of the kernel says now.
fn text_of(table: &mut File) -> io::Result<String> {
    let mut text = String::new();
    table.rewind()?;
    table.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    /// The kernel's own answer, by both ways.
    #[test]
    fn ports_are_those_that_others_reach() {
        let listen = |address| TcpListener::bind(address).expect("a port");
        let port = |it: &TcpListener| it.local_addr().expect("an address").port();
        let (all, own) = (listen("0.0.0.0:0"), listen("127.0.0.1:0"));
        let mut sockets = Sockets::here().expect("files");
        let asked = sockets.asked().expect("an answer");
        sockets.line = File::open("/dev/null").expect("a file").into();
        sockets.asked().expect_err("nobody is asked");
        for (way, ports) in [("asked", asked), ("tables", sockets.ports())] {
            assert!(ports.contains(&port(&all)), "{way}");
            assert!(!ports.contains(&port(&own)), "{way}");
        }
    }

    #[test]
    fn half_an_answer_is_none() {
        let mut ports = BTreeSet::new();
        let mut part = vec![0; 16];
        part[0] = 200;
        read_answer(&part, &mut ports).expect_err("too short");
        part[0] = 16;
        part[4..6].copy_from_slice(&ERROR.to_ne_bytes());
        read_answer(&part, &mut ports).expect_err("refused");
        part[4..6].copy_from_slice(&DONE.to_ne_bytes());
        assert!(!read_answer(&part, &mut ports).expect("the end"));
        assert!(ports.is_empty());
    }
}
