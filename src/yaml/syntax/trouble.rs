//! The place of a failure, and questions about the text around it.

use std::ops::Range;

use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::yaml::events::Failure;
use crate::yaml::piece::Piece;

/// Characters of the user's text that a message repeats at most.
const MAX_SHOWN: usize = 40;

/// A failure in its text.
pub(super) struct Trouble<'a> {
    pub(super) failure: &'a Failure,
    pub(super) last_scalar: Option<Range<usize>>,
    pub(super) piece: Piece<'a>,
}

impl<'a> Trouble<'a> {
    /// The byte where libyaml found the problem.
    pub(super) fn at(&self) -> usize {
        self.failure.at.min(self.text().len())
    }

    /// The whole text.
    pub(super) fn text(&self) -> &'a str {
        self.piece.text
    }

    /// Whether libyaml's problem says `words`.
    pub(super) fn is(&self, words: &str) -> bool {
        self.failure.problem.contains(words)
    }

    /// Where what libyaml was reading began, when its context says `words`.
    pub(super) fn context(&self, words: &str) -> Option<usize> {
        let (context, at) = self.failure.context.as_ref()?;
        context
            .contains(words)
            .then(|| (*at).min(self.text().len()))
    }

    /// The character at a byte.
    pub(super) fn char_at(&self, at: usize) -> Option<char> {
        self.text().get(at..)?.chars().next()
    }

    /// The span of the character at a byte; empty at the end of the text and of a line.
    pub(super) fn char_span(&self, at: usize) -> Span {
        let char = self.char_at(at).filter(|c| !matches!(c, '\n' | '\r'));
        self.piece.span(at, at + char.map_or(0, char::len_utf8))
    }

    /// The bytes of the line that holds the byte `at`, without its end.
    pub(super) fn line(&self, at: usize) -> Range<usize> {
        let (before, behind) = self.text().split_at(self.floor(at));
        let start = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
        start..at + behind.find(['\n', '\r']).unwrap_or(behind.len())
    }

    /// The line's bytes without white space around them.
    pub(super) fn line_content(&self, at: usize) -> Range<usize> {
        let line = self.line(at);
        let text = &self.text()[line.clone()];
        let start = line.start + (text.len() - text.trim_start().len());
        start..start + text.trim().len()
    }

    /// The content of the nearest line above that is neither blank nor a comment.
    pub(super) fn line_above(&self, at: usize) -> Option<Range<usize>> {
        let mut start = self.line(at).start;
        while start > 0 {
            let line = self.line_content(start - 1);
            start = self.line(start - 1).start;
            let text = &self.text()[line.clone()];
            if !text.is_empty() && !text.starts_with('#') {
                return Some(line);
            }
        }
        None
    }

    /// How many characters stand before the byte `at` in its line.
    pub(super) fn column(&self, at: usize) -> usize {
        self.text()[self.line(at).start..self.floor(at)]
            .chars()
            .count()
    }

    /// Whether nothing but white space stands before the byte `at` in its line.
    pub(super) fn is_first_in_line(&self, at: usize) -> bool {
        self.text()[self.line(at).start..self.floor(at)]
            .trim()
            .is_empty()
    }

    /// The last byte before `at` in its line that is no white space.
    pub(super) fn byte_before(&self, at: usize) -> Option<u8> {
        let before = &self.text()[self.line(at).start..self.floor(at)];
        before.trim_end().bytes().last()
    }

    /// The text of `range`, shortened for a message.
    pub(super) fn shown(&self, range: Range<usize>) -> String {
        let text = &self.text()[range];
        match text.char_indices().nth(MAX_SHOWN) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text.to_owned(),
        }
    }

    /// The rest of the line from `at` in quotes, when it is short and holds no such quotes.
    pub(super) fn quoted_rest(&self, at: usize) -> Option<String> {
        let rest = self.text()[at..self.line(at).end].trim_end();
        let quote = if rest.contains('\'') { '"' } else { '\'' };
        let fits = rest.chars().count() <= MAX_SHOWN && !rest.contains([quote, '\\', '#']);
        fits.then(|| format!("{quote}{rest}{quote}"))
    }

    /// A syntax error at `span`.
    pub(super) fn error(span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Code::YamlSyntax, message).at(span)
    }

    /// Adds where the thing begins that libyaml was reading, when that is another line or place.
    pub(super) fn with_context(&self, diagnostic: Diagnostic) -> Diagnostic {
        let Some((context, at)) = &self.failure.context else {
            return diagnostic;
        };
        let what = match context.as_str() {
            "while parsing a block mapping" | "while parsing a flow mapping" => "the mapping",
            "while parsing a block collection" | "while parsing a flow sequence" => "the list",
            "while scanning a quoted scalar" | "while parsing a quoted scalar" => "the quoted text",
            "while scanning a block scalar" => "the text block",
            "while scanning a plain scalar" => "the value",
            _ => return diagnostic,
        };
        let span = self.char_span((*at).min(self.text().len()));
        if diagnostic.primary == Some(span) {
            return diagnostic;
        }
        diagnostic.with(span, format!("{what} begins here"))
    }

    /// The nearest start of a character; libyaml's places are such, but nothing here relies on it.
    fn floor(&self, mut at: usize) -> usize {
        while !self.text().is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}
