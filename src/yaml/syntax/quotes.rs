//! Quotes that do not close, close too early, or hold a wrong escape.

use crate::diag::Diagnostic;

use super::Trouble;

/// The text or document ends inside quotes.
pub(super) fn not_closed(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    let open = trouble.context("quoted scalar")?;
    let at_marker = trouble.is("found unexpected document indicator");
    if !at_marker && !trouble.is("found unexpected end of stream") {
        return None;
    }
    let quote = trouble.char_at(open)?;
    let diagnostic = Trouble::error(
        trouble.char_span(open),
        format!("the quote `{quote}` is never closed"),
    )
    .label("opened here");
    let diagnostic = if at_marker {
        diagnostic.with(trouble.char_span(trouble.at()), "the document ends here")
    } else {
        diagnostic
    };
    Some(if quote == '\'' {
        diagnostic.help("close it with `'`; inside single quotes an apostrophe is written `''`")
    } else {
        diagnostic.help("close it with `\"`; inside double quotes a quote is written `\\\"`")
    })
}

/// A backslash sequence that YAML does not know.
pub(super) fn escape(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    let open = trouble.context("quoted scalar")?;
    let at = trouble.at();
    let message = if trouble.is("found unknown escape character") {
        let letter = trouble.char_at(at + 1)?;
        format!("`\\{}` is no escape of YAML", letter.escape_default())
    } else if trouble.is("hexadecimal number") {
        "the escape needs more hexadecimal digits".to_owned()
    } else if trouble.is("invalid Unicode character") {
        "the escape is no Unicode character".to_owned()
    } else {
        return None;
    };
    let end = at + 1 + trouble.char_at(at + 1).map_or(0, char::len_utf8);
    let span = trouble.piece.span(at, end.min(trouble.line(at).end));
    Some(
        Trouble::error(span, message)
            .with(trouble.char_span(open), "the quoted text begins here")
            .help("use single quotes, in which a backslash is only a backslash, or write `\\\\`"),
    )
}

/// Something follows a closing quote: the value goes on, or the quote was opened lines above.
pub(super) fn text_behind(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    let scalar = trouble.last_scalar.clone()?;
    let at = trouble.at();
    let text = trouble.text().get(scalar.clone())?;
    let quote = text.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let between = trouble.text().get(scalar.end..at)?;
    let expects_other = ["expected key", "',' or", "'-' indicator", "mapping values"];
    if text.len() < 2
        || !between.trim().is_empty()
        || between.contains(['\n', '\r'])
        || !expects_other.iter().any(|words| trouble.is(words))
    {
        return None;
    }
    let end = trouble.line(at).end;
    let behind = trouble.text()[at..end].trim_end().len();
    let span = trouble.piece.span(at, at + behind.max(1));
    let diagnostic = Trouble::error(
        span,
        format!("unexpected text behind the closing quote `{quote}`"),
    )
    .label("not part of the quoted value");
    Some(if text.contains(['\n', '\r']) {
        diagnostic
            .with(
                trouble.char_span(scalar.start),
                "the quote opens here, on another line",
            )
            .help("close the quote on the line where it opens")
    } else {
        let other = if quote == '"' { '\'' } else { '"' };
        diagnostic
            .with(
                trouble.char_span(scalar.start),
                "the quoted value begins here",
            )
            .help(format!(
                "quote the whole value with `{other}`, or write it as a block below `|`"
            ))
    })
}
