//! References in a text: `$NAME`, `${NAME}`, `%NAME%`.

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Stays as it is.
    Text(&'t str),
    /// A reference to `name`, written as `whole`.
    Reference { name: &'t str, whole: &'t str },
}

/// How `$$` and `%%` are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubled {
    /// As any text: in `$$A` the second `$` begins a reference.
    Plain,
    /// As an escape that is left untouched: `$$A` has no reference.
    Escape,
}

/// Whether there can be a reference in it.
pub(super) fn may_refer(text: &str) -> bool {
    next_mark(text).is_some()
}

/// Where the first `$` or `%` is. Values may be as long as an environment, and most have none.
fn next_mark(text: &str) -> Option<usize> {
    memchr::memchr2(b'$', b'%', text.as_bytes())
}

/// The names that a text refers to, in their order, as often as they occur. `$$` and `%%` are
/// escapes here, as where variables are sorted.
pub fn names(text: &str) -> impl Iterator<Item = &str> {
    pieces(text, Doubled::Escape).filter_map(|piece| match piece {
        Piece::Reference { name, .. } => Some(name),
        Piece::Text(_) => None,
    })
}

/// Cuts a text into pieces; put together they are the text.
pub(super) fn pieces(text: &str, doubled: Doubled) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut from = 0;
        while let Some(at) = next_mark(&rest[from..]).map(|at| from + at) {
            let found = &rest[at..];
            if doubled == Doubled::Escape && (found.starts_with("$$") || found.starts_with("%%")) {
                from = at + 2;
                continue;
            }
            let Some((name, length)) = reference(found) else {
                from = at + 1;
                continue;
            };
            if at > 0 {
                let before = &rest[..at];
                rest = found;
                return Some(Piece::Text(before));
            }
            rest = &found[length..];
            let whole = &found[..length];
            return Some(Piece::Reference { name, whole });
        }
        let last = std::mem::take(&mut rest);
        (!last.is_empty()).then_some(Piece::Text(last))
    })
}

/// The name and length of the reference that `text`, which begins with `$` or `%`, begins with.
fn reference(text: &str) -> Option<(&str, usize)> {
    let (open, close) = match text.as_bytes() {
        [b'$', b'{', ..] => (2, "}"),
        [b'%', ..] => (1, "%"),
        _ => (1, ""),
    };
    let inner = &text[open..];
    let length = name_length(inner);
    let closed = inner[length..].starts_with(close);
    (length > 0 && closed).then(|| (&inner[..length], open + length + close.len()))
}

/// Bytes of the name that `text` begins with: `[a-zA-Z_][a-zA-Z0-9_]*`.
fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn pieces_make_up_the_text(text in "[$%{}A1 é_]{0,16}|\\PC{0,16}") {
            for doubled in [Doubled::Plain, Doubled::Escape] {
                let whole: String = pieces(&text, doubled)
                    .map(|piece| match piece {
                        Piece::Text(text) | Piece::Reference { whole: text, .. } => text,
                    })
                    .collect();
                proptest::prop_assert_eq!(&whole, &text);
            }
        }
    }
}
