//! A network's loopback, which a new one has but does not use.

use std::io;

use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, sendto, socket_with,
};

/// The index that loopback has in every network.
const LOOPBACK: i32 = 1;

/// From `linux/rtnetlink.h`, `linux/netlink.h` and `linux/if.h`.
const NEW_LINK: u16 = 16;
const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
const IS_UP: u32 = 1;

/// Takes the loopback of this process's network into use.
pub(super) fn up() -> io::Result<()> {
    let socket = socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        // Routing, the first of all protocols of this family.
        None,
    )?;
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(&socket, &request(), SendFlags::empty(), &kernel)?;
    let mut answer = [0; 256];
    let (_, length) = recv(&socket, &mut answer, RecvFlags::empty())?;
    verdict(&answer[..length])
}

/// The kernel's form of "loopback is up".
fn request() -> Vec<u8> {
    let mut message = Vec::new();
    message.extend(32_u32.to_ne_bytes());
    message.extend(NEW_LINK.to_ne_bytes());
    message.extend((REQUEST | ACKNOWLEDGE).to_ne_bytes());
    // Number and sender of the message.
    message.extend([0; 8]);
    // Family, padding, type.
    message.extend([0; 4]);
    message.extend(LOOPBACK.to_ne_bytes());
    message.extend(IS_UP.to_ne_bytes());
    // Which flags are meant.
    message.extend(IS_UP.to_ne_bytes());
    message
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
    use super::{request, verdict};

    #[test]
    fn a_request_is_as_long_as_it_says() {
        assert_eq!(request().len(), 32);
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
