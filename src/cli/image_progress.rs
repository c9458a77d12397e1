//! How far an image is, on one line of a terminal that goes at the end.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use console::Term;

use crate::images::Progress;
use crate::report::words;

use super::printer::Printer;

/// How often the line changes.
const EVERY: Duration = Duration::from_millis(100);

/// The line of one image; nothing where stderr is no terminal.
pub(super) struct ImageProgress {
    terminal: Option<Term>,
    last: Mutex<Option<Instant>>,
}

impl ImageProgress {
    /// A line that is not there yet.
    pub(super) fn new(printer: &Printer) -> Self {
        let terminal = Term::stderr();
        let is_shown = terminal.is_term() && !printer.is_quiet();
        Self {
            terminal: is_shown.then_some(terminal),
            last: Mutex::new(None),
        }
    }

    /// Tells how far it is.
    pub(super) fn tell(&self, progress: Progress) {
        let Some(terminal) = &self.terminal else {
            return;
        };
        let Ok(mut last) = self.last.lock() else {
            return;
        };
        let now = Instant::now();
        if last.is_some_and(|last| now.duration_since(last) < EVERY) {
            return;
        }
        *last = Some(now);
        let text = match progress {
            Progress::Downloading(so_far, all) => {
                format!("  {} of {}", words::size(so_far), words::size(all))
            }
            Progress::Unpacking(so_far, all) => format!("  {so_far} of {all} layers unpacked"),
        };
        // A terminal that is gone sees nothing; the image comes all the same.
        let _ = terminal.clear_line();
        let _ = terminal.write_str(&text);
    }
}

impl Drop for ImageProgress {
    fn drop(&mut self) {
        if let Some(terminal) = &self.terminal {
            let _ = terminal.clear_line();
        }
    }
}
