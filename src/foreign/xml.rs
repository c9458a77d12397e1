//! Foreign text in XML.

/// Text for XML, in elements and attributes: what has a meaning there is escaped, and what may not
/// stand there at all is shown as its code.
pub fn xml_text(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            c if super::is_hidden(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                out.extend(c.escape_unicode());
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::xml_text;

    #[test]
    fn text_stays_text() {
        for (text, expected) in [
            ("a<b> & \"c\"", "a&lt;b&gt; &amp; &quot;c&quot;"),
            ("a\u{1b}[2J", "a\\u{1b}[2J"),
            ("日本\n", "日本\n"),
        ] {
            assert_eq!(xml_text(text), expected);
        }
    }
}
