//! Rows and columns for other programs: Markdown and CSV.

use crate::foreign::visible;

/// A table of Markdown, as GitLab and others draw it.
pub(super) fn markdown(headings: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| markdown_cell(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule = vec!["---".to_owned(); headings.len()];
    let mut text = line(headings);
    text.push_str(&line(&rule));
    text.extend(rows.iter().map(|row| line(row)));
    text
}

/// A cell: what Markdown or HTML would take for its own is escaped.
fn markdown_cell(text: &str) -> String {
    if text == "---" {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '!' | '#' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Comma-separated values after RFC 4180.
pub(super) fn csv(headings: &[String], rows: &[Vec<String>]) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| csv_cell(cell)).collect();
        cells.join(",") + "\r\n"
    };
    let rows = rows.iter().map(|row| line(row));
    std::iter::once(line(headings)).chain(rows).collect()
}

fn csv_cell(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{csv, markdown};

    fn texts(cells: &[&str]) -> Vec<String> {
        cells.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn cells_hold_any_text() {
        let headings = texts(&["job", "when"]);
        let rows = [texts(&["a|b", "<x>"]), texts(&["a, \"b\"", "*y*"])];
        assert_eq!(
            markdown(&headings, &rows),
            "| job | when |\n| --- | --- |\n| a\\|b | &lt;x> |\n| a, \"b\" | \\*y\\* |\n"
        );
        assert_eq!(
            csv(&headings, &rows),
            "job,when\r\na|b,<x>\r\n\"a, \"\"b\"\"\",*y*\r\n"
        );
    }
}
