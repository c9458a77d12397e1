//! `completions/` and `man/` are made from the definition of the command line.
//!
//! `PIPE_BLESS=1 cargo test --test it generated` writes them anew.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use pipe::tested::{COMPLETIONS, completion, man_pages};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    entries
        .map(|entry| entry.expect("the folder can be read"))
        .map(|entry| {
            let text = fs::read_to_string(entry.path()).expect("the file can be read");
            (entry.file_name().to_string_lossy().into_owned(), text)
        })
        .collect()
}

/// Files of the folder that are not as they should be, extra ones too.
fn differences(
    found: &BTreeMap<String, String>,
    expected: &BTreeMap<String, String>,
) -> Vec<String> {
    let names = found.keys().chain(expected.keys());
    let mut differing: Vec<String> = names
        .filter(|name| found.get(*name) != expected.get(*name))
        .cloned()
        .collect();
    differing.sort_unstable();
    differing.dedup();
    differing
}

fn hold(name: &str, expected: &BTreeMap<String, String>) {
    let folder = folder(name);
    if std::env::var_os("PIPE_BLESS").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the folder can be made");
        for (name, text) in expected {
            fs::write(folder.join(name), text).expect("the file can be written");
        }
    }
    let differing = differences(&read(&folder), expected);
    assert!(
        differing.is_empty(),
        "{name}/ is not what the command line says: {}; `PIPE_BLESS=1 cargo test --test it generated` writes it anew",
        differing.join(", ")
    );
}

#[test]
fn completions_are_up_to_date() {
    let scripts = COMPLETIONS.iter();
    hold(
        "completions",
        &scripts
            .map(|(name, shell)| ((*name).to_owned(), completion(*shell)))
            .collect(),
    );
}

#[test]
fn manual_pages_are_up_to_date() {
    hold("man", &man_pages().into_iter().collect());
}

#[test]
fn differences_are_seen() {
    let files = |rows: &[(&str, &str)]| -> BTreeMap<String, String> {
        rows.iter()
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect()
    };
    let expected = files(&[("a", "1"), ("b", "2")]);
    for (found, differing) in [
        (files(&[("a", "1"), ("b", "2")]), &[][..]),
        (files(&[("a", "1")]), &["b"]),
        (files(&[("a", "0"), ("b", "2")]), &["a"]),
        (files(&[("a", "1"), ("b", "2"), ("c", "3")]), &["c"]),
    ] {
        assert_eq!(differences(&found, &expected), differing, "{found:?}");
    }
}

#[test]
fn the_manual_has_no_mistakes_of_its_own() {
    // Where there is no `man`, another machine looks.
    let Ok(version) = Command::new("man").arg("--version").output() else {
        return;
    };
    if !String::from_utf8_lossy(&version.stdout).starts_with("man ") {
        return;
    }
    for (name, _) in man_pages() {
        let page = folder("man").join(&name);
        let output = Command::new("man")
            .args(["--warnings", "--local-file"])
            .arg(&page)
            .env("MANPAGER", "cat")
            .env("LC_ALL", "C.UTF-8")
            .output()
            .expect("man can be started");
        let warnings = String::from_utf8_lossy(&output.stderr);
        assert!(warnings.is_empty(), "{name}: {warnings}");
    }
}
