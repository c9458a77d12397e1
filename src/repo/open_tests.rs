//! What `.git` can be: a folder, a pointer, a link to either, or nothing that leads anywhere.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::repo::fixture::{Fixture, told};
use crate::repo::snapshot::taken::{entries, take};
use crate::repo::{Repository, SnapshotOptions, TreeSource};
use crate::types::RefKind;

/// A checkout with an untracked file, and a folder where its `.git` can go.
fn checkout() -> (Fixture, TempDir) {
    let fixture = Fixture::with(&[("a", "1")]);
    fixture.write("untracked", "2");
    (fixture, tempfile::tempdir().expect("a folder"))
}

/// Moves `.git` of the checkout to `place`.
fn move_git(checkout: &Path, place: &Path) {
    fs::rename(checkout.join(".git"), place).expect("it moves");
}

/// A worktree of the checkout, with the untracked file too.
fn worktree(fixture: &Fixture, at: &Path) {
    fixture
        .git
        .worktree("linked", at, None)
        .expect("a worktree");
    fs::write(at.join("untracked"), "2").expect("a file");
}

/// The files in the tar of a job, `.git` aside.
fn packed(repo: &Repository) -> Vec<String> {
    let into = tempfile::tempdir().expect("a folder");
    let tree = repo.tree(TreeSource::WorkTree).expect("a tree");
    let options = SnapshotOptions::new(RefKind::Branch, "main");
    let taken = take(repo, &tree, into.path(), &options).expect("layers");
    let names = entries(&taken).into_keys();
    names
        .filter(|name| !name.starts_with(".git") && name != "./")
        .collect()
}

/// The checkout at `root` is found, from its top and from below, with the right files.
fn assert_right_tree(root: &Path, situation: &str) {
    let below = root.join("below");
    fs::create_dir_all(&below).expect("a folder");
    for cwd in [root, &below] {
        let repo = Repository::discover(cwd).expect(situation);
        assert_eq!(
            repo.root(),
            root.canonicalize().expect("a path"),
            "{situation}"
        );
        let tree = repo.tree(TreeSource::WorkTree).expect("a tree");
        assert_eq!(
            tree.files().expect("files"),
            ["a", "untracked"],
            "{situation}"
        );
        let state = tree.state().expect("a state");
        assert_eq!(state.deleted, Vec::<String>::new(), "{situation}");
        assert_eq!(packed(&repo), ["a", "untracked"], "{situation}");
    }
}

#[test]
fn a_link_to_a_folder() {
    let (fixture, elsewhere) = checkout();
    let place = elsewhere.path().join("real.git");
    move_git(fixture.path(), &place);
    symlink(&place, fixture.path().join(".git")).expect("a link");
    assert_right_tree(fixture.path(), "a link to a folder");
}

#[test]
fn a_link_to_a_folder_inside_the_checkout() {
    let (fixture, _) = checkout();
    // Ignored, so that it is no part of the tree.
    move_git(fixture.path(), &fixture.path().join("store"));
    fs::write(fixture.path().join("store/info/exclude"), "/store\n").expect("a file");
    symlink("store", fixture.path().join(".git")).expect("a link");
    assert_right_tree(fixture.path(), "a link to a folder inside");
}

#[test]
fn a_link_to_the_git_folder_of_another_checkout() {
    let (fixture, elsewhere) = checkout();
    let other = elsewhere.path().join("other");
    fs::create_dir(&other).expect("a folder");
    for name in ["a", "untracked"] {
        fs::copy(fixture.path().join(name), other.join(name)).expect("a copy");
    }
    // The first checkout has more; none of it may come.
    fixture.write("theirs", "3");
    symlink(fixture.path().join(".git"), other.join(".git")).expect("a link");
    assert_right_tree(&other, "a link to another checkout's folder");
}

#[test]
fn a_link_to_a_pointer() {
    let (fixture, elsewhere) = checkout();
    let place = elsewhere.path().join("real.git");
    move_git(fixture.path(), &place);
    let pointer = elsewhere.path().join("pointer");
    fs::write(&pointer, format!("gitdir: {}\n", place.display())).expect("a pointer");
    symlink(&pointer, fixture.path().join(".git")).expect("a link");
    assert_right_tree(fixture.path(), "a link to a pointer");
}

#[test]
fn a_worktree_and_a_link_to_its_pointer() {
    let (fixture, elsewhere) = checkout();
    let linked = elsewhere.path().join("linked");
    worktree(&fixture, &linked);
    assert_right_tree(&linked, "a worktree");
    let pointer = elsewhere.path().join("pointer");
    move_git(&linked, &pointer);
    symlink(&pointer, linked.join(".git")).expect("a link");
    assert_right_tree(&linked, "a link to its pointer");
}

#[test]
fn a_worktree_that_was_moved() {
    let (fixture, elsewhere) = checkout();
    let [made, moved] = ["made", "moved"].map(|name| elsewhere.path().join(name));
    worktree(&fixture, &made);
    fs::rename(&made, &moved).expect("it moves");
    assert_right_tree(&moved, "a moved worktree");
    // What stands at its old place is not its tree.
    fs::create_dir(&made).expect("a folder");
    fs::write(made.join("theirs"), "3").expect("a file");
    assert_right_tree(&moved, "a moved worktree, and its old place in use");
}

#[test]
fn a_main_checkout_through_a_link_to_its_worktrees_place() {
    let (fixture, elsewhere) = checkout();
    worktree(&fixture, &elsewhere.path().join("linked"));
    let other = elsewhere.path().join("other");
    fs::create_dir(&other).expect("a folder");
    for name in ["a", "untracked"] {
        fs::copy(fixture.path().join(name), other.join(name)).expect("a copy");
    }
    let place = fixture.path().join(".git/worktrees/linked");
    symlink(&place, other.join(".git")).expect("a link");
    assert_right_tree(&other, "a link to the folder of a worktree");
}

#[test]
fn what_leads_nowhere_is_never_taken_for_the_checkout_above() {
    let above = Fixture::with(&[("a", "1")]);
    let place = |name: &str| -> PathBuf {
        let folder = above.path().join(name);
        fs::create_dir(&folder).expect("a folder");
        folder
    };
    let dangling = place("dangling");
    symlink("nowhere", dangling.join(".git")).expect("a link");
    let circle = place("circle");
    symlink(".git", circle.join(".git")).expect("a link");
    let to_a_file = place("to-a-file");
    symlink("../a", to_a_file.join(".git")).expect("a link");
    let empty = place("empty");
    fs::create_dir(empty.join(".git")).expect("a folder");
    let pointer = place("pointer");
    fs::write(pointer.join(".git"), "gitdir: ../nowhere\n").expect("a pointer");
    for root in [dangling, circle, to_a_file, empty, pointer] {
        let error = Repository::discover(&root).expect_err("no repository");
        let root = root.canonicalize().expect("a path");
        assert_eq!(
            told(&error),
            format!(
                "`{0}/.git` leads to no repository; run `git worktree repair {0}` in the main checkout, or clone again",
                root.display()
            )
        );
    }
}
