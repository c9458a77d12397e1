//! Texts made to hurt: none may panic, none may take long, and all places must be valid.

use std::time::{Duration, Instant};

use crate::diag::{Diagnostic, concise, full, json};
use crate::source::{FileId, SourceMap, Span};
use crate::yaml::{Kind, Value, load};

use super::dump::codes;

/// Small texts that together use every part of the reader.
const CORPUS: &[&str] = &[
    "stages: [build, test]\njob:\n  stage: test\n  script:\n    - echo a\n    - \"echo: b\"\n",
    ".t: &t {script: [a], tags: [x]}\na:\n  <<: *t\n  tags: [y]\nb:\n  tags: [z]\n  <<: [*t, {x: 1}]\n",
    "spec:\n  inputs:\n    env: {default: qa}\n---\n\"deploy-$[[ inputs.env ]]\":\n  script: x\n",
    "a: |\n  line 1\n   line 2\n\n  line 3\nb: >-\n  folded\n  text\nc: |+2\n   x\n",
    "\u{feff}ключ: значение # комментарий\r\n日本: [語, \"🚀\"]\r\n",
    "a: !reference [.x, script]\nb: &r !reference [y]\nc: *r\nd: !!str 1\ne: !foo bar\n",
    "a: 1:30\nb: 0x1F\nc: 1_000\nd: 3.10\ne: 2024-01-02\nf: :sym\ng: ~\nh: .inf\ni: 1.5e+3\n",
    "? [a, b]\n: {c: d, e}\n? |\n  k\n: - 1\n  - - 2\n    - 3\n",
    "'it''s': \"\\x41\\u00e9\\n \\\n  x\"\nplain text\n  over lines: x\n",
    "%YAML 1.1\n%TAG !e! tag:x,2000:\n---\na: !e!b c\n...\nrest\n",
    "a: &a {b: &b [*a]}\nc: &c\n  <<: *c\n  d: {<<: *c}\n",
    "---\na: 1\n---\nb: 2\n---\nc: 3\n---\nd: 4\n",
    "a: [1, 2, {x: y}, 'z', \"w\", *q, !t v, &n m]\n",
];

/// Pieces that mean something to YAML; a mutation inserts one of them.
const TOKENS: &[&str] = &[
    "\t",
    "\n",
    "\r\n",
    "\r",
    " ",
    "  ",
    ": ",
    ":",
    "- ",
    "-",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "<<: *a",
    "!x ",
    "!!str ",
    "!reference ",
    "'",
    "\"",
    "|",
    ">",
    "|0",
    "#",
    " #",
    "%",
    "@",
    "`",
    "---\n",
    "--- ",
    "...\n",
    "\\",
    "\\x",
    "\u{feff}",
    "\u{85}",
    "\u{2028}",
    "é",
    "\u{0}",
    "\u{7f}",
    "2024-01-02",
    "1:30",
    "~",
    ".5",
    "<<",
    "=",
];

/// Inputs made from the corpus.
const MUTATIONS: usize = 110_000;

/// What one input may take, on a busy machine and without optimization; on an idle one all take
/// less than a tenth of it, and what is quadratic takes far more.
const MAX_TIME: Duration = Duration::from_secs(3);

/// Marsaglia's xorshift: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).expect("below a usize")
    }

    /// A place in the text, between two characters.
    fn boundary(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

fn mutate(random: &mut Random) -> String {
    let mut text = CORPUS[random.below(CORPUS.len())].to_owned();
    for _ in 0..=random.below(4) {
        let (at, to) = (random.boundary(&text), random.boundary(&text));
        let range = at.min(to)..at.max(to);
        match random.below(6) {
            0 | 1 => text.insert_str(at, TOKENS[random.below(TOKENS.len())]),
            2 => {
                let end = text[at..]
                    .char_indices()
                    .nth(1)
                    .map_or(text.len(), |(i, _)| at + i);
                text.replace_range(at..end, TOKENS[random.below(TOKENS.len())]);
            }
            3 if range.len() < 40 => text.replace_range(range, ""),
            4 => {
                let copy = text[range].to_owned();
                text.insert_str(at, &copy);
            }
            _ => text.truncate(range.end),
        }
    }
    text
}

/// Every place of the value lies in the text and on the borders of characters.
fn check_places(value: &Value, text: &str) {
    let check = |span: Span| {
        let bytes = span.start as usize..span.end as usize;
        assert!(
            text.get(bytes).is_some(),
            "{span:?} is no place of {text:?}"
        );
    };
    check(value.span);
    match &value.kind {
        Kind::Seq(items) => items.iter().for_each(|item| check_places(item, text)),
        Kind::Reference(inner) => check_places(inner, text),
        Kind::Map(map) => {
            for entry in map.entries() {
                check(entry.key_span);
                entry.via.into_iter().for_each(check);
                check_places(&entry.value, text);
            }
        }
        _ => {}
    }
}

/// Every finding can be drawn in every form, and is about the text.
fn check_findings(found: &[Diagnostic], text: &str) {
    let mut sources = SourceMap::default();
    sources.add("ci.yml", text);
    for diagnostic in found {
        let labels = diagnostic.labels.iter().map(|label| label.span);
        for span in diagnostic.primary.into_iter().chain(labels) {
            assert!(sources.text(span).is_some(), "{diagnostic:?} in {text:?}");
        }
    }
    let lines = concise(found, &sources).lines().count();
    assert_eq!(lines, json(found, &sources).len(), "{text:?}");
    assert_eq!(
        full(found, &sources, false).is_empty(),
        found.is_empty(),
        "{text:?}"
    );
}

#[test]
fn mutated_texts_are_read_or_refused() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut valid, mut slowest) = (0, Duration::ZERO);
    for round in 0..MUTATIONS {
        let text = mutate(&mut random);
        let begin = Instant::now();
        let (loaded, found) = load(FileId(0), &text);
        slowest = slowest.max(begin.elapsed());
        assert!(
            loaded.is_some() || !found.is_empty(),
            "no reason is given for {text:?}"
        );
        if let Some(loaded) = loaded {
            valid += 1;
            check_places(&loaded.content, &text);
        }
        // Drawing is slower than reading; a part of the rounds is enough for it.
        if round % 8 == 0 {
            check_findings(&found, &text);
        }
    }
    println!("{MUTATIONS} mutated inputs, {valid} of them valid, the slowest took {slowest:?}");
    assert!(slowest < MAX_TIME, "the slowest took {slowest:?}");
    assert!(
        (MUTATIONS / 10..MUTATIONS).contains(&valid),
        "{valid} valid inputs test little"
    );
}

