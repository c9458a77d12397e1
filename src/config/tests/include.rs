//! `include` in small trees of files.

use super::world::{Tree, check, outcomes};

/// A main file beside `a.yml`, `ci/b.yml`, `ci/sub/c.yml` and `notes.txt`, each yaml with one job.
pub(super) fn beside(main: &str) -> Tree {
    Tree::of(main)
        .with("a.yml", "a: {script: x}")
        .with("ci/b.yml", "b: {script: x}")
        .with("ci/sub/c.yml", "c: {script: x}")
        .with("notes.txt", "n: {script: x}")
        .with("empty.yml", "\n")
        .with("comment.yml", "# nothing\n")
        .with("list.yml", "- a\n")
        .with("self.yml", "include: self.yml\ns: {script: x}")
        .variable("DIR", "ci")
        .variable("CI_SERVER_FQDN", "gitlab.example.com")
}

#[test]
fn local_files() {
    let rows = [
        ("a path", "include: a.yml", "a: x"),
        ("a leading slash", "include: /a.yml", "a: x"),
        ("a list", "include: [a.yml, ci/b.yml]", "a: x  b: x"),
        ("a mapping", "include: {local: a.yml}", "a: x"),
        ("twice", "include: [a.yml, a.yml]", "a: x"),
        ("a variable", "include: $DIR/b.yml", "b: x"),
        (
            "an unknown variable vanishes",
            "include: $NOPE/a.yml",
            "a: x",
        ),
        ("a wildcard", "include: ci/*.yml", "b: x"),
        ("any depth", "include: 'ci/**/*.yml'", "b: x  c: x"),
        ("any characters", "include: 'ci/**.yml'", "b: x  c: x"),
        (
            "a wildcard with a leading slash",
            "include: [a.yml, /ci/*.yml]",
            "a: x",
        ),
        (
            "a wildcard skips what was included by path",
            "include: [ci/b.yml, 'ci/**']",
            "b: x  c: x",
        ),
        (
            "a wildcard meets another ending",
            "include: '*.txt'",
            "! include-extension",
        ),
        (
            "no wildcard inside brackets",
            "include: '[a].yml'",
            "! include-missing",
        ),
        (
            "nothing found, in a list",
            "include: ['none/*.yml']\nz: {script: x}",
            "z: x",
        ),
        (
            "nothing found, in a mapping",
            "include: {local: 'none/*.yml'}\nz: {script: x}",
            "! include-invalid",
        ),
        ("null", "include: null\nz: {script: x}", "z: x"),
        ("an empty list", "include: []\nz: {script: x}", "z: x"),
        (
            "a number",
            "include: 5\nz: {script: x}",
            "! include-invalid",
        ),
        (
            "a list of numbers",
            "include: [5]\nz: {script: x}",
            "! include-invalid",
        ),
        ("a nested list", "include: [[a.yml]]", "! include-invalid"),
        (
            "an empty string",
            "include: ''\nz: {script: x}",
            "! include-extension",
        ),
        (
            "an empty mapping",
            "include: {}\nz: {script: x}",
            "! include-invalid",
        ),
        (
            "a list of paths",
            "include: {local: [a.yml]}",
            "! include-invalid",
        ),
        (
            "null for a path",
            "include: {local: null}",
            "! include-invalid",
        ),
        (
            "two kinds",
            "include: {local: a.yml, remote: 'https://e.org/a.yml'}",
            "! include-invalid",
        ),
        (
            "an unknown key goes unnoticed",
            "include: {local: a.yml, foo: 1}",
            "a: x",
        ),
        (
            "an unknown key alone",
            "include: {foo: a.yml}",
            "! include-invalid",
        ),
        (
            "an artifact",
            "include: {artifact: a.yml, job: z}",
            "! include-invalid",
        ),
        ("missing", "include: z.yml", "! include-missing"),
        ("outside", "include: ../a.yml", "! include-outside"),
        ("with a dot", "include: ./a.yml", "! include-missing"),
        (
            "another ending",
            "include: notes.txt",
            "! include-extension",
        ),
        ("no content", "include: empty.yml", "! include-empty"),
        ("only a comment", "include: comment.yml", "! include-empty"),
        (
            "a list as content",
            "include: list.yml",
            "! config-not-mapping",
        ),
        ("itself", "include: self.yml", "! include-limit"),
        (
            "a reference",
            "include: [!reference [.x, y]]\n.x: {y: a.yml}",
            "! include-invalid",
        ),
    ];
    outcomes(
        rows.into_iter()
            .map(|(name, main, expected)| (name, beside(main), expected))
            .collect(),
    );
}

