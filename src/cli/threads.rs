//! The threads that commands work in.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::Builder;

use rustix::process::{Resource, getrlimit};
use tokio::runtime::Runtime;

use crate::app::{Failure, FailureKind};
use crate::diag::{Code, Diagnostic};
use crate::foreign::system_words;

/// Threads that poll tasks.
const WORKERS: usize = 2;

/// Threads that any run needs at one time, those for work that blocks among them. Without them tokio
/// would wait for ever for the first that becomes free.
const NEEDED: usize = 8;

/// Processes and threads of which so many are allowed are not lacked at the start.
const PLENTY: u64 = 1024;

/// The limit of a container's processes, as seen in it.
const GROUPS: [&str; 2] = ["/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"];

/// Whether jobs run, of which fewer at once take fewer threads.
static RUNS_JOBS: AtomicBool = AtomicBool::new(false);

/// What a run of jobs goes on in.
pub(super) fn threads_for_jobs() -> Result<Runtime, Failure> {
    RUNS_JOBS.store(true, Ordering::Relaxed);
    threads()
}

/// What waits for servers, one after the other.
pub(super) fn one_thread() -> Result<Runtime, Failure> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build();
    runtime.map_err(|error| failure(&error))
}

/// What work on many things at once goes on in.
pub(super) fn threads() -> Result<Runtime, Failure> {
    if are_few_allowed() {
        try_out().map_err(|error| failure(&error))?;
    }
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(WORKERS).enable_all().build();
    runtime.map_err(|error| failure(&error))
}

/// Whether there may be none. To try it takes a moment that no run has to lose.
fn are_few_allowed() -> bool {
    let of_user = getrlimit(Resource::Nproc).current;
    let of_groups = GROUPS.iter().filter_map(|file| {
        let most = fs::read_to_string(file).ok()?;
        most.trim().parse().ok()
    });
    of_user
        .into_iter()
        .chain(of_groups)
        .any(|most| most < PLENTY)
}

/// Makes as many threads as are needed, for a moment.
fn try_out() -> io::Result<()> {
    let (open, ends) = (0..NEEDED)
        .map(|_| channel::<()>())
        .unzip::<_, _, Vec<_>, Vec<_>>();
    let wait = |end: Receiver<()>| {
        Builder::new().spawn(move || {
            let _ = end.recv();
        })
    };
    let made: Vec<_> = ends.into_iter().map(wait).collect();
    drop(open);
    for thread in made {
        // It has nothing to panic about.
        let _ = thread?.join();
    }
    Ok(())
}

fn failure(error: &io::Error) -> Failure {
    let message = format!("threads can't be started: {}", system_words(error));
    let files = [libc::EMFILE, libc::ENFILE];
    let diagnostic = if error.raw_os_error().is_some_and(|it| files.contains(&it)) {
        Diagnostic::new(Code::ExecutorUnavailable, message)
            .help("raise the limit on open files (`ulimit -n`)")
    } else {
        no_threads(&message)
    };
    Failure::new(FailureKind::Environment, diagnostic)
}

/// That threads can't be made, and what to do.
pub(super) fn no_threads(message: &str) -> Diagnostic {
    let mut remedy =
        "raise the limit on processes (`ulimit -u`, or `pids.max` of the group of processes)"
            .to_owned();
    if RUNS_JOBS.load(Ordering::Relaxed) {
        remedy.push_str(", or run fewer jobs at once with `--jobs`");
    }
    Diagnostic::new(Code::ExecutorUnavailable, message).help(remedy)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::failure;

    #[test]
    fn the_remedy_is_about_what_there_is_too_little_of() {
        for (number, wanted) in [(libc::EAGAIN, "`ulimit -u`"), (libc::EMFILE, "`ulimit -n`")] {
            let failure = failure(&io::Error::from_raw_os_error(number));
            let help = failure.diagnostics[0].help.concat();
            assert!(help.contains(wanted), "{number}: {help}");
            assert!(!help.contains("--jobs"), "no job runs: {help}");
        }
    }
}
