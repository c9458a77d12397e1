use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::repo::fixture::Fixture;
use crate::repo::{ProjectTree, RepoError, Repository, SnapshotOptions, TreeSource};
use crate::types::{RefKind, Sources, Tags};

pub(super) fn branch(name: &str) -> SnapshotOptions {
    SnapshotOptions::new(RefKind::Branch, name)
}

/// The layers of a tree, as files, the lowest first.
pub(in crate::repo) struct Taken {
    /// Names all of it.
    id: String,
    pub(in crate::repo) tars: Vec<PathBuf>,
}

/// Writes the layers of `tree` into the folder `into`.
pub(in crate::repo) fn take(
    repo: &Repository,
    tree: &ProjectTree,
    into: &Path,
    options: &SnapshotOptions,
) -> Result<Taken, RepoError> {
    let stop = &|| false;
    let checkout = repo.checkout(tree, options)?;
    let mut tars = vec![into.join("commit.tar")];
    let mut file = std::fs::File::create(&tars[0]).expect("a file");
    checkout.write(Path::new(""), &mut file, into, stop)?;
    let mut id = checkout.id().to_owned();
    if options.sources.checkout
        && let Some(edits) = tree.edits(&checkout, &into.join("edits.tar"), stop)?
    {
        id = edits.id;
        tars.push(edits.tar);
    }
    Ok(Taken { id, tars })
}

pub(super) fn snapshot(fixture: &Fixture, into: &Path, options: &SnapshotOptions) -> Taken {
    let repo = fixture.open();
    let tree = repo.tree(TreeSource::WorkTree).expect("a tree");
    take(&repo, &tree, into, options).expect("layers")
}

fn is_whiteout(header: &tar::Header) -> bool {
    header.entry_type() == tar::EntryType::Char
}

/// Every entry outside `.git`, as the layers show it: its kind and mode.
pub(in crate::repo) fn entries(taken: &Taken) -> BTreeMap<String, (tar::EntryType, u32)> {
    let mut found = BTreeMap::new();
    for tar in &taken.tars {
        let file = std::fs::File::open(tar).expect("the tar");
        let mut archive = tar::Archive::new(file);
        let mut own = BTreeMap::new();
        for entry in archive.entries().expect("entries") {
            let entry = entry.expect("an entry");
            let header = entry.header();
            assert_eq!(
                (header.uid().expect("uid"), header.gid().expect("gid")),
                (0, 0)
            );
            let path = entry.path().expect("a path").to_string_lossy().into_owned();
            if is_whiteout(header) {
                let below = format!("{path}/");
                found.retain(|name: &String, _| *name != path && !name.starts_with(&below));
            } else if !path.starts_with(".git/") {
                let facts = (header.entry_type(), header.mode().expect("a mode"));
                assert_eq!(own.insert(path, facts), None, "no entry comes twice");
            }
        }
        found.extend(own);
    }
    found
}

pub(super) fn unpack(taken: &Taken, into: &Path) {
    for tar in &taken.tars {
        let file = std::fs::File::open(tar).expect("the tar");
        let mut archive = tar::Archive::new(file);
        archive.set_preserve_permissions(true);
        for entry in archive.entries().expect("entries") {
            let mut entry = entry.expect("an entry");
            let place = into.join(entry.path().expect("a path"));
            if is_whiteout(entry.header()) {
                let removed = std::fs::remove_file(&place);
                removed
                    .or_else(|_| std::fs::remove_dir_all(&place))
                    .expect("it was there");
            } else {
                std::fs::create_dir_all(into).expect("a folder");
                entry.unpack_in(into).expect("it unpacks");
            }
        }
    }
}

/// Runs the real git in an unpacked snapshot; `None` where there is none.
pub(super) fn git(dir: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(["-c", "safe.directory=*"])
        .args(arguments)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .ok()?;
    let text = [output.stdout, output.stderr].concat();
    Some(String::from_utf8(text).expect("text").trim_end().to_owned())
}

fn assert_git(dir: &Path, arguments: &[&str], expected: &str) {
    if let Some(text) = git(dir, arguments) {
        assert_eq!(text, expected, "git {arguments:?}");
    }
}

