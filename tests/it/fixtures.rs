//! Every diagnostic code has a folder in `tests/fixtures/codes/` that brings it forth: the files of
//! a project, and what `pipe lint` says about them. Adding a folder adds a test.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pipe::tested::diag::Code;

use crate::cli::Project;

/// Codes that no file of a project brings forth, and why; `badinput` and the units show them.
const ELSEWHERE: &[(&str, &str)] = &[
    ("file-too-big", "needs a file of megabytes"),
    ("include-limit", "needs more than 150 files"),
    ("fetch-failed", "needs a server"),
    ("include-integrity", "needs a server"),
    ("nothing-to-run", "only `run` says so"),
    ("job-unknown", "needs an option of `run`"),
    ("job-not-in-pipeline", "needs an option of `run`"),
    ("job-not-startable", "needs an option of `run`"),
    ("not-a-repository", "needs a folder outside of git"),
    ("no-commit", "needs a repository without a commit"),
    ("bare-repository", "needs a bare repository"),
    ("repository-unreadable", "needs a broken repository"),
    ("revision-unknown", "needs an option"),
    ("keyword-unsupported", "only `run` says so"),
    (
        "executor-unavailable",
        "needs a daemon that does not answer",
    ),
    ("grant-missing", "only `run` says so"),
    ("image-missing", "only `run` says so"),
    ("image-unset", "only `run` says so"),
    ("setting-unreadable", "needs a file that is no text"),
    ("job-without-shell", "only `shell` says so"),
    ("terminal-missing", "only `shell` says so"),
    ("run-unknown", "only commands on past runs say so"),
    ("job-not-recorded", "only commands on past runs say so"),
    ("state-unwritable", "needs a home that can't be written"),
    ("output-unwritable", "needs a full disk"),
];

/// Codes that only `-v` shows.
const VERBOSE: &[&str] = &["keyword-not-run"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/codes")
}

fn cases() -> BTreeSet<String> {
    fs::read_dir(folder())
        .expect("the fixtures are there")
        .map(|entry| entry.expect("the fixtures can be read").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

#[test]
fn every_code_has_a_fixture_or_a_reason() {
    let cases = cases();
    let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().map(|(code, _)| *code).collect();
    let known: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    for code in &known {
        let (fixture, reason) = (cases.contains(*code), elsewhere.contains(code));
        assert!(
            fixture || reason,
            "{code}: add tests/fixtures/codes/{code}, or a reason in ELSEWHERE"
        );
        assert!(
            !(fixture && reason),
            "{code} has a fixture: take it out of ELSEWHERE"
        );
    }
    for name in cases.iter().map(String::as_str).chain(elsewhere) {
        assert!(known.contains(name), "`{name}` is no code");
    }
}

#[test]
fn each_fixture_brings_forth_its_code() {
    for case in cases() {
        let project = Project::copied(&folder().join(&case));
        let shown = match case.as_str() {
            verbose if VERBOSE.contains(&verbose) => project.pipe(&["lint", "-v"]),
            "variable-undefined" => project.pipe(&["lint", "--undefined-variables"]),
            _ => project.pipe(&["lint"]),
        };
        assert!(shown.contains(&format!("[{case}]")), "{case}\n{shown}");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder().join(&case));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("lint", shown));
    }
}

/// What `pipe explain CODE` shows as the example of a code is one.
#[test]
fn the_example_of_each_explanation_brings_forth_its_code() {
    let mut broken = Vec::new();
    for code in Code::ALL {
        let explanation = code.explanation().expect("a unit test holds that");
        let files = explanation.example.files();
        let elsewhere = ELSEWHERE.iter().any(|(name, _)| *name == code.as_str());
        let without_files = elsewhere || *code == Code::NotUtf8;
        if files.is_empty() || without_files {
            if files.is_empty() != without_files {
                broken.push(format!("{code}: files can show it, its example has none"));
            }
            continue;
        }
        let project = Project::empty();
        for (path, text) in files {
            project.write(path, text);
        }
        project.commit();
        let shown = project.pipe(&["lint", "-v", "--undefined-variables"]);
        if !shown.contains(&format!("[{code}]")) {
            broken.push(format!("{code}:\n{shown}"));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// The text of a module with its parts.
fn module(path: &Path) -> String {
    let parts = fs::read_dir(path.with_extension(""));
    let parts = parts
        .into_iter()
        .flatten()
        .flatten()
        .map(|part| part.path());
    let files = parts.chain([path.to_owned()]);
    files
        .filter_map(|file| fs::read_to_string(file).ok())
        .collect()
}

/// A golden file whose test is gone would hold nothing any more.
#[test]
fn every_golden_file_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let snapshots = ["", "cli/", "fetch/"].map(|part| format!("tests/it/{part}snapshots"));
    let files = snapshots.iter().flat_map(|folder| {
        let entries = fs::read_dir(root.join(folder)).expect("golden files are there");
        entries.map(|entry| entry.expect("they can be read").path())
    });
    let mut orphans = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("a golden file can be read");
        let source = text.lines().find_map(|line| line.strip_prefix("source: "));
        let source = source.map(|source| module(&root.join(source)));
        let stem = file
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        let name = stem.as_deref().and_then(|stem| stem.rsplit("__").next());
        if !name.is_some_and(|name| source.is_some_and(|source| source.contains(name))) {
            orphans.push(file);
        }
    }
    assert!(
        orphans.is_empty(),
        "no test has these any more: {orphans:?}"
    );
}
