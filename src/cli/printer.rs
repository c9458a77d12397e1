//! Where a command writes, and with which colours. The only place that knows stdout and stderr.

use std::io::{self, Write};

use crate::diag::{self, Diagnostic};
use crate::source::SourceMap;

use super::args::When;

/// Writes for one command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Printer {
    /// Colours on stdout.
    pub(super) color_out: bool,
    /// Colours on stderr.
    pub color_err: bool,
    /// Columns of stdout, where it is a terminal.
    pub width: Option<usize>,
    /// Say less.
    pub(super) quiet: bool,
}

impl Printer {
    /// A printer for the option `--color`.
    pub(super) fn new(when: When, quiet: bool) -> Self {
        let on = |terminal: bool| match when {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty()),
        };
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let stdout = console::Term::stdout();
        Self {
            color_out: on(stdout.is_term() && !dumb),
            width: stdout
                .size_checked()
                .map(|(_, columns)| usize::from(columns)),
            color_err: on(console::Term::stderr().is_term() && !dumb),
            quiet,
        }
    }

    /// Data, to stdout. A reader that went away is no error.
    #[expect(clippy::unused_self, reason = "whoever writes does so with a printer")]
    pub(super) fn out(self, text: &str) {
        let mut stdout = io::stdout().lock();
        let _ = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
    }

    /// Words for people, to stderr.
    #[expect(clippy::unused_self, reason = "whoever writes does so with a printer")]
    pub(super) fn err(self, text: &str) {
        let mut stderr = io::stderr().lock();
        let _ = stderr
            .write_all(text.as_bytes())
            .and_then(|()| stderr.flush());
    }

    /// Findings, to stderr, with their source lines.
    pub(super) fn diagnostics(self, diagnostics: &[Diagnostic], sources: &SourceMap) {
        if diagnostics.is_empty() {
            return;
        }
        let mut text = diag::full(diagnostics, sources, self.color_err);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        self.err(&text);
    }
}
