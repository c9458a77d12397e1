//! Character classes: `[…]`, `\d`, `\pL`.

use std::fmt::Write as _;

use super::Error;
use super::cursor::Cursor;

/// Writes one character so that the `regex` crate takes it literally, in a class or outside.
pub(super) fn push_literal(out: &mut String, c: char) {
    if c.is_alphanumeric() {
        out.push(c);
    } else {
        // Writing to a string does not fail.
        let _ = write!(out, "\\x{{{:X}}}", u32::from(c));
    }
}

/// The ASCII meaning that RE2 gives to `\d \s \w` and their opposites, as the inside of a class.
pub(super) fn perl_class(c: char) -> Option<&'static str> {
    Some(match c {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        's' => "[\\t\\n\\f\\r\\x20]",
        'S' => "[^\\t\\n\\f\\r\\x20]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        _ => return None,
    })
}

/// A whole class; the cursor stands behind its `[`, which is at `start`.
pub(super) fn bracket(cursor: &mut Cursor<'_>, start: usize) -> Result<String, Error> {
    let mut out = String::from("[");
    if cursor.eat("^") {
        out.push('^');
    }
    let first = cursor.at;
    loop {
        match cursor.peek() {
            None => {
                return Err(cursor
                    .error(start, "the class begun by `[` has no `]`")
                    .help("write `\\[` for the character `[`"));
            }
            Some(']') if cursor.at != first => {
                cursor.at += 1;
                out.push(']');
                return Ok(out);
            }
            Some(_) => item(cursor, &mut out)?,
        }
    }
}

/// One member of a class: a named class, an escape class, a character or a range.
fn item(cursor: &mut Cursor<'_>, out: &mut String) -> Result<(), Error> {
    if let Some(named) = posix_class(cursor)? {
        out.push_str(named);
        return Ok(());
    }
    if let Some(class) = escape_class(cursor)? {
        out.push_str(&class);
        return Ok(());
    }
    let start = cursor.at;
    let Some(low) = cursor.character()? else {
        return Ok(());
    };
    push_literal(out, low);
    let is_range = cursor.rest().starts_with('-')
        && cursor.rest().len() > 1
        && !cursor.rest().starts_with("-]");
    if !is_range {
        return Ok(());
    }
    cursor.at += 1;
    let Some(high) = cursor.character()? else {
        return Ok(());
    };
    if high < low {
        let range = &cursor.text[start..cursor.at];
        return Err(cursor
            .error(start, format!("the range `{range}` runs backwards"))
            .help("put the lower character first"));
    }
    out.push('-');
    push_literal(out, high);
    Ok(())
}

/// `[:alpha:]` and its like, when one comes next.
fn posix_class<'p>(cursor: &mut Cursor<'p>) -> Result<Option<&'p str>, Error> {
    const NAMES: [&str; 14] = [
        "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
        "space", "upper", "word", "xdigit",
    ];
    let rest = cursor.rest();
    let Some(length) = rest.strip_prefix("[:").and_then(|inner| inner.find(":]")) else {
        return Ok(None);
    };
    let class = &rest[..length + 4];
    let name = &class[2..length + 2];
    let start = cursor.at;
    cursor.at += class.len();
    if NAMES.contains(&name.strip_prefix('^').unwrap_or(name)) {
        return Ok(Some(class));
    }
    Err(cursor.error(start, format!("there is no class `{class}`")))
}

/// `\d`, `\pL`, `\p{Greek}`, when one comes next.
pub(super) fn escape_class(cursor: &mut Cursor<'_>) -> Result<Option<String>, Error> {
    let start = cursor.at;
    let mut ahead = *cursor;
    if !ahead.eat("\\") {
        return Ok(None);
    }
    let class = match ahead.next() {
        Some(c @ ('p' | 'P')) => unicode_class(&mut ahead, start, c == 'P')?,
        Some(c) => match perl_class(c) {
            Some(class) => class.to_owned(),
            None => return Ok(None),
        },
        None => return Ok(None),
    };
    *cursor = ahead;
    Ok(Some(class))
}

/// What follows `\p` or `\P`: one letter, or a name in braces that may begin with `^`.
fn unicode_class(
    cursor: &mut Cursor<'_>,
    start: usize,
    mut negated: bool,
) -> Result<String, Error> {
    let name = if cursor.eat("{") {
        let length = cursor.rest().find('}').unwrap_or(0);
        let name = &cursor.rest()[..length];
        cursor.at += length;
        cursor.eat("}");
        name
    } else {
        let from = cursor.at;
        cursor.next();
        &cursor.text[from..cursor.at]
    };
    let bare = name.strip_prefix('^').unwrap_or(name);
    negated ^= bare.len() != name.len();
    let letter = if negated { 'P' } else { 'p' };
    match bare {
        "Any" => Ok(if negated { "[^\\s\\S]" } else { "[\\s\\S]" }.to_owned()),
        _ if CATEGORIES.contains(&bare) => Ok(format!("\\{letter}{{gc={bare}}}")),
        _ if is_script(bare) => Ok(format!("\\{letter}{{sc={bare}}}")),
        _ => Err(cursor
            .error(start, format!("RE2 knows no Unicode class `{name}`"))
            .help("write a category such as `\\pL` or a script such as `\\p{Greek}`")),
    }
}

/// RE2's general categories. Surrogates (`Cs`) never occur in text.
const CATEGORIES: [&str; 36] = [
    "C", "Cc", "Cf", "Co", "L", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc", "Me", "Mn", "N", "Nd",
    "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc", "Sk", "Sm", "So", "Z",
    "Zl", "Zp", "Zs", "Cn",
];

/// Whether RE2 knows a script of this name: the full name in its official spelling. The crate
/// also takes short names and any spelling.
fn is_script(name: &str) -> bool {
    const SHORT: [&str; 11] = [
        "Ahom", "Cham", "Kawi", "Lisu", "Mro", "Newa", "Nko", "Thai", "Toto", "Vai", "Yi",
    ];
    let spelled = name.split('_').all(|part| {
        part.starts_with(|c: char| c.is_ascii_uppercase())
            && part.chars().skip(1).all(|c| c.is_ascii_lowercase())
    });
    let long = name.len() > 4 || SHORT.contains(&name);
    spelled && long && regex::Regex::new(&format!("\\p{{sc={name}}}")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_full_names_in_their_official_spelling() {
        let rows = [
            ("Greek", true),
            ("Old_Italic", true),
            ("Yi", true),
            ("Grek", false),
            ("greek", false),
            ("Foo", false),
            ("Foobar", false),
            ("", false),
        ];
        for (name, want) in rows {
            assert_eq!(is_script(name), want, "{name}");
        }
    }
}
