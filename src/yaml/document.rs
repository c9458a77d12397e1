//! One document: events, builder and limits put together.

use crate::diag::{Code, Diagnostic};
use crate::source::FileId;

use super::builder::Builder;
use super::events::{EventKind, Events};
use super::piece::Piece;
use super::{Kind, Value, size, syntax};

/// `%TAG` lines in one document: each costs libyaml a comparison with all others.
const MAX_TAG_DIRECTIVES: usize = 100;

/// Parses `text` as one document, without cutting it. Text without any value is null; `None`
/// means that it does not parse or is beyond GitLab's limits, and a diagnostic says why. What
/// follows the first document is not read, as in GitLab (configuration reference 2.4).
pub fn parse_document(file: FileId, text: &str) -> (Option<Value>, Vec<Diagnostic>) {
    let piece = Piece {
        file,
        base: 0,
        text,
    };
    let (read, diagnostics) = read(piece);
    let value = read.map(|value| value.unwrap_or(Value::new(Kind::Null, piece.span(0, 0))));
    (value, diagnostics)
}

/// Reads the first document of `piece`: `None` when it is not usable, `Some(None)` when there is
/// no document at all.
pub(super) fn read(piece: Piece<'_>) -> (Option<Option<Value>>, Vec<Diagnostic>) {
    let mut builder = Builder::new(piece);
    let outcome = run(&mut builder, piece);
    let (value, mut diagnostics) = builder.finish();
    match outcome.and_then(|warning| {
        diagnostics.extend(warning);
        value.as_ref().map_or(Ok(()), size::check)
    }) {
        Ok(()) => (Some(value), diagnostics),
        Err(error) => {
            diagnostics.push(*error);
            (None, diagnostics)
        }
    }
}

/// Feeds the builder until the first document ends. Returns a warning about text behind it.
fn run(builder: &mut Builder<'_>, piece: Piece<'_>) -> Result<Option<Diagnostic>, Box<Diagnostic>> {
    let explain = |failure| Box::new(syntax::explain(&failure, piece));
    if piece.text.matches("%TAG").count() > MAX_TAG_DIRECTIVES {
        return Err(too_many_directives(piece));
    }
    let mut events = Events::new(piece.text).map_err(explain)?;
    loop {
        let event = events.next().map_err(explain)?;
        match event.kind {
            EventKind::StreamEnd => return Ok(None),
            EventKind::DocumentEnd => return Ok(ignored_text(piece, event.end)),
            _ => builder.take(event)?,
        }
    }
}

fn too_many_directives(piece: Piece<'_>) -> Box<Diagnostic> {
    let at = piece.text.find("%TAG").unwrap_or(0);
    let message = format!("more than {MAX_TAG_DIRECTIVES} `%TAG` directives in one document");
    let diagnostic = Diagnostic::new(Code::YamlTooBig, message)
        .at(piece.span(at, at + 4))
        .help("remove them: GitLab knows no tag that needs one");
    Box::new(diagnostic)
}

/// A warning when something stands behind the end of the first document.
fn ignored_text(piece: Piece<'_>, end: usize) -> Option<Diagnostic> {
    let mut at = end.min(piece.text.len());
    loop {
        at = piece.skip_blank(at, piece.text.len());
        let rest = &piece.text[at..];
        let marker = ["...", "---"].iter().find(|m| rest.starts_with(**m));
        match marker {
            Some(marker) => at += marker.len(),
            None => break,
        }
    }
    let line = piece.text[at..].lines().next().filter(|l| !l.is_empty())?;
    Some(
        Diagnostic::new(
            Code::YamlIgnoredText,
            "GitLab does not read the text from here on",
        )
        .at(piece.span(at, at + line.trim_end().len()))
        .label("behind the end of the document")
        .help("check the indentation, or remove it"),
    )
}
