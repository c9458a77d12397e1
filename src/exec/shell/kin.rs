//! The processes of an attempt, also those that left its shell's session and group.
//!
//! `pipe` adopts what loses its parent (it is a subreaper), so all that its jobs start stays among
//! its descendants and is told from processes of others without trusting numbers that may have
//! been given to others since. An attempt's own are those of its shells' sessions, those that
//! carry its mark in their environment or work in its folder, and all that descend from them. One
//! that has shed all of this (`cd /; env -i setsid …`) could be of any attempt under way: it ends
//! with the last of them.
//!
//! After `kill -9` of `pipe` itself only mark and folder are left to go by.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use rustix::process::{
    Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, waitpid,
};

/// The variable that marks the processes of an attempt; its value is the attempt's folder.
pub(super) const MARK: &str = "PIPE_ATTEMPT_DIR";

/// Passes over the list of processes that a kill makes at least: one alone can miss a process
/// that is just being born, or that just becomes another program and shows no environment then.
const LEAST_PASSES: usize = 2;
/// And at most; a program that forks faster than it is killed is not chased for ever.
const MOST_PASSES: usize = 20;
/// Between two passes.
const PAUSE: Duration = Duration::from_millis(5);

/// The attempts under way in this process, by folder: the shells that they started.
static ATTEMPTS: Mutex<BTreeMap<PathBuf, BTreeSet<i32>>> = Mutex::new(BTreeMap::new());

type Attempts = BTreeMap<PathBuf, BTreeSet<i32>>;

fn attempts() -> MutexGuard<'static, Attempts> {
    // The map is whole at any moment, even if another thread came to grief.
    ATTEMPTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An attempt with that folder is under way until [`leave`].
pub(super) fn enter(folder: &Path) {
    static ADOPT: Once = Once::new();
    ADOPT.call_once(|| {
        // Where the system can't do that, sessions and marks are what is left.
        let _ = set_child_subreaper(Some(getpid()));
    });
    attempts().entry(folder.to_owned()).or_default();
}

/// It is over, and all its processes have been ended.
pub(super) fn leave(folder: &Path) {
    attempts().remove(folder);
}

/// Starts a shell of the attempt; `start` returns it with its number.
pub(super) fn start_shell<T>(
    folder: &Path,
    start: impl FnOnce() -> io::Result<(T, Option<i32>)>,
) -> io::Result<T> {
    // Nobody may look at the processes before the new one is known.
    let mut attempts = attempts();
    let (shell, number) = start()?;
    let shells = attempts.entry(folder.to_owned()).or_default();
    shells.extend(number);
    Ok(shell)
}

/// Sends `signal` to every process of the attempt with that folder. KILL is sent until none is
/// left. Blocks. Where there is no `/proc`, none is found.
pub(super) fn signal_all(folder: &Path, signal: Signal) {
    for pass in 1..=MOST_PASSES {
        let found = signal_once(folder, signal);
        if signal != Signal::KILL || (!found && pass >= LEAST_PASSES) {
            return;
        }
        std::thread::sleep(PAUSE);
    }
}

/// One pass; whether there was any process.
fn signal_once(folder: &Path, signal: Signal) -> bool {
    let attempts = attempts();
    let own = getpid().as_raw_nonzero().get();
    let all = processes();
    let family = Family {
        own,
        session: session_of(own, &all),
        attempts: &attempts,
        folder,
    };
    let found = family.of(&all, &|pid| {
        let process = Path::new("/proc").join(pid.to_string());
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        carries(&environment, folder)
    });
    for pid in &found {
        if let Some(pid) = Pid::from_raw(*pid) {
            // It may have ended meanwhile; then there is nothing to do.
            let _ = kill_process(pid, signal);
        }
    }
    for dead in all.iter().filter(|process| process.is_dead) {
        if family.is_adopted(dead) {
            // Nobody else waits for it.
            let _ = waitpid(Pid::from_raw(dead.pid), WaitOptions::NOHANG);
        }
    }
    !found.is_empty()
}

/// The session of a process among `all`. It is 0 where its leader is out of sight, as in a
/// container whose first process was started from outside; `getsid` has no word for that.
fn session_of(pid: i32, all: &[Process]) -> i32 {
    let process = all.iter().find(|process| process.pid == pid);
    process.map_or(0, |process| process.session)
}

/// A process, as `/proc` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Process {
    pid: i32,
    parent: i32,
    session: i32,
    /// Ended, but nobody has asked how.
    is_dead: bool,
    /// Where it works, where it has no terminal: a person who looks around is not ended.
    works_in: Option<PathBuf>,
}

fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let read = |path: PathBuf| {
        let stat = fs::read_to_string(path.join("stat")).ok()?;
        let (mut process, terminal) = parse(&stat)?;
        if terminal == 0 {
            process.works_in = fs::read_link(path.join("cwd")).ok();
        }
        Some(process)
    };
    let numbered = |name: &std::ffi::OsStr| name.as_encoded_bytes()[0].is_ascii_digit();
    entries
        .filter(|entry| numbered(&entry.file_name()))
        .filter_map(|entry| read(entry.path()))
        .collect()
}