/// Twenty-five commits on `issue-1`, tags at the second and the twenty-third.
fn long_history() -> Fixture {
    let fixture = Fixture::with(&[("file", "0"), (".gitignore", "*.log\n")]);
    fixture.branch("issue-1");
    for number in 1..=24 {
        fixture.write("file", &number.to_string());
        let commit = fixture.commit(&format!("commit {number}"));
        if number == 2 {
            fixture.annotate("v-old", commit, "old");
        }
        if number == 23 {
            fixture.annotate("v-new", commit, "new");
        }
    }
    fixture
}

#[test]
fn a_job_gets_the_files_of_the_tree() {
    let fixture = Fixture::with(&[
        ("a/b/deep.txt", "deep"),
        ("a-file", "x"),
        ("run.sh", "#!/bin/sh\n"),
        ("gone", "x"),
        ("gone-too/deep/file", "x"),
        (".gitlab-ci-local-env", "PRIVATE=1"),
        (".gitignore", "*.log\n"),
    ]);
    let script = fixture.path().join("run.sh");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).expect("chmod");
    fixture.link("link", "a/b/deep.txt");
    fixture.commit("more");
    fixture.remove("gone");
    fixture.remove("gone-too/deep/file");
    fixture.write("untracked/new", "new");
    fixture.write("noise.log", "ignored");
    fixture.write(".pipe/variables.yml", "SECRET: x");
    let into = tempfile::tempdir().expect("a folder");
    let found = entries(&snapshot(&fixture, into.path(), &branch("main")));
    let (file, folder, link) = (
        tar::EntryType::Regular,
        tar::EntryType::Directory,
        tar::EntryType::Symlink,
    );
    let expected = [
        ("./", folder, 0o777),
        (".gitignore", file, 0o666),
        ("a", folder, 0o777),
        ("a-file", file, 0o666),
        ("a/b", folder, 0o777),
        ("a/b/deep.txt", file, 0o666),
        ("link", link, 0o777),
        ("run.sh", file, 0o777),
        ("untracked", folder, 0o777),
        ("untracked/new", file, 0o666),
    ];
    let expected = expected
        .map(|(path, kind, mode)| (path.to_owned(), (kind, mode)))
        .into();
    let found: BTreeMap<_, _> = found
        .into_iter()
        .filter(|(path, _)| path != ".git")
        .collect();
    assert_eq!(found, expected);
    let left: Vec<_> = std::fs::read_dir(into.path())
        .expect("the folder")
        .collect();
    assert_eq!(left.len(), 2, "the scratch folders are gone");
}

