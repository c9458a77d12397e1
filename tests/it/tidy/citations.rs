//! Chapters of `tests/reference` that comments cite exist, and are cited in one way.

use super::assert_none;
use super::files::{File, under};
use regex::{Captures, Regex};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a citation begins with, and the page that it means.
const PAGES: [(&str, &str); 3] = [
    (
        "configuration reference",
        "tests/reference/configuration.md",
    ),
    ("runtime reference", "tests/reference/runtime.md"),
    ("design chapter", "tests/reference/design.md"),
];

/// A chapter, or several: `8.2`, `1.3, 5`, `2.5 to 2.8`. Texts may be broken anywhere.
const CHAPTERS: &str = r"\d+(?:\.\d+)?(?:(?:,|\s+to)\s+\d+(?:\.\d+)?)*";

/// A citation: the words for the page, then the chapters.
static CITATION: LazyLock<Regex> = LazyLock::new(|| {
    let pages = PAGES.map(|(words, _)| words.replace(' ', r"\s+")).join("|");
    expression(&format!(r"(?i)\b({pages})\s+({CHAPTERS})"))
});

/// What may be meant as one, in text where citations read `CITED`.
static LOOSE: LazyLock<Regex> = LazyLock::new(|| {
    expression(
        r"(?x) \b(?:reference|chapters?)\s+(?:chapters?\s+)?\d[\d.]*
        | CITED[,;]?\s*(?:and|or|[–-])?\s*(?:chapters?\s+)?\d[\d.]*
        | \(\d{1,2}\.\d{1,2}(?:,\s+\d{1,2}(?:\.\d{1,2})?)*\)",
    )
});

static NUMBER: LazyLock<Regex> = LazyLock::new(|| expression(r"\d+(?:\.\d+)?"));

fn expression(text: &str) -> Regex {
    Regex::new(text).expect("the expression is right")
}

/// Text that may cite, with the number of its first line.
struct Prose {
    line: usize,
    text: String,
}

/// A chapter that a file cites.
#[derive(Debug, PartialEq, Eq)]
struct Citation {
    line: usize,
    /// The words that name the page.
    page: String,
    chapter: String,
}

/// The comments of a Rust file, those on neighbouring lines as one; another file as a whole.
fn prose(file: &File) -> Vec<Prose> {
    if !file.is_rust() {
        return vec![Prose {
            line: 1,
            text: file.text.clone(),
        }];
    }
    let mut found: Vec<Prose> = Vec::new();
    let mut goes_on = false;
    for (at, line) in file.text.lines().enumerate() {
        let comment = match line.trim_start().strip_prefix("//") {
            Some(comment) => Some(comment.trim_start_matches(['/', '!'])),
            None => line.split_once(" // ").map(|(_, comment)| comment),
        };
        match (comment, found.last_mut()) {
            (Some(comment), Some(last)) if goes_on => {
                last.text.push('\n');
                last.text.push_str(comment);
            }
            (Some(comment), _) => found.push(Prose {
                line: at + 1,
                text: comment.to_owned(),
            }),
            (None, _) => {}
        }
        goes_on = comment.is_some();
    }
    found
}

impl Prose {
    fn line_at(&self, offset: usize) -> usize {
        self.line + self.text[..offset].matches('\n').count()
    }

    /// Every citation in the one way to cite.
    fn citations(&self) -> Vec<Citation> {
        let mut found = Vec::new();
        for cited in CITATION.captures_iter(&self.text) {
            for chapter in chapters(&cited[2]) {
                found.push(Citation {
                    line: self.line_at(cited.get(0).expect("the whole").start()),
                    page: cited[1].split_whitespace().collect::<Vec<_>>().join(" "),
                    chapter,
                });
            }
        }
        found
    }

    /// What looks like a citation and is none that can be searched for: the line and the text.
    fn malformed(&self) -> Vec<(usize, String)> {
        let rest = CITATION.replace_all(&self.text, |cited: &Captures<'_>| {
            "\n".repeat(cited[0].matches('\n').count()) + "CITED"
        });
        (LOOSE.find_iter(&rest))
            .map(|found| {
                let line = self.line + rest[..found.start()].matches('\n').count();
                (line, found.as_str().replace('\n', " "))
            })
            .collect()
    }
}

/// The numbers of a list; of a range its ends.
fn chapters(list: &str) -> Vec<String> {
    (NUMBER.find_iter(list))
        .map(|found| found.as_str().to_owned())
        .collect()
}

/// The chapters of a page, by their headings: `## 3. Title`, `### 3.1 Title`.
fn headings(page: &str) -> Vec<String> {
    let heading = expression(r"(?m)^(?:## (\d+)\.|### (\d+\.\d+)) \S");
    (heading.captures_iter(page))
        .filter_map(|found| found.get(1).or_else(|| found.get(2)))
        .map(|number| number.as_str().to_owned())
        .collect()
}

/// The pages, by the words that cite them.
fn pages() -> BTreeMap<&'static str, Vec<String>> {
    (PAGES.into_iter())
        .map(|(words, path)| (words, headings(&under(path).remove(0).text)))
        .collect()
}

/// Everything that may cite. Data, projects and outputs of tests are not ours to speak in.
fn files() -> Vec<File> {
    let foreign = ["tests/data/", "tests/fixtures/", "tests/samples/"];
    (["src", "tests", "Cargo.toml"].into_iter().flat_map(under))
        .filter(|file| !foreign.iter().any(|folder| file.path.starts_with(folder)))
        .filter(|file| !file.path.contains("/snapshots/"))
        .collect()
}

