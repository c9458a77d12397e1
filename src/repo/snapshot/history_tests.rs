//! What git in a job knows: commits as deep as asked, tags, branches.

use crate::repo::{SnapshotOptions, TreeSource};
use crate::types::{RefKind, Sources, Tags};

use super::taken::{assert_git, branch, long_history, snapshot, take, unpack};

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
