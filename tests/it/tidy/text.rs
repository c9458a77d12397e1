//! Words that must not be in the repository.

use super::assert_none;
use super::files::{File, root, under};
use std::path::Path;

/// Everything that we write by hand. Data of tests may hold any word.
fn written() -> impl Iterator<Item = File> {
    [
        "src",
        "tests",
        ".ci",
        ".gitlab-ci.yml",
        "Cargo.toml",
        "README.md",
        "CHANGELOG.md",
    ]
    .into_iter()
    .flat_map(under)
    .filter(|file| {
        !file.path.starts_with("tests/data/") && !file.path.starts_with("tests/fixtures/")
    })
    .filter(|file| file.path != "tests/it/tidy/text.rs")
}

/// The places where one of the words stands, not as a part of a longer one.
fn places(files: impl Iterator<Item = File>, words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for (number, line) in file.text.lines().enumerate() {
            for word in words.iter().filter(|word| holds(line, word)) {
                found.push(format!("{}:{}: {word}", file.path, number + 1));
            }
        }
    }
    found
}

fn holds(line: &str, word: &str) -> bool {
    let part_of_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    line.match_indices(word).any(|(at, _)| {
        let inner_start =
            word.starts_with(char::is_alphanumeric) && part_of_word(line[..at].chars().next_back());
        let inner_end = word.ends_with(char::is_alphanumeric)
            && part_of_word(line[at + word.len()..].chars().next());
        !inner_start && !inner_end
    })
}

#[test]
fn nothing_is_left_to_do() {
    let words = [
        "dbg!",
        "todo!",
        "unimplemented!",
        "FIXME",
        "XXX",
        "#[ignore",
    ]
    .map(str::to_owned);
    assert_none("finish it, or open an issue", &places(written(), &words));
}

#[test]
fn no_path_of_a_developers_machine() {
    let parent = root().parent().unwrap_or(root());
    // Folders that every machine has say nothing about this one.
    let common = [
        "/", "/tmp", "/var/tmp", "/root", "/home", "/builds", "/src", "/usr/src",
    ];
    let mut words = vec![root().display().to_string()];
    if !common.iter().any(|path| Path::new(path) == parent) {
        words.push(format!("{}/", parent.display()));
    }
    let everything = ["completions", "man"]
        .into_iter()
        .filter(|top| root().join(top).exists())
        .flat_map(under);
    assert_none(
        "a path of this machine",
        &places(written().chain(everything), &words),
    );
}

#[test]
fn the_changelog_knows_this_version() {
    let changelog = under("CHANGELOG.md").remove(0).text;
    let heading = format!("## [{}]", env!("CARGO_PKG_VERSION"));
    assert!(
        changelog.lines().any(|line| line.starts_with(&heading)),
        "no heading `{heading}`"
    );
}

#[test]
fn a_word_is_a_whole_word() {
    let rows = [
        ("a XXX b", "XXX", true),
        ("mktemp x.XXXXXX", "XXX", false),
        ("dbg!(x)", "dbg!", true),
        ("#[ignore = \"why\"]", "#[ignore", true),
        ("/place/main/x", "/place/", true),
        ("/displace/main", "place/", false),
    ];
    for (line, word, expected) in rows {
        assert_eq!(holds(line, word), expected, "{line}");
    }
}
