//! Section markers in a job's log (runtime reference 3.1).
//!
//! PURE. Markers fold the log in GitLab's page; in a terminal only their headers are of use.
//!
//! ```text
//! section_start:<unix seconds>:<name>[opt=val,opt=val]\r ESC[0K <header>
//! section_end:<unix seconds>:<name>\r ESC[0K
//! ```

use std::borrow::Cow;

/// Ends every marker.
const ERASE: &str = "\r\x1b[0K";

/// A section begins or ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marker<'a> {
    /// A section begins; what follows on the line is its header.
    Start {
        /// Unix seconds.
        at: u64,
        /// Name, as the end repeats it.
        name: &'a str,
        /// Whether GitLab's page shows it folded.
        collapsed: bool,
        /// Whether GitLab's page hides how long it took.
        hide_duration: bool,
    },
    /// A section ends.
    End {
        /// Unix seconds.
        at: u64,
        /// Name of the section.
        name: &'a str,
    },
}

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item<'a> {
    /// A marker, without its erase sequence.
    Marker(Marker<'a>),
    /// Anything else.
    Text(&'a str),
}

/// Takes a line apart at its markers. What only looks like a marker is text.
pub fn items(line: &str) -> impl Iterator<Item = Item<'_>> {
    let mut rest = line;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let Some((start, len, marker)) = find(rest) else {
            return Some(Item::Text(std::mem::take(&mut rest)));
        };
        if start > 0 {
            let (text, tail) = rest.split_at(start);
            rest = tail;
            return Some(Item::Text(text));
        }
        rest = &rest[len..];
        Some(Item::Marker(marker))
    })
}

/// The line as a terminal should show it: without markers. `None` when nothing but markers was
/// on it, so that no empty line is left behind.
pub fn strip(line: &str) -> Option<Cow<'_, str>> {
    if !line.contains("section_") {
        return Some(Cow::Borrowed(line));
    }
    let mut marked = false;
    let mut text = String::new();
    for item in items(line) {
        match item {
            Item::Marker(_) => marked = true,
            Item::Text(part) => text.push_str(part),
        }
    }
    if !marked {
        return Some(Cow::Borrowed(line));
    }
    // Scripts write an erase sequence of their own in front of a marker.
    let bare = super::text::plain(&text);
    let shows = !bare.trim().is_empty();
    shows.then_some(Cow::Owned(text))
}

/// The first marker: where it starts, how long it is with its erase sequence.
fn find(text: &str) -> Option<(usize, usize, Marker<'_>)> {
    text.match_indices("section_").find_map(|(start, _)| {
        let (marker, len) = marker(&text[start..])?;
        Some((start, len, marker))
    })
}

/// The marker at the start of `text`, and its length.
fn marker(text: &str) -> Option<(Marker<'_>, usize)> {
    let end = text.find(ERASE)?;
    let body = text[..end].strip_prefix("section_")?;
    let (kind, body) = body.split_once(':')?;
    let (at, label) = body.split_once(':')?;
    let at = at.parse().ok()?;
    let (name, options) = match label.split_once('[') {
        Some((name, options)) => (name, options.strip_suffix(']')?),
        None => (label, ""),
    };
    if name.is_empty() || !name.chars().all(is_name) {
        return None;
    }
    let option = |wanted: &str| options.split(',').any(|option| option == wanted);
    let marker = match kind {
        "start" => Marker::Start {
            at,
            name,
            collapsed: option("collapsed=true"),
            hide_duration: option("hide_duration=true"),
        },
        "end" => Marker::End { at, name },
        _ => return None,
    };
    Some((marker, end + ERASE.len()))
}

/// Characters of a section's name.
fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

#[cfg(test)]
mod tests {
    use proptest::strategy::Strategy;

    use super::*;

    #[test]
    fn lines_without_their_markers() {
        let rows = [
            ("no marker", "plain text", Some("plain text")),
            ("empty line", "", Some("")),
            ("start alone", "section_start:17:step_script\r\x1b[0K", None),
            (
                "end and start on one line",
                "section_end:17:get_sources\r\x1b[0Ksection_start:17:step_script\r\x1b[0K",
                None,
            ),
            (
                "collapsed with a header",
                "\x1b[0Ksection_start:17:deps[collapsed=true]\r\x1b[0KInstalling",
                Some("\x1b[0KInstalling"),
            ),
            (
                "end before text",
                "section_end:17:deps\r\x1b[0Knext",
                Some("next"),
            ),
            (
                "own erase before an end",
                "\x1b[0Ksection_end:17:deps\r\x1b[0K",
                None,
            ),
            (
                "the 0 is required",
                "section_start:17:x\r\x1b[Kt",
                Some("section_start:17:x\r\x1b[Kt"),
            ),
            (
                "no number",
                "section_start:now:x\r\x1b[0Kt",
                Some("section_start:now:x\r\x1b[0Kt"),
            ),
            (
                "bad name",
                "section_start:17:a b\r\x1b[0Kt",
                Some("section_start:17:a b\r\x1b[0Kt"),
            ),
            ("prose", "see section_start:", Some("see section_start:")),
        ];
        for (name, line, expected) in rows {
            assert_eq!(strip(line).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn markers_carry_their_options() {
        let line = "a section_start:5:b.c-d_1[hide_duration=true,collapsed=true]\r\x1b[0Khead";
        assert_eq!(
            items(line).collect::<Vec<_>>(),
            [
                Item::Text("a "),
                Item::Marker(Marker::Start {
                    at: 5,
                    name: "b.c-d_1",
                    collapsed: true,
                    hide_duration: true
                }),
                Item::Text("head"),
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn markers_are_found_wherever_they_stand(
            parts in proptest::collection::vec(
                proptest::prop_oneof![
                    "[a-z\\x1b\r0-9\\[:]{1,8}".prop_map(|text| (false, text)),
                    "section_(start|end):[0-9]{1,9}:[a-z_.-]{1,5}".prop_map(|text| (true, text)),
                ],
                0..6,
            )
        ) {
            let mut line = String::new();
            let mut texts = String::new();
            for (marker, text) in &parts {
                line.push_str(text);
                if *marker {
                    line.push_str(ERASE);
                } else {
                    texts.push_str(text);
                }
            }
            let found: String = items(&line).filter_map(|item| match item {
                Item::Text(text) => Some(text),
                Item::Marker(_) => None,
            }).collect();
            proptest::prop_assert_eq!(found, texts);
        }
    }
}
