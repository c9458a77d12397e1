//! Keys, colons, dashes and indentation.

use std::ops::Range;

use crate::diag::Diagnostic;

use super::Trouble;

/// `key: - item`.
pub(super) fn list_on_key_line(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    if !trouble.is("block sequence entries are not allowed") {
        return None;
    }
    let at = trouble.at();
    let diagnostic = if trouble.byte_before(at) == Some(b':') {
        Trouble::error(
            trouble.char_span(at),
            "a list can't begin on the line of its key",
        )
        .help("put each `- item` on a line of its own, below the key")
    } else {
        Trouble::error(
            trouble.char_span(at),
            "a list item `- ` is not allowed here",
        )
        .help("check the indentation, or quote the value if it is text")
    };
    Some(diagnostic)
}

/// A `:` where the value has already begun, on this line or on the one above.
pub(super) fn second_colon(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    if !trouble.is("mapping values are not allowed") {
        return None;
    }
    let at = trouble.at();
    let line = trouble.line_content(at);
    let before = trouble.text().get(line.start..at)?;
    if let Some(first) = before.find(": ") {
        return Some(second_on_line(trouble, line.start, line.start + first));
    }
    let above = trouble.line_above(at)?;
    let key = trouble.piece.span(line.start, at);
    if trouble.column(line.start) > trouble.column(above.start) {
        let message =
            "this line is indented deeper, so it goes on with the value of the line above";
        let value = trouble.piece.span(above.start, above.end);
        return Some(
            Trouble::error(key, message)
                .label("not a key")
                .with(value, "its value begins here")
                .help("indent it like the line above"),
        );
    }
    Some(without_colon(trouble, above).with(key, "the next key is here"))
}

fn second_on_line(trouble: &Trouble<'_>, line_start: usize, first: usize) -> Diagnostic {
    let at = trouble.at();
    let diagnostic = Trouble::error(trouble.char_span(at), "a value can't hold a second `: `")
        .label("the second one")
        .with(trouble.char_span(first), "the key ends here");
    // A list item is rather meant as text than as a mapping.
    let is_item = trouble.text()[line_start..].starts_with("- ");
    let before = if is_item { line_start + 1 } else { first + 1 };
    let value = before + blanks(&trouble.text()[before..at]);
    match trouble.quoted_rest(value) {
        Some(quoted) => diagnostic.help(format!("quote the value: `{quoted}`")),
        None => diagnostic.help("quote the value, or write it as a block below `|`"),
    }
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// A line that should be a key but is only text.
fn without_colon(trouble: &Trouble<'_>, line: Range<usize>) -> Diagnostic {
    let span = trouble.piece.span(line.start, line.end);
    let text = trouble.shown(line);
    if text.contains(':') {
        let message = format!("`{text}` is no key, because no blank follows its `:`");
        return Trouble::error(span, message).help("put a blank behind the `:`");
    }
    Trouble::error(span, format!("`{text}` has no `:` behind it"))
        .help("add the `:`; indent the further lines of a value deeper than its key")
}

/// A line among keys that is not one.
pub(super) fn missing_colon(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    if !trouble.is("could not find expected ':'") {
        return None;
    }
    let start = trouble.context("simple key").unwrap_or(trouble.at());
    let line = trouble.line(start);
    let end = start + trouble.text()[start..line.end].trim_end().len();
    Some(without_colon(trouble, start..end).label("a key is expected here"))
}

/// `key: | text`.
pub(super) fn header(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    let start = trouble.context("while scanning a block scalar")?;
    let sign = trouble.char_at(start)?;
    let at = trouble.at();
    let diagnostic = if trouble.is("comment or line break") {
        let message = format!("text can't stand on the line of `{sign}`");
        Trouble::error(trouble.char_span(at), message)
            .help("begin it on the next line, indented deeper than the key")
    } else if trouble.is("indentation indicator equal to 0") {
        Trouble::error(trouble.char_span(at), "an indentation of 0 is not possible")
            .help(format!("write `{sign}` alone"))
    } else {
        return None;
    };
    Some(diagnostic.with(trouble.char_span(start), "the text block begins here"))
}

/// A key between the items of a list.
pub(super) fn key_in_list(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    if !trouble.is("expected '-' indicator") {
        return None;
    }
    let at = trouble.at();
    let line = trouble.line_content(at);
    let span = trouble.piece.span(at.max(line.start), line.end.max(at));
    let diagnostic =
        Trouble::error(span, "expected another `- item` of the list").label("not a list item");
    Some(
        trouble
            .with_context(diagnostic)
            .help("begin it with `- `, or indent it like the key that the list belongs to"),
    )
}

/// A line whose indentation fits none above, or text that belongs to nothing.
pub(super) fn indentation(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    if !trouble.is("expected key") {
        return None;
    }
    let at = trouble.at();
    let line = trouble.line_content(at);
    let span = trouble.piece.span(at, line.end.max(at));
    if !trouble.is_first_in_line(at) {
        let diagnostic = Trouble::error(span, "unexpected text behind the value");
        return Some(
            trouble
                .with_context(diagnostic)
                .help("quote the whole value if this is part of it"),
        );
    }
    if trouble.text()[at..].starts_with("- ") {
        let diagnostic = Trouble::error(span, "a list item stands where a key is expected");
        return Some(
            trouble
                .with_context(diagnostic)
                .help("a list needs a key of its own above it: `script:`"),
        );
    }
    let indented = |at: usize| format!("indented by {}", trouble.column(at));
    let mut diagnostic = Trouble::error(span, "the indentation of this line fits no line above it")
        .label(indented(at));
    if let Some(above) = trouble.line_above(at) {
        diagnostic = diagnostic.with(trouble.char_span(above.start), indented(above.start));
    }
    if let Some(start) = trouble.context("block mapping") {
        let label = format!("the keys here are {}", indented(start));
        diagnostic = diagnostic.with(trouble.char_span(start), label);
    }
    Some(diagnostic.help("give lines of the same level the same indentation"))
}
