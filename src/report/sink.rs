//! Where a reporter writes, and what became of it.
//!
//! A reporter never fails in the middle of a run. A sink that can't be written to falls silent
//! and says so through its [`Health`], which the caller looks at.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use crate::foreign::system_words;

/// Bytes that are held back at most: large enough that a log of many lines costs few writes.
const BUFFER: usize = 32 * 1024;

/// Why a sink fell silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The reader went away (`pipe run | head`): the run may end quietly.
    Closed,
    /// Writing failed, with the system's words: the run can't report and should stop.
    Failed(String),
}

/// Shared view of what became of one or more sinks. The first fault stays.
#[derive(Debug, Clone, Default)]
pub struct Health(Arc<OnceLock<Fault>>);

impl Health {
    /// The first fault, if there was one.
    pub fn fault(&self) -> Option<&Fault> {
        self.0.get()
    }

    /// Notes a failed write.
    pub(super) fn note(&self, error: &io::Error) {
        let fault = match error.kind() {
            io::ErrorKind::BrokenPipe => Fault::Closed,
            _ => Fault::Failed(system_words(error)),
        };
        // Only the first fault tells something; later ones follow from it.
        let _ = self.0.set(fault);
    }
}

/// A buffered writer of whole lines.
pub struct Sink {
    writer: Box<dyn Write + Send>,
    buffer: Vec<u8>,
    health: Health,
    silent: bool,
}

impl Sink {
    /// A sink into `writer` that tells `health` when it fails.
    pub fn new(writer: Box<dyn Write + Send>, health: Health) -> Self {
        Self {
            writer,
            buffer: Vec::new(),
            health,
            silent: false,
        }
    }

    /// Adds text without a line's end.
    pub fn text(&mut self, text: &str) {
        if self.silent {
            return;
        }
        self.buffer.extend_from_slice(text.as_bytes());
        if self.buffer.len() >= BUFFER {
            self.flush();
        }
    }

    /// Adds a line.
    pub fn line(&mut self, text: &str) {
        self.text(text);
        self.text("\n");
    }

    /// Writes what was held back.
    pub fn flush(&mut self) {
        if self.silent || self.buffer.is_empty() {
            return;
        }
        let written = self
            .writer
            .write_all(&self.buffer)
            .and_then(|()| self.writer.flush());
        self.buffer.clear();
        if let Err(error) = written {
            self.silent = true;
            self.health.note(&error);
        }
    }
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink")
            .field("held_back", &self.buffer.len())
            .field("silent", &self.silent)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::testing::Shared;

    /// Fails every write.
    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_held_back_until_the_flush() {
        let shared = Shared::default();
        let mut sink = Sink::new(Box::new(shared.clone()), Health::default());
        sink.line("a");
        assert_eq!(shared.text(), "");
        sink.flush();
        assert_eq!(shared.text(), "a\n");
        sink.line(&"x".repeat(BUFFER));
        assert_eq!(
            shared.text().len(),
            2 + BUFFER,
            "a full buffer is written at once"
        );
    }

    #[test]
    fn a_closed_pipe_is_not_a_failure() {
        for (kind, closed) in [
            (io::ErrorKind::BrokenPipe, true),
            (io::ErrorKind::StorageFull, false),
        ] {
            let health = Health::default();
            let mut sink = Sink::new(Box::new(Broken(kind)), health.clone());
            sink.line("a");
            assert_eq!(health.fault(), None);
            sink.flush();
            assert_eq!(health.fault() == Some(&Fault::Closed), closed);
            assert!(health.fault().is_some());
            sink.line("b");
            assert!(sink.buffer.is_empty(), "a silent sink keeps nothing");
        }
    }
}
