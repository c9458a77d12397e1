//! The way out of a sandbox's network, from a network that the test makes: there is no other.
//!
//! `pipe` runs in a network of its own with one address, 10.99.0.1, on which a server listens, as another
//! does on its loopback. The way out leads to the first and not to the second.

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
  script:
    - ask() { python3 -c 'import socket, sys; print(socket.create_connection((sys.argv[1], int(sys.argv[2])), 5).makefile().readline(), end="")' "$@"; }
    - ask 10.99.0.1 7001
    - ask 10.99.0.1 7001
    - ask 127.0.0.1 7002 2>/dev/null || echo "no loopback"
    - ask 10.0.2.2 7002 2>/dev/null || echo "nor by the way out"
"#;

/// Runs `pipe` there; `None` where no such network can be made.
fn run(place: &Place, path: Option<&Path>, arguments: &[&str]) -> Output {
    let notes = place.env.folder().join("servers");
    let mut inner = place.command(arguments);
    if let Some(path) = path {
        inner.env("PATH", path);
    }
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
    command.arg(inner.get_program()).args(inner.get_args());
    if let Some(folder) = inner.get_current_dir() {
        command.current_dir(folder);
    }
    command.env_clear();
    for (name, value) in inner.get_envs() {
        if let Some(value) = value {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::null()).output().expect("it starts")
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
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

#[test]
fn jobs_reach_what_is_outside_and_not_this_machines_loopback() {
    if !is_root() {
        return;
    }
    let arguments = [
        "run",
        "outside",
        "--executor",
        "sandbox",
        "--format",
        "plain",
    ];
    for carrier in ["pasta", "slirp4netns"] {
        if !Path::new("/usr/bin").join(carrier).exists() {
            continue;
        }
        for user in [None, Some(USER)] {
            let place = Place::of(user, JOBS);
            let path = only(&place, carrier);
            let said = told(&run(&place, Some(&path), &arguments));
            assert_eq!(
                said.matches("> hello from outside").count(),
                2,
                "{carrier} {user:?}: {said}"
            );
            for line in ["> no loopback", "> nor by the way out"] {
                assert!(said.contains(line), "{carrier} {user:?}: {line}: {said}");
            }
            assert!(!said.contains("no way out"), "{carrier} {user:?}: {said}");
        }
    }
}

#[test]
fn a_machine_without_a_way_out_says_so_once() {
    if !is_root() {
        return;
    }
    for user in [None, Some(USER)] {
        let jobs = "a:\n  script: [ls /sys/class/net]\nb:\n  script: [\"true\"]\n";
        let place = Place::of(user, jobs);
        let path = only(&place, "none");
        let arguments = ["run", "--executor", "sandbox", "--format", "plain"];
        let said = told(&run(&place, Some(&path), &arguments));
        let notice = "no way out of their network: install the package `passt`";
        assert_eq!(said.matches(notice).count(), 1, "{user:?}: {said}");
        assert!(said.contains("a > lo\n"), "{user:?}: {said}");
    }
}

#[test]
fn the_users_word_puts_jobs_on_this_machines_network() {
    if !is_root() {
        return;
    }
    for user in [None, Some(USER)] {
        let place = Place::of(user, JOBS);
        let arguments = [
            "run",
            "outside",
            "--executor",
            "sandbox",
            "--format",
            "plain",
            "--network",
            "host",
        ];
        let said = told(&run(&place, None, &arguments));
        assert_eq!(
            said.matches("> hello from outside").count(),
            3,
            "{user:?}: {said}"
        );
        assert!(said.contains("> nor by the way out"), "{user:?}: {said}");
    }
}

#[test]
fn a_repository_puts_no_job_on_this_machines_network() {
    let place = Place::of(None, "a:\n  script: [\"true\"]\n");
    place
        .env
        .write(".pipe/config.toml", "[docker]\nnetwork_mode = \"host\"\n");
    let output = place.command(&["run", "--executor", "sandbox"]).output();
    let output = output.expect("it starts");
    assert_eq!(output.status.code(), Some(4), "{}", told(&output));
}
