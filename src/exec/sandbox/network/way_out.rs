//! The way out of a sandbox's network: a program of this machine that carries packets from there to
//! sockets of its own. No rights are needed for that, and no rules of a firewall.
//!
//! Jobs never see this machine's loopback through it. What listens on all of its addresses they
//! reach, as in a container.

use std::io;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use super::devices;
use serde::{Deserialize, Serialize};

/// What a job's machine has as address.
pub(in super::super) const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 100);

/// Where its way out and its name server seem to be, and what all of these addresses begin with.
const GATEWAY: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 2);
const NAME_SERVER: Ipv4Addr = Ipv4Addr::new(10, 0, 2, 3);
const NEIGHBOURS: (Ipv4Addr, u8) = (Ipv4Addr::new(10, 0, 2, 0), 24);

/// What the device of the way out is called inside.
const DEVICE: &str = "eth0";

/// Programs that carry packets out, the better first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) enum Carrier {
    /// Of the package `passt`.
    Pasta,
    /// Of the package of its name.
    Slirp4netns,
}

/// How jobs get out of their network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct WayOut {
    pub(in super::super) carrier: Carrier,
    program: PathBuf,
}

impl Carrier {
    const ALL: [Self; 2] = [Self::Pasta, Self::Slirp4netns];

    /// The name of the program.
    pub(in super::super) fn name(self) -> &'static str {
        match self {
            Self::Pasta => "pasta",
            Self::Slirp4netns => "slirp4netns",
        }
    }
}

impl WayOut {
    /// The first of the programs that is in the search path; where there is none that works, what to
    /// do.
    pub(in super::super) fn here() -> Result<Self, &'static str> {
        let path = std::env::var("PATH").unwrap_or_default();
        let way = Self::among(&path, Path::is_file);
        let way = way.ok_or("install the package `passt`")?;
        let device = std::fs::File::options()
            .read(true)
            .write(true)
            .open("/dev/net/tun");
        // Where it is not there, the first who opens it has the kernel load it.
        device.map_err(|_| "have root let you read and write `/dev/net/tun`")?;
        Ok(way)
    }

    fn among(path: &str, is_there: impl Fn(&Path) -> bool) -> Option<Self> {
        Carrier::ALL.into_iter().find_map(|carrier| {
            let folders = path.split(':').filter(|folder| folder.starts_with('/'));
            let mut programs = folders.map(|folder| Path::new(folder).join(carrier.name()));
            let program = programs.find(|program| is_there(program))?;
            Some(Self { carrier, program })
        })
    }

    /// The command. Its input is the users of the network, and where it tells errors is the network
    /// itself: so no other process can be meant. `note` is where it writes its number when it is
    /// ready, if it is one that does; the other kind says that on its output, and has to be helped by
    /// [`Carrier::set_up`]. `address` is that of the network.
    pub(super) fn command(&self, is_root: bool, note: &Path, address: Ipv4Addr) -> Vec<String> {
        const USERS: &str = "/proc/self/fd/0";
        const NETWORK: &str = "/proc/self/fd/2";
        let note = note.display().to_string();
        let [address, gateway] = [address, GATEWAY].map(|it| it.to_string());
        let mut words = vec![self.program.display().to_string()];
        let mut add = |more: &[&str]| words.extend(more.iter().map(|&word| word.to_owned()));
        match self.carrier {
            Carrier::Pasta => {
                let bits = NEIGHBOURS.1.to_string();
                add(&["--foreground", "--quiet", "--config-net"]);
                add(&["--ns-ifname", DEVICE, "--address", &address]);
                add(&["--netmask", &bits, "--gateway", &gateway]);
                add(&["--no-map-gw", "--dns-forward", &NAME_SERVER.to_string()]);
                add(&["-t", "none", "-u", "none", "-T", "none", "-U", "none"]);
                if is_root {
                    // Nobody but root may enter what root made.
                    add(&["--runas", "0:0"]);
                }
                add(&["--pid", &note, "--no-netns-quit"]);
                add(&["--userns", USERS, "--netns", NETWORK]);
            }
            Carrier::Slirp4netns => {
                let longest = devices::LONGEST.to_string();
                add(&["--mtu", &longest, "--disable-host-loopback"]);
                add(&["--ready-fd=1", "--userns-path", USERS]);
                add(&["--netns-type=path", NETWORK, DEVICE]);
            }
        }
        words
    }
}

