//! `release-*` reaches the staging host over ssh: a key from a file variable, a known host, rsync, a
//! restart of the service there, and its answers over HTTP.

use super::checkout::GuestBook;
use super::web;
use crate::engine::{Engine, Server, Wanted};
use crate::env::On;

/// The host with its database on port 3307 and its Redis on 6380, and a key that may log in.
fn host(engine: &Engine) -> (Server<'_>, String) {
    let host = engine.serve(&Wanted {
        image: "pipe-system-host:1",
        ..Wanted::default()
    });
    host.wait_for(22);
    let key = host.output(&["/grant-key"]);
    assert!(key.contains("OPENSSH PRIVATE KEY"), "{key}");
    (host, key)
}

/// The line of `known_hosts`.
fn known(host: &Server<'_>) -> String {
    let key = host.output(&["cat", "/etc/ssh/ssh_host_ed25519_key.pub"]);
    format!("{} {key}", host.address)
}

/// Brings two releases to the staging host.
fn a_release_goes_to_the_host(on: On) {
    let engine = Engine::new();
    let (host, key) = host(&engine);
    let book = GuestBook::on(on);
    book.variables(&[
        ("STAGING_HOST", &host.address),
        ("SSH_PRIVATE_KEY", &key),
        ("SSH_KNOWN_HOSTS", &known(&host)),
    ]);
    let service = format!("{}:8082", host.address);
    let process = || host.output(&["cat", "/srv/guestbook/pid"]);

    let first = book.run(&["--branch", "release-1.0", "--deploy=staging"]);
    assert_eq!(first.exit, Some(0), "{}", first.text);
    assert_eq!(first.jobs[3], "staging success");
    assert!(!first.text.contains("PRIVATE KEY"), "{}", first.text);
    assert_eq!(web::get(&service, "/version"), (200, book.short_sha()));
    assert_eq!(web::post(&service, "/entries", "name=Ada&words=Loops"), 303);
    let first_process = process();

    // The next release takes its place, and what guests wrote stays.
    book.edit(
        "guestbook/pages.py",
        "<h1>Guest book</h1>",
        "<h1>The guest book</h1>",
    );
    book.env.commit();
    let second = book.run(&["--branch", "release-1.0", "--deploy=staging"]);
    assert_eq!(second.exit, Some(0), "{}", second.text);
    assert_eq!(web::get(&service, "/version"), (200, book.short_sha()));
    assert_ne!(process(), first_process, "the service was restarted");
    let (_, page) = web::get(&service, "/");
    for part in ["<h1>The guest book</h1>", "<li><b>Ada</b>: Loops</li>"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let style = page
        .split("href=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    assert_eq!(web::get(&service, style.expect("a style")).0, 200);

    let listed = book.env.output(&["runs", "--environments"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for part in [
        "staging",
        "available",
        &book.short_sha(),
        &format!("http://{service}"),
    ] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    assert_eq!(book.env.leftovers(), [""; 0]);
}

#[test]
fn a_release_goes_to_the_staging_host_in_docker() {
    a_release_goes_to_the_host(On::Docker);
}

#[test]
fn a_release_goes_from_sandboxes_with_pasta_to_the_staging_host_in_docker() {
    a_release_goes_to_the_host(On::Sandbox);
}

/// Brings `master` to production, which has to be asked for.
fn production_waits(on: On) {
    let engine = Engine::new();
    let (host, key) = host(&engine);
    let book = GuestBook::on(on);
    book.variables(&[
        ("PRODUCTION_HOST", &host.address),
        ("SSH_PRIVATE_KEY", &key),
        ("SSH_KNOWN_HOSTS", &known(&host)),
    ]);
    let all = book.run(&["--branch", "master", "--deploy"]);
    assert_eq!(all.exit, Some(0), "{}", all.text);
    assert_eq!(all.jobs[3], "production manual");
    assert_eq!(host.output(&["ls", "/srv/guestbook"]), "");

    let named = book.run(&["production", "--branch", "master"]);
    assert_eq!(named.exit, Some(0), "{}", named.text);
    assert_eq!(named.jobs, ["front-end success", "production success"]);
    let service = format!("{}:8082", host.address);
    assert_eq!(web::get(&service, "/version"), (200, book.short_sha()));
}

#[test]
fn production_waits_until_it_is_named_in_docker() {
    production_waits(On::Docker);
}

#[test]
fn production_waits_in_sandboxes_with_pasta_and_its_host_in_docker() {
    production_waits(On::Sandbox);
}

/// Tries to reach a host whose keys are others by now.
fn another_host_gets_nothing(on: On) {
    let engine = Engine::new();
    let (host, key) = host(&engine);
    let known = known(&host);
    // The host has got other keys since.
    host.output(&[
        "sh",
        "-c",
        "rm /etc/ssh/ssh_host_*; ssh-keygen -q -A; kill -HUP 1",
    ]);
    host.wait_for(22);
    let book = GuestBook::on(on);
    book.variables(&[
        ("STAGING_HOST", &host.address),
        ("SSH_PRIVATE_KEY", &key),
        ("SSH_KNOWN_HOSTS", &known),
    ]);
    let ended = book.run(&["front-end", "staging", "--branch", "release-1.0"]);
    assert_eq!(ended.exit, Some(1), "{}", ended.text);
    let log = ended.log("staging");
    assert!(log.contains("Host key verification failed"), "{log}");
    assert_eq!(host.output(&["ls", "/srv/guestbook"]), "");
}

#[test]
fn a_host_that_is_not_the_known_one_gets_nothing_in_docker() {
    another_host_gets_nothing(On::Docker);
}

#[test]
fn another_host_in_docker_gets_nothing_from_sandboxes_with_pasta() {
    another_host_gets_nothing(On::Sandbox);
}
