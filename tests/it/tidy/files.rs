//! The files of the repository.

use regex::Regex;
use std::fs;
use std::path::{Path, PathBuf};

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
}

impl File {
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

/// The Rust files of the library and the program.
pub(super) fn sources() -> Vec<File> {
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

/// The paths, without `.rs`, of the modules that this file declares for tests alone.
fn test_modules(file: &File) -> Vec<String> {
    let declaration = Regex::new(
        r#"#\[cfg\(test\)\]\s*(?:#\[path = "([^"]+)\.rs"\]\s*)?(?:pub(?:\(\w+\))? )?mod (\w+);"#,
    )
    .expect("the expression is right");
    let folder = match file.path.rsplit_once('/') {
        Some((folder, "mod.rs" | "lib.rs" | "main.rs")) => folder,
        _ => file.path.trim_end_matches(".rs"),
    };
    (declaration.captures_iter(&file.text))
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
        files.push(File {
            path: path.to_string_lossy().replace('\\', "/"),
            text,
            is_test: false,
        });
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
        let file = File {
            path: path.to_owned(),
            text: text.to_owned(),
            is_test: false,
        };
        assert_eq!(test_modules(&file), expected, "{path}: {text}");
    }
}
