//! Where each name of a variables file stands.
//!
//! The reader of our own small files tells no places; the tree that knows them reads words as
//! GitLab does, which values of variables must not be. So values come from the one, places from
//! the other.

use std::ops::Range;

use crate::source::FileId;
use crate::yaml::{Value, parse_document};

/// One step from a mapping or a list to what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// To the value of a key.
    Key(String),
    /// To an entry of a list.
    Item(usize),
}

/// The places of one text.
pub(super) struct Places(Option<Value>);

impl Places {
    pub(super) fn of(text: &str) -> Self {
        // Which number the file has counts for nothing: only bytes are taken.
        Self(parse_document(FileId(0), text).0)
    }

    /// The key or entry that the steps lead to, or the last one on the way that there is.
    pub(super) fn find(&self, steps: &[Step]) -> Option<Range<usize>> {
        let mut at = self.0.as_ref()?;
        let mut span = None;
        for step in steps {
            let found = match step {
                Step::Key(name) => at
                    .as_map()
                    .and_then(|map| map.entries().iter().find(|e| e.key.text() == name))
                    .map(|entry| (&entry.value, entry.key_span)),
                Step::Item(number) => at
                    .as_seq()
                    .and_then(|items| items.get(*number))
                    .map(|item| (item, item.span)),
            };
            let Some((value, place)) = found else {
                break;
            };
            (at, span) = (value, Some(place));
        }
        span.map(|span| span.start as usize..span.end as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_that_of_the_very_name() {
        let text = "A: {value: B, B: 1}\n# C: no\nB: [{C: 1}, {C: 2}]\nC: 3\n1.10: x\n";
        let places = Places::of(text);
        let key = |name: &str| Step::Key(name.to_owned());
        for (name, steps, expected) in [
            ("a name", vec![key("B")], Some(28)),
            ("inside another", vec![key("A"), key("B")], Some(14)),
            (
                "in a list",
                vec![key("B"), Step::Item(1), key("C")],
                Some(41),
            ),
            ("what is not there", vec![key("A"), key("X")], Some(0)),
            ("nothing at all", vec![key("X")], None),
            ("a number", vec![key("1.1")], Some(53)),
        ] {
            let found = places.find(&steps).map(|bytes| bytes.start);
            assert_eq!(found, expected, "{name}");
        }
        assert_eq!(Places::of("a: [").find(&[key("a")]), None);
    }
}
