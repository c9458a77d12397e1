//! A program on a terminal of its own, driven and read as a person would.
//!
//! ```ignore
//! let mut session = Pty::new(80, 24).spawn("sh", &["-c", "read x; echo got $x"]);
//! session.type_keys("abc\r");
//! session.wait_for("got abc");
//! assert_eq!(session.wait(), 0);
//! ```

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

/// Longer than any step of a test takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines kept above the screen.
const SCROLLBACK: usize = 2000;

/// A terminal in the making.
pub(crate) struct Pty {
    size: PtySize,
    env: Vec<(String, String)>,
    cwd: Option<std::path::PathBuf>,
}

impl Pty {
    /// A terminal of that size.
    pub(crate) fn new(columns: u16, rows: u16) -> Self {
        Self {
            size: size(columns, rows),
            env: vec![("TERM".to_owned(), "xterm-256color".to_owned())],
            cwd: None,
        }
    }

    /// Sets a variable. Of the test's own environment only `PATH` is passed on.
    #[must_use]
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the folder in which the program starts.
    #[must_use]
    pub(crate) fn cwd(mut self, folder: impl Into<std::path::PathBuf>) -> Self {
        self.cwd = Some(folder.into());
        self
    }

    /// Starts a program with the terminal as its stdin, stdout and stderr.
    pub(crate) fn spawn(self, program: &str, args: &[&str]) -> Session {
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (name, value) in &self.env {
            command.env(name, value);
        }
        if let Some(folder) = &self.cwd {
            command.cwd(folder);
        }
        let pair = native_pty_system()
            .openpty(self.size)
            .expect("a pseudo-terminal");
        let child = pair
            .slave
            .spawn_command(command)
            .expect("the program starts");
        // Our own end of the program's side must go, or the end of its output never shows.
        drop(pair.slave);
        let screen = Arc::new(Screen::new(self.size));
        let reader = pair.master.try_clone_reader().expect("a reader");
        let writer = pair.master.take_writer().expect("a writer");
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || shown.follow(reader));
        Session {
            master: pair.master,
            child,
            writer,
            screen,
        }
    }
}

/// What the program has written, as a screen and as bytes.
struct Screen {
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    parser: vt100::Parser,
    raw: Vec<u8>,
    ended: bool,
}

impl Screen {
    fn new(size: PtySize) -> Self {
        let parser = vt100::Parser::new(nonzero(size.rows), nonzero(size.cols), SCROLLBACK);
        Self {
            state: Mutex::new(State {
                parser,
                raw: Vec::new(),
                ended: false,
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("the reader does not panic")
    }

    /// Reads until the program's side is closed, which Linux reports as an error.
    fn follow(&self, mut reader: impl Read) {
        let mut bytes = [0; 8192];
        while let Ok(count @ 1..) = reader.read(&mut bytes) {
            let mut state = self.lock();
            state.parser.process(&bytes[..count]);
            state.raw.extend(&bytes[..count]);
            self.changed.notify_all();
        }
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Waits until `done` says so; the screen then, or the screen at the end of patience.
    fn wait(&self, done: impl Fn(&State) -> bool) -> Result<String, String> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.lock();
        while !done(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(text(&state));
            }
            let woken = self.changed.wait_timeout(state, left);
            state = woken.expect("the reader does not panic").0;
        }
        Ok(text(&state))
    }
}

/// A running program and its screen.
pub(crate) struct Session {
    master: Box<dyn MasterPty + Send>,
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    screen: Arc<Screen>,
}

impl Session {
    /// Types text; `\r` is the return key, `\x03` Ctrl-C.
    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.writer
            .write_all(keys.as_bytes())
            .expect("the terminal takes keys");
        self.writer.flush().expect("the terminal takes keys");
    }

    /// Sends a signal to the program alone, not to its children.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = self
            .child
            .process_id()
            .and_then(|pid| i32::try_from(pid).ok());
        let pid = pid.and_then(Pid::from_raw).expect("a running program");
        kill_process(pid, signal).expect("our own child takes signals");
    }

    /// Makes the window larger or smaller; the program receives SIGWINCH.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        let mut state = self.screen.lock();
        state
            .parser
            .screen_mut()
            .set_size(nonzero(rows), nonzero(columns));
        drop(state);
        self.master
            .resize(size(columns, rows))
            .expect("a terminal has a size");
    }

    /// The screen's text, without blanks at the ends of rows and empty rows at the end.
    pub(crate) fn screen(&self) -> String {
        text(&self.screen.lock())
    }

    /// All bytes so far, for what no screen shows: sequences that were or were not sent.
    pub(crate) fn raw(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().raw).into_owned()
    }

    /// Row and column of the cursor, from 0, and whether it is hidden.
    pub(crate) fn cursor(&self) -> (u16, u16, bool) {
        let state = self.screen.lock();
        let screen = state.parser.screen();
        let (row, column) = screen.cursor_position();
        (row, column, screen.hide_cursor())
    }

    /// Waits until the screen shows the text. Panics with the screen when it never does.
    pub(crate) fn wait_for(&self, wanted: &str) -> String {
        let shown = self.screen.wait(|state| text(state).contains(wanted));
        shown.unwrap_or_else(|screen| panic!("`{wanted}` never came; the screen:\n{screen}"))
    }

    /// Waits until the program has ended and all its output was read; its exit code, or 128 and
    /// the signal's number as a shell would say.
    pub(crate) fn wait(&mut self) -> u32 {
        let ended = self.screen.wait(|state| state.ended);
        ended.unwrap_or_else(|screen| panic!("the program goes on; the screen:\n{screen}"));
        let status = self.child.wait().expect("our own child");
        match status.signal() {
            Some("Interrupt") => 130,
            Some("Killed") => 137,
            Some("Terminated") => 143,
            _ => status.exit_code(),
        }
    }
}

impl Drop for Session {
    /// A failed test leaves no program behind.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn text(state: &State) -> String {
    let screen = state.parser.screen();
    let (_, columns) = screen.size();
    let rows: Vec<String> = screen
        .rows(0, columns.get())
        .map(|row| row.trim_end().to_owned())
        .collect();
    rows.join("\n").trim_end().to_owned()
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}

fn nonzero(value: u16) -> NonZeroU16 {
    NonZeroU16::new(value).expect("a terminal has rows and columns")
}

#[test]
fn a_program_is_driven_and_read() {
    let script = "trap 'stty size' WINCH; trap 'echo stopped; exit 5' INT
        printf 'a\\033[31mb\\033[0m\\033[2Dx\\n'
        read key; echo \"got $key $WORD $PWD\"
        while :; do sleep 0.05; done";
    let mut session = Pty::new(30, 8)
        .env("WORD", "w")
        .cwd("/")
        .spawn("sh", &["-c", script]);
    assert!(session.wait_for("xb").starts_with("xb"));
    assert!(session.raw().contains("\x1b[31m"));
    session.type_keys("hey\r");
    session.wait_for("got hey w /");
    session.resize(20, 6);
    session.wait_for("6 20");
    session.type_keys("\x03");
    assert_eq!(session.wait(), 5);
    assert!(
        session.screen().ends_with("stopped"),
        "{}",
        session.screen()
    );
    assert!(!session.cursor().2);
}

#[test]
fn a_signal_reaches_the_program() {
    let script = "echo ready; exec sleep 60";
    let mut session = Pty::new(30, 8).spawn("sh", &["-c", script]);
    session.wait_for("ready");
    session.signal(Signal::TERM);
    assert_eq!(session.wait(), 143);
}
