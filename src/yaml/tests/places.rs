//! Where values and keys are.

use crate::source::{FileId, Span};
use crate::yaml::{Value, parse_document};

/// A text, the keys and indexes that lead to a value, and the text at the value's place.
const VALUES: &[(&str, &[&str], &str)] = &[
    ("a: plain # c\n", &["a"], "plain"),
    ("a: \"q \\n\" # c\n", &["a"], "\"q \\n\""),
    ("a: two\n  lines\nb: 1\n", &["a"], "two\n  lines"),
    ("a: &x !!str  value\n", &["a"], "value"),
    ("a: !t &x value\n", &["a"], "value"),
    ("a: &x # c\n  - 1\n", &["a"], "- 1"),
    ("a: |\n  x\n  y\n\n\nb: 1\n", &["a"], "|\n  x\n  y"),
    ("a: &x >-\n  x\n", &["a"], ">-\n  x"),
    ("a:\nb: 1\n", &["a"], ""),
    ("a: &x\nb: 1\n", &["a"], ""),
    ("a: [1, 2] # c\n", &["a"], "[1, 2]"),
    ("a: !reference [b, c]\n", &["a"], "[b, c]"),
    ("a: {b: 1}\n", &["a"], "{b: 1}"),
    ("a: {b, c}\n", &["a", "b"], ""),
    ("a:\n  - 1\n  - 2\n\n# c\nb: 1\n", &["a"], "- 1\n  - 2"),
    ("a:\n  b: 1\n  c:\n\n# c\nd: 1\n", &["a"], "b: 1\n  c:"),
    ("a:\n- b: 1\n  c: 2\n- 3\n", &["a", "0"], "b: 1\n  c: 2"),
    ("a: &x [1]\nb: *x\n", &["b"], "[1]"),
    ("a: &x 1\nb:\n  - *x\n\nc: 1\n", &["b"], "- *x"),
    ("a: \"é\"\r\nb: 日本\r\n", &["b"], "日本"),
    ("\u{feff}a: 1\nb: 2\n", &["b"], "2"),
];

fn step<'a>(value: &'a Value, name: &str) -> &'a Value {
    if let Some(map) = value.as_map() {
        return &map.get(name).expect("a key of that name").value;
    }
    let items = value.as_seq().expect("a mapping or a list");
    &items[name.parse::<usize>().expect("an index")]
}

fn at(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

#[test]
fn values_lie_where_they_were_written() {
    for (text, path, expected) in VALUES {
        let (root, _) = parse_document(FileId(0), text);
        let root = root.expect("a document");
        let value = path.iter().fold(&root, |value, name| step(value, name));
        assert_eq!(at(text, value.span), *expected, "{text:?}");
    }
}

#[test]
fn an_empty_value_is_behind_its_key() {
    let text = "a:\n  b:\n  c: 1\n";
    let (root, _) = parse_document(FileId(0), text);
    let value = step(step(root.as_ref().expect("a document"), "a"), "b");
    assert_eq!(&text[..value.span.start as usize], "a:\n  b:");
}

#[test]
fn keys_lie_where_they_were_written() {
    let text = "plain: 1\n'quoted': 2\n&x anchored: 3\n? - list\n: 4\n*x : 5\n";
    let (root, _) = parse_document(FileId(0), text);
    let root = root.expect("a document");
    let keys = root.as_map().expect("a mapping").entries().iter();
    let keys: Vec<&str> = keys.map(|entry| at(text, entry.key_span)).collect();
    // The alias names the key `anchored` again, whose place is the last one.
    assert_eq!(keys, ["plain", "'quoted'", "*x", "- list"]);
}
