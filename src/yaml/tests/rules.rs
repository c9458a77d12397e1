//! Configuration reference 2.2 to 2.5, row by row.

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
    ("|\n  1", "\"1\"", ""),
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

#[test]
fn smoke() {
    for text in ["", "a: 1", "--- \na: 1\n", "spec: {}\n---\na: 1\n", "# c\n"] {
        let _ = file(text);
    }
}
