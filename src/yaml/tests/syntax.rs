//! Syntax errors as users see them.

use crate::diag::{concise, full};
use crate::source::SourceMap;
use crate::yaml::load;

/// The findings of `text`, drawn.
fn drawn(text: &str) -> String {
    let mut sources = SourceMap::default();
    let file = sources.add("ci.yml", text);
    full(&load(file, text).1, &sources, false)
}

/// Each text and its first finding on one line.
fn listed(texts: &[&str]) -> String {
    let line = |text: &&str| {
        let mut sources = SourceMap::default();
        let file = sources.add("", *text);
        let found = concise(&load(file, text).1, &sources);
        let first = found
            .lines()
            .next()
            .unwrap_or("nothing")
            .replace("error[yaml-syntax]: ", "");
        format!("{text:?}\n    {}", first.trim_start_matches(':'))
    };
    texts.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn tabs() {
    insta::assert_snapshot!(listed(&[
        "job:\n\tscript: x\n",
        "job:\n  script: x\n\tstage: y\n",
        "job:\n  script:\n  - a\n \t- b\n",
        "a: |\n  x\n\ty\n",
        "-\tx\n",
    ]), @r#"
    "job:\n\tscript: x\n"
        2:1: a tab is used for indentation
    "job:\n  script: x\n\tstage: y\n"
        3:1: a tab is used for indentation
    "job:\n  script:\n  - a\n \t- b\n"
        4:2: a tab is used for indentation
    "a: |\n  x\n\ty\n"
        3:1: a tab is used for indentation
    "-\tx\n"
        1:2: a tab stands where YAML expects a space
    "#);
}

#[test]
fn quotes() {
    insta::assert_snapshot!(listed(&[
        "a: \"x\nb: 1\n",
        "a: 'x\n---\nb: 1\n",
        "a: 'don't'\nb: 1\n",
        "a: \"x\nb: \"y\"\n",
        "a: \"x\" y\n",
        "a: [\"x\" y]\n",
        "- 'x' 'y'\n",
        "a: \"b\": c\n",
        "a: \"\\d\"\n",
        "a: \"\\xZZ\"\n",
        "a: \"\\UFFFFFFFF\"\n",
    ]), @r#"
    "a: \"x\nb: 1\n"
        1:4: the quote `"` is never closed
    "a: 'x\n---\nb: 1\n"
        1:4: the quote `'` is never closed
    "a: 'don't'\nb: 1\n"
        1:9: unexpected text behind the closing quote `'`
    "a: \"x\nb: \"y\"\n"
        2:5: unexpected text behind the closing quote `"`
    "a: \"x\" y\n"
        1:8: unexpected text behind the closing quote `"`
    "a: [\"x\" y]\n"
        1:9: unexpected text behind the closing quote `"`
    "- 'x' 'y'\n"
        1:7: unexpected text behind the closing quote `'`
    "a: \"b\": c\n"
        1:7: unexpected text behind the closing quote `"`
    "a: \"\\d\"\n"
        1:5: `\d` is no escape of YAML
    "a: \"\\xZZ\"\n"
        1:7: the escape needs more hexadecimal digits
    "a: \"\\UFFFFFFFF\"\n"
        1:7: the escape is no Unicode character
    "#);
}

#[test]
fn keys_and_colons() {
    insta::assert_snapshot!(listed(&[
        "script: echo a: b\n",
        "job:\n  script:\n    - echo a: b: c\n",
        "job:\n  script: x\n  stage\n  image: y\n",
        "foo\nbar: 1\n",
        "a:b\nc: d\n",
        "script: - x\n",
        "a: [- x]\n",
        "a: ? b\n",
    ]), @r#"
    "script: echo a: b\n"
        1:15: a value can't hold a second `: `
    "job:\n  script:\n    - echo a: b: c\n"
        3:16: a value can't hold a second `: `
    "job:\n  script: x\n  stage\n  image: y\n"
        3:3: `stage` has no `:` behind it
    "foo\nbar: 1\n"
        1:1: `foo` has no `:` behind it
    "a:b\nc: d\n"
        1:1: `a:b` is no key, because no blank follows its `:`
    "script: - x\n"
        1:9: a list can't begin on the line of its key
    "a: [- x]\n"
        1:5: unexpected `-` where a value is expected
    "a: ? b\n"
        1:4: unexpected `?` where a value is expected
    "#);
}

#[test]
fn indentation() {
    insta::assert_snapshot!(listed(&[
        "job:\n  script: x\n    stage: y\n",
        "job:\n    script: x\n  stage: y\n",
        "job:\n  script:\n    - a\n    b: c\n",
        "job:\n  script: x\n  - y\n",
    ]), @r#"
    "job:\n  script: x\n    stage: y\n"
        3:5: this line is indented deeper, so it goes on with the value of the line above
    "job:\n    script: x\n  stage: y\n"
        3:3: the indentation of this line fits no line above it
    "job:\n  script:\n    - a\n    b: c\n"
        4:5: expected another `- item` of the list
    "job:\n  script: x\n  - y\n"
        3:3: a list item stands where a key is expected
    "#);
}

#[test]
fn brackets() {
    insta::assert_snapshot!(listed(&[
        "a: [1, 2\nb: 3\n",
        "a: [1, 2",
        "a: {b: 1\nc: 2\n",
        "a: [1, 2}\n",
        "a: [1]]\n",
        "script: [ -f x ] && echo\n",
        "script: [a] b\n",
        "a: ,\n",
        "a: ]\n",
        "a: [,]\n",
    ]), @r#"
    "a: [1, 2\nb: 3\n"
        2:2: expected `,` or `]` in the list that begins with `[`
    "a: [1, 2"
        1:9: the list that begins with `[` is never closed
    "a: {b: 1\nc: 2\n"
        2:2: expected `,` or `}` in the mapping that begins with `{`
    "a: [1, 2}\n"
        1:9: expected `,` or `]` in the list that begins with `[`
    "a: [1]]\n"
        1:7: unexpected text behind `]`
    "script: [ -f x ] && echo\n"
        1:18: unexpected text behind `]`
    "script: [a] b\n"
        1:13: unexpected text behind `]`
    "a: ,\n"
        1:4: unexpected `,` where a value is expected
    "a: ]\n"
        1:4: unexpected `]` where a value is expected
    "a: [,]\n"
        1:5: unexpected `,` where a value is expected
    "#);
}

#[test]
fn reserved_characters() {
    insta::assert_snapshot!(listed(&[
        "a: @x\n",
        "a: `x`\n",
        "a: %x\n",
        "%x\na: 1\n",
        "%YAML 3.0\n---\na: 1\n",
        "%YAML 1.1\na: 1\n",
        "a: *.log\n",
        "- *\n",
        "a: & b\n",
        "a: &b.c d\n",
        "a: !e!foo b\n",
        "a: !<x b\n",
        "a: | text\n  b\n",
        "a: |0\n  b\n",
        "a: \u{7}\n",
        "a: b\u{0}c\n",
        "a: \u{feff}\u{fffe}\n",
    ]), @r#"
    "a: @x\n"
        1:4: an unquoted value can't begin with `@`
    "a: `x`\n"
        1:4: an unquoted value can't begin with a backtick
    "a: %x\n"
        1:4: an unquoted value can't begin with `%`
    "%x\na: 1\n"
        1:1: an unquoted value can't begin with `%`
    "%YAML 3.0\n---\na: 1\n"
        1:1: the directive `%YAML 3.0` is not possible here
    "%YAML 1.1\na: 1\n"
        2:1: a line with `---` must follow the `%` directives
    "a: *.log\n"
        1:4: a value that begins with `*` is an alias and needs a name
    "- *\n"
        1:3: a value that begins with `*` is an alias and needs a name
    "a: & b\n"
        1:4: a value that begins with `&` is an anchor and needs a name
    "a: &b.c d\n"
        1:6: the name of an anchor has only letters, digits, `-` and `_`
    "a: !e!foo b\n"
        1:4: a value that begins with `!` has a tag, and `!e!foo` is none
    "a: !<x b\n"
        1:4: a value that begins with `!` has a tag, and `!<x` is none
    "a: | text\n  b\n"
        1:6: text can't stand on the line of `|`
    "a: |0\n  b\n"
        1:5: an indentation of 0 is not possible
    "a: \u{7}\n"
        1:4: the character U+0007 is not allowed in YAML
    "a: b\0c\n"
        1:5: the character U+0000 is not allowed in YAML
    "a: \u{feff}\u{fffe}\n"
        1:5: the character U+FFFE is not allowed in YAML
    "#);
}

#[test]
fn an_open_quote_is_shown_where_it_opens() {
    insta::assert_snapshot!(drawn("a: \"x\nb: \"y\"\n"), @r#"
    error[yaml-syntax]: unexpected text behind the closing quote `"`
     --> ci.yml:2:5
      |
    1 | a: "x
      |    - the quote opens here, on another line
    2 | b: "y"
      |     ^^ not part of the quoted value
      |
    help: close the quote on the line where it opens
    "#);
}

#[test]
fn a_second_colon_is_shown_with_the_first() {
    insta::assert_snapshot!(drawn("job:\r\n  script:\r\n    - echo ü: b: c\r\n"), @r"
    error[yaml-syntax]: a value can't hold a second `: `
     --> ci.yml:3:16
      |
    3 |     - echo ü: b: c
      |             -  ^ the second one
      |             |
      |             the key ends here
      |
    help: quote the value: `'echo ü: b: c'`
    ");
}

#[test]
fn a_wrong_indentation_is_shown_with_its_neighbours() {
    insta::assert_snapshot!(drawn("job:\n    script: x\n  stage: y\n"), @r"
    error[yaml-syntax]: the indentation of this line fits no line above it
     --> ci.yml:3:3
      |
    1 | job:
      | - the keys here are indented by 0
    2 |     script: x
      |     - indented by 4
    3 |   stage: y
      |   ^^^^^^^^ indented by 2
      |
    help: give lines of the same level the same indentation
    ");
}

#[test]
fn places_count_from_the_start_of_the_file() {
    insta::assert_snapshot!(drawn("\u{feff}spec:\n---\na: [1\nb: 2\n---\nc: @d\n"), @r"
    error[yaml-syntax]: expected `,` or `]` in the list that begins with `[`
     --> ci.yml:4:2
      |
    3 | a: [1
      |    - opened here
    4 | b: 2
      |  ^ unexpected
      |
    help: close it with `]`, or put `,` between its items; quote items that are text

    error[yaml-syntax]: an unquoted value can't begin with `@`
     --> ci.yml:6:4
      |
    6 | c: @d
      |    ^ reserved by YAML
      |
    help: quote it: `'@d'`
    ");
}

#[test]
fn findings_that_are_no_syntax_errors() {
    insta::assert_snapshot!(drawn(
        ".t: &temp {script: a}\na: *tmep\nb: 2024-01-02\nc: !ruby/object {}\nd: !foo x\n\
         e:\n  script: b\n  <<: *temp\nb: 1\n"
    ), @r#"
    error[yaml-unknown-alias]: the alias `*tmep` has no anchor above it
     --> ci.yml:2:4
      |
    2 | a: *tmep
      |    ^^^^^ unknown alias
      |
    help: did you mean `*temp`?

    error[yaml-timestamp]: `2024-01-02` is read as a date, which GitLab refuses to load
     --> ci.yml:3:4
      |
    3 | b: 2024-01-02
      |    ^^^^^^^^^^ a date, because it is not quoted
      |
    help: quote it: `"2024-01-02"`

    error[yaml-foreign-tag]: GitLab refuses the tag `!ruby/object`
     --> ci.yml:4:4
      |
    4 | c: !ruby/object {}
      |    ^^^^^^^^^^^^ would build a Ruby object
      |
    help: remove the tag: only plain data and `!reference` are accepted

    warning[yaml-unknown-tag]: GitLab ignores the unknown tag `!foo`
     --> ci.yml:5:4
      |
    5 | d: !foo x
      |    ^^^^
      |
    help: remove it; for a text that begins with `!`, use quotes

    warning[yaml-merge-overrides]: `script` is overwritten by the `<<` below it
     --> ci.yml:7:3
      |
    7 |   script: b
      |   ^^^^^^ has no effect
    8 |   <<: *temp
      |       ----- brings another `script`
      |
      = note: in GitLab a merge key takes effect where it stands
    help: write `<<` above the keys that shall win

    warning[yaml-duplicate-key]: `b` is written twice in one mapping, and only the last one counts
     --> ci.yml:9:1
      |
    3 | b: 2024-01-02
      | - ignored
    ...
    9 | b: 1
      | ^ this one counts
      |
    help: put both into one, or remove the first
    "#);
}