/// A name, a text and what is found in it.
fn bombs() -> Vec<(&'static str, String, &'static str)> {
    let levels = |step: &dyn Fn(usize) -> String| (1..12).map(step).collect::<String>();
    let nine = |level: usize| vec![format!("*a{}", level - 1); 9].join(", ");
    let laughs = levels(&|level| format!("a{level}: &a{level} [{}]\n", nine(level)));
    let merges = levels(&|level| {
        format!(
            "a{level}: &a{level} {{<<: [{}], k{level}: 1}}\n",
            nine(level)
        )
    });
    let keys: String = (0..2_000).map(|key| format!("k{key}: 1\n  ")).collect();
    let copies = "- {<<: *a}\n".repeat(20_000);
    let chain: String = (1..50_000)
        .map(|n| format!("a{n}: &a{n} [*a{}]\n", n - 1))
        .collect();
    vec![
        (
            "billion laughs",
            format!("a0: &a0 [x]\n{laughs}"),
            "yaml-too-big",
        ),
        ("merge bomb", format!("a0: &a0 {{x: 1}}\n{merges}"), ""),
        (
            "wide merges",
            format!("a: &a\n  {keys}\nb:\n{copies}"),
            "yaml-too-big",
        ),
        (
            "a chain of aliases",
            format!("a0: &a0 [x]\n{chain}"),
            "yaml-too-big",
        ),
        ("open brackets", "[".repeat(100_000), "yaml-too-big"),
        (
            "open mappings",
            format!("a: {}", "{a: ".repeat(100_000)),
            "yaml-too-big",
        ),
        ("dashes", "- ".repeat(50_000), "yaml-too-big"),
        ("question marks", "? ".repeat(20_000), "yaml-too-big"),
        (
            "stairs",
            (0..1_000)
                .map(|n| format!("{}a:\n", " ".repeat(n)))
                .collect(),
            "yaml-too-big",
        ),
        (
            "directives",
            format!("{}---\na: 1\n", "%TAG !a! b\n".repeat(150_000)),
            "yaml-too-big",
        ),
        (
            "anchors",
            (0..10_000).map(|n| format!("a{n}: &a{n} 1\n")).collect(),
            "",
        ),
        (
            "tags",
            format!("a:\n{}", "- !x a\n".repeat(20_000)),
            "yaml-unknown-tag",
        ),
        ("one long word", "a".repeat(500_000), "config-not-mapping"),
        (
            "one long key",
            format!("{}: 1", "a".repeat(500_000)),
            "yaml-syntax",
        ),
        (
            "one long alias",
            format!("a: *{}", "b".repeat(500_000)),
            "yaml-unknown-alias",
        ),
        (
            "one long tag",
            format!("a: !{} b", "c".repeat(500_000)),
            "yaml-unknown-tag",
        ),
        (
            "an open quote",
            format!("a: \"{}", "b\n".repeat(250_000)),
            "yaml-syntax",
        ),
        (
            "blank lines",
            format!("a:{}b: [", "\n".repeat(500_000)),
            "yaml-syntax",
        ),
        ("comments", "#\n".repeat(250_000), ""),
        (
            "carriage returns",
            format!("a: [{}", "\r".repeat(500_000)),
            "yaml-syntax",
        ),
        ("dividers", "---\n".repeat(100_000), ""),
        (
            "a flat list",
            format!("a:\n{}", "- a\n".repeat(100_000)),
            "yaml-too-big",
        ),
        (
            "one byte too many",
            format!("a: {}", "b".repeat(2 * 1024 * 1024 - 2)),
            "file-too-big",
        ),
        (
            "just not too many",
            format!("a: {}", "b".repeat(2 * 1024 * 1024 - 300)),
            "",
        ),
    ]
}

#[test]
fn bombs_are_cheap() {
    for (name, text, expected) in bombs() {
        let begin = Instant::now();
        let (loaded, found) = load(FileId(0), &text);
        drop(loaded);
        let elapsed = begin.elapsed();
        println!("{name}: {elapsed:?}");
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
    let text: String = (0..20_000).map(|n| format!("a: *b{n}\n")).collect();
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
