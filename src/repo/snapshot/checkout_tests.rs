//! What a checkout does with line ends, history and submodules.

use std::path::Path;

use crate::repo::fixture::Fixture;
use crate::repo::{SnapshotOptions, TreeSource};

use super::take_tests::{branch, entries, git, snapshot, unpack};

#[test]
fn line_ends_are_those_of_a_checkout() {
    let fixture = Fixture::with(&[
        (
            ".gitattributes",
            "*.bat eol=crlf\nsub/* text\nsub/raw -text\n",
        ),
        ("a.bat", "a\nb\n"),
        ("sub/.gitattributes", "*.bat -text\n"),
        ("sub/a.bat", "a\n"),
        ("plain", "a\n"),
    ]);
    fixture.write("sub/edited", "a\r\nb\n");
    fixture.write("sub/raw", "a\r\nb\n");
    let dir = tempfile::tempdir().expect("a folder");
    let snapshot = snapshot(&fixture, dir.path(), &branch("main"));
    let out = dir.path().join("out");
    unpack(&snapshot, &out);
    for (path, wanted) in [
        ("a.bat", "a\r\nb\r\n"),
        ("sub/a.bat", "a\n"),
        ("sub/edited", "a\nb\n"),
        ("sub/raw", "a\r\nb\n"),
        ("plain", "a\n"),
    ] {
        let got = std::fs::read_to_string(out.join(path)).expect(path);
        assert_eq!(got, wanted, "{path}");
    }
}

#[test]
fn without_a_checkout_there_is_only_what_was_fetched() {
    let fixture = Fixture::with(&[("f", "x")]);
    let dir = tempfile::tempdir().expect("a folder");
    let options = SnapshotOptions {
        checkout: false,
        ..branch("main")
    };
    let snapshot = snapshot(&fixture, dir.path(), &options);
    assert_eq!(
        entries(&snapshot).into_keys().collect::<Vec<_>>(),
        ["./", ".git"]
    );
    let out = dir.path().join("out");
    unpack(&snapshot, &out);
    if let Some(refs) = git(&out, &["for-each-ref", "--format=%(refname)"]) {
        assert_eq!(refs, "refs/remotes/origin/main");
        assert_eq!(git(&out, &["ls-files"]).as_deref(), Some(""));
    }
}

#[test]
fn all_of_the_history_has_all_branches() {
    let fixture = Fixture::with(&[("f", "x")]);
    fixture.branch("other");
    fixture.checkout("main");
    let dir = tempfile::tempdir().expect("a folder");
    let options = SnapshotOptions {
        depth: 0,
        ..branch("main")
    };
    let refs = |fixture: &Fixture, into: &str| {
        let folder = dir.path().join(into);
        std::fs::create_dir(&folder).expect("a folder");
        let snapshot = snapshot(fixture, &folder, &options);
        let out = folder.join("out");
        unpack(&snapshot, &out);
        let packed = std::fs::read_to_string(out.join(".git/packed-refs")).expect("refs");
        let names = packed.lines().filter_map(|line| line.split_once(" refs/"));
        names.map(|(_, name)| name.to_owned()).collect::<Vec<_>>()
    };
    let both = ["remotes/origin/main", "remotes/origin/other"];
    assert_eq!(refs(&fixture, "never-pushed"), both);
    let head = fixture
        .git
        .head()
        .and_then(|head| head.peel_to_commit())
        .expect("head")
        .id();
    fixture.pushed("main", head);
    assert_eq!(refs(&fixture, "pushed"), ["remotes/origin/main"]);
}

/// A project with the submodule `lib` at `deep/lib`, cloned as git keeps it.
fn with_submodule() -> Fixture {
    let lib = Fixture::with(&[("f", "x"), ("d/g", "y")]);
    let commit = lib
        .git
        .head()
        .and_then(|head| head.peel_to_commit())
        .expect("head")
        .id();
    let fixture = Fixture::with(&[(
        ".gitmodules",
        "[submodule \"lib\"]\n\tpath = deep/lib\n\turl = ../lib.git\n",
    )]);
    let clone = fixture.path().join(".git/modules/lib");
    std::fs::create_dir_all(clone.parent().expect("a parent")).expect("folders");
    let from = lib.path().to_str().expect("text");
    git2::build::RepoBuilder::new()
        .bare(true)
        .clone(from, &clone)
        .expect("a clone");
    link(&fixture, commit);
    std::fs::create_dir_all(fixture.path().join("deep/lib")).expect("a folder");
    fixture
}

/// Commits a link to `commit` at `deep/lib`.
fn link(fixture: &Fixture, commit: git2::Oid) {
    let git = &fixture.git;
    let mut index = git.index().expect("index");
    let mut entry = index
        .get_path(Path::new(".gitmodules"), 0)
        .expect("an entry");
    entry.path = b"deep/lib".to_vec();
    entry.mode = 0o160_000;
    entry.id = commit;
    index.add(&entry).expect("a link");
    index.write().expect("an index");
    let tree = index
        .write_tree()
        .and_then(|tree| git.find_tree(tree))
        .expect("a tree");
    let parent = git
        .head()
        .and_then(|head| head.peel_to_commit())
        .expect("head");
    let who = fixture.signature();
    git.commit(Some("HEAD"), &who, &who, "link", &tree, &[&parent])
        .expect("a commit");
}

#[test]
fn submodules_come_when_asked_for() {
    let fixture = with_submodule();
    let dir = tempfile::tempdir().expect("a folder");
    let take = |submodules, into: &str| {
        let folder = dir.path().join(into);
        std::fs::create_dir(&folder).expect("a folder");
        let options = SnapshotOptions {
            submodules,
            ..branch("main")
        };
        let out = folder.join("out");
        unpack(&snapshot(&fixture, &folder, &options), &out);
        out
    };
    let without = take(crate::types::Submodules::None, "none");
    let left = std::fs::read_dir(without.join("deep/lib")).expect("a folder");
    assert_eq!(left.count(), 0);
    let out = take(crate::types::Submodules::Recursive, "recursive");
    let text = |path: &str| std::fs::read_to_string(out.join(path)).expect(path);
    assert_eq!(text("deep/lib/f") + &text("deep/lib/d/g"), "xy");
    assert_eq!(text("deep/lib/.git"), "gitdir: ../../.git/modules/lib\n");
    if let Some(status) = git(&out, &["submodule", "status"]) {
        assert!(
            status.starts_with(' ') && status.ends_with("deep/lib (heads/main)")
                || status.contains(" deep/lib"),
            "{status}"
        );
        assert_eq!(git(&out, &["status", "--short"]).as_deref(), Some(""));
        let inner = out.join("deep/lib");
        assert_eq!(git(&inner, &["status", "--short"]).as_deref(), Some(""));
    }
}

#[test]
fn a_submodule_that_is_not_here_is_told() {
    let fixture = with_submodule();
    std::fs::remove_dir_all(fixture.path().join(".git/modules")).expect("it goes");
    let dir = tempfile::tempdir().expect("a folder");
    let repo = fixture.open();
    let tree = repo.tree(TreeSource::WorkTree).expect("a tree");
    let options = SnapshotOptions {
        submodules: crate::types::Submodules::Normal,
        ..branch("main")
    };
    let error = repo.snapshot(&tree, &dir.path().join("tree.tar"), &options);
    let text = error.expect_err("it is not here").to_string();
    assert!(
        text.contains("`deep/lib`") && text.contains("git submodule update"),
        "{text}"
    );
}
