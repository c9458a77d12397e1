//! `{a,b}`: one pattern stands for several. Alternatives are put together as text, as in Ruby and
//! doublestar, so `{*,x}*/y` has a `**/` in it.

use super::GlobError;

/// Patterns that may be made on the way; nested braces make more than remain.
const PATTERN_LIMIT: usize = 4096;
/// Bytes of all of them.
const SIZE_LIMIT: usize = 1 << 20;

/// The patterns that `pattern` stands for, in order. `Syntax` when a `{` is not closed.
pub(super) fn expand(pattern: &str) -> Result<Vec<String>, GlobError> {
    let mut done = Vec::new();
    let mut todo = vec![pattern.to_owned()];
    let (mut made, mut size) = (0, 0);
    while let Some(next) = todo.pop() {
        let Some((open, close)) = outer_braces(&next)? else {
            done.push(next);
            continue;
        };
        let first_new = todo.len();
        for part in alternatives(&next[open + 1..close]) {
            let joined = [&next[..open], part, &next[close + 1..]].concat();
            made += 1;
            size += joined.len();
            if made > PATTERN_LIMIT || size > SIZE_LIMIT {
                return Err(GlobError::TooMany);
            }
            todo.push(joined);
        }
        // The stack gives back the last one first.
        todo[first_new..].reverse();
    }
    Ok(done)
}

/// Where the first outermost pair of braces stands.
fn outer_braces(pattern: &str) -> Result<Option<(usize, usize)>, GlobError> {
    let mut open = None;
    let mut depth = 0_usize;
    for (at, b) in unescaped(pattern) {
        match (b, open) {
            (b'{', None) => (open, depth) = (Some(at), 1),
            (b'{', Some(_)) => depth += 1,
            (b'}', Some(start)) => {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some((start, at)));
                }
            }
            _ => {}
        }
    }
    open.map_or(Ok(None), |_| Err(GlobError::Syntax))
}

/// The parts between the commas that stand in no inner braces.
fn alternatives(inner: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut from, mut depth) = (0, 0_usize);
    for (at, b) in unescaped(inner) {
        match b {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                parts.push(&inner[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[from..]);
    parts
}

/// The bytes that no backslash stands before, with their places.
fn unescaped(text: &str) -> impl Iterator<Item = (usize, u8)> {
    let mut escaped = false;
    text.bytes().enumerate().filter(move |(_, b)| {
        let literal = escaped;
        escaped = !literal && *b == b'\\';
        !literal && !escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let rows: &[(&str, Result<&[&str], GlobError>)] = &[
            ("a", Ok(&["a"])),
            ("a.{b,c}d", Ok(&["a.bd", "a.cd"])),
            ("{a,{b,c}}{1,2}", Ok(&["a1", "a2", "b1", "b2", "c1", "c2"])),
            ("{a}", Ok(&["a"])),
            ("{,a}", Ok(&["", "a"])),
            ("\\{a,b}", Ok(&["\\{a,b}"])),
            ("{a\\,b,c}", Ok(&["a\\,b", "c"])),
            ("a}", Ok(&["a}"])),
            ("{a,b", Err(GlobError::Syntax)),
            ("{é,b}ü", Ok(&["éü", "bü"])),
        ];
        for (pattern, want) in rows {
            let got = expand(pattern);
            let want = want.map(|patterns| patterns.iter().map(ToString::to_string).collect());
            assert_eq!(got, want, "{pattern}");
        }
    }

    #[test]
    fn hostile_alternatives_are_refused() {
        assert_eq!(expand(&"{a,b}".repeat(50)), Err(GlobError::TooMany));
        let long = format!("{}{}", "{a,b}".repeat(8), "x".repeat(100_000));
        assert_eq!(expand(&long), Err(GlobError::TooMany));
    }
}
