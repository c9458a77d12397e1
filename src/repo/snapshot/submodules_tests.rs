//! Which submodules a job gets, and what a repository can't make of them.

use std::path::Path;

use crate::repo::fixture::{Fixture, told};
use crate::repo::{SnapshotOptions, TreeSource};
use crate::types::{Sources, SubmoduleStrategy, Submodules};

use super::taken::{Taken, branch, git, snapshot, take, unpack};

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

fn with(strategy: SubmoduleStrategy) -> Sources {
    Sources {
        submodules: Submodules {
            strategy,
            ..Submodules::default()
        },
        ..Sources::default()
    }
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
    let take = |strategy, into: &str| {
        let folder = dir.path().join(into);
        std::fs::create_dir(&folder).expect("a folder");
        let options = SnapshotOptions {
            sources: with(strategy),
            ..branch("main")
        };
        let out = folder.join("out");
        unpack(&snapshot(&fixture, &folder, &options), &out);
        out
    };
    let without = take(SubmoduleStrategy::None, "none");
    let left = std::fs::read_dir(without.join("deep/lib")).expect("a folder");
    assert_eq!(left.count(), 0);
    let out = take(SubmoduleStrategy::Recursive, "recursive");
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
        sources: with(SubmoduleStrategy::Normal),
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
        sources: with(SubmoduleStrategy::Recursive),
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

/// Paths, whether the newest is wanted, a depth; and whether files came, of which commit, cut off.
type Row<'a> = (&'a [&'a str], bool, Option<u32>, (bool, &'a str, bool));

#[test]
fn what_the_variables_say_of_submodules() {
    let fixture = with_submodule();
    let lib = git2::Repository::open(fixture.path().join(".git/modules/lib")).expect("a clone");
    let at = |name: &str| lib.revparse_single(name).expect(name).id();
    let linked = at("HEAD");
    // A later commit of its branch, which the project does not name.
    let who = fixture.signature();
    let parent = lib.find_commit(linked).expect("a commit");
    let tree = parent.tree().expect("a tree");
    let branch_of_remote = Some("refs/remotes/origin/next");
    let newest = lib.commit(branch_of_remote, &who, &who, "next", &tree, &[&parent]);
    let newest = newest.expect("a commit");
    let gitmodules =
        "[submodule \"lib\"]\n\tpath = deep/lib\n\turl = ../lib.git\n\tbranch = next\n";
    std::fs::write(fixture.path().join(".gitmodules"), gitmodules).expect("a file");
    let mut index = fixture.git.index().expect("an index");
    index.add_path(Path::new(".gitmodules")).expect("an entry");
    commit_index(&fixture, &mut index);

    let dir = tempfile::tempdir().expect("a folder");
    let try_with = |number: usize, paths: &[&str], newest, depth| {
        let folder = dir.path().join(number.to_string());
        std::fs::create_dir(&folder).expect("a folder");
        let mut sources = with(SubmoduleStrategy::Normal);
        sources.submodules.paths = paths.iter().map(|&path| path.to_owned()).collect();
        sources.submodules.newest = newest;
        sources.submodules.depth = depth;
        let options = SnapshotOptions {
            sources,
            ..branch("main")
        };
        let repo = fixture.open();
        let tree = repo.tree(TreeSource::WorkTree).expect("a tree");
        let taken = take(&repo, &tree, &folder, &options).map_err(|error| told(&error))?;
        let out = folder.join("out");
        unpack(&taken, &out);
        let modules = out.join(".git/modules/lib");
        let head = std::fs::read_to_string(modules.join("HEAD")).unwrap_or_default();
        let is_cut = modules.join("shallow").exists();
        Ok::<_, String>((
            out.join("deep/lib/f").exists(),
            head.trim().to_owned(),
            is_cut,
        ))
    };
    let (none, linked, newest) = (String::new(), linked.to_string(), newest.to_string());
    let rows: &[Row<'_>] = &[
        (&[], false, None, (true, &linked, false)),
        (&["deep/lib"], false, None, (true, &linked, false)),
        (&["deep/lib/"], false, None, (true, &linked, false)),
        (&["deep"], false, None, (true, &linked, false)),
        (&["*lib"], false, None, (true, &linked, false)),
        (&[".gitmodules"], false, None, (false, &none, false)),
        (&[":(exclude)deep"], false, None, (false, &none, false)),
        (&[":!deep/lib"], false, None, (false, &none, false)),
        (&["deep", ":^other"], false, None, (true, &linked, false)),
        (&[], true, None, (true, &newest, false)),
        (&[], true, Some(1), (true, &newest, true)),
    ];
    for (number, (paths, newest, depth, wanted)) in rows.iter().enumerate() {
        let (has_files, head, is_cut) = try_with(number, paths, *newest, *depth).expect("taken");
        let what = format!("{paths:?} {newest} {depth:?}");
        assert_eq!((has_files, head.as_str(), is_cut), *wanted, "{what}");
    }
    let unknown = try_with(100, &["libs"], false, None).expect_err("no such path");
    assert!(
        unknown.contains("`libs`, which names nothing in this commit"),
        "{unknown}"
    );
    assert!(try_with(101, &[":(attr:x)lib"], false, None).is_err());
}
