//! Texts made to hurt: each is refused, or read, in no time.

use std::time::Instant;

use crate::source::FileId;
use crate::yaml::load;

use super::dump::codes;
use super::mutations::MAX_TIME;

/// `make` of each number below `count`, in one text.
fn each(count: usize, make: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |text, n| text + &make(n))
}

/// Level on level, each naming the one below it nine times; `step` writes one.
fn levels(step: impl Fn(usize, &str) -> String) -> String {
    each(11, |n| step(n + 1, &vec![format!("*a{n}"); 9].join(", ")))
}

/// A name, what is found last, and a text.
fn bombs() -> Vec<(&'static str, &'static str, String)> {
    let big = "yaml-too-big";
    let laughs = levels(|n, nine| format!("a{n}: &a{n} [{nine}]\n"));
    let merges = levels(|n, nine| format!("a{n}: &a{n} {{<<: [{nine}], k{n}: 1}}\n"));
    let keys = each(2_000, |n| format!("k{n}: 1\n  "));
    let copies = "- {<<: *a}\n".repeat(20_000);
    let chain = each(50_000, |n| format!("a{}: &a{} [*a{n}]\n", n + 1, n + 1));
    let letters = |count: usize| "b".repeat(count);
    vec![
        ("billion laughs", big, format!("a0: &a0 [x]\n{laughs}")),
        ("merge bomb", "", format!("a0: &a0 {{x: 1}}\n{merges}")),
        ("wide merges", big, format!("a: &a\n  {keys}\nb:\n{copies}")),
        ("chain of aliases", big, format!("a0: &a0 [x]\n{chain}")),
        ("open brackets", big, "[".repeat(100_000)),
        ("open mappings", big, "{a: ".repeat(100_000)),
        ("dashes", big, "- ".repeat(50_000)),
        ("question marks", big, "? ".repeat(20_000)),
        ("stairs", big, each(500, |n| " ".repeat(n) + "a:\n")),
        ("directives", big, "%TAG !a! b\n".repeat(150_000)),
        ("anchors", "", each(10_000, |n| format!("a{n}: &a{n} 1\n"))),
        (
            "tags",
            "yaml-unknown-tag",
            "a:\n".to_owned() + &"- !x a\n".repeat(20_000),
        ),
        (
            "flat list",
            big,
            "a:\n".to_owned() + &"- a\n".repeat(100_000),
        ),
        ("long word", "config-not-mapping", letters(500_000)),
        ("long key", "yaml-syntax", letters(500_000) + ": 1"),
        (
            "long alias",
            "yaml-unknown-alias",
            "a: *".to_owned() + &letters(500_000),
        ),
        (
            "long tag",
            "yaml-unknown-tag",
            "a: !".to_owned() + &letters(500_000),
        ),
        (
            "open quote",
            "yaml-syntax",
            "a: \"".to_owned() + &"b\n".repeat(250_000),
        ),
        (
            "blank lines",
            "yaml-syntax",
            format!("a:{}b: [", "\n".repeat(500_000)),
        ),
        (
            "carriage returns",
            "yaml-syntax",
            "a: [".to_owned() + &"\r".repeat(500_000),
        ),
        ("comments", "", "#\n".repeat(250_000)),
        ("dividers", "", "---\n".repeat(100_000)),
        (
            "one byte too many",
            "file-too-big",
            letters(2 * 1024 * 1024 + 1),
        ),
        (
            "just not too many",
            "",
            "a: ".to_owned() + &letters(2 * 1024 * 1024 - 300),
        ),
    ]
}

#[test]
fn bombs_are_cheap() {
    for (name, expected, text) in bombs() {
        let begin = Instant::now();
        let (loaded, found) = load(FileId(0), &text);
        drop(loaded);
        let elapsed = begin.elapsed();
        let last = found.last().map_or("", |d| d.code.as_str());
        assert_eq!(
            last,
            expected,
            "{name}: {}",
            codes(&found[..found.len().min(9)])
        );
        assert!(elapsed < MAX_TIME, "{name} took {elapsed:?}");
    }
}

#[test]
fn findings_are_limited() {
    let text = each(20_000, |n| format!("a: *b{n}\n"));
    let (_, found) = load(FileId(0), &text);
    assert_eq!(found.len(), 500);
    let last = found.last().expect("500 findings");
    assert_eq!(
        last.notes.last().map(String::as_str),
        Some("39499 more findings in this file are not shown")
    );
}

#[test]
fn depth_is_limited_as_in_gitlab() {
    for (depth, valid) in [(99, true), (100, false)] {
        let text = format!("a: {}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(
            load(FileId(0), &text).0.is_some(),
            valid,
            "{depth} lists in a mapping"
        );
        let half = depth - 50;
        let text = format!(
            "a: &a {}{}\nb: {}*a{}",
            "[".repeat(half),
            "]".repeat(half),
            "[".repeat(50),
            "]".repeat(50)
        );
        assert_eq!(
            load(FileId(0), &text).0.is_some(),
            valid,
            "{depth} lists through an alias"
        );
    }
}
