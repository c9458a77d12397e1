//! The way out of a sandbox's network, from a network that the test makes: there is no other.
//!
//! `pipe` runs in a network of its own with one address, 10.99.0.1, on which a server listens, as another
//! does on its loopback. The way out leads to the first and not to the second.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::{Place, USER};

/// Two servers, the commands of `pipe`, and the end of all.
const WORLD: &str = r#"
ip link set lo up
ip link add out0 type veth peer name out1
ip addr add 10.99.0.1/24 dev out0
ip link set out0 up
ip link set out1 up
ip route add default via 10.99.0.2 dev out0
serve() {
  python3 -c '
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("listens", flush=True)
while True:
    client, _ = server.accept()
    client.sendall(b"hello from outside\n")
    client.close()
' "$1" "$2" >>"$3" &
}
serve 10.99.0.1 7001 "$1"
one=$!
serve 127.0.0.1 7002 "$1"
other=$!
trap 'kill $one $other' EXIT
until [ "$(grep -c listens "$1")" = 2 ]; do sleep 0.02; done
shift
"$@"
"#;

const JOBS: &str = r#"
outside:
  services:
    - name: host
      alias: relay
      command:
        - python3
        - -c
        - |
          import socket
          said = socket.create_connection(("10.99.0.1", 7001), 5).recv(100)
          server = socket.create_server(("", 8000))
          while True:
            client = server.accept()[0]
            client.sendall(b"by a service: " + said)
            client.close()
      variables:
        HEALTHCHECK_TCP_PORT: "8000"
  script:
    - ask() { python3 -c 'import socket, sys; print(socket.create_connection((sys.argv[1], int(sys.argv[2])), 5).makefile().readline(), end="")' "$@"; }
    - echo "begins as $(hostname -I | cut -d ' ' -f 1)"
    - ask 10.99.0.1 7001
    - ask relay 8000
    - ask 10.99.0.1 7001
    - ask 127.0.0.1 7002 2>/dev/null || echo "no loopback"
    - ask 10.0.2.2 7002 2>/dev/null || echo "nor by the way out"
    - echo "ends as $(hostname -I | cut -d ' ' -f 1)"
"#;

/// Runs `pipe` there.
fn run(place: &Place, path: &Path, arguments: &[&str]) -> Output {
    let notes = place.env.folder().join("servers");
    let mut inner = place.command(arguments);
    inner.env("PATH", path);
    let mut command = Command::new("unshare");
    command
        .args(["--net", "sh", "-ec", WORLD, "world"])
        .arg(&notes);
    if let Some(user) = place.user {
        let user = user.to_string();
        command.args([
            "setpriv",
            "--clear-groups",
            "--reuid",
            &user,
            "--regid",
            &user,
        ]);
    }
    // The world around has the search path of the tests.
    command.args(["env", "-i"]);
    for (name, value) in inner.get_envs() {
        let value = value.unwrap_or_default();
        let pair = format!("{}={}", name.to_string_lossy(), value.to_string_lossy());
        command.arg(pair);
    }
    command.arg(inner.get_program()).args(inner.get_args());
    if let Some(folder) = inner.get_current_dir() {
        command.current_dir(folder);
    }
    command.stdin(Stdio::null()).output().expect("it starts")
}

/// A search path whose only carrier is that one.
fn only(place: &Place, carrier: &str) -> std::path::PathBuf {
    let folder = place.env.folder().join(format!("only-{carrier}"));
    std::fs::create_dir(&folder).expect("a folder");
    for program in ["git", "sh", carrier] {
        let found = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(program));
        let found = found.iter().find(|program| program.exists());
        if let Some(found) = found {
            std::os::unix::fs::symlink(found, folder.join(program)).expect("a link");
        }
    }
    folder
}

fn told(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout);
    let told = String::from_utf8_lossy(&output.stderr);
    format!("{said}{told}")
}

/// As Debian and others have it; some virtual machines don't.
fn everybody_has_tunnels() -> bool {
    use std::os::unix::fs::PermissionsExt;
    let device = std::fs::metadata("/dev/net/tun");
    device.is_ok_and(|about| about.permissions().mode() & 0o006 == 0o006)
}

/// As root and as a plain user: the tests that call this are root's.
fn a_way_out(carrier: &str) {
    let arguments = [
        "run",
        "outside",
        "--executor",
        "sandbox",
        "--format",
        "plain",
    ];
    for user in [None, Some(USER)] {
        let place = Place::of(user, JOBS);
        let path = only(&place, carrier);
        let said = told(&run(&place, &path, &arguments));
        if user.is_some() && !everybody_has_tunnels() {
            let remedy =
                "no way out of their network: have root let you read and write `/dev/net/tun`";
            assert!(said.contains(remedy), "{said}");
            continue;
        }
        assert_eq!(
            said.matches("> hello from outside").count(),
            2,
            "{user:?}: {said}"
        );
        for line in [
            "> by a service: hello from outside",
            "> no loopback",
            "> nor by the way out",
            "> begins as 10.0.2.100",
            "> ends as 10.0.2.100",
        ] {
            assert!(said.contains(line), "{user:?}: {line}: {said}");
        }
        assert!(!said.contains("no way out"), "{user:?}: {said}");
    }
}

