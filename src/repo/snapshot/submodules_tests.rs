//! Which submodules a job gets, and what a repository can't make of them.

use std::path::Path;

use crate::repo::fixture::{Fixture, told};
use crate::repo::{SnapshotOptions, TreeSource};
use crate::types::Sources;

use super::take_tests::{Taken, branch, git, snapshot, take, unpack};

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
    commit_index(fixture, &mut index);
}

fn commit_index(fixture: &Fixture, index: &mut git2::Index) {
    let git = &fixture.git;
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
    git.commit(Some("HEAD"), &who, &who, "index", &tree, &[&parent])
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
            sources: Sources {
                submodules,
                ..Sources::default()
            },
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
        sources: Sources {
            submodules: crate::types::Submodules::Normal,
            ..Sources::default()
        },
        ..branch("main")
    };
    let error = take(&repo, &tree, dir.path(), &options);
    let text = told(&error.err().expect("it is not here"));
    assert!(
        text.contains("`deep/lib`") && text.contains("git submodule update"),
        "{text}"
    );
}

/// The project with the submodule `lib`, with another `.gitmodules`.
fn with_gitmodules(text: &str) -> Fixture {
    with_gitmodules_entry(0o100_644, text)
}

fn with_gitmodules_entry(mode: u32, text: &str) -> Fixture {
    let fixture = with_submodule();
    let git = &fixture.git;
    let mut index = git.index().expect("index");
    let blob = git.blob(text.as_bytes()).expect("a blob");
    let mut entry = index
        .get_path(Path::new(".gitmodules"), 0)
        .expect("an entry");
    (entry.id, entry.mode, entry.file_size) = (blob, mode, 0);
    index.add(&entry).expect("an entry");
    commit_index(&fixture, &mut index);
    fixture
}

fn take_with_submodules(fixture: &Fixture, into: &Path) -> Result<Taken, String> {
    let repo = fixture.open();
    let tree = repo.tree(TreeSource::WorkTree).expect("a tree");
    let options = SnapshotOptions {
        sources: Sources {
            submodules: crate::types::Submodules::Recursive,
            ..Sources::default()
        },
        ..branch("main")
    };
    take(&repo, &tree, into, &options).map_err(|error| told(&error))
}

#[test]
fn no_file_that_gitmodules_includes_is_opened() {
    let dir = tempfile::tempdir().expect("a folder");
    let private = dir.path().join("private");
    std::fs::write(
        &private,
        "[submodule \"lib\"]\n\turl = https://me:t0ken@h.example/lib.git\n",
    )
    .expect("a file");
    let pipe = dir.path().join("pipe");
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, 0o600.into(), 0).expect("a pipe");
    let include = |path: &Path| {
        let path = path.display();
        format!("[include]\n\tpath = {path}\n[includeIf \"gitdir:/\"]\n\tpath = {path}\n")
    };
    let fixture = with_gitmodules(&format!(
        "[submodule \"lib\"]\n\tpath = deep/lib\n{}{}",
        include(&private),
        include(&pipe),
    ));
    let snapshot = take_with_submodules(&fixture, dir.path()).expect("a snapshot");
    let out = dir.path().join("out");
    unpack(&snapshot, &out);
    for config in [".git/config", ".git/modules/lib/config"] {
        let text = std::fs::read_to_string(out.join(config)).expect(config);
        assert!(!text.contains("t0ken"), "{config}:\n{text}");
    }
    assert!(out.join("deep/lib/f").exists());
}

#[test]
fn relative_urls_are_resolved_as_git_does() {
    let fixture = with_submodule();
    fixture
        .git
        .remote("origin", "https://me:s3cret@h.example/g/p.git")
        .expect("a remote");
    let dir = tempfile::tempdir().expect("a folder");
    let snapshot = take_with_submodules(&fixture, dir.path()).expect("a snapshot");
    let out = dir.path().join("out");
    unpack(&snapshot, &out);
    for config in [".git/config", ".git/modules/lib/config"] {
        let text = std::fs::read_to_string(out.join(config)).expect(config);
        let url = "url = \"https://h.example/g/lib.git\"";
        assert!(text.contains(url), "{config}:\n{text}");
    }
}

#[test]
fn a_gitmodules_that_is_no_configuration_is_told() {
    for (situation, text, told) in [
        (
            "a quote",
            "[submodule \"lib\"]\n\tpath = \"deep/lib\n",
            "`.gitmodules:2` of the commit can't be read: a quote is not closed; mend it and commit it",
        ),
        (
            "its size",
            &"#\n".repeat(600_000),
            "`.gitmodules` of the commit can't be read: it has more than 1 MiB; mend it and commit it",
        ),
    ] {
        let fixture = with_gitmodules(text);
        let dir = tempfile::tempdir().expect("a folder");
        let error = take_with_submodules(&fixture, dir.path())
            .err()
            .expect(situation);
        assert_eq!(error, told, "{situation}");
    }
}

#[test]
fn a_gitmodules_that_is_a_link_is_told() {
    let fixture = with_gitmodules_entry(0o120_000, "/etc/passwd");
    let dir = tempfile::tempdir().expect("a folder");
    let error = take_with_submodules(&fixture, dir.path())
        .err()
        .expect("no file");
    assert_eq!(
        error,
        "`.gitmodules` of the commit can't be read: it is not a file; mend it and commit it"
    );
}

#[test]
fn a_clone_behind_a_link_is_no_clone_of_a_submodule() {
    let fixture = with_submodule();
    let dir = tempfile::tempdir().expect("a folder");
    let modules = fixture.path().join(".git/modules");
    let elsewhere = dir.path().join("elsewhere");
    std::fs::rename(&modules, &elsewhere).expect("it moves");
    std::os::unix::fs::symlink(&elsewhere, &modules).expect("a link");
    let error = take_with_submodules(&fixture, dir.path())
        .err()
        .expect("not here");
    assert!(
        error.contains("submodule `deep/lib` has no commit"),
        "{error}"
    );
}