impl Carrier {
    /// Takes the device into use that the program has made in the network of this process, where it does not do
    /// that itself: `slirp4netns` knows one address alone.
    pub(super) fn set_up(self, address: Ipv4Addr) -> io::Result<()> {
        if self == Self::Pasta {
            return Ok(());
        }
        let (first, bits) = NEIGHBOURS;
        let [address, first, gateway] = [address, first, GATEWAY].map(|it| it.octets());
        devices::way_out(DEVICE, address, (first, bits), gateway)
    }
}

/// The program that gives jobs a way out of their network, else what to do to have one.
pub fn sandbox_way_out() -> Result<&'static str, &'static str> {
    WayOut::here().map(|way| way.carrier.name())
}

/// The text of `/etc/resolv.conf` for jobs, from this machine's: names are looked up where the way
/// out answers, which asks whom this machine asks.
pub(in super::super) fn resolver(text: &str) -> String {
    let mut made = format!("nameserver {NAME_SERVER}\n");
    let kept = text.lines().filter(|line| {
        let word = line.split_whitespace().next();
        matches!(word, Some("search" | "domain" | "options"))
    });
    for line in kept {
        made.push_str(line);
        made.push('\n');
    }
    made
}

/// The network of all jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SandboxNetwork {
    /// One for each, with a way out where there is one.
    #[default]
    Own,
    /// One for each, without a way out.
    Alone,
    /// This machine's.
    Host,
}

/// What a run's jobs get of it.
#[derive(Debug)]
pub(in super::super) struct Network {
    /// Whether each has one of its own.
    pub(in super::super) is_own: bool,
    pub(in super::super) way_out: Option<WayOut>,
    /// The text of `/etc/resolv.conf`; `None` where the image's own stays.
    pub(in super::super) resolver: Option<String>,
}

impl Network {
    /// What this machine has for that.
    pub(in super::super) fn of(wanted: SandboxNetwork) -> Self {
        let way_out = match wanted {
            SandboxNetwork::Own => WayOut::here().ok(),
            SandboxNetwork::Alone | SandboxNetwork::Host => None,
        };
        // Without one, no name can be looked up.
        let own = || std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        let resolver = match wanted {
            SandboxNetwork::Host => Some(own()),
            _ => way_out.as_ref().map(|_| resolver(&own())),
        };
        Self {
            is_own: wanted != SandboxNetwork::Host,
            way_out,
            resolver,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Carrier, WayOut, resolver};

    #[test]
    fn the_better_program_is_taken_wherever_it_is() {
        let here = |there: &'static [&'static str]| {
            let found = WayOut::among("bin:/a:/b", move |program| {
                there.iter().any(|it| Path::new(it) == program)
            });
            found.map(|way| (way.carrier, way.program.display().to_string()))
        };
        for (there, wanted) in [
            (&[][..], None),
            (
                &["/b/pasta", "/a/slirp4netns"],
                Some((Carrier::Pasta, "/b/pasta")),
            ),
            (
                &["/a/slirp4netns"],
                Some((Carrier::Slirp4netns, "/a/slirp4netns")),
            ),
            (&["bin/pasta"], None),
        ] {
            let wanted = wanted.map(|(carrier, program)| (carrier, program.to_owned()));
            assert_eq!(here(there), wanted, "{there:?}");
        }
    }

    #[test]
    fn no_way_leads_to_this_machines_loopback() {
        for (carrier, wanted) in [
            (Carrier::Pasta, "--no-map-gw"),
            (Carrier::Slirp4netns, "--disable-host-loopback"),
        ] {
            let way = WayOut {
                carrier,
                program: "/bin/x".into(),
            };
            let words = way.command(true, Path::new("/note"), super::ADDRESS);
            assert!(words.iter().any(|word| word == wanted), "{words:?}");
            let none = words.iter().filter(|word| *word == "none").count();
            assert!(carrier != Carrier::Pasta || none == 4, "{words:?}");
        }
    }

    #[test]
    fn names_are_looked_up_where_the_way_out_answers() {
        let own = "# made\nnameserver 127.0.0.53\nsearch lan\noptions edns0 trust-ad\n";
        let wanted = "nameserver 10.0.2.3\nsearch lan\noptions edns0 trust-ad\n";
        assert_eq!(resolver(own), wanted);
        assert_eq!(resolver(""), "nameserver 10.0.2.3\n");
    }
}
