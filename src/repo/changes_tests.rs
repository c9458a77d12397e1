use std::sync::Arc;

use git2::Oid;

use crate::expr::glob::Roots;
use crate::repo::TreeSource;
use crate::repo::fixture::{Fixture, told};
use crate::types::RefKind;

fn request(target: &str) -> RefKind {
    RefKind::MergeRequest {
        target: target.to_owned(),
    }
}

/// The base of an event and what changed since.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    before_sha: Option<String>,
    merge_base: Option<String>,
    files: Option<Vec<String>>,
}

fn changes(fixture: &Fixture, kind: &RefKind, name: &str) -> Changes {
    let repo = fixture.open();
    let tree = Arc::new(repo.tree(TreeSource::WorkTree).expect("a tree"));
    let base = repo.event_base(&tree, kind, name).expect("a base");
    let before_sha = base.before_sha(&tree, String::new()).to_string();
    Changes {
        files: (repo.changes(&tree, &base, &Roots::everything())).expect("changes"),
        before_sha: Some(before_sha).filter(|sha| !sha.is_empty()),
        merge_base: base.merge_base,
    }
}

fn files(changes: &Changes) -> Vec<&str> {
    let files = changes.files.as_ref().expect("a known set");
    files.iter().map(String::as_str).collect()
}

/// `main` has been pushed; `issue-1` is two commits ahead of it.
fn issue() -> (Fixture, [Oid; 3]) {
    let fixture = Fixture::with(&[("a", "1"), ("b", "1"), ("old-name", "long enough\n")]);
    let first = fixture.git.refname_to_id("HEAD").expect("head");
    fixture.pushed("main", first);
    fixture.branch("issue-1");
    fixture.write("a", "2");
    let second = fixture.commit("second");
    fixture.write("c/d", "new");
    fixture.remove("old-name");
    fixture.write("new-name", "long enough\n");
    let third = fixture.commit("third");
    (fixture, [first, second, third])
}

#[test]
fn a_branch_that_was_never_pushed_is_unknown() {
    let (fixture, _) = issue();
    let changes = changes(&fixture, &RefKind::Branch, "issue-1");
    assert_eq!(changes, Changes::default());
}

#[test]
fn a_branch_is_compared_with_what_origin_has() {
    let (fixture, [_, second, _]) = issue();
    fixture.pushed("issue-1", second);
    let changes = changes(&fixture, &RefKind::Branch, "issue-1");
    assert_eq!(changes.before_sha, Some(second.to_string()));
    assert_eq!(files(&changes), ["c/d", "new-name", "old-name"]);
}

#[test]
fn after_a_push_the_reflog_knows() {
    let (fixture, [first, _, third]) = issue();
    fixture.pushed("issue-1", first);
    fixture.pushed("issue-1", third);
    let pushed = changes(&fixture, &RefKind::Branch, "issue-1");
    assert_eq!(pushed.before_sha, Some(first.to_string()));
    assert_eq!(files(&pushed), ["a", "c/d", "new-name", "old-name"]);

    fixture.write("b", "edited");
    let edited = changes(&fixture, &RefKind::Branch, "issue-1");
    assert_eq!(edited.before_sha, Some(third.to_string()));
    assert_eq!(files(&edited), ["b"]);
}

#[test]
fn the_work_tree_is_looked_at_when_somebody_asks() {
    let (fixture, [first, _, third]) = issue();
    fixture.pushed("issue-1", first);
    fixture.pushed("issue-1", third);
    let repo = fixture.open();
    let tree = Arc::new(repo.tree(TreeSource::WorkTree).expect("a tree"));
    let base = repo.event_base(&tree, &RefKind::Branch, "issue-1");
    let before_sha = base.expect("a base").before_sha(&tree, String::new());
    assert!(!tree.was_looked_at());
    assert_eq!(&*before_sha, first.to_string());
    assert!(tree.was_looked_at());
}

#[test]
fn a_first_push_is_unknown_even_afterwards() {
    let (fixture, [_, _, third]) = issue();
    fixture.pushed("issue-1", third);
    let changes = changes(&fixture, &RefKind::Branch, "issue-1");
    assert_eq!(changes, Changes::default());
}

#[test]
fn edits_and_untracked_files_count() {
    let (fixture, [_, second, _]) = issue();
    fixture.pushed("issue-1", second);
    fixture.remove("b");
    fixture.write("untracked", "x");
    fixture.remove("new-name");
    let changes = changes(&fixture, &RefKind::Branch, "issue-1");
    assert_eq!(files(&changes), ["b", "c/d", "old-name", "untracked"]);
}

