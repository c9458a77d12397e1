//! What a run needs of its executors begins while its pipeline is still read.

use crate::settings::{Key, Settings};

#[cfg(target_os = "linux")]
use super::docker_settings::sandbox_limits;
use super::runners::endpoint;

/// Begins what sandboxes need, where jobs are likely to go there. The settings decide alone: nothing
/// is asked.
#[cfg(target_os = "linux")]
pub fn begin_early(settings: &Settings) {
    let is_likely = match settings.text(Key::Executor) {
        Some("sandbox") => true,
        Some("docker" | "shell") => false,
        // Where no engine could answer.
        _ => !endpoint(settings).is_ok_and(|it| it.socket.exists()),
    };
    if is_likely {
        crate::exec::expect_sandboxes(sandbox_limits(settings));
    }
}

/// Elsewhere than on Linux there are no sandboxes.
#[cfg(not(target_os = "linux"))]
pub fn begin_early(_settings: &Settings) {}
