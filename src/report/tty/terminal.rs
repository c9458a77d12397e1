//! A terminal for indicatif that leaves no traces.
//!
//! indicatif fills each line with blanks up to the edge and lets the terminal wrap. When the
//! window is then made narrower, most terminals wrap those blanks into rows of their own, and
//! the old board stays behind as debris. Here a line is erased to its end instead, and each
//! redraw is one write inside a synchronised update, so that nothing flickers.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::TermLike;

use crate::report::Health;

/// Begins and ends an update that the terminal shows at once; others ignore it.
const UPDATE: (&str, &str) = ("\x1b[?2026h", "\x1b[?2026l");

/// Columns and rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// A terminal behind a writer. Clones share it.
#[derive(Clone)]
pub struct Terminal {
    size: Arc<dyn Fn() -> Size + Send + Sync>,
    state: Arc<Mutex<State>>,
    health: Health,
}

struct State {
    writer: Box<dyn Write + Send>,
    /// What was drawn since the last flush.
    drawn: String,
    /// A line was written and the blanks that fill it come next.
    in_line: bool,
    /// The line is complete, but the cursor still stands behind it.
    line_ended: bool,
}

impl Terminal {
    /// A terminal that is written through `writer` and asked for its size before each redraw.
    pub fn new(
        writer: Box<dyn Write + Send>,
        size: impl Fn() -> Size + Send + Sync + 'static,
        health: Health,
    ) -> Self {
        Self {
            size: Arc::new(size),
            state: Arc::new(Mutex::new(State {
                writer,
                drawn: String::new(),
                in_line: false,
                line_ended: false,
            })),
            health,
        }
    }

    /// The terminal on stderr.
    pub fn stderr(health: Health) -> Self {
        let term = console::Term::stderr();
        let size = move || {
            let (height, width) = term.size();
            Size { width, height }
        };
        Self::new(Box::new(io::stderr()), size, health)
    }

    /// Its size now.
    pub fn size(&self) -> Size {
        (self.size)()
    }

    /// Writes lines below everything that was drawn, at once.
    pub(super) fn print(&self, lines: impl IntoIterator<Item = String>) {
        let mut state = self.state();
        state.end_line();
        for line in lines {
            state.drawn.push_str(&line);
            state.drawn.push_str("\r\n");
        }
        drop(state);
        // A failed write is noted in `health`; nothing else can be done about it here.
        let _ = TermLike::flush(self);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn move_cursor(&self, count: usize, direction: char) {
        if count > 0 {
            let mut state = self.state();
            state.line_ended = false;
            state.drawn.push_str("\x1b[");
            state.drawn.push_str(&count.to_string());
            state.drawn.push(direction);
        }
    }
}

impl State {
    /// Goes to the next line where the last one is complete.
    fn end_line(&mut self) {
        if std::mem::take(&mut self.line_ended) {
            self.drawn.push_str("\r\n");
        }
    }

    fn write_out(&mut self) -> io::Result<()> {
        let drawn = std::mem::take(&mut self.drawn);
        if drawn.is_empty() {
            return Ok(());
        }
        let (begin, end) = UPDATE;
        self.writer
            .write_all(format!("{begin}{drawn}{end}").as_bytes())?;
        self.writer.flush()
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        self.size().width
    }

    fn height(&self) -> u16 {
        self.size().height
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'A');
        Ok(())
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'B');
        Ok(())
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'C');
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.move_cursor(n, 'D');
        Ok(())
    }

    fn write_line(&self, s: &str) -> io::Result<()> {
        let mut state = self.state();
        state.end_line();
        state.drawn.push_str(s);
        state.line_ended = true;
        Ok(())
    }

    /// In turns a line and the blanks with which indicatif fills it up to the edge.
    fn write_str(&self, s: &str) -> io::Result<()> {
        let mut state = self.state();
        state.in_line = !state.in_line;
        if state.in_line {
            state.end_line();
            state.drawn.push_str(s);
            return Ok(());
        }
        // Behind a full line the cursor stands on its last character, which must stay.
        if !s.is_empty() {
            state.drawn.push_str("\x1b[K");
        }
        state.line_ended = true;
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        let mut state = self.state();
        state.line_ended = false;
        state.drawn.push_str("\r\x1b[2K");
        Ok(())
    }

    /// Never fails: indicatif would drop the error, so it is noted where the caller looks.
    fn flush(&self) -> io::Result<()> {
        if let Err(error) = self.state().write_out() {
            self.health.note(&error);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal")
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}
