//! Processes of an attempt that outlived its shell.
//!
//! Every process of an attempt inherits a variable that names its folder. What a job sends into
//! the background with its own session (`setsid`, daemons) is found by it, without trusting
//! process numbers that may have been given to others since.

use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// The variable that marks the processes of an attempt; its value is the attempt's folder.
pub(super) const MARK: &str = "PIPE_ATTEMPT_DIR";

/// Passes over the list of processes that a kill makes at least: one alone can miss a process
/// that is just being born, or that just becomes another program and shows no environment then.
const LEAST_PASSES: usize = 2;
/// And at most; a program that forks faster than it is killed is not chased for ever.
const MOST_PASSES: usize = 20;
/// Between two passes.
const PAUSE: Duration = Duration::from_millis(5);

/// Sends `signal` to every process marked with `folder` or a folder in it. KILL is sent until none
/// is left. Where there is no `/proc`, none is found.
pub(super) fn signal_marked(folder: &Path, signal: Signal) {
    for pass in 1..=MOST_PASSES {
        let found = signal_once(folder, signal);
        if signal != Signal::KILL || (!found && pass >= LEAST_PASSES) {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}

/// One pass; whether any process was marked.
fn signal_once(folder: &Path, signal: Signal) -> bool {
    let own = std::process::id();
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return false;
    };
    let mut found = false;
    for process in processes.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|n| n.parse().ok()) else {
            continue;
        };
        let is_marked = std::fs::read(process.path().join("environ"))
            .is_ok_and(|environment| carries(&environment, folder));
        if is_marked && u32::try_from(pid) != Ok(own) {
            found = true;
            // It may have ended meanwhile; then there is nothing to do.
            let _ = Pid::from_raw(pid).map(|pid| kill_process(pid, signal));
        }
    }
    found
}

/// Whether an environment, as `/proc` shows it, is marked with `folder` or one in it.
fn carries(environment: &[u8], folder: &Path) -> bool {
    use std::os::unix::ffi::OsStrExt;

    environment
        .split(|byte| *byte == 0)
        .filter_map(|entry| entry.strip_prefix(MARK.as_bytes())?.strip_prefix(b"="))
        .any(|value| Path::new(std::ffi::OsStr::from_bytes(value)).starts_with(folder))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::carries;

    #[test]
    fn only_the_exact_mark_counts() {
        for (environment, marked) in [
            (&b"A=b\0PIPE_ATTEMPT_DIR=/s/r/j-1\0"[..], true),
            (b"PIPE_ATTEMPT_DIR=/s/r", true),
            (b"PIPE_ATTEMPT_DIR=/s/r2/j-1\0", false),
            (b"XPIPE_ATTEMPT_DIR=/s/r/j-1\0", false),
            (b"A=PIPE_ATTEMPT_DIR=/s/r\0", false),
            (b"", false),
        ] {
            assert_eq!(
                carries(environment, Path::new("/s/r")),
                marked,
                "{environment:?}"
            );
        }
    }
}
