//! Where a command writes, and with which colours. The only place that knows stdout and stderr.
//!
//! What people read is made of [`Line`]s or diagnostics, in which foreign text is visible.

use std::io::{self, Write};

use crate::diag::{self, Diagnostic};
use crate::report::Paint;
use crate::report::line::Line;
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

    /// Lines for people, to stdout.
    pub(super) fn lines(self, lines: &[Line]) {
        self.exact(&painted(lines, self.color_out));
    }

    /// Lines for people, to stderr.
    pub(super) fn words(self, lines: &[Line]) {
        self.err(&painted(lines, self.color_err));
    }

    /// What programs read, or what has no foreign word in it, to stdout as it is: JSON, scripts,
    /// manual pages. A reader that went away is no error.
    #[expect(clippy::unused_self, reason = "whoever writes does so with a printer")]
    pub(super) fn exact(self, text: &str) {
        let mut stdout = io::stdout().lock();
        let _ = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
    }

    #[expect(clippy::unused_self, reason = "whoever writes does so with a printer")]
    fn err(self, text: &str) {
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

fn painted(lines: &[Line], color: bool) -> String {
    let paint = if color { Paint::COLOR } else { Paint::PLAIN };
    lines.iter().map(|line| line.paint(paint) + "\n").collect()
}
