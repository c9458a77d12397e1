//! The names of a sandbox and of others on its network, and what is done in a new network. Pure.

use std::path::Path;

use super::super::identity::Identity;
use super::super::network::way_out::{ADDRESS, Network};
use super::super::step::Step;
use super::{HOSTNAME, Plan, folder};

/// What every sandbox has of its own in `/etc`, which images may have already.
pub(in super::super) fn own_files() -> [(&'static str, String); 2] {
    let hosts = format!("127.0.0.1 localhost {HOSTNAME}\n::1 localhost ip6-localhost\n");
    [
        ("/etc/hosts", hosts),
        ("/etc/hostname", format!("{HOSTNAME}\n")),
    ]
}

/// The machine's name, and the names that can be reached.
pub(super) fn names(plan: &Plan<'_>) -> Vec<Step> {
    let mut steps = vec![folder(Path::new("/etc"), 0o755)];
    let mut write = |at: &str, content: String| {
        steps.push(Step::File {
            at: at.into(),
            mode: 0o644,
            content,
        });
    };
    let [(hosts, mut known), (hostname, name)] = own_files();
    for name in plan.names {
        known.push_str(&format!("127.0.0.1 {name}\n"));
    }
    for (name, address) in plan.extras.hosts() {
        known.push_str(&format!("{address} {name}\n"));
    }
    write(hosts, known);
    write(hostname, name);
    let resolver = plan.extras.resolver();
    if let Some(resolver) = resolver.or_else(|| plan.resolver.map(str::to_owned)) {
        write("/etc/resolv.conf", resolver);
    }
    steps.push(Step::Hostname(HOSTNAME.to_owned()));
    steps
}

/// What is done in a new network, before sandboxes join it; nothing where it is this machine's.
pub(in super::super) fn network_steps(identity: &Identity, network: &Network) -> Vec<Step> {
    if !network.is_own {
        return Vec::new();
    }
    let gate = network.way_out.as_ref().map(|_| Step::Gate(ADDRESS));
    let mut steps = vec![Step::Loopback];
    steps.extend(ports_and_pings(identity));
    steps.extend(gate);
    steps
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
