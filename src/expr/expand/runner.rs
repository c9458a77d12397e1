//! GitLab Runner's expansion (runtime reference 12.3): what Go's `os.Expand` does.

use std::borrow::Cow;

use super::limit::SIZE_LIMIT;

/// Replaces `$NAME` and `${NAME}` once; unknown names vanish, `$$` becomes `$`, and the names of
/// one special character (`* # @ ! ? -` and digits) are empty. `lookup` gives the path for a file
/// variable. `%NAME%` means nothing here. A text stays as it is where the result would be larger
/// than any environment.
pub fn runner_expand<V: AsRef<str>>(
    text: &str,
    lookup: impl Fn(&str) -> Option<V>,
) -> Cow<'_, str> {
    if !text.contains('$') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        let (name, length) = name(behind);
        match name {
            // A `$` that begins no name stays.
            "" if length == 0 => out.push('$'),
            "" | "*" | "#" | "@" | "!" | "?" => {}
            "$" => out.push('$'),
            _ if name.len() == 1 && name.starts_with(|c: char| c.is_ascii_digit()) => {}
            _ => {
                if let Some(value) = lookup(name) {
                    out.push_str(value.as_ref());
                }
            }
        }
        if out.len() > SIZE_LIMIT {
            return Cow::Borrowed(text);
        }
        rest = &behind[length..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The name behind a `$` and the length of what it is written in. An empty name with a length is
/// bad syntax, which is swallowed.
fn name(text: &str) -> (&str, usize) {
    if let Some(inner) = text.strip_prefix('{') {
        return match inner.find('}') {
            Some(length) => (&inner[..length], length + 2),
            None => ("", 1),
        };
    }
    let special = |b: &u8| b.is_ascii_digit() || b"*#$@!?-".contains(b);
    if text.as_bytes().first().is_some_and(special) {
        return (&text[..1], 1);
    }
    let length = text
        .bytes()
        .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
        .count();
    (&text[..length], length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let rows = [
            ("a$A", "a1"),
            ("${A}b", "1b"),
            ("$Ab", ""),
            ("$$A", "$A"),
            ("$$$A", "$1"),
            ("5$$", "5$"),
            ("$", "$"),
            ("a$ b", "a$ b"),
            ("$.x", "$.x"),
            ("${}x", "x"),
            ("${A", "A"),
            ("${A:-x}", ""),
            ("$1A", "A"),
            ("$*$#$@$!$?$-", ""),
            ("%A%", "%A%"),
            ("$U", ""),
            ("$R", "r$A"),
            ("é$Aé", "é1é"),
            ("${$}", "$"),
            ("$(A)", "$(A)"),
        ];
        let lookup = |name: &str| match name {
            "A" => Some("1"),
            "R" => Some("r$A"),
            _ => None,
        };
        for (text, want) in rows {
            assert_eq!(runner_expand(text, lookup), want, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_expanded(text in "[$%{}A1 é_*-]{0,16}|\\PC{0,16}") {
            runner_expand(&text, |name| Some(name.to_owned()));
        }
    }
}
