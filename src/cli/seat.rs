//! The terminal of a person at a job's shell: its keys are the shell's while there is one, and it is
//! as it was before on every way out.

use std::io::{self, Write, stdin, stdout};
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::exec::Terminal;
use crate::run::{Person, Seat};

use super::watcher::{TIDY_SCREEN, Watcher};

/// Bytes of keys read at once.
const KEYS: usize = 4096;

/// Pieces of input and of output under way.
const PIECES: usize = 32;

/// How long what the shell has shown last may take to be shown. A terminal that nobody reads any more
/// would never show it.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// How the terminal was, while it is otherwise.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Makes the terminal what it was before a shell had it; nothing, where none has.
pub(super) fn restore() {
    let before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(before) = before {
        // Where that fails, there is no terminal any more.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &before);
    }
}

/// The person at this process's terminal.
pub(super) struct AtTerminal {
    /// Comes when all that was to be told is told.
    free: Mutex<Option<oneshot::Receiver<()>>>,
    seated: Mutex<Option<Seated>>,
    status: Mutex<Option<u8>>,
    /// Comes up while there is no shell yet.
    watcher: Mutex<Option<Watcher>>,
}

/// What goes on while the shell has the terminal.
struct Seated {
    /// Ends the reading of keys when it is closed.
    _wake: io::PipeWriter,
    /// Comes when all was shown.
    shown: oneshot::Receiver<()>,
    resizing: JoinHandle<()>,
    _raw: Raw,
}

impl Drop for Seated {
    fn drop(&mut self) {
        self.resizing.abort();
    }
}

/// Keys reach the shell as they are typed, until this is dropped.
struct Raw {
    /// Without one, the terminal is not given back by a process that was killed.
    _watcher: Option<Watcher>,
}

impl Raw {
    fn begin(watcher: Option<Watcher>) -> io::Result<Self> {
        let watcher = watcher.and_then(|it| it.ready().ok());
        let before = tcgetattr(stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some(before);
        let begun = Self { _watcher: watcher };
        tcsetattr(stdin(), OptionalActions::Now, &raw)?;
        Ok(begun)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        restore();
    }
}

impl AtTerminal {
    /// One who waits for a shell until `free` comes.
    pub(super) fn new(free: oneshot::Receiver<()>) -> Self {
        Self {
            free: Mutex::new(Some(free)),
            seated: Mutex::default(),
            status: Mutex::default(),
            watcher: Mutex::new(Watcher::start().ok()),
        }
    }

    /// The status of the shell, where it ended by itself.
    pub(super) fn status(&self) -> Option<u8> {
        *locked(&self.status)
    }
}

#[async_trait]
impl Person for AtTerminal {
    async fn sit_down(&self) -> io::Result<Seat> {
        let free = locked(&self.free).take();
        if let Some(free) = free {
            // Nobody is left to say anything either.
            let _ = free.await;
        }
        let (resized, size) = watch::channel(window()?);
        let resizing = tokio::spawn(follow_size(resized));
        let (keys, input) = mpsc::channel(PIECES);
        let (screen, pieces) = mpsc::channel(PIECES);
        let (was_shown, shown) = oneshot::channel();
        let (wakes, wake) = io::pipe()?;
        let raw = Raw::begin(locked(&self.watcher).take())?;
        let wakes = OwnedFd::from(wakes);
        std::thread::spawn(move || read_keys(&wakes, &keys));
        std::thread::spawn(move || {
            show(pieces);
            let _ = was_shown.send(());
        });
        *locked(&self.seated) = Some(Seated {
            _wake: wake,
            shown,
            resizing,
            _raw: raw,
        });
        let terminal = Terminal { input, size };
        Ok(Seat { terminal, screen })
    }

    async fn get_up(&self, status: Option<i64>) {
        let seated = locked(&self.seated).take();
        if let Some(mut seated) = seated {
            let shown = tokio::time::timeout(LAST_WORDS, &mut seated.shown).await;
            if status.is_none() && shown.is_ok() {
                write(TIDY_SCREEN);
            }
        }
        // As the system does: a status has eight bits.
        *locked(&self.status) = status.map(|status| status.to_le_bytes()[0]);
    }
}

fn locked<T>(what: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Each holds one value, which is whole at any moment.
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Columns and rows.
fn window() -> io::Result<(u16, u16)> {
    let size = tcgetwinsize(stdout())?;
    Ok((size.ws_col, size.ws_row))
}

async fn follow_size(resized: watch::Sender<(u16, u16)>) {
    let Ok(mut changes) = signal(SignalKind::window_change()) else {
        return;
    };
    // It may have changed before anybody listened.
    loop {
        if let Ok(now) = window() {
            resized.send_if_modified(|known| std::mem::replace(known, now) != now);
        }
        if resized.is_closed() || changes.recv().await.is_none() {
            return;
        }
    }
}

/// Reads until `wake` is closed, or the terminal is.
fn read_keys(wake: &OwnedFd, keys: &mpsc::Sender<Vec<u8>>) {
    let stdin = stdin();
    let mut typed = vec![0; KEYS];
    loop {
        let mut sources = [
            PollFd::new(&stdin, PollFlags::IN),
            PollFd::new(wake, PollFlags::IN),
        ];
        match poll(&mut sources, None) {
            Err(Errno::INTR) => continue,
            Err(_) => return,
            Ok(_) => {}
        }
        let [typing, woken] = sources.map(|source| !source.revents().is_empty());
        if woken {
            return;
        }
        if !typing {
            continue;
        }
        match rustix::io::read(&stdin, &mut typed) {
            Err(Errno::INTR | Errno::AGAIN) => {}
            Ok(0) | Err(_) => return,
            Ok(count) => {
                if keys.blocking_send(typed[..count].to_vec()).is_err() {
                    return;
                }
            }
        }
    }
}

/// Shows all that comes. What can't be shown is still taken, or the shell would block.
fn show(mut pieces: mpsc::Receiver<Vec<u8>>) {
    while let Some(piece) = pieces.blocking_recv() {
        write(&piece);
    }
}

fn write(bytes: &[u8]) {
    let mut stdout = stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}
