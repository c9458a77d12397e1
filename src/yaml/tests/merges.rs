//! Anchors, merges and duplicate keys, row by row (configuration reference 2.3).

use crate::source::{FileId, Span};
use crate::yaml::parse_document;

use super::dump::document;

/// Configuration reference 2.3: a document, its value and the findings.
const MERGES: &[(&str, &str, &str, &str)] = &[
    (
        "keys below win",
        "t: &t {s: 1, x: 2}\na:\n  <<: *t\n  s: 3\n",
        "{t: {s: 1, x: 2}, a: {s: 3, x: 2}}",
        "",
    ),
    (
        "keys above lose",
        "t: &t {s: 1, x: 2}\na:\n  s: 3\n  <<: *t\n",
        "{t: {s: 1, x: 2}, a: {s: 1, x: 2}}",
        "yaml-merge-overrides",
    ),
    (
        "in a list the earlier wins",
        "a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b]}\n",
        "{a: {x: 1, y: 1}, b: {y: 2, z: 2}, c: {y: 1, z: 2, x: 1}}",
        "",
    ),
    (
        "two merge keys: the later wins",
        "a: &a {x: 1, y: 1}\nb: &b {y: 2}\nc:\n  <<: *a\n  <<: *b\n",
        "{a: {x: 1, y: 1}, b: {y: 2}, c: {x: 1, y: 2}}",
        "",
    ),
    (
        "shallow",
        "a: &a {v: {x: 1}}\nb: {<<: *a, v: {y: 2}}\n",
        "{a: {v: {x: 1}}, b: {v: {y: 2}}}",
        "",
    ),
    (
        "written in place",
        "a: {<<: {x: 1}, y: 2}\n",
        "{a: {x: 1, y: 2}}",
        "",
    ),
    (
        "quoted",
        "a: &a {x: 1}\nb: {\"<<\": *a}\nc: {'<<': *a}\n",
        "{a: {x: 1}, b: {x: 1}, c: {x: 1}}",
        "",
    ),
    (
        "tagged as text",
        "a: &a {x: 1}\nb: {!!str <<: *a}\n",
        "{a: {x: 1}, b: {<<: {x: 1}}}",
        "",
    ),
    (
        "a scalar",
        "a: &a 1\nb: {<<: *a}\n",
        "{a: 1, b: {<<: 1}}",
        "",
    ),
    ("nothing", "b: {<<: }\n", "{b: {<<: nil}}", ""),
    (
        "an alias to a list",
        "a: &a [{x: 1}]\nb: {<<: *a}\n",
        "{a: [{x: 1}], b: {<<: [{x: 1}]}}",
        "",
    ),
    (
        "a list with a scalar",
        "a: &a {x: 1}\nb: {<<: [*a, 2]}\n",
        "{a: {x: 1}, b: {<<: [{x: 1}, 2]}}",
        "",
    ),
    ("an empty list", "b: {<<: [], x: 1}\n", "{b: {x: 1}}", ""),
    (
        "itself",
        "a: &a {x: 1, <<: *a, y: 2}\n",
        "{a: {x: 1, y: 2}}",
        "",
    ),
    (
        "its parent, as far as it is written",
        "a: &a {x: 1, b: {<<: *a, y: 2}, z: 3}\n",
        "{a: {x: 1, b: {x: 1, y: 2}, z: 3}}",
        "",
    ),
    (
        "a merged key overrides silently what was merged",
        "a: &a {x: 1}\nb: {<<: *a, x: 2}\n",
        "{a: {x: 1}, b: {x: 2}}",
        "",
    ),
    (
        "a reference",
        "b: {<<: !reference [.a]}\n",
        "{b: {}}",
        "reference-invalid",
    ),
    (
        "duplicates",
        "a: {x: 1, y: 2, x: {z: 3}}\n",
        "{a: {x: {z: 3}, y: 2}}",
        "yaml-duplicate-key",
    ),
    (
        "numbers and texts are different keys",
        "a: {1: x, '1': y, 0x1: z}\n",
        "{a: {?1: \"z\", 1: \"y\"}}",
        "yaml-duplicate-key",
    ),
    (
        "a symbol is the same key",
        ":a: 1\na: 2\n",
        "{a: 2}",
        "yaml-duplicate-key",
    ),
    (
        "keys that are no text",
        "1: a\ntrue: b\n~: c\n1.50: d\n[x]: e\n",
        "{?1: \"a\", ?true: \"b\", ?null: \"c\", ?1.5: \"d\", ?[x]: \"e\"}",
        "",
    ),
    (
        "an alias to a list nests",
        "a: &a [1]\nb: [*a, 2]\n",
        "{a: [1], b: [[1], 2]}",
        "",
    ),
    (
        "an alias as key",
        "a: &a x\n*a : 1\n",
        "{a: \"x\", x: 1}",
        "",
    ),
    (
        "the newest anchor counts",
        "a: &a 1\nb: &a 2\nc: *a\n",
        "{a: 1, b: 2, c: 2}",
        "",
    ),
    (
        "an anchor inside one of the same name",
        "a: &a {b: &a 1}\nc: *a\n",
        "{a: {b: 1}, c: 1}",
        "",
    ),
    ("unknown", "a: *b\n", "{a: nil}", "yaml-unknown-alias"),
    (
        "used above",
        "a: *b\nb: &b 1\n",
        "{a: nil, b: 1}",
        "yaml-unknown-alias",
    ),
    (
        "the anchor of a reference is forgotten",
        "a: &a !reference [x]\nb: *a\n",
        "{a: !reference [\"x\"], b: nil}",
        "yaml-unknown-alias",
    ),
    ("itself as value", "a: &a [*a]\n", "-", "yaml-too-big"),
    (
        "itself in a mapping",
        "a: &a {x: {y: *a}}\n",
        "-",
        "yaml-too-big",
    ),
];

#[test]
fn anchors_merges_and_duplicates() {
    for (name, text, value, codes) in MERGES {
        let expected = ((*value).to_owned(), (*codes).to_owned());
        assert_eq!(document(text), expected, "{name}");
    }
}

#[test]
fn a_merged_entry_remembers_both_places() {
    let text = "t: &t {s: 1}\na:\n  <<: *t\n";
    let (value, _) = parse_document(FileId(0), text);
    let value = value.expect("a document");
    let job = value
        .as_map()
        .and_then(|map| map.get("a"))
        .expect("the key a");
    let entry = &job.value.as_map().expect("a mapping").entries()[0];
    let at = |span: Span| &text[span.start as usize..span.end as usize];
    assert_eq!((at(entry.key_span), at(entry.value.span)), ("s", "1"));
    assert_eq!(entry.via.map(at), Some("*t"));
}
