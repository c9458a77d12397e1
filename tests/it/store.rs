//! The daemon's images in a store for sandboxes, brought there once for all tests.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use crate::engine::Engine;
use crate::env::PIPE;

/// Images that are known to be there.
static BROUGHT: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// What is `XDG_CACHE_HOME` for the store; it lasts as long as what was built.
fn cache() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sandboxes")
}

/// The folder of a store that has these images of the daemon, as they are now.
pub(crate) fn with(images: &[&str]) -> PathBuf {
    // A test that failed while it had the lock has not made the set wrong.
    let mut brought = BROUGHT.lock().unwrap_or_else(PoisonError::into_inner);
    let brought = brought.get_or_insert_default();
    for image in images {
        if !brought.contains(*image) {
            bring(image);
            brought.insert((*image).to_owned());
        }
    }
    cache().join("pipe/images")
}

fn pipe(arguments: &[&str]) -> Command {
    let mut command = Command::new(PIPE);
    command.args(arguments).env("XDG_CACHE_HOME", cache());
    command.stdin(Stdio::null());
    command
}

fn bring(image: &str) {
    let id = Engine::new().id_of(image);
    let listed = pipe(&["image", "ls", "--format", "json"]).output();
    let listed = listed.expect("pipe starts").stdout;
    let listed: Value = serde_json::from_slice(&listed).expect("JSON");
    if listed.to_string().contains(&id) {
        return;
    }
    let from = format!("docker-daemon:{image}");
    let brought = pipe(&["image", "import", &from]).output();
    let brought = brought.expect("pipe starts");
    let told = String::from_utf8_lossy(&brought.stderr);
    assert!(brought.status.success(), "{image}: {told}");
}
