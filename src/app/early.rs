//! What a run needs of its executors begins while its pipeline is still read.

use crate::exec::expect_docker;
use crate::settings::{Key, Settings};

#[cfg(target_os = "linux")]
use super::docker_settings::sandbox_limits;
use super::runners::endpoint;

/// Begins what the executor needs to which jobs are likely to go. The settings decide alone, and
/// whether there is a socket on which an engine may answer.
pub fn begin_early(settings: &Settings) {
    let engine = || endpoint(settings).ok().filter(|it| it.socket.exists());
    match settings.text(Key::Executor) {
        Some("shell") => {}
        Some("sandbox") => expect_sandboxes(settings),
        Some("docker") => engine().iter().for_each(expect_docker),
        _ => match engine() {
            Some(engine) => expect_docker(&engine),
            None => expect_sandboxes(settings),
        },
    }
}

#[cfg(target_os = "linux")]
fn expect_sandboxes(settings: &Settings) {
    crate::exec::expect_sandboxes(sandbox_limits(settings));
}

/// Elsewhere than on Linux there are none.
#[cfg(not(target_os = "linux"))]
fn expect_sandboxes(_settings: &Settings) {}
