//! Brackets and braces.

use crate::diag::Diagnostic;

use super::Trouble;

/// `$[[ … ]]` or `${…}` without quotes: inside brackets its own brackets are YAML's.
pub(super) fn reference(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    let at = trouble.at();
    let (before, behind) = trouble.text().split_at_checked(at)?;
    let close = ["[[", "{"]
        .iter()
        .zip(["]]", "}"])
        .find_map(|(open, close)| {
            let begins = behind.starts_with(open) && before.ends_with('$');
            begins.then_some(close)
        })?;
    let open = (trouble.context("flow sequence")).or_else(|| trouble.context("flow mapping"))?;
    let sign = trouble.char_at(open)?;
    let line = &trouble.text()[at..trouble.line(at).end];
    let length = line
        .find(close)
        .map_or(line.len(), |found| found + close.len());
    let written = trouble.shown(at - 1..at + length);
    let span = trouble.piece.span(at - 1, at + length);
    Some(
        Trouble::error(
            span,
            format!("`{written}` needs quotes inside the brackets that begin with `{sign}`"),
        )
        .with(trouble.char_span(open), "opened here")
        .help(format!("write `\"{written}\"`")),
    )
}

/// A quote in the middle of an unquoted item of a list in brackets: it begins no quoted text, so
/// that brackets and commas behind it are YAML's.
pub(super) fn quote_inside(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    let at = trouble.context("quoted scalar").unwrap_or(trouble.at());
    let line = trouble.line(at);
    let before = trouble.text().get(line.start..at)?;
    // The list may have begun on a line above.
    let above = trouble.text()[..line.start].trim_end();
    let item = before.find(['"', '\''])?;
    if !before[..item].contains('[') && !above.ends_with(['[', ',']) {
        return None;
    }
    let start = before[..item]
        .rfind(['[', '{', ','])
        .map_or(0, |sign| sign + 1);
    let plain = &before[start..item];
    if plain.trim().is_empty() || plain.trim_end().ends_with(':') {
        return None;
    }
    let quote = before[item..].chars().next()?;
    let start = start + (plain.len() - plain.trim_start().len());
    let rest = &trouble.text()[line.start + item + 1..line.end];
    let inner = rest.find(quote)?;
    if !rest[..inner].contains(['[', ']', '{', '}', ',']) {
        return None;
    }
    let end = item + 1 + inner + 1;
    let written = trouble.shown(line.start + start..line.start + end);
    let other = if quote == '"' { '\'' } else { '"' };
    Some(
        Trouble::error(
            trouble.piece.span(line.start + item, line.start + item + 1),
            format!("the quote `{quote}` stands inside an unquoted item, and quotes nothing"),
        )
        .label("not at the start of the item")
        .help(format!("quote all of it: `{other}{written}{other}`")),
    )
}

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
