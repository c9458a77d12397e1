//! Brackets and braces.

use crate::diag::Diagnostic;

use super::Trouble;

/// A list or mapping in brackets that does not go on as it must.
pub(super) fn not_closed(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    let (open, close, what) = match trouble.context("flow sequence") {
        Some(open) => (open, ']', "list"),
        None => (trouble.context("flow mapping")?, '}', "mapping"),
    };
    if !trouble.is("',' or") {
        return None;
    }
    let at = trouble.at();
    let sign = trouble.char_at(open)?;
    let ends = trouble.text()[at..].trim().is_empty();
    let message = if ends {
        format!("the {what} that begins with `{sign}` is never closed")
    } else {
        format!("expected `,` or `{close}` in the {what} that begins with `{sign}`")
    };
    let label = if ends {
        "the text ends here"
    } else {
        "unexpected"
    };
    Some(
        Trouble::error(trouble.char_span(at), message)
            .label(label)
            .with(trouble.char_span(open), "opened here")
            .help(format!(
                "close it with `{close}`, or put `,` between its items; quote items that are text"
            )),
    )
}

/// Text behind a closing bracket: a shell test taken for a list.
pub(super) fn text_behind(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    let at = trouble
        .context("while scanning an anchor")
        .or_else(|| trouble.context("while scanning an alias"))
        .unwrap_or(trouble.at());
    let close = trouble.byte_before(at).map(char::from)?;
    let open = match close {
        ']' => '[',
        '}' => '{',
        _ => return None,
    };
    let in_block = [
        "expected key",
        "'-' indicator",
        "alphabetic",
        "cannot start",
        "mapping values",
    ];
    if trouble.context("flow").is_some() || !in_block.iter().any(|words| trouble.is(words)) {
        return None;
    }
    Some(
        Trouble::error(
            trouble.char_span(at),
            format!("unexpected text behind `{close}`"),
        )
        .help(format!(
            "a value that begins with `{open}` ends with `{close}`; quote all of it if it is text"
        )),
    )
}

/// Punctuation where a value is expected.
pub(super) fn unexpected(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    let at = trouble.at();
    let expected = trouble.is("expected node content");
    let char = trouble.char_at(at).filter(|c| !c.is_whitespace());
    if !expected && !trouble.is("mapping keys are not allowed") {
        return None;
    }
    let message = match char {
        Some(char) => format!("unexpected `{char}` where a value is expected"),
        None => "a value is expected here".to_owned(),
    };
    let diagnostic = Trouble::error(trouble.char_span(at), message);
    Some(diagnostic.help("add the value, or quote it if it is text"))
}
