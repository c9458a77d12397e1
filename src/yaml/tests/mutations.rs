//! Mutations of small texts: none may panic or take long, and all places must be valid.

use std::time::{Duration, Instant};

use crate::diag::{Diagnostic, concise, full, json};
use crate::source::{FileId, SourceMap, Span};
use crate::yaml::{Kind, Value, load};

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
pub(super) const MAX_TIME: Duration = Duration::from_secs(3);

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
#[expect(clippy::print_stdout, reason = "the count is part of the result")]
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
