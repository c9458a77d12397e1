//! Processes of an attempt that outlived its shell.
//!
//! Every process of an attempt inherits a variable that names its folder. What a job sends into
//! the background with its own session (`setsid`, daemons) is found by it, without trusting
//! process numbers that may have been given to others since.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// The variable that marks the processes of an attempt; its value is the attempt's folder.
pub(super) const MARK: &str = "PIPE_ATTEMPT_DIR";

/// Sends `signal` to every process marked with `folder` or a folder in it. Where there is no
/// `/proc`, none is found.
pub(super) fn signal_marked(folder: &Path, signal: Signal) {
    let own = std::process::id();
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return;
    };
    for process in processes.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|n| n.parse().ok()) else {
            continue;
        };
        let is_marked = std::fs::read(process.path().join("environ"))
            .is_ok_and(|environment| carries(&environment, folder));
        if is_marked && u32::try_from(pid) != Ok(own) {
            // It may have ended meanwhile; then there is nothing to do.
            let _ = Pid::from_raw(pid).map(|pid| kill_process(pid, signal));
        }
    }
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