#[test]
fn edits_count_where_patterns_lead_and_commits_everywhere() {
    let files = [
        "docs/a", "docs/b", "lib/a", "lib/b", "lib/c", "src/a", "src/b",
    ];
    let fixture = Fixture::with(&files.map(|path| (path, "1")));
    fixture.pushed("main", fixture.git.refname_to_id("HEAD").expect("head"));
    fixture.write("docs/b", "2");
    fixture.commit("second");
    fixture.remove("src/a");
    for path in ["docs/a", "lib/new", "src/b", "src/new"] {
        fixture.write(path, "3");
    }
    let request = request("main");
    for (kind, name) in [(&RefKind::Branch, "main"), (&request, "issue-1")] {
        let repo = fixture.open();
        let tree = Arc::new(repo.tree(TreeSource::WorkTree).expect("a tree"));
        let base = repo.event_base(&tree, kind, name).expect("a base");
        let changes = |roots: &Roots| repo.changes(&tree, &base, roots).expect("changes");
        let there = changes(&Roots::of(["src/**/*"])).expect("a known set");
        assert_eq!(there, ["docs/b", "src/a", "src/b", "src/new"]);
        assert!(!tree.was_looked_at(), "only below `src`");
        let all = changes(&Roots::everything()).expect("a known set");
        assert_eq!(all.len(), 6);
        assert!(tree.was_looked_at());
        assert_eq!(changes(&Roots::of(["src/**/*"])), Some(there));
    }
}

#[test]
fn an_edit_that_goes_back_to_the_base_is_no_change() {
    let (fixture, [first, ..]) = issue();
    fixture.pushed("issue-1", first);
    fixture.write("a", "1");
    let changes = changes(&fixture, &RefKind::Branch, "issue-1");
    assert_eq!(files(&changes), ["c/d", "new-name", "old-name"]);
}

#[test]
fn a_merge_request_starts_at_the_merge_base() {
    let (fixture, [first, _, third]) = issue();
    fixture.checkout("main");
    fixture.write("b", "main went on");
    let ahead = fixture.commit("on main");
    fixture.pushed("main", ahead);
    fixture.checkout("issue-1");
    let changes = changes(&fixture, &request("main"), "issue-1");
    assert_eq!(changes.merge_base, Some(first.to_string()));
    assert_eq!(changes.before_sha, None);
    assert_eq!(files(&changes), ["a", "c/d", "new-name", "old-name"]);
    assert_eq!(fixture.open().head_sha(), third.to_string());
}

#[test]
fn a_file_of_a_merge_request_that_was_changed_and_changed_back_counts() {
    let (fixture, _) = issue();
    fixture.write("b", "2");
    fixture.commit("there");
    fixture.write("b", "1");
    fixture.commit("and back");
    let changes = changes(&fixture, &request("main"), "issue-1");
    assert_eq!(files(&changes), ["a", "b", "c/d", "new-name", "old-name"]);
}

#[test]
fn an_edit_of_a_merge_request_is_one_more_commit() {
    let (fixture, _) = issue();
    fixture.write("a", "1");
    fixture.remove("b");
    fixture.write("untracked", "x");
    let changes = changes(&fixture, &request("main"), "issue-1");
    let all = ["a", "b", "c/d", "new-name", "old-name", "untracked"];
    assert_eq!(files(&changes), all);
}

#[test]
fn what_came_by_merging_the_target_is_no_change_of_the_merge_request() {
    let (fixture, _) = issue();
    fixture.checkout("main");
    fixture.write("theirs", "x");
    fixture.write("both", "theirs");
    let ahead = fixture.commit("on main");
    fixture.pushed("main", ahead);
    fixture.checkout("issue-1");
    fixture.write("both", "ours");
    fixture.commit("ours");
    // What both have is solved by hand, the rest taken as it is.
    fixture.write("theirs", "x");
    fixture.write("both", "solved");
    fixture.write("by the way", "x");
    fixture.merge("main", "Merge branch 'main' into issue-1");
    let found = changes(&fixture, &request("main"), "issue-1");
    let all = ["a", "both", "by the way", "c/d", "new-name", "old-name"];
    assert_eq!(files(&found), all);
    assert_eq!(found.merge_base, Some(ahead.to_string()));

    // Another branch of the team is part of the merge request.
    fixture
        .git
        .branch(
            "other",
            &fixture.git.find_commit(ahead).expect("a commit"),
            true,
        )
        .expect("a branch");
    fixture.checkout("other");
    fixture.write("of the other branch", "x");
    fixture.commit("other");
    fixture.checkout("issue-1");
    fixture.write("of the other branch", "x");
    fixture.merge("other", "Merge branch 'other' into issue-1");
    let found = changes(&fixture, &request("main"), "issue-1");
    assert!(files(&found).contains(&"of the other branch"));
    assert!(!files(&found).contains(&"theirs"));
}

#[test]
fn a_merge_request_without_commits_changes_nothing() {
    let (fixture, [first, ..]) = issue();
    fixture.checkout("main");
    fixture.pushed("main", first);
    let changes = changes(&fixture, &request("main"), "main");
    assert_eq!(changes.files, Some(Vec::new()));
}

