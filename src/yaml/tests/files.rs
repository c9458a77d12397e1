//! Which document of a file is read, and what of it is a header, row by row (configuration reference
//! 2.1, 2.4).

use super::dump::file;

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
