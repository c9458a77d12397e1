//! The files of the repository.

use super::code::{Named, paths, without_tests, without_text};
use regex::Regex;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, OnceLock};

/// The top of the checkout.
pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One file: its path from the top, with `/`, and its text.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: String,
    /// Of a module that exists only in tests, which is free to use what it needs.
    pub(super) is_test: bool,
    named: OnceLock<Vec<Named>>,
}

impl File {
    /// One with this text, which is of no test.
    pub(super) fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            is_test: false,
            named: OnceLock::new(),
        }
    }

    /// What its own code, tests in it aside, names.
    pub(super) fn named(&self) -> &[Named] {
        let read = || paths(&without_tests(&without_text(&self.text)));
        self.named.get_or_init(read)
    }

    pub(super) fn is_rust(&self) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|kind| kind == "rs")
    }

    /// `src/plan/rules/mod.rs` is `["plan", "rules"]`; `src/main.rs` and `src/lib.rs` are empty.
    pub(super) fn module(&self) -> Vec<&str> {
        let mut module: Vec<&str> = (self.path.trim_start_matches("src/"))
            .trim_end_matches(".rs")
            .split('/')
            .collect();
        if matches!(module.last(), Some(&("mod" | "lib" | "main"))) {
            module.pop();
        }
        module
    }
}

/// The Rust files of the library and the program, read once for all rules.
pub(super) fn sources() -> &'static [File] {
    static SOURCES: LazyLock<Vec<File>> = LazyLock::new(read_sources);
    &SOURCES
}

fn read_sources() -> Vec<File> {
    let mut sources = under("src");
    sources.retain(File::is_rust);
    assert!(sources.len() > 20, "src was not found");
    let tests: Vec<String> = sources.iter().flat_map(test_modules).collect();
    for file in &mut sources {
        file.is_test = tests.iter().any(|test| {
            let below = file.path.strip_prefix(test.as_str());
            below.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        });
    }
    sources
}

/// A module for tests alone: its path, if one is given, and its name.
static DECLARATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"#\[cfg\(test\)\]\s*(?:#\[path = "([^"]+)\.rs"\]\s*)?(?:pub(?:\(\w+\))? )?mod (\w+);"#,
    )
    .expect("the expression is right")
});

/// The paths, without `.rs`, of the modules that this file declares for tests alone.
fn test_modules(file: &File) -> Vec<String> {
    let folder = match file.path.rsplit_once('/') {
        Some((folder, "mod.rs" | "lib.rs" | "main.rs")) => folder,
        _ => file.path.trim_end_matches(".rs"),
    };
    (DECLARATION.captures_iter(&file.text))
        .map(|found| match found.get(1) {
            // A given path starts at the file's own folder.
            Some(path) => format!(
                "{}/{}",
                file.path.rsplit_once('/').map_or("", |it| it.0),
                path.as_str()
            ),
            None => format!("{folder}/{}", &found[2]),
        })
        .collect()
}

/// All text files under a folder (or the one file) of the checkout, sorted.
pub(super) fn under(top: &str) -> Vec<File> {
    let mut files = Vec::new();
    walk(&root().join(top), &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn walk(path: &Path, files: &mut Vec<File>) {
    if path.is_dir() {
        for entry in entries(path) {
            walk(&entry, files);
        }
    } else if let Ok(text) = fs::read_to_string(path) {
        let path = path.strip_prefix(root()).expect("all lie under the top");
        let path = path.to_string_lossy().replace('\\', "/");
        files.push(File::new(&path, &text));
    }
}

/// What lies in a folder.
pub(super) fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .expect("the folder can be read")
        .map(|entry| entry.expect("the entry can be read").path())
        .collect()
}

#[test]
fn modules_of_tests_are_known() {
    let rows = [
        (
            "src/plan/mod.rs",
            "#[cfg(test)]\nmod tests;",
            vec!["src/plan/tests"],
        ),
        (
            "src/plan/job.rs",
            "#[cfg(test)]\npub(crate) mod tests;",
            vec!["src/plan/job/tests"],
        ),
        (
            "src/plan/job.rs",
            "#[cfg(test)]\n#[path = \"job_tests.rs\"]\nmod tests;",
            vec!["src/plan/job_tests"],
        ),
        (
            "src/plan/mod.rs",
            "mod job;\n#[cfg(test)]\nmod tests {}",
            vec![],
        ),
    ];
    for (path, text, expected) in rows {
        let file = File::new(path, text);
        assert_eq!(test_modules(&file), expected, "{path}: {text}");
    }
}
