//! One document's text, and where it lies in its file.

use std::ops::Range;

use crate::source::{FileId, Span};

use super::events::Props;

/// A part of a file that is parsed as one document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'text> {
    /// The file.
    pub(super) file: FileId,
    /// Where the piece begins in the file, in bytes.
    pub(super) base: usize,
    /// The text of the piece.
    pub(super) text: &'text str,
}

/// Where the parts of a node are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    /// The tag, when there is one.
    pub(super) tag: Option<Span>,
    /// First byte behind anchor and tag.
    pub(super) content: usize,
}

impl<'text> Piece<'text> {
    /// The whole text of a file, without the byte order mark that some editors put before it.
    pub(super) fn whole(file: FileId, text: &'text str) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self {
            file,
            base: text.len() - body.len(),
            text: body,
        }
    }

    /// A part of it.
    pub(super) fn part(&self, range: Range<usize>) -> Self {
        Self {
            file: self.file,
            base: self.base + range.start,
            text: &self.text[range],
        }
    }

    /// The span of the bytes `start..end` of the piece, widened to whole characters.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let mut start = start.min(self.text.len());
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        let mut end = end.clamp(start, self.text.len());
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        let at = |offset: usize| u32::try_from(self.base + offset).unwrap_or(u32::MAX);
        Span::new(self.file, at(start), at(end))
    }

    /// The part of `span` that lies on its first line.
    pub(super) fn first_line(&self, span: Span) -> Span {
        let start = (span.start as usize).saturating_sub(self.base);
        let end = (span.end as usize).saturating_sub(self.base);
        let text = self.text.get(start..end).unwrap_or_default();
        let line = text.lines().next().unwrap_or_default();
        span.part(0, line.trim_end().len())
    }

    /// Finds the tag and the content of a node that lies in `start..end`: libyaml counts both
    /// as part of it.
    pub(super) fn parts(&self, start: usize, end: usize, props: &Props) -> Parts {
        let mut tag = None;
        let mut at = start;
        let mut left = usize::from(props.anchor.is_some()) + usize::from(props.tag.is_some());
        while left > 0 && at < end {
            at = self.skip_blank(at, end);
            let first = self.text.as_bytes().get(at);
            let word = self.word_end(at, end);
            match first {
                Some(b'!') => tag = Some(self.span(at, word)),
                Some(b'&') => {}
                _ => break,
            }
            at = word;
            left -= 1;
        }
        if at > start {
            at = self.skip_blank(at, end);
        }
        Parts { tag, content: at }
    }

    /// The end of a scalar without the white space that libyaml counts to a block scalar.
    pub(super) fn trimmed_end(&self, start: usize, end: usize) -> usize {
        match self.text.get(start..end) {
            Some(text) if text.starts_with(['|', '>']) => start + text.trim_end().len(),
            _ => end,
        }
    }

    /// The first byte of `at..end` that is neither white space nor in a comment.
    pub(super) fn skip_blank(&self, mut at: usize, end: usize) -> usize {
        let bytes = self.text.as_bytes();
        while at < end {
            match bytes[at] {
                b' ' | b'\t' | b'\n' | b'\r' => at += 1,
                b'#' => {
                    let line = bytes[at..end]
                        .iter()
                        .take_while(|b| !matches!(b, b'\n' | b'\r'));
                    at += line.count();
                }
                _ => break,
            }
        }
        at
    }

    /// The end of the anchor or tag at `at`.
    fn word_end(&self, at: usize, end: usize) -> usize {
        let word = self.text.as_bytes()[at..end]
            .iter()
            .take_while(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' | b'}'));
        at + word.count()
    }
}
