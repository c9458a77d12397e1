//! The names of a sandbox and of others on its network, and what is done in a new network. Pure.

use std::net::Ipv4Addr;
use std::path::Path;

use super::super::identity::Identity;
use super::super::network::service_links;
use super::super::network::way_out::Network;
use super::super::step::Step;
use super::{Plan, folder};

/// Files of `/etc` over which every sandbox has its own, as containers have them.
pub(in super::super) const OWN_FILES: [&str; 2] = ["/etc/hosts", "/etc/hostname"];

/// The machine's name, and the names that can be reached.
pub(super) fn names(plan: &Plan<'_>) -> Vec<Step> {
    let mut steps = vec![folder(Path::new("/etc"), 0o755)];
    let mut write = |at: &str, content: String| {
        let at = Path::new(at);
        steps.push(Step::File {
            at: at.into(),
            mode: 0o644,
            content: String::new(),
        });
        let at = at.into();
        steps.push(Step::Lay { at, content });
    };
    let [hosts, hostname] = OWN_FILES;
    write(hosts, known_hosts(plan));
    write(hostname, format!("{}\n", plan.hostname));
    let resolver = plan.extras.resolver();
    if let Some(resolver) = resolver.or_else(|| plan.resolver.map(str::to_owned)) {
        write("/etc/resolv.conf", resolver);
    }
    steps.push(Step::Hostname(plan.hostname.to_owned()));
    steps
}

/// The text of `/etc/hosts`.
fn known_hosts(plan: &Plan<'_>) -> String {
    let mut text = "127.0.0.1 localhost\n::1 localhost ip6-localhost\n".to_owned();
    let own = (plan.hostname.to_owned(), plan.address);
    // First, and once. A service may have the name of the job's machine.
    let is_anothers = |it: &(String, Ipv4Addr)| it.0 == own.0 && it.1 != own.1;
    let first = (!plan.names.iter().any(is_anothers)).then_some(&own);
    let others = plan.names.iter().filter(|it| **it != own);
    for (name, address) in first.into_iter().chain(others) {
        text.push_str(&format!("{address} {name}\n"));
    }
    for (name, address) in plan.extras.hosts() {
        text.push_str(&format!("{address} {name}\n"));
    }
    text
}

/// What is done in a new network with that address, before sandboxes join it; nothing where it is this
/// machine's.
pub(in super::super) fn network_steps(
    identity: &Identity,
    network: &Network,
    address: Ipv4Addr,
) -> Vec<Step> {
    if !network.is_own {
        return Vec::new();
    }
    let gate = network.way_out.as_ref();
    let gate = gate.map(|_| Step::Gate(address.octets()));
    // There it stays, whatever becomes of the way out.
    let mut steps = vec![Step::Loopback(address.octets())];
    steps.extend(ports_and_pings(identity));
    steps.extend(gate);
    steps
}

/// What joins the new network of a service with that of its job: what is done there, and what is done in
/// the job's. Both have their addresses already; on a device that is no loopback, which is where programs look
/// for them, it is once.
pub(in super::super) fn service_link_steps(
    number: usize,
    network: &Network,
) -> (Vec<Step>, Vec<Step>) {
    /// What the device is called in the network of a service; in the job's it has the service's number.
    const DEVICE: &str = "eth1";
    let here = || DEVICE.to_owned();
    let there = || format!("service{number}");
    let own = service_links::of_service(number).octets();
    let job = service_links::JOB.octets();
    let (all, bits) = service_links::SERVICES;
    let has_gate = network.way_out.is_some();
    let interface = |name, address, is_first| Step::Interface {
        name,
        address: (is_first && !has_gate).then_some(address),
    };
    let in_service = vec![
        Step::Pair {
            name: here(),
            other: there(),
        },
        interface(here(), own, true),
        Step::Route {
            device: here(),
            to: job,
            bits: 32,
            by: None,
            from: own,
        },
        Step::Route {
            device: here(),
            to: all.octets(),
            bits,
            by: Some(job),
            from: own,
        },
    ];
    let in_job = vec![
        Step::EnterJobNetwork,
        interface(there(), job, number == 0),
        Step::Route {
            device: there(),
            to: own,
            bits: 32,
            by: None,
            from: job,
        },
        // Services reach each other through it.
        Step::Sysctl {
            name: "net/ipv4/ip_forward".to_owned(),
            value: "1".to_owned(),
            needed: true,
        },
    ];
    (in_service, in_job)
}

/// As in a container: everybody may use the lower ports, and `ping`.
fn ports_and_pings(identity: &Identity) -> [Step; 2] {
    let groups = match identity {
        Identity::Same => "0 2147483647".to_owned(),
        Identity::Single { group, .. } => format!("{group} {group}"),
        Identity::Ranges(ranges) => format!("0 {}", ranges.groups.1),
    };
    let sysctl = |name: &str, value: String, needed| Step::Sysctl {
        name: name.to_owned(),
        value,
        needed,
    };
    [
        sysctl("net/ipv4/ip_unprivileged_port_start", "0".to_owned(), true),
        // All groups of this machine may be more than there are in its namespace of users.
        sysctl("net/ipv4/ping_group_range", groups, false),
    ]
}
