//! On which ports a service is to take connections, and on which it does. Pure.

use std::collections::BTreeSet;
use std::net::IpAddr;

/// What the runner looks at, of many ports (runtime reference 8.4).
const MOST: usize = 20;

/// The variable of a service that names the one port that counts, in any case.
const CHOSEN: &str = "HEALTHCHECK_TCP_PORT";

/// State of a socket that waits for connections.
const LISTENS: &str = "0A";

/// The ports that tell whether a service is ready: the one that its environment names, else those
/// that its image exposes.
pub(super) fn wanted(environment: &[String], exposed: &[String]) -> Vec<u16> {
    let chosen = environment.iter().find_map(|variable| {
        let (name, value) = variable.split_once('=')?;
        name.eq_ignore_ascii_case(CHOSEN).then_some(value)
    });
    if let Some(port) = chosen {
        return port.trim().parse().into_iter().collect();
    }
    let tcp = exposed.iter().filter_map(|port| {
        let (number, protocol) = port.split_once('/').unwrap_or((port, "tcp"));
        (protocol == "tcp").then(|| number.parse().ok()).flatten()
    });
    let sorted: BTreeSet<u16> = tcp.collect();
    sorted.into_iter().take(MOST).collect()
}

/// The ports on which others can connect, from the kernel's tables of TCP sockets.
pub(super) fn listening(tables: &str) -> BTreeSet<u16> {
    tables.lines().filter_map(reachable).collect()
}

/// Whether somebody else can connect to what listens at an address.
pub(super) fn is_reachable(address: IpAddr) -> bool {
    !address.to_canonical().is_loopback()
}

/// The port of a line of such a table, where somebody else can connect to it.
fn reachable(line: &str) -> Option<u16> {
    let mut words = line.split_whitespace();
    let (address, port) = words.nth(1)?.split_once(':')?;
    let listens = words.nth(1)? == LISTENS;
    let port = u16::from_str_radix(port, 16).ok()?;
    (listens && !is_loopback(address)).then_some(port)
}

/// An address as the kernel writes it: each 32 bits as a number of this machine.
fn is_loopback(address: &str) -> bool {
    let Some((before, last)) = address
        .len()
        .checked_sub(8)
        .and_then(|at| address.split_at_checked(at))
    else {
        return false;
    };
    let Ok(last) = u32::from_str_radix(last, 16) else {
        return false;
    };
    let last = last.to_ne_bytes();
    let is_zero = before.bytes().all(|digit| digit == b'0');
    match before.len() {
        0 => last[0] == 127,
        _ if is_zero => last == [0, 0, 0, 1],
        // An address of the old kind in the new form.
        _ => {
            before
                .trim_start_matches('0')
                .to_ascii_uppercase()
                .starts_with("FFFF")
                && last[0] == 127
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{listening, wanted};

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn the_ports_that_count() {
        let many: Vec<String> = (1..40).map(|port| format!("{port}/tcp")).collect();
        for (environment, exposed, ports) in [
            (&[][..], texts(&["5432/tcp"]), vec![5432]),
            (
                &[],
                texts(&["80/udp", "8080/tcp", "443/tcp"]),
                vec![443, 8080],
            ),
            (&[], Vec::new(), Vec::new()),
            (
                &["A=b", "healthcheck_TCP_port=9"],
                texts(&["5432/tcp"]),
                vec![9],
            ),
            (
                &["HEALTHCHECK_TCP_PORT=x"],
                texts(&["5432/tcp"]),
                Vec::new(),
            ),
            (&[], many, (1..=20).collect()),
        ] {
            assert_eq!(
                wanted(&texts(environment), &exposed),
                ports,
                "{environment:?}"
            );
        }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn the_ports_on_which_others_can_connect() {
        let head = "  sl  local_address rem_address   st tx_queue rx_queue tr";
        for (row, local, state, ports) in [
            ("any address", "00000000:1F90", "0A", vec![8080]),
            ("one address", "020012AC:0050", "0A", vec![80]),
            ("a connection", "020012AC:0050", "01", vec![]),
            ("loopback", "0100007F:1F90", "0A", vec![]),
            ("the resolver", "0B00007F:8235", "0A", vec![]),
            (
                "any, new kind",
                "00000000000000000000000000000000:1538",
                "0A",
                vec![5432],
            ),
            (
                "loopback, new kind",
                "00000000000000000000000001000000:1538",
                "0A",
                vec![],
            ),
            (
                "old in new",
                "0000000000000000FFFF00000100007F:1538",
                "0A",
                vec![],
            ),
            (
                "old in new, one",
                "0000000000000000FFFF0000020012AC:1538",
                "0A",
                vec![5432],
            ),
            ("nonsense", "xyz", "0A", vec![]),
            ("nonsense", "x:1", "0A", vec![1]),
        ] {
            let table =
                format!("{head}\n   0: {local} 00000000:0000 {state} 00000000:00000000 0\n");
            let found: Vec<u16> = listening(&table).into_iter().collect();
            assert_eq!(found, ports, "{row}");
        }
    }
}