#[test]
fn cited_chapters_exist() {
    let pages = pages();
    let mut broken = Vec::new();
    let mut count = 0;
    for file in files() {
        for citation in prose(&file).iter().flat_map(Prose::citations) {
            count += 1;
            let Citation {
                line,
                page,
                chapter,
            } = citation;
            if !pages[page.to_lowercase().as_str()].contains(&chapter) {
                broken.push(format!("{}:{line}: {page} {chapter}", file.path));
            }
        }
    }
    assert!(count > 200, "only {count} citations were found");
    assert_none(
        "no such chapter in tests/reference: write it, or cite the right one",
        &broken,
    );
}

#[test]
fn there_is_one_way_to_cite() {
    let mut broken = Vec::new();
    for file in files() {
        // A page means its own chapters by bare numbers.
        if file.path.starts_with("tests/reference/") {
            continue;
        }
        for (line, text) in prose(&file).iter().flat_map(Prose::malformed) {
            broken.push(format!("{}:{line}: {text}", file.path));
        }
    }
    assert_none(
        "cite like `runtime reference 12.2`, `configuration reference 2.5 to 2.8`, `design chapter 3, 6`",
        &broken,
    );
}

#[test]
fn pages_have_the_chapters_that_they_refer_to() {
    let bare = expression(r"\((\d+\.\d+(?:, \d+\.\d+)*)\)|\b[Cc]hapter (\d+)");
    let mut broken = Vec::new();
    for (words, path) in PAGES {
        let page = under(path).remove(0);
        let known = headings(&page.text);
        let others = CITATION.replace_all(&page.text, "");
        for found in bare.captures_iter(&others) {
            let list = found.get(1).or_else(|| found.get(2)).expect("one of them");
            for chapter in chapters(list.as_str()) {
                if !known.contains(&chapter) {
                    broken.push(format!("{path}: {words} {chapter}"));
                }
            }
        }
    }
    assert_none("the page has no such chapter", &broken);
}

#[test]
fn keywords_name_chapters_that_exist() {
    let row = expression(r#"\bkey\(\s*(?:"\w+"|name),\s*"([^"]*)""#);
    let known = &pages()["configuration reference"];
    let mut broken = Vec::new();
    let mut count = 0;
    for file in under("src/config/keywords") {
        for found in row.captures_iter(&file.text) {
            count += 1;
            if !known.iter().any(|chapter| *chapter == found[1]) {
                broken.push(format!("{}: {}", file.path, &found[0]));
            }
        }
    }
    assert!(count > 100, "only {count} keywords were found");
    assert_none(
        "no such chapter in tests/reference/configuration.md",
        &broken,
    );
}

/// A Rust file of that text.
fn rust(text: &str) -> File {
    File::new("src/a.rs", text)
}

#[test]
fn citations_are_found_in_comments() {
    /// Text, and each citation: line, page, chapter.
    type Row<'a> = (&'a str, &'a [(usize, &'a str, &'a str)]);
    let rows: [Row<'_>; 7] = [
        ("let a = \"runtime reference 99.9\";", &[]),
        (
            "/// The end (runtime reference 12.2).",
            &[(1, "runtime reference", "12.2")],
        ),
        (
            "\n//! Where (design\n//! chapter 3, *Held jobs*).",
            &[(2, "design chapter", "3")],
        ),
        (
            "/// Both (runtime reference 1.3,\n/// 5).",
            &[
                (1, "runtime reference", "1.3"),
                (1, "runtime reference", "5"),
            ],
        ),
        (
            "//! configuration reference 2.5 to 2.8; design chapter 6",
            &[
                (1, "configuration reference", "2.5"),
                (1, "configuration reference", "2.8"),
                (1, "design chapter", "6"),
            ],
        ),
        (
            "let a = 1; // design chapter 7",
            &[(1, "design chapter", "7")],
        ),
        ("// runtime\nlet a = 1;\n// reference 3", &[]),
    ];
    for (text, expected) in rows {
        let found: Vec<Citation> = (prose(&rust(text)).iter())
            .flat_map(Prose::citations)
            .collect();
        let found: Vec<_> = (found.iter())
            .map(|it| (it.line, it.page.as_str(), it.chapter.as_str()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn other_ways_to_cite_are_found() {
    let rows = [
        ("/// As in runtime reference 12.2, where it stands.", None),
        ("/// In 12.2 seconds, version 3.2.", None),
        ("/// A reference to 3 jobs.", None),
        ("/// (12.2)", Some("(12.2)")),
        ("/// Checks (6.8, 6.12).", Some("(6.8, 6.12)")),
        ("/// (reference 12.2)", Some("reference 12.2")),
        ("/// (chapter 3)", Some("chapter 3")),
        (
            "/// configuration reference chapter 6",
            Some("reference chapter 6"),
        ),
        ("/// runtime reference 1.3 and 1.4", Some("CITED and 1.4")),
        ("/// runtime reference 1.3–1.5", Some("CITED–1.5")),
    ];
    for (text, expected) in rows {
        let found: Vec<String> = (prose(&rust(text)).iter())
            .flat_map(Prose::malformed)
            .map(|(_, text)| text)
            .collect();
        let expected: Vec<&str> = expected.into_iter().collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn chapters_are_headings() {
    let page =
        "# A\n\n## 3. Three\n\n### 3.1 One\n\n```\n## no\n```\n### 3.10 Ten\n#### 4.1 Deeper\n";
    assert_eq!(headings(page), ["3", "3.1", "3.10"]);
}