#[test]
fn jobs_reach_what_is_outside_and_not_this_machines_loopback_with_pasta() {
    a_way_out("pasta");
}

#[test]
fn jobs_reach_what_is_outside_and_not_this_machines_loopback_with_slirp4netns() {
    a_way_out("slirp4netns");
}

/// A machine that is on no network at all: the program that carries packets out ends at once.
#[test]
fn services_are_reached_where_the_way_out_can_not_be_opened() {
    let jobs = r#"
lonely:
  services:
    - name: host
      alias: relay
      command: [python3, -m, http.server, "8000"]
      variables:
        HEALTHCHECK_TCP_PORT: "8000"
  script:
    - ask() { python3 -c 'import socket; socket.create_connection(("relay", 8000), 5); print("there")'; }
    - ask
    - python3 -c 'import socket; s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b"x", ("192.0.2.1", 9))'
    - until ! grep -q gate0 /proc/net/dev; do sleep 0.1; done
    - ask
"#;
    let place = Place::of(None, jobs);
    let inner = place.command(&["run", "--executor", "sandbox", "--format", "plain"]);
    let mut command = Command::new("unshare");
    let alone = "ip link set lo up; exec \"$@\"";
    command.args(["--net", "sh", "-ec", alone, "world"]);
    command.arg(inner.get_program()).args(inner.get_args());
    command.env_clear();
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    // With `pasta`, the better of the programs that carry packets.
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    if let Some(folder) = inner.get_current_dir() {
        command.current_dir(folder);
    }
    let said = told(&command.output().expect("it starts"));
    assert_eq!(said.matches("> there").count(), 2, "{said}");
}

#[test]
fn a_machine_without_a_way_out_says_so_once() {
    let jobs = "a:\n  script: [ls /sys/class/net]\nb:\n  script: [\"true\"]\n";
    for place in Place::all(jobs) {
        let path = only(&place, "none");
        let mut command = place.command(&["run", "--executor", "sandbox", "--format", "plain"]);
        let said = told(&command.env("PATH", path).output().expect("it starts"));
        let notice = "no way out of their network: install the package `passt`";
        assert_eq!(said.matches(notice).count(), 1, "{:?}: {said}", place.user);
        assert!(said.contains("a > lo\n"), "{:?}: {said}", place.user);
    }
}

#[test]
fn the_users_word_puts_jobs_on_this_machines_network() {
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for client in server.incoming() {
            let mut client = client.expect("a client");
            client
                .write_all(b"hello from this machine\n")
                .expect("sent");
        }
    });
    // `exec` is bash's way to a socket.
    let job =
        format!("a:\n  script:\n    - bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port}; cat <&3'\n");
    for place in Place::all(&job) {
        let asked = |network: &[&str]| {
            let usual = ["run", "--executor", "sandbox", "--format", "plain"];
            let mut command = place.command(&[&usual, network].concat());
            told(&command.output().expect("it starts"))
        };
        let said = asked(&["--network", "host"]);
        assert!(
            said.contains("> hello from this machine"),
            "{:?}: {said}",
            place.user
        );
        for network in [&[][..], &["--network", "none"]] {
            let said = asked(network);
            assert!(
                !said.contains("hello from"),
                "{:?} {network:?}: {said}",
                place.user
            );
        }
    }
}

#[test]
fn a_network_that_sandboxes_can_not_have_is_refused() {
    let place = Place::of(None, "a:\n  script: [echo ran]\n");
    for (network, code, wanted) in [
        ("mine", 4, "sandboxes have no network `mine`"),
        ("bridge", 0, "> ran"),
        ("none", 0, "> ran"),
    ] {
        let usual = ["run", "--executor", "sandbox", "--format", "plain"];
        let words = [&usual[..], &["--network", network]].concat();
        let output = place.command(&words).output().expect("it starts");
        let said = told(&output);
        assert_eq!(output.status.code(), Some(code), "{network}: {said}");
        assert!(said.contains(wanted), "{network}: {said}");
    }
    // Where some jobs may go to a daemon, the others go on.
    let words = ["run", "--network", "mine", "--format", "plain"];
    let said = told(&place.command(&words).output().expect("it starts"));
    assert!(
        said.contains("know nothing of `docker.network_mode` with `mine`"),
        "{said}"
    );
    assert!(said.contains("> ran"), "{said}");
}

#[test]
fn a_repository_puts_no_job_on_this_machines_network() {
    let place = Place::of(None, "a:\n  script: [\"true\"]\n");
    let settings = "[docker]\nnetwork_mode = \"host\"\n";
    place.env.write(".pipe/config.toml", settings);
    let output = place.command(&["run", "--executor", "sandbox"]).output();
    let output = output.expect("it starts");
    assert_eq!(output.status.code(), Some(4), "{}", told(&output));
}
