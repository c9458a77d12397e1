//! `extends` and `!reference` in small files.

use super::world::{Tree, outcomes};

#[test]
fn extends() {
    let chain = |levels: usize| {
        let mut text = "t0: {script: x}\n".to_owned();
        for level in 1..=levels {
            let job = format!("t{level}: {{extends: t{}}}\n", level - 1);
            text.push_str(&job);
        }
        let jobs: Vec<String> = (0..=levels).map(|level| format!("t{level}: x")).collect();
        (text, jobs.join("  "))
    };
    let (eleven, eleven_jobs) = chain(11);
    let (twelve, _) = chain(12);
    outcomes(vec![
        ("one", Tree::of(".b: {script: x}\na: {extends: .b}"), "a: x"),
        (
            "defined later",
            Tree::of("a: {extends: .b}\n.b: {script: x}"),
            "a: x",
        ),
        (
            "own keys win",
            Tree::of(".b: {script: x}\na: {extends: .b, script: y}"),
            "a: y",
        ),
        (
            "the last base wins",
            Tree::of(".b: {script: x}\n.c: {script: y}\na: {extends: [.b, .c]}"),
            "a: y",
        ),
        (
            "null replaces",
            Tree::of(".b: {script: x, stage: nope}\na: {extends: .b, stage: null}"),
            "a: x",
        ),
        (
            "unknown",
            Tree::of("a: {extends: .b, script: x}"),
            "! extends-unknown",
        ),
        (
            "no mapping",
            Tree::of(".b: [x]\na: {extends: .b, script: x}"),
            "! extends-invalid",
        ),
        (
            "a circle",
            Tree::of(".b: {extends: .c}\n.c: {extends: .b}\na: {script: x}"),
            "! extends-circular",
        ),
        ("eleven levels", Tree::of(&eleven), &eleven_jobs),
        ("twelve levels", Tree::of(&twelve), "! extends-too-deep"),
        (
            "a reference is one value",
            Tree::of(".b: {script: !reference [.c, s]}\n.c: {s: [x]}\na: {extends: .b}"),
            "a: x",
        ),
    ]);
}

#[test]
fn references() {
    let rows = [
        ("a value", "!reference [.t, one]", "a: x"),
        ("in a list", "[y, !reference [.t, many]]", "a: y; p; q"),
        ("through a mapping", "!reference [.t, deep, one]", "a: d"),
        ("of a reference", "!reference [.u, again]", "a: x"),
        (
            "nothing there",
            "!reference [.t, none]",
            "! reference-missing",
        ),
        (
            "null there",
            "!reference [.t, null_]",
            "! reference-missing",
        ),
        (
            "false there",
            "!reference [.t, false_]",
            "! reference-missing",
        ),
        (
            "through a list",
            "!reference [.t, many, '0']",
            "! reference-missing",
        ),
        (
            "through a reference",
            "!reference [.u, whole, one]",
            "! reference-missing",
        ),
        (
            "a circle",
            "!reference [.u, circle]",
            "! reference-circular",
        ),
        ("itself", "!reference [a, script]", "! reference-circular"),
        ("no path", "!reference []", "! reference-invalid"),
        ("numbers", "!reference [1]", "! reference-invalid"),
        ("no list", "!reference .t", "! reference-invalid"),
    ];
    let tree = |script: &str| {
        // Every reference is resolved, so the circle stands only where it is asked for.
        let circle = if script.contains("circle") {
            "!reference [.u, circle]"
        } else {
            "none"
        };
        Tree::of(&format!(
            ".t: {{one: x, many: [p, q], deep: {{one: d}}, null_: null, false_: false}}\n.u:\n  again: !reference [.t, one]\n  whole: !reference [.t]\n  circle: {circle}\na:\n  script: {script}\n"
        ))
    };
    outcomes(
        rows.into_iter()
            .map(|(name, script, expected)| (name, tree(script), expected))
            .collect(),
    );
}
