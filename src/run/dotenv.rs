//! Dotenv reports as GitLab's server reads them (runtime reference 14).
//!
//! PURE. Nothing is unquoted, no comment is known, and `export` is part of a name.

/// Names and values; of equal names the last counts.
pub(super) type Variables = Vec<(String, String)>;

/// Bytes of all files of a report together.
pub(super) const MAX_SIZE: usize = 5 * 1024;

/// Variables of one report: the largest limit that GitLab.com has. Smaller ones are a matter of
/// the server's settings.
const MAX_COUNT: usize = 150;

const MAX_NAME: usize = 255;

/// The variables of a report, or why GitLab would refuse it.
pub(super) fn parse(content: &[u8]) -> Result<Variables, String> {
    if content.len() > MAX_SIZE {
        return Err(format!("it has more than {MAX_SIZE} bytes"));
    }
    let text = std::str::from_utf8(content).map_err(|_| "it is not UTF-8".to_owned())?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut variables = Variables::new();
    for (at, line) in text.lines().enumerate() {
        let (name, value) = variable(line).map_err(|why| format!("line {}: {why}", at + 1))?;
        match variables.iter_mut().find(|(known, _)| known == name) {
            Some(known) => value.clone_into(&mut known.1),
            None => variables.push((name.to_owned(), value.to_owned())),
        }
    }
    if variables.len() > MAX_COUNT {
        let count = variables.len();
        return Err(format!("it has {count} variables, {MAX_COUNT} are allowed"));
    }
    Ok(variables)
}

fn variable(line: &str) -> Result<(&str, &str), String> {
    let Some((name, value)) = line.split_once('=') else {
        return Err("there is no `=`; empty lines and comments are not allowed".to_owned());
    };
    let name = name.trim();
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(fits) {
        return Err(format!(
            "`{name}` is no name of a variable: only letters, digits and `_` are allowed"
        ));
    }
    Ok((name, value.trim()))
}

#[cfg(test)]
mod tests {
    use super::{MAX_SIZE, parse};

    /// Name of the row, report, its variables; `None` for a bad one.
    type Row<'a> = (&'a str, &'a str, Option<&'a [(&'a str, &'a str)]>);

    #[test]
    fn reports() {
        let rows: &[Row<'_>] = &[
            ("nothing", "", Some(&[])),
            ("two", "A=1\nB=2\n", Some(&[("A", "1"), ("B", "2")])),
            ("no line end", "A=1", Some(&[("A", "1")])),
            (
                "line ends of Windows",
                "A=1\r\nB=2\r\n",
                Some(&[("A", "1"), ("B", "2")]),
            ),
            (
                "the first = splits",
                "U=x?a=b # c",
                Some(&[("U", "x?a=b # c")]),
            ),
            ("blanks around", "  A = x y \n", Some(&[("A", "x y")])),
            ("quotes stay", "A=\"q\"", Some(&[("A", "\"q\"")])),
            ("empty value", "A=", Some(&[("A", "")])),
            (
                "last wins, first stands",
                "A=1\nB=2\nA=3",
                Some(&[("A", "3"), ("B", "2")]),
            ),
            ("digits first", "1A=1", Some(&[("1A", "1")])),
            ("byte order mark", "\u{feff}A=1", Some(&[("A", "1")])),
            ("a comment with =", "# A=1", None),
            ("a comment", "# A", None),
            ("empty line", "A=1\n\nB=2", None),
            ("no name", "=1", None),
            ("dash", "A-B=1", None),
            ("export", "export A=1", None),
            ("name too long", &format!("{}=1", "A".repeat(256)), None),
            ("value of two lines", "A=1\nx", None),
        ];
        for (name, text, wanted) in rows {
            let got = parse(text.as_bytes()).ok();
            let wanted = wanted.map(|all| {
                let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
                all.iter().map(owned).collect::<Vec<_>>()
            });
            assert_eq!(got, wanted, "{name}");
        }
        assert!(parse(b"A=\xff").is_err());
    }

    #[test]
    fn limits() {
        let exact = format!("A={}", "x".repeat(MAX_SIZE - 2));
        assert!(parse(exact.as_bytes()).is_ok());
        assert!(parse(format!("{exact}x").as_bytes()).is_err());
        let many = |count: usize| {
            let lines: Vec<String> = (0..count).map(|n| format!("A{n}=")).collect();
            lines.join("\n")
        };
        assert!(parse(many(150).as_bytes()).is_ok());
        assert!(parse(many(151).as_bytes()).is_err());
    }
}