#[test]
fn the_archive_is_the_users_alone() {
    let fixture = Fixture::with(&[("a", "x")]);
    fixture.write("a", "y");
    let into = tempfile::tempdir().expect("a folder");
    let taken = snapshot(&fixture, into.path(), &branch("main"));
    let edits = taken.tars.last().expect("edits");
    let mode = edits.metadata().expect("the tar").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn git_works_in_a_job() {
    let fixture = long_history();
    fixture
        .git
        .remote("origin", "https://me:s3cret@git.example.com/g/p.git")
        .expect("origin");
    let into = tempfile::tempdir().expect("a folder");
    let job = into.path().join("job");
    unpack(&snapshot(&fixture, into.path(), &branch("issue-1")), &job);
    let head = fixture.open().head_sha();
    let opened = git2::Repository::open(&job).expect("git2 opens it");
    assert!(opened.head_detached().expect("a head"));
    assert!(opened.statuses(None).expect("statuses").is_empty());
    assert_git(&job, &["rev-parse", "HEAD"], &head);
    assert_git(&job, &["status", "--porcelain"], "");
    assert_git(&job, &["fsck", "--strict"], "");
    assert_git(&job, &["rev-list", "--count", "HEAD"], "20");
    assert_git(&job, &["rev-parse", "--is-shallow-repository"], "true");
    assert_git(&job, &["describe"], &format!("v-new-1-g{}", &head[..7]));
    assert_git(&job, &["tag"], "v-new");
    assert_git(
        &job,
        &["branch", "-a"],
        &format!(
            "* (HEAD detached at {})\n  remotes/origin/issue-1",
            &head[..7]
        ),
    );
    assert_git(
        &job,
        &["show", "-s", "--format=%s", "origin/issue-1"],
        "commit 24",
    );
    assert_git(
        &job,
        &["remote", "get-url", "origin"],
        "https://git.example.com/g/p.git",
    );
    assert_git(&job, &["show", "HEAD~19:file"], "5");
}

#[test]
fn edits_show_in_git_status() {
    let fixture = Fixture::with(&[("a", "1"), ("b", "1"), (".gitlab-ci-local-env", "X=1")]);
    fixture.write("a", "2");
    fixture.remove("b");
    fixture.write("c", "3");
    let into = tempfile::tempdir().expect("a folder");
    let job = into.path().join("job");
    unpack(&snapshot(&fixture, into.path(), &branch("main")), &job);
    assert!(!job.join(".gitlab-ci-local-env").exists());
    assert_git(&job, &["status", "--porcelain"], " M a\n D b\n?? c");
}

#[test]
fn the_depth_is_the_users() {
    let fixture = long_history();
    let into = tempfile::tempdir().expect("a folder");
    fixture.pushed(
        "main",
        fixture.git.refname_to_id("refs/heads/main").expect("main"),
    );
    for (depth, commits, shallow, tags) in [
        (1, "1", "true", ""),
        (2, "2", "true", "v-new"),
        (24, "24", "true", "v-new\nv-old"),
        (25, "25", "false", "v-new\nv-old"),
        (0, "25", "false", "v-new\nv-old"),
    ] {
        let job = into.path().join(format!("job-{depth}"));
        let options = SnapshotOptions {
            sources: Sources {
                depth,
                ..Sources::default()
            },
            ..branch("issue-1")
        };
        unpack(&snapshot(&fixture, into.path(), &options), &job);
        assert_git(&job, &["rev-list", "--count", "HEAD"], commits);
        assert_git(&job, &["rev-parse", "--is-shallow-repository"], shallow);
        assert_git(&job, &["tag"], tags);
        let others = if depth == 0 {
            "origin/issue-1\norigin/main"
        } else {
            "origin/issue-1"
        };
        assert_git(&job, &["branch", "-r", "--format=%(refname:short)"], others);
        assert_git(&job, &["fsck"], "");
    }
}

#[test]
fn tags_as_the_flags_of_fetch_say() {
    let fixture = long_history();
    let into = tempfile::tempdir().expect("a folder");
    for (tags, wanted, commits) in [
        (Tags::Following, "v-new", "2"),
        // The depth counts from each tag too.
        (Tags::All, "v-new\nv-old", "3"),
        (Tags::Own, "", "2"),
    ] {
        let job = into.path().join(format!("{tags:?}"));
        let options = SnapshotOptions {
            sources: Sources {
                depth: 2,
                tags,
                ..Sources::default()
            },
            ..branch("issue-1")
        };
        unpack(&snapshot(&fixture, into.path(), &options), &job);
        assert_git(&job, &["tag"], wanted);
        assert_git(&job, &["rev-list", "--count", "HEAD"], commits);
        assert_git(&job, &["fsck"], "");
    }
}

#[test]
fn a_tag_pipeline_has_its_tag_and_no_branch() {
    let fixture = long_history();
    let head = fixture.git.refname_to_id("HEAD").expect("head");
    fixture.detach(head);
    fixture.annotate("v1", head, "one");
    let into = tempfile::tempdir().expect("a folder");
    let job = into.path().join("job");
    let options = SnapshotOptions::new(RefKind::Tag, "v1");
    unpack(&snapshot(&fixture, into.path(), &options), &job);
    assert_git(&job, &["describe", "--exact-match"], "v1");
    assert_git(&job, &["branch", "-r"], "");
    let options = SnapshotOptions::new(RefKind::Tag, "v9");
    let job = into.path().join("other");
    unpack(&snapshot(&fixture, into.path(), &options), &job);
    assert_git(&job, &["rev-parse", "v9^{commit}"], &head.to_string());
}

#[test]
fn a_merge_request_has_no_branch_at_all() {
    let fixture = long_history();
    fixture.pushed("main", fixture.git.refname_to_id("HEAD").expect("head"));
    let into = tempfile::tempdir().expect("a folder");
    let job = into.path().join("job");
    let target = "main".to_owned();
    let options = SnapshotOptions::new(RefKind::MergeRequest { target }, "issue-1");
    unpack(&snapshot(&fixture, into.path(), &options), &job);
    let opened = git2::Repository::open(&job).expect("git2 opens it");
    assert_eq!(opened.branches(None).expect("branches").count(), 0);
    assert_git(&job, &["rev-list", "--count", "HEAD"], "20");
}

#[test]
fn merges_and_worktrees_work_too() {
    let fixture = long_history();
    let side = fixture.git.refname_to_id("refs/heads/main").expect("main");
    let head = fixture
        .git
        .head()
        .and_then(|h| h.peel_to_commit())
        .expect("head");
    let other = fixture.git.find_commit(side).expect("a commit");
    let who = fixture.signature();
    let tree = head.tree().expect("a tree");
    fixture
        .git
        .commit(Some("HEAD"), &who, &who, "merge", &tree, &[&head, &other])
        .expect("a merge");
    let into = tempfile::tempdir().expect("a folder");
    let linked = into.path().join("linked");
    fixture
        .git
        .worktree("linked", &linked, None)
        .expect("a worktree");
    let repo = crate::repo::Repository::discover(&linked).expect("the worktree");
    let tree = repo.tree(TreeSource::WorkTree).expect("a tree");
    let options = SnapshotOptions {
        sources: Sources {
            depth: 3,
            ..Sources::default()
        },
        ..branch("linked")
    };
    let taken = take(&repo, &tree, into.path(), &options).expect("layers");
    let job = into.path().join("job");
    unpack(&taken, &job);
    assert_git(&job, &["status", "--porcelain"], "");
    assert_git(&job, &["fsck"], "");
    assert_git(
        &job,
        &["log", "--format=%s"],
        "merge\ncommit 24\ncommit 23\nfirst",
    );
}

#[test]
fn a_shallow_clone_stays_shallow() {
    let fixture = long_history();
    let cut = fixture
        .git
        .revparse_single("HEAD~4")
        .expect("a commit")
        .id();
    std::fs::write(fixture.path().join(".git/shallow"), format!("{cut}\n")).expect("shallow");
    let into = tempfile::tempdir().expect("a folder");
    let job = into.path().join("job");
    unpack(&snapshot(&fixture, into.path(), &branch("issue-1")), &job);
    assert_git(&job, &["rev-list", "--count", "HEAD"], "5");
    assert_git(&job, &["rev-parse", "--is-shallow-repository"], "true");
}

#[test]
fn a_commit_is_taken_from_gits_objects() {
    let fixture = Fixture::with(&[("a", "1"), ("b", "1")]);
    fixture.link("link", "a");
    fixture.commit("link");
    fixture.write("a", "edited");
    fixture.write("untracked", "x");
    let into = tempfile::tempdir().expect("a folder");
    let repo = fixture.open();
    let tree = repo
        .tree(TreeSource::Commit("HEAD".to_owned()))
        .expect("a tree");
    let taken = take(&repo, &tree, into.path(), &branch("main")).expect("layers");
    let job = into.path().join("job");
    unpack(&taken, &job);
    assert_eq!(
        std::fs::read_to_string(job.join("link")).expect("a file"),
        "1"
    );
    assert!(!job.join("untracked").exists());
    assert_git(&job, &["status", "--porcelain"], "");
}

#[test]
fn a_changed_rule_about_line_ends_changes_all_files() {
    let fixture = Fixture::with(&[(".gitattributes", "*.bat eol=crlf\n"), ("a.bat", "a\n")]);
    fixture.write(".gitattributes", "*.bat eol=lf\n");
    let into = tempfile::tempdir().expect("a folder");
    let taken = snapshot(&fixture, into.path(), &branch("main"));
    let text = |layers: usize| {
        let job = into.path().join(format!("job-{layers}"));
        let tars = taken.tars[..layers].to_vec();
        let id = String::new();
        unpack(&Taken { id, tars }, &job);
        std::fs::read_to_string(job.join("a.bat")).expect("a file")
    };
    assert_eq!(text(1), "a\r\n", "the commit's layer is as the commit says");
    assert_eq!(text(2), "a\n");
}

#[test]
fn what_lfs_keeps_is_in_its_place() {
    let id = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 4\n");
    let fixture = Fixture::with(&[
        (".gitattributes", "*.bin filter=lfs -text\n"),
        ("a.bin", &pointer),
        ("a.txt", &pointer),
    ]);
    let folder = fixture.path().join(".git/lfs/objects/4d/7a");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(id), "real").expect("an object");
    let into = tempfile::tempdir().expect("a folder");
    let job = into.path().join("job");
    unpack(&snapshot(&fixture, into.path(), &branch("main")), &job);
    let text = |path: &str| std::fs::read_to_string(job.join(path)).expect("a file");
    assert_eq!(text("a.bin"), "real");
    assert_eq!(text("a.txt"), pointer, "no rule gives it to LFS");
    let skipping = SnapshotOptions {
        sources: Sources {
            lfs: false,
            ..Sources::default()
        },
        ..branch("main")
    };
    let pointers = into.path().join("pointers");
    unpack(&snapshot(&fixture, into.path(), &skipping), &pointers);
    let text = std::fs::read_to_string(pointers.join("a.bin")).expect("a file");
    assert_eq!(text, pointer);
}

