//! Characters that can't stand where they stand.

use crate::diag::Diagnostic;

use super::Trouble;

/// A control character, which YAML does not allow anywhere.
pub(super) fn control(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    if !trouble.is("control characters are not allowed") {
        return None;
    }
    let char = trouble.char_at(trouble.at())?;
    let code = u32::from(char);
    let message = format!("the character U+{code:04X} is not allowed in YAML");
    let escape = if code < 0x100 {
        format!("\\x{code:02x}")
    } else {
        format!("\\u{code:04x}")
    };
    Some(
        Trouble::error(trouble.char_span(trouble.at()), message).help(format!(
            "remove it, or write it as `{escape}` in double quotes"
        )),
    )
}

/// A tab in the indentation of the line, or where libyaml stopped.
pub(super) fn tab(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    let at = trouble.at();
    let line = trouble.line(at);
    let indentation = trouble.text()[line.start..]
        .bytes()
        .take_while(|b| matches!(b, b' ' | b'\t'));
    let indenting = indentation
        .enumerate()
        .find(|(_, byte)| *byte == b'\t')
        .map(|(column, _)| line.start + column);
    let (tab, message) = match indenting {
        Some(tab) => (tab, "a tab is used for indentation"),
        None if trouble.char_at(at) == Some('\t') => {
            (at, "a tab stands where YAML expects a space")
        }
        None => return None,
    };
    let diagnostic = Trouble::error(trouble.char_span(tab), message)
        .label("a tab")
        .help("replace it with spaces");
    Some(trouble.with_context(diagnostic))
}

/// A value that begins with a character that YAML reserves.
pub(super) fn reserved(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    let cannot_start = trouble.is("found character that cannot start any token");
    let at = match trouble.context("while scanning a directive") {
        Some(line_start) => line_start,
        None if cannot_start => trouble.at(),
        None => return None,
    };
    let char = trouble.char_at(at)?;
    let shown = match char {
        '`' => "a backtick".to_owned(),
        char => format!("`{char}`"),
    };
    let message = format!("an unquoted value can't begin with {shown}");
    let diagnostic = Trouble::error(trouble.char_span(at), message).label("reserved by YAML");
    Some(match trouble.quoted_rest(at).filter(|_| char != '`') {
        Some(quoted) => diagnostic.help(format!("quote it: `{quoted}`")),
        None => diagnostic.help("put the whole value in quotes"),
    })
}

/// A `%` line that libyaml understands but can't follow.
pub(super) fn directive(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    let words = [
        "<document start>",
        "incompatible YAML document",
        "duplicate %",
    ];
    if !words.iter().any(|words| trouble.is(words)) {
        return None;
    }
    let line = trouble.line_content(trouble.at());
    let span = trouble.piece.span(line.start, line.end);
    let diagnostic = if trouble.is("<document start>") {
        Trouble::error(span, "a line with `---` must follow the `%` directives")
    } else {
        let text = trouble.shown(line);
        Trouble::error(span, format!("the directive `{text}` is not possible here"))
    };
    Some(diagnostic.help("remove the lines that begin with `%`"))
}

/// A tag that is not well formed.
pub(super) fn tag(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    let undefined = trouble.is("undefined tag handle");
    let start = match trouble
        .context("scanning a tag")
        .or(trouble.context("parsing a tag"))
    {
        None if undefined => trouble.at(),
        start => start?,
    };
    let end = start
        + trouble.text()[start..]
            .find([' ', '\n', '\r', ','])
            .unwrap_or(1);
    let text = trouble.shown(start..end);
    let message = format!("a value that begins with `!` has a tag, and `{text}` is none");
    Some(
        Trouble::error(trouble.piece.span(start, end), message)
            .help("quote the value if it is text"),
    )
}

/// `*` or `&` that was not meant as alias or anchor, or a name that YAML does not accept.
pub(super) fn alias_or_anchor(trouble: &Trouble<'_>) -> Option<Diagnostic> {
    let (start, what) = match trouble.context("while scanning an alias") {
        Some(start) => (start, "alias"),
        None => (trouble.context("while scanning an anchor")?, "anchor"),
    };
    let sign = trouble.char_at(start)?;
    let diagnostic = if trouble.at() <= start + 1 {
        let message = format!("a value that begins with `{sign}` is an {what} and needs a name");
        Trouble::error(trouble.char_span(start), message)
    } else {
        let message = format!("the name of an {what} has only letters, digits, `-` and `_`");
        Trouble::error(trouble.char_span(trouble.at()), message)
            .with(trouble.char_span(start), format!("the {what} begins here"))
    };
    Some(match trouble.quoted_rest(start) {
        Some(quoted) => diagnostic.help(format!("if it is text, quote it: `{quoted}`")),
        None => diagnostic.help("if it is text, quote it"),
    })
}
