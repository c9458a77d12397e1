//! Configuration reference 2.2 to 2.5, row by row.

use crate::source::{FileId, Span};
use crate::yaml::parse_document;

use super::dump::{document, file};

/// What an unquoted scalar becomes, and the code of the finding.
const SCALARS: &[(&str, &str, &str)] = &[
    ("yes", "true", ""),
    ("Yes", "true", ""),
    ("on", "true", ""),
    ("TRUE", "true", ""),
    ("true", "true", ""),
    ("tRuE", "true", ""),
    ("no", "false", ""),
    ("off", "false", ""),
    ("OFF", "false", ""),
    ("false", "false", ""),
    ("y", "\"y\"", ""),
    ("n", "\"n\"", ""),
    ("Y", "\"Y\"", ""),
    ("N", "\"N\"", ""),
    ("~", "nil", ""),
    ("null", "nil", ""),
    ("nUll", "nil", ""),
    ("", "nil", ""),
    ("nul", "\"nul\"", ""),
    ("nulls", "\"nulls\"", ""),
    ("0777", "511", ""),
    ("0755", "493", ""),
    ("-0777", "-511", ""),
    ("0o17", "\"0o17\"", ""),
    ("08", "\"08\"", ""),
    ("09", "\"09\"", ""),
    ("0x1F", "31", ""),
    ("-0x1f", "-31", ""),
    ("0xG", "\"0xG\"", ""),
    ("0b11", "3", ""),
    ("0b12", "\"0b12\"", ""),
    ("0x", "\"0x\"", ""),
    ("1_000", "1000", ""),
    ("1,000", "1000", ""),
    ("1__0", "\"1__0\"", ""),
    ("1_", "\"1_\"", ""),
    ("_1", "\"_1\"", ""),
    ("1:30", "5400", ""),
    ("1:30:00", "5400", ""),
    ("12:30", "45000", ""),
    ("-1:30", "-1800", ""),
    ("+1:30", "5400", ""),
    ("1:2:3:4", "\"1:2:3:4\"", ""),
    ("1:60", "\"1:60\"", ""),
    ("20:99", "\"20:99\"", ""),
    ("1:30.5", "5430.0", ""),
    ("1:30:00.5", "5400.5", ""),
    ("3.10", "3.1", ""),
    ("1.", "1.0", ""),
    (".5", "0.5", ""),
    ("-.5", "-0.5", ""),
    (".", "\".\"", ""),
    ("+.", "\"+.\"", ""),
    ("1e3", "\"1e3\"", ""),
    ("1.5e3", "\"1.5e3\"", ""),
    ("1.5e+3", "1500.0", ""),
    ("1.e-2", "0.01", ""),
    ("1,000.5", "1000.5", ""),
    (".inf", "Infinity", ""),
    ("+.INF", "Infinity", ""),
    ("-.inf", "-Infinity", ""),
    (".nan", "NaN", ""),
    ("1.2.3", "\"1.2.3\"", ""),
    ("v1.0", "\"v1.0\"", ""),
    ("2024-01-02", "\"2024-01-02\"", "yaml-timestamp"),
    ("2024-1-2", "\"2024-1-2\"", "yaml-timestamp"),
    ("2024-02-31", "\"2024-02-31\"", "yaml-timestamp"),
    (
        "2024-01-02 03:04:05 +0000",
        "\"2024-01-02 03:04:05 +0000\"",
        "yaml-timestamp",
    ),
    (
        "2024-01-02T03:04:05Z",
        "\"2024-01-02T03:04:05Z\"",
        "yaml-timestamp",
    ),
    (
        "2024-01-02t03:04:05.25+01:00",
        "\"2024-01-02t03:04:05.25+01:00\"",
        "yaml-timestamp",
    ),
    (
        "2024-01-02 03:04:05",
        "\"2024-01-02 03:04:05\"",
        "yaml-timestamp",
    ),
    ("2024-13-40", "\"2024-13-40\"", ""),
    ("2024-01", "\"2024-01\"", ""),
    ("2024-01-02 03:04", "\"2024-01-02 03:04\"", ""),
    (":sym", ":sym", ""),
    (":\"a b\"", ":a b", ""),
    ("::a", "::a", ""),
    ("+1", "1", ""),
    ("-0", "0", ""),
    ("0", "0", ""),
    ("!!str 123", "\"123\"", ""),
    ("!!int '12'", "12", ""),
    ("!!float 1", "1.0", ""),
    ("!!float '1e3'", "1000.0", ""),
    ("!!float x", "\"x\"", "wrong-type"),
    ("!!bool yes", "true", ""),
    ("!!null ''", "nil", ""),
    ("!!binary aGVsbG8=", "\"hello\"", ""),
    ("!foo bar", "\"bar\"", "yaml-unknown-tag"),
    ("!foo '12'", "12", "yaml-unknown-tag"),
    ("!foo", "nil", "yaml-unknown-tag"),
    ("! '12'", "12", ""),
    ("!foo {a: 1}", "{a: 1}", "yaml-unknown-tag"),
    ("!foo [1]", "[1]", "yaml-unknown-tag"),
    ("!!seq [1]", "[1]", ""),
    ("!!map {a: 1}", "{a: 1}", ""),
    ("!ruby/object {a: 1}", "{a: 1}", "yaml-foreign-tag"),
    ("!ruby/object:Foo {a: 1}", "{a: 1}", "yaml-foreign-tag"),
    ("!ruby/regexp /a/", "\"/a/\"", "yaml-foreign-tag"),
    ("!ruby/symbol x", ":x", ""),
    ("!!set {a: 1}", "{a: 1}", "yaml-foreign-tag"),
    (
        "!reference [.a, script]",
        "!reference [\".a\", \"script\"]",
        "",
    ),
    ("!reference x", "!reference \"x\"", ""),
    ("!reference {a: 1}", "!reference {a: 1}", ""),
    ("foo #c", "\"foo\"", ""),
    ("foo#c", "\"foo#c\"", ""),
    ("'yes'", "\"yes\"", ""),
    ("\"1\"", "\"1\"", ""),
    ("|\n  1", "\"1\\n\"", ""),
    ("on\n\n  no", "true", ""),
    ("{a: 1, b}", "{a: 1, b: nil}", ""),
    ("9223372036854775807", "9223372036854775807", ""),
    ("9223372036854775808", "\"9223372036854775808\"", ""),
    ("12,345,678", "12345678", ""),
    ("日本", "\"日本\"", ""),
    ("'\u{7f}'", "-", "yaml-syntax"),
    ("@x", "-", "yaml-syntax"),
    ("`x`", "-", "yaml-syntax"),
    ("%x", "-", "yaml-syntax"),
];

