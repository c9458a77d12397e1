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
    let piece = Piece::whole(file, text);
    let (outcome, diagnostics) = read(piece);
    let value = match outcome {
        Outcome::Document(value) => Some(value),
        Outcome::Nothing => Some(Value::new(Kind::Null, piece.span(0, 0))),
        Outcome::Unusable => None,
    };
    (value, diagnostics)
}

/// What a piece of text is.
pub(super) enum Outcome {
    /// A document.
    Document(Value),
    /// White space and comments.
    Nothing,
    /// A text that does not parse or is too large; a diagnostic says why.
    Unusable,
}

/// Reads the first document of `piece`.
pub(super) fn read(piece: Piece<'_>) -> (Outcome, Vec<Diagnostic>) {
    let mut builder = Builder::new(piece);
    let parsed = run(&mut builder, piece);
    let (value, mut diagnostics) = builder.finish();
    let sized = parsed.and_then(|warning| {
        diagnostics.extend(warning);
        value.as_ref().map_or(Ok(()), size::check)
    });
    if let Err(error) = sized {
        diagnostics.push(*error);
        return (Outcome::Unusable, diagnostics);
    }
    (
        value.map_or(Outcome::Nothing, Outcome::Document),
        diagnostics,
    )
}

/// Feeds the builder until the first document ends. Returns a warning about text behind it.
fn run(builder: &mut Builder<'_>, piece: Piece<'_>) -> Result<Option<Diagnostic>, Box<Diagnostic>> {
    if piece.text.matches("%TAG").count() > MAX_TAG_DIRECTIVES {
        return Err(too_many_directives(piece));
    }
    let explain = |failure, last_scalar| Box::new(syntax::explain(&failure, last_scalar, piece));
    let mut events = Events::new(piece.text).map_err(|failure| explain(failure, None))?;
    loop {
        let event = match events.next() {
            Ok(event) => event,
            Err(failure) => return Err(explain(failure, builder.last_scalar())),
        };
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