#[test]
fn equal_ids_mean_equal_trees() {
    let fixture = Fixture::with(&[("a", "1"), ("b", "1")]);
    let into = tempfile::tempdir().expect("a folder");
    let id = || snapshot(&fixture, into.path(), &branch("main")).id;
    let clean = id();
    assert_eq!(clean, id());
    let mut seen = vec![clean.clone()];
    let mut differs = |what: &str| {
        let now = id();
        assert!(!seen.contains(&now), "{what}");
        seen.push(now);
    };
    fixture.write("a", "2");
    differs("an edit");
    fixture.write("a", "3");
    differs("another edit");
    fixture.write("c", "x");
    differs("an untracked file");
    fixture.remove("b");
    differs("a deleted file");
    fixture.write("a", "1");
    fixture.write("b", "1");
    fixture.remove("c");
    assert_eq!(id(), clean, "back again");
    let head = fixture.git.refname_to_id("HEAD").expect("head");
    fixture.annotate("v1", head, "one");
    assert_ne!(id(), clean, "a tag");
}

#[test]
fn large_and_odd_files() {
    let fixture = Fixture::with(&[("a", "1")]);
    let big = "x".repeat(3 << 20);
    fixture.write("big", &big);
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(120));
    fixture.write(&long, "long name");
    fixture.link("dangling", &"t".repeat(150));
    let pipe = fixture.path().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .expect("a pipe");
    let into = tempfile::tempdir().expect("a folder");
    let job = into.path().join("job");
    unpack(&snapshot(&fixture, into.path(), &branch("main")), &job);
    assert_eq!(
        std::fs::read_to_string(job.join("big")).expect("a file"),
        big
    );
    assert_eq!(
        std::fs::read_to_string(job.join(long)).expect("a file"),
        "long name"
    );
    assert_eq!(
        std::fs::read_link(job.join("dangling")).expect("a link"),
        Path::new(&"t".repeat(150))
    );
    assert!(!job.join("pipe").exists());
}

#[test]
fn the_checkout_is_not_touched() {
    let fixture = long_history();
    fixture.write("file", "edited");
    let listed = || {
        let mut paths = Vec::new();
        let mut todo = vec![fixture.path().to_owned()];
        while let Some(dir) = todo.pop() {
            for entry in std::fs::read_dir(dir).expect("a folder").flatten() {
                let about = entry.metadata().expect("metadata");
                if about.is_dir() {
                    todo.push(entry.path());
                }
                paths.push((entry.path(), about.modified().ok(), about.len()));
            }
        }
        paths.sort();
        paths
    };
    let before = listed();
    let into = tempfile::tempdir().expect("a folder");
    snapshot(&fixture, into.path(), &branch("issue-1"));
    assert_eq!(listed(), before);
}