/// `pid (name) state parent group session terminal …`, with its terminal. The name may hold
/// anything.
fn parse(stat: &str) -> Option<(Process, i32)> {
    let pid = stat.split(' ').next()?.parse().ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    let mut number = |skip: usize| fields.nth(skip)?.parse().ok();
    let (parent, session, terminal) = (number(0)?, number(1)?, number(0)?);
    let process = Process {
        pid,
        parent,
        session,
        is_dead: matches!(state, "Z" | "X"),
        works_in: None,
    };
    Some((process, terminal))
}

/// What decides whose a process is.
struct Family<'a> {
    own: i32,
    session: i32,
    attempts: &'a Attempts,
    /// Of the attempt.
    folder: &'a Path,
}

impl Family<'_> {
    /// The living processes of the attempt among `all`.
    fn of(&self, all: &[Process], is_marked: &dyn Fn(i32) -> bool) -> BTreeSet<i32> {
        let children = |parents: &BTreeSet<i32>| -> BTreeSet<i32> {
            let below = |process: &&Process| parents.contains(&process.parent);
            all.iter()
                .filter(below)
                .map(|process| process.pid)
                .collect()
        };
        let descendants = closure(BTreeSet::from([self.own]), &children);
        let none = BTreeSet::new();
        let shells = self.attempts.get(self.folder).unwrap_or(&none);
        let is_alone = self.attempts.keys().all(|other| other == self.folder);
        let is_mine = |process: &&Process| {
            let works_here = |place: &PathBuf| place.starts_with(self.folder);
            process.works_in.as_ref().is_some_and(works_here)
                || is_marked(process.pid)
                || descendants.contains(&process.pid)
                    && (shells.contains(&process.session)
                        || shells.contains(&process.pid)
                        || is_alone && !self.attempts.is_empty() && self.is_adopted(process))
        };
        let mine = all.iter().filter(|process| process.pid != self.own);
        let mine = mine.filter(is_mine).map(|process| process.pid).collect();
        let mut found = closure(mine, &children);
        found.retain(|pid| !all.iter().any(|p| p.pid == *pid && p.is_dead));
        found.remove(&self.own);
        found
    }

    /// Whether it is ours only because its own parent is gone. What `pipe` starts itself stays in
    /// its session, but for the shells.
    fn is_adopted(&self, process: &Process) -> bool {
        let is_shell = |shells: &BTreeSet<i32>| shells.contains(&process.pid);
        process.parent == self.own
            && process.session != self.session
            && !self.attempts.values().any(is_shell)
    }
}

/// `set` with the children of all in it.
fn closure(
    mut set: BTreeSet<i32>,
    children: &dyn Fn(&BTreeSet<i32>) -> BTreeSet<i32>,
) -> BTreeSet<i32> {
    loop {
        let size = set.len();
        set.extend(children(&set));
        if set.len() == size {
            return set;
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
    use super::*;

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

    #[test]
    fn lines_of_the_system() {
        let (process, terminal) = parse("7 (a) b) S 5 6 4 34816 0").expect("a process");
        assert_eq!((process.pid, process.parent), (7, 5));
        assert_eq!((process.session, terminal), (4, 34816));
        assert!(!process.is_dead);
        assert!(parse("7 (a) Z 5 6 4 0 0").is_some_and(|(process, _)| process.is_dead));
        assert_eq!(parse("7 (a"), None);
    }

    #[test]
    fn a_session_whose_leader_is_out_of_sight_is_zero() {
        let (process, _) = parse("7 (pipe) S 0 0 0 0 0").expect("a process");
        let all = [process];
        assert_eq!(session_of(7, &all), 0);
        assert_eq!(session_of(8, &all), 0, "ended meanwhile");
    }

    #[test]
    fn whose_a_process_is() {
        let process = |(pid, parent, session)| Process {
            pid,
            parent,
            session,
            is_dead: false,
            works_in: (pid == 40).then(|| PathBuf::from("/s/a/builds")),
        };
        // `pipe` is 10 in session 5; the shells of attempt `a` are 20, of `b` 30.
        let all: Vec<Process> = [
            (1, 0, 1),
            (10, 5, 5),
            (11, 10, 5),
            (20, 10, 20),
            (21, 20, 20),
            (22, 21, 22),
            (23, 22, 22),
            (24, 10, 20),
            (25, 10, 25),
            (26, 25, 25),
            (30, 10, 30),
            (31, 30, 31),
            (40, 1, 40),
            (50, 1, 20),
            (60, 1, 60),
        ]
        .map(process)
        .to_vec();
        let family = |folders: &[(&str, i32)]| -> Vec<i32> {
            let attempts = folders.iter().map(|(folder, shell)| {
                let shells = BTreeSet::from([*shell]);
                (PathBuf::from(folder), shells)
            });
            let attempts = attempts.collect();
            let family = Family {
                own: 10,
                session: 5,
                attempts: &attempts,
                folder: Path::new("/s/a"),
            };
            family.of(&all, &|pid| pid == 60).into_iter().collect()
        };
        let both = family(&[("/s/a", 20), ("/s/b", 30)]);
        assert_eq!(both, [20, 21, 22, 23, 24, 40, 60], "25 could be of either");
        // The last attempt under way takes along what could be of any.
        assert_eq!(
            family(&[("/s/a", 20)]),
            [20, 21, 22, 23, 24, 25, 26, 30, 31, 40, 60]
        );
        assert_eq!(family(&[]), [40, 60], "of a dead run");
    }
}