#[test]
fn scalars_become_what_psych_makes_of_them() {
    for (text, value, code) in SCALARS {
        let (found, codes) = document(&format!("a: {text}\n"));
        let expected = match *value {
            "-" => "-".to_owned(),
            value => format!("{{a: {value}}}"),
        };
        assert_eq!((&*found, &*codes), (&*expected, *code), "{text:?}");
    }
}

#[test]
fn script_lines_with_a_colon_become_mappings() {
    for (line, value) in [
        ("echo a: b", "[{echo a: \"b\"}]"),
        ("echo \"a: b\"", "[{echo \"a: \"b\\\"\"}]"),
        ("'echo a: b'", "[\"echo a: b\"]"),
    ] {
        assert_eq!(
            document(&format!("- {line}\n")),
            (value.to_owned(), String::new()),
            "{line}"
        );
    }
}

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

/// Configuration reference 2.1, 2.4: a file, `header | content`, and the findings.
const FILES: &[(&str, &str, &str, &str)] = &[
    ("nothing", "", "-", "config-empty"),
    ("white space", " \n\t\u{a0}\n", "-", "config-empty"),
    ("a byte order mark alone", "\u{feff}", "-", "config-empty"),
    (
        "a byte order mark",
        "\u{feff}a: 1\nb: 2\n",
        "{a: 1, b: 2}",
        "",
    ),
    ("comments", "# a\n\n# b\n", "{}", ""),
    ("only a divider", "---\n", "{}", ""),
    ("an empty list is nothing", "[]\n", "{}", ""),
    ("a list", "- a\n", "-", "config-not-mapping"),
    ("a text", "a\n", "-", "config-not-mapping"),
    ("a leading divider", "---\na: 1\n", "{a: 1}", ""),
    ("a divider with a comment", "--- # c\na: 1\n", "{a: 1}", ""),
    (
        "crlf",
        "a: 1\r\nb: |\r\n  x\r\n  y\r\n",
        "{a: 1, b: \"x\\ny\\n\"}",
        "",
    ),
    (
        "a header",
        "spec: {}\n---\na: 1\n",
        "{spec: {}} | {a: 1}",
        "",
    ),
    (
        "a header behind a divider",
        "---\nspec: {}\n---\na: 1\n",
        "{spec: {}} | {a: 1}",
        "",
    ),
    (
        "a header that is null",
        "spec:\n---\na: 1\n",
        "{spec: nil} | {a: 1}",
        "",
    ),
    (
        "`spec` without a divider",
        "spec: {}\na: 1\n",
        "{spec: {}, a: 1}",
        "",
    ),
    (
        "a header with nothing behind it",
        "spec: {}\n---\n# c\n",
        "{spec: {}}",
        "",
    ),
    (
        "of three documents the last",
        "spec: {}\n---\na: 1\n---\nb: 2\n",
        "{spec: {}} | {b: 2}",
        "yaml-ignored-text",
    ),
    (
        "no header: the first",
        "a: 1\n---\nb: 2\n",
        "{a: 1}",
        "yaml-ignored-text",
    ),
    (
        "`spec` second",
        "a: 1\n---\nspec: {}\n",
        "{a: 1}",
        "yaml-ignored-text",
    ),
    (
        "a broken second document",
        "a: 1\n---\nb: [\n",
        "-",
        "yaml-syntax",
    ),
    (
        "a list as second document",
        "a: 1\n---\n- b\n",
        "-",
        "config-not-mapping",
    ),
    (
        "the third piece's own divider",
        "a: 1\n---\nb: 2\n---\nc: 3\n---\n@ [ broken\n",
        "{a: 1}",
        "yaml-ignored-text yaml-ignored-text yaml-ignored-text",
    ),
    (
        "a divider inside a text block",
        "a: |\n  x\n---\nb: 2\n",
        "{a: \"x\\n\"}",
        "yaml-ignored-text",
    ),
    (
        "a divider eats the indentation",
        "---\n  a: 1\n  b: 2\n",
        "-",
        "yaml-syntax",
    ),
    (
        "anchors end with their document",
        "spec: &a {}\n---\na: *a\n",
        "{spec: {}} | {a: nil}",
        "yaml-unknown-alias",
    ),
    (
        "behind the end",
        "a: 1\n...\nb: 2\n",
        "{a: 1}",
        "yaml-ignored-text",
    ),
    ("behind the end, nothing", "a: 1\n...\n# c\n", "{a: 1}", ""),
    (
        "indented first line",
        "  a: 1\nb: 2\n",
        "{a: 1}",
        "yaml-ignored-text",
    ),
    ("hidden keys", ".x: {}\n.y: 1\n", "{.x: {}, .y: 1}", ""),
    ("a text block without an end", "a: |\n  x", "{a: \"x\"}", ""),
    (
        "anchors must be plain words",
        "a: &a.b 1\n",
        "-",
        "yaml-syntax",
    ),
    (
        "a quoted text goes on unindented",
        "a: \"x\ny\"\n",
        "{a: \"x y\"}",
        "",
    ),
    ("an empty key", ": a\n", "-", "yaml-syntax"),
    (
        "a tag in a list",
        "a: [!x, b]\n",
        "{a: [nil, \"b\"]}",
        "yaml-unknown-tag",
    ),
    (
        "no blank before a comment sign",
        "a: \"b\"#c\n",
        "{a: \"b\"}",
        "",
    ),
    (
        "surrogate pairs",
        "a: \"\\uD83D\\uDE00\"\n",
        "-",
        "yaml-syntax",
    ),
];

#[test]
fn files_are_cut_and_chosen_from_as_in_gitlab() {
    for (name, text, value, codes) in FILES {
        let expected = ((*value).to_owned(), (*codes).to_owned());
        assert_eq!(file(text), expected, "{name}");
    }
}