#[test]
fn a_merge_request_needs_its_target() {
    let (fixture, _) = issue();
    let repo = fixture.open();
    let tree = repo.tree(TreeSource::WorkTree).expect("a tree");
    let error = repo
        .event_base(&tree, &request("mian"), "issue-1")
        .expect_err("no target");
    let expected = "there is no branch `mian` in this repository; did you mean `main`?";
    assert_eq!(told(&error), expected);
}

#[test]
fn a_tag_has_no_changes() {
    let (fixture, _) = issue();
    assert_eq!(changes(&fixture, &RefKind::Tag, "v1"), Changes::default());
}

#[test]
fn compare_to_takes_what_the_server_knows() {
    let (fixture, [first, second, _]) = issue();
    fixture.annotate("v1", second, "one");
    fixture.pushed("develop", second);
    let repo = fixture.open();
    let tree = repo.tree(TreeSource::WorkTree).expect("a tree");
    let all = ["a", "c/d", "new-name"];
    let (first, second) = (first.to_string(), second.to_string());
    for (compare_to, expected) in [
        ("main", Some(&all[..])),
        ("refs/heads/main", Some(&all[..])),
        ("develop", Some(&all[1..])),
        ("v1", Some(&all[1..])),
        ("refs/tags/v1", Some(&all[1..])),
        (first.as_str(), Some(&all[..])),
        (&second[..8], Some(&all[1..])),
        ("HEAD~1", Some(&all[1..])),
        ("origin/main", None),
        ("refs/remotes/origin/main", None),
        ("nothing", None),
        ("", None),
    ] {
        let found = repo.changes_since(&tree, compare_to).ok();
        let expected = expected.map(|paths| paths.iter().map(|p| (*p).to_owned()).collect());
        assert_eq!(found, expected, "{compare_to}");
    }
}

/// What `compare_to: main` finds.
fn since_main(fixture: &Fixture) -> Vec<String> {
    let repo = fixture.open();
    let tree = repo.tree(TreeSource::WorkTree).expect("a tree");
    repo.changes_since(&tree, "main").expect("changes")
}

#[test]
fn of_renamed_files_compare_to_counts_the_new_name() {
    let lines = |range: std::ops::Range<u32>| -> String {
        let lines: Vec<String> = range.map(|line| format!("line {line}\n")).collect();
        lines.concat()
    };
    let ten = lines(0..10);
    for (situation, text, expected) in [
        ("moved", ten.clone(), &["new"][..]),
        ("moved and changed a little", lines(0..12), &["new"]),
        (
            "moved, indented anew",
            ten.replace("line", "    line"),
            &["new", "old"],
        ),
        ("something else", lines(20..30), &["new", "old"]),
    ] {
        let fixture = Fixture::with(&[("old", &ten), ("kept", "x")]);
        fixture.branch("issue-1");
        fixture.remove("old");
        fixture.write("new", &text);
        assert_eq!(since_main(&fixture), expected, "{situation}, not committed");
        fixture.stage();
        assert_eq!(since_main(&fixture), expected, "{situation}, staged");
        fixture.commit("renamed");
        assert_eq!(since_main(&fixture), expected, "{situation}, committed");
        fixture.write("new", &lines(40..50));
        assert_eq!(
            since_main(&fixture),
            ["new", "old"],
            "{situation}, then rewritten"
        );
        fixture.remove("new");
        fixture.write("old", &ten);
        assert!(
            since_main(&fixture).is_empty(),
            "{situation}, then put back"
        );
    }
}

#[test]
fn a_copy_is_no_rename() {
    let fixture = Fixture::with(&[("old", "long enough\n")]);
    fixture.branch("issue-1");
    fixture.write("new", "long enough\n");
    fixture.link("link", "old");
    assert_eq!(since_main(&fixture), ["link", "new"]);
}

#[test]
fn looking_for_renames_writes_nothing() {
    let fixture = Fixture::with(&[("old", "long enough\n")]);
    fixture.branch("issue-1");
    fixture.write("new", "not in the repository\n");
    assert_eq!(since_main(&fixture), ["new"]);
    let id = Oid::hash_object(git2::ObjectType::Blob, b"not in the repository\n").expect("an id");
    let again = git2::Repository::open(fixture.path()).expect("it opens");
    assert!(again.find_blob(id).is_err());
}

#[test]
fn a_commit_has_no_edits() {
    let (fixture, [first, second, _]) = issue();
    fixture.write("untracked", "x");
    let repo = fixture.open();
    let tree = repo
        .tree(TreeSource::Commit(second.to_string()))
        .expect("a tree");
    let found = repo
        .changes_since(&tree, &first.to_string())
        .expect("changes");
    assert_eq!(found, ["a"]);
}