#[test]
fn rules() {
    let rows = [
        ("if is true", "{if: $DIR}", "a: x  z: x"),
        ("if is false", "{if: $NOPE}", "z: x"),
        ("never", "{if: $DIR, when: never}", "z: x"),
        ("always", "{if: $DIR, when: always}", "a: x  z: x"),
        ("when alone", "{when: always}", "a: x  z: x"),
        (
            "the first match decides",
            "{if: $DIR, when: never}, {when: always}",
            "z: x",
        ),
        ("exists", "{exists: [ci/b.yml]}", "a: x  z: x"),
        ("exists not", "{exists: [ci/none.yml]}", "z: x"),
        ("changes that are not known", "{changes: [a]}", "a: x  z: x"),
        ("null", "{if: null}", "a: x  z: x"),
        ("another word", "{when: on_success}", "! invalid-value"),
        (
            "another key",
            "{if: $DIR, allow_failure: true}",
            "! unknown-key",
        ),
        ("no list", "", "! blank-value"),
        ("no condition", "{if: 5}", "! invalid-expression"),
    ];
    let tree = |rule: &str| {
        beside(&format!(
            "include: [{{local: a.yml, rules: [{rule}]}}]\nz: {{script: x}}"
        ))
    };
    outcomes(
        rows.into_iter()
            .map(|(name, rule, expected)| (name, tree(rule), expected))
            .collect(),
    );
}

#[test]
fn what_is_left_over_is_checked() {
    check(
        &[
            (
                "include: {local: a.yml, rules: [{when: never}]}",
                "include-invalid",
            ),
            ("include: [{local: a.yml, rules: [{when: never}]}]", ""),
            (
                "include: [{local: a.yml, foo: 1, rules: [{when: never}]}]",
                "unknown-key",
            ),
            (
                "include: [{local: a.yml, integrity: x, rules: [{when: never}]}]",
                "include-invalid",
            ),
            (
                "include: [{project: g/p, rules: [{when: never}]}]",
                "missing-key",
            ),
        ],
        |text| format!("{text}\nz: {{script: x}}"),
    );
}

#[test]
fn layers() {
    outcomes(vec![
        (
            "own content beats includes, the last include beats the first",
            Tree::of("include: [one.yml, two.yml]\nc: {script: own}")
                .with(
                    "one.yml",
                    "a: {script: one}\nb: {script: one}\nc: {script: one}",
                )
                .with("two.yml", "b: {script: two}\nc: {script: two}"),
            "a: one  b: two  c: own",
        ),
        (
            "an include beats what it includes",
            Tree::of("include: one.yml")
                .with("one.yml", "include: two.yml\na: {script: one}")
                .with("two.yml", "a: {script: two}\nb: {script: two}"),
            "a: one  b: two",
        ),
        (
            "includes come before extends",
            Tree::of("include: one.yml\n.base: {script: new}")
                .with("one.yml", ".base: {script: old}\na: {extends: .base}"),
            "a: new",
        ),
        (
            "null replaces",
            Tree::of("include: one.yml\na: {script: x, stage: null}")
                .with("one.yml", "a: {script: y, stage: nope}"),
            "a: x",
        ),
        (
            "lists are replaced",
            Tree::of("include: one.yml\na: {script: [x]}").with("one.yml", "a: {script: [y, z]}"),
            "a: x",
        ),
    ]);
}
