//! Where a command writes, and with which colours. The only place that knows stdout and stderr.
//!
//! What people read is made of [`Line`]s or diagnostics, in which foreign text is visible; what
//! programs read is JSON. Once a command knows its variables, no secret leaves either way.

use std::cell::OnceCell;
use std::io::{self, Write};

use clap::builder::StyledStr;
use serde_json::Value as Json;

use crate::diag::{self, Diagnostic};
use crate::foreign::visible;
use crate::mask::Masker;
use crate::report::line::Line;
use crate::report::{OutputLevel, Paint};
use crate::source::SourceMap;

use super::args::When;
use super::digest;

/// Writes for one command.
#[derive(Debug)]
pub(super) struct Printer {
    /// Colours on stdout.
    pub(super) color_out: bool,
    /// Colours on stderr.
    pub color_err: bool,
    /// Columns of stdout, where it is a terminal.
    pub width: Option<usize>,
    /// How much to say.
    level: OutputLevel,
    /// Set where there is a secret to hide.
    masker: OnceCell<Masker>,
    /// What went wrong first.
    fault: OnceCell<io::Error>,
}

impl Printer {
    /// A printer for the option `--color`.
    pub(super) fn new(when: When, level: OutputLevel) -> Self {
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
            level,
            masker: OnceCell::new(),
            fault: OnceCell::new(),
        }
    }

    /// Whether to say no more than is asked for.
    pub(super) fn is_quiet(&self) -> bool {
        self.level == OutputLevel::Quiet
    }

    /// From here on, these values are shown nowhere, however a text shows them.
    pub(super) fn hide<'a>(&self, secrets: impl Iterator<Item = &'a str>) {
        let forms: Vec<_> = secrets
            .flat_map(|secret| [secret.into(), visible(secret)])
            .collect();
        if !forms.is_empty() {
            self.masker.get_or_init(|| Masker::new(forms));
        }
    }

    /// A text without its secrets. Lines and JSON lose them by themselves; this is for whoever
    /// lays text out first.
    pub(super) fn masked(&self, text: &str) -> String {
        let masker = self.masker.get();
        masker.map_or_else(|| text.to_owned(), |masker| masker.text(text))
    }

    /// The same for each string of a JSON value.
    pub(super) fn masked_json(&self, value: Json) -> Json {
        if self.masker.get().is_none() {
            return value;
        }
        match value {
            Json::String(text) => Json::String(self.masked(&text)),
            Json::Array(items) => items
                .into_iter()
                .map(|item| self.masked_json(item))
                .collect(),
            Json::Object(entries) => entries
                .into_iter()
                .map(|(key, item)| (self.masked(&key), self.masked_json(item)))
                .collect(),
            other => other,
        }
    }

    /// Lines for people, to stdout.
    pub(super) fn lines(&self, lines: &[Line]) {
        self.exact(&self.masked(&painted(lines, self.color_out)));
    }

    /// Lines for people, to stderr.
    pub(super) fn words(&self, lines: &[Line]) {
        self.err(&self.masked(&painted(lines, self.color_err)));
    }

    /// Part of a line of ours, to stderr.
    pub(super) fn prompt(&self, text: &str) {
        self.err(text);
    }

    /// A JSON document on one line, to stdout.
    pub(super) fn json(&self, document: Json) {
        self.exact(&format!("{}\n", self.masked_json(document)));
    }

    /// Text of ours, or what was masked already, to stdout as it is: scripts, manual pages.
    pub(super) fn exact(&self, text: &str) {
        self.write(io::stdout().lock(), text);
    }

    /// All that `from` gives, to stdout, byte by byte. The error is one of reading.
    pub(super) fn bytes(&self, mut from: impl io::Read) -> io::Result<()> {
        let mut to = io::stdout().lock();
        let mut part = vec![0; 64 * 1024];
        loop {
            let read = from.read(&mut part)?;
            if read == 0 || self.fault.get().is_some() {
                return Ok(());
            }
            let written = to.write_all(&part[..read]).and_then(|()| to.flush());
            if let Err(error) = written {
                self.fault.get_or_init(|| error);
            }
        }
    }

    /// The help of the command line, to stdout.
    pub(super) fn help(&self, text: &StyledStr) {
        self.exact(&styled(text, self.color_out));
    }

    /// What is wrong with a command line, to stderr.
    pub(super) fn usage(&self, text: &StyledStr) {
        self.err(&styled(text, self.color_err));
    }

    fn err(&self, text: &str) {
        self.write(io::stderr().lock(), text);
    }

    fn write(&self, mut to: impl Write, text: &str) {
        let written = to.write_all(text.as_bytes()).and_then(|()| to.flush());
        if let Err(error) = written {
            self.fault.get_or_init(|| error);
        }
    }

    /// Why something that was to be shown could not be. A reader that went away (`pipe list |
    /// head`) has seen all it wanted.
    pub(super) fn fault(&self) -> Option<&io::Error> {
        let fault = self.fault.get();
        fault.filter(|error| error.kind() != io::ErrorKind::BrokenPipe)
    }

    /// Findings, to stderr, with their source lines; without `-v` the many as one.
    pub(super) fn diagnostics(&self, diagnostics: &[Diagnostic], sources: &SourceMap) {
        let diagnostics = if self.level == OutputLevel::Verbose {
            diagnostics.to_vec()
        } else {
            digest::brief(diagnostics, sources)
        };
        if diagnostics.is_empty() {
            return;
        }
        let mut text = diag::full(&diagnostics, sources, self.color_err);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        self.err(&self.masked(&text));
    }

    /// Findings as one line each, to stdout.
    pub(super) fn concise(&self, diagnostics: &[Diagnostic], sources: &SourceMap) {
        self.exact(&self.masked(&diag::concise(diagnostics, sources)));
    }
}

fn styled(text: &StyledStr, color: bool) -> String {
    if color {
        text.ansi().to_string()
    } else {
        text.to_string()
    }
}

fn painted(lines: &[Line], color: bool) -> String {
    let paint = if color { Paint::COLOR } else { Paint::PLAIN };
    lines.iter().map(|line| line.paint(paint) + "\n").collect()
}
