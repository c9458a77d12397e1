//! Gives the terminal back where `pipe` was killed and could not: this program once more, which waits for
//! the end of the one that started it.

use std::ffi::OsString;
use std::io::{self, Read, stdin, stdout};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::setsid;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

/// What `pipe` calls itself when it starts itself to watch.
const NAME: &str = "pipe-terminal";

/// How long it is waited for. One that takes longer does nothing.
const COMES_UP: Duration = Duration::from_secs(1);

/// Ends what a shell that was killed has begun on the screen: colours, a hidden cursor, marked
/// pastes; then a new line.
pub(super) const TIDY_SCREEN: &[u8] = b"\x1b[0m\x1b[?25h\x1b[?2004l\r\n";

/// Somebody who comes to know how the terminal is now, and ends when this is dropped.
pub(super) struct Watcher {
    socket: UnixStream,
    process: Child,
}

impl Watcher {
    pub(super) fn start() -> io::Result<Self> {
        let (socket, other) = UnixStream::pair()?;
        let process = Command::new(program()?)
            .arg0(NAME)
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(other)))
            .stdout(Stdio::inherit())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { socket, process })
    }

    /// Waits until it knows.
    pub(super) fn ready(mut self) -> io::Result<Self> {
        self.socket.set_read_timeout(Some(COMES_UP))?;
        self.socket.read_exact(&mut [0])?;
        Ok(self)
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // Whatever fails here, it is gone already.
        let _ = self.socket.shutdown(Shutdown::Both);
        let _ = self.process.wait();
    }
}

fn program() -> io::Result<OsString> {
    if cfg!(target_os = "linux") {
        // Also where another file has its name by now.
        Ok("/proc/self/exe".into())
    } else {
        std::env::current_exe().map(OsString::from)
    }
}

/// Watches to the end where this program was started to do that; whether it was.
pub(super) fn watch() -> bool {
    let is_asked = std::env::args_os().next().is_some_and(|name| name == NAME);
    if is_asked {
        // Nobody is there to be told.
        let _ = until_the_end();
    }
    is_asked
}

fn until_the_end() -> io::Result<()> {
    // The terminal's signals are not for this process then, and it may set a terminal that is not its own
    // whoever has that.
    setsid()?;
    let before = tcgetattr(stdout())?;
    let mut raw = before.clone();
    raw.make_raw();
    rustix::io::write(stdin(), &[0])?;
    while rustix::io::read(stdin(), &mut [0; 1]) == Err(Errno::INTR) {}
    // Otherwise it is given back, or somebody else has it already.
    if modes(&tcgetattr(stdout())?) == modes(&raw) {
        tcsetattr(stdout(), OptionalActions::Now, &before)?;
        rustix::io::write(stdout(), TIDY_SCREEN)?;
    }
    Ok(())
}

fn modes(of: &Termios) -> impl PartialEq {
    (of.input_modes, of.output_modes, of.local_modes)
}
