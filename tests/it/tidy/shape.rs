//! How files look: small, introduced, and in their place.

use super::assert_none;
use super::code::without_text;
use super::files::{entries, root, sources, under};

/// Lines. The code style questions 400 and splits at 600; this is where it ends.
const LONGEST: usize = 700;

/// The top level is the user's; what begins with a dot and what cargo makes is left out.
const TOP: [&str; 8] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "README.md",
    "completions",
    "man",
    "src",
    "tests",
];

#[test]
fn files_are_small() {
    let broken: Vec<String> = (sources().iter())
        .filter(|file| !file.is_test)
        .map(|file| (&file.path, file.text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST)
        .map(|(path, lines)| format!("{path}: {lines} lines"))
        .collect();
    assert_none(
        "a file of more than 700 lines is several things: split it",
        &broken,
    );
}

#[test]
fn files_are_introduced() {
    let broken: Vec<String> = (sources().iter().chain(&under("tests/it")))
        .filter(|file| file.is_rust())
        .filter(|file| !file.is_test && !file.text.starts_with("//!"))
        .map(|file| file.path.clone())
        .collect();
    assert_none("a file opens with `//!`: what it owns", &broken);
}

#[test]
fn mod_files_only_lead_on() {
    let broken: Vec<String> = (sources().iter())
        .filter(|file| file.path.ends_with("/mod.rs") && !file.is_test)
        .filter(|file| {
            without_text(&file.text)
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .any(|word| matches!(word, "fn" | "struct" | "enum" | "trait" | "impl" | "const"))
        })
        .map(|file| file.path.clone())
        .collect();
    assert_none(
        "`mod.rs` holds documentation and re-exports, no logic",
        &broken,
    );
}

#[test]
fn the_top_level_is_closed() {
    let broken: Vec<String> = entries(root())
        .iter()
        .filter_map(|path| path.file_name()?.to_str())
        .filter(|name| {
            !name.starts_with('.')
                && !name.starts_with("LICENSE")
                && *name != "target"
                && !TOP.contains(name)
        })
        .map(str::to_owned)
        .collect();
    assert_none(
        "the top level holds nothing else: see tests/README.md",
        &broken,
    );
}
