//! Random checkouts: what differs in them is what git says, and between their commits what libgit2
//! says.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::WorkFiles;
use super::tests::as_git_says;
use crate::expr::glob::{Roots, changes_match};
use crate::repo::TreeSource;
use crate::repo::fixture::Fixture;
use crate::repo::listing::WorkState;
use crate::repo::tree_diff::differing_paths;
use crate::types::RefKind;

/// How many checkouts.
const CHECKOUTS: u64 = 60;
/// How often each is changed.
const EDITS: u64 = 14;
const PATHS: [&str; 12] = [
    "a", "b", "a-b", "d/a", "d/b", "d/e/a", "d/e/b", "d.c", "f/g/h/a", "f/g/b", "f/x.log", "x.log",
];

/// Numbers that look random and are the same each time (splitmix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }

    fn one_of<T: Copy>(&mut self, some: &[T]) -> T {
        let at = self.below(some.len() as u64);
        some[usize::try_from(at).unwrap_or_default()]
    }
}

/// Git may refuse: then nothing is done.
fn git(fixture: &Fixture, arguments: &[&str]) {
    let run = Command::new("git")
        .args([
            "-c",
            "user.name=Ann",
            "-c",
            "user.email=ann@example.com",
            "-c",
            "gc.auto=0",
        ])
        .args(arguments)
        .current_dir(fixture.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output();
    run.expect("git runs");
}

/// Changes something. What the file system refuses, as a file below a file, is left out.
fn edit(fixture: &Fixture, numbers: &mut Numbers) -> String {
    let path = numbers.one_of(&PATHS);
    let other = numbers.one_of(&PATHS);
    let (full, to) = (fixture.path().join(path), fixture.path().join(other));
    let write = |text: &str| {
        let folder = full.parent().expect("a folder");
        let _ = fs::create_dir_all(folder).and_then(|()| fs::write(&full, text));
    };
    let what = numbers.below(16);
    match what {
        // Often of one size, at once after the index was written: the times tell nothing.
        0..=2 => write(numbers.one_of(&["1", "2", "3", "11\n", "1\r\n", ""])),
        3 => drop(fs::remove_file(&full)),
        4 => drop(fs::rename(&full, &to)),
        5 => drop(fs::set_permissions(
            &full,
            fs::Permissions::from_mode(numbers.one_of(&[0o755, 0o644])),
        )),
        6 => {
            let _ = fs::remove_file(&full);
            let _ = std::os::unix::fs::symlink(other, &full);
        }
        7 => {
            let _ = fs::remove_file(&full);
            let _ = fs::create_dir(&full).and_then(|()| fs::write(full.join("x"), "1"));
        }
        8 => drop(fs::remove_dir_all(
            fixture.path().join(numbers.one_of(&["d", "d/e", "f/g"])),
        )),
        9 => git(fixture, &["add", "-A"]),
        10 => git(fixture, &["add", "-f", path]),
        11 => git(fixture, &["rm", "-rq", "--cached", path]),
        12 => git(fixture, &["mv", path, other]),
        13 => git(fixture, &["commit", "-qm", "more"]),
        14 => {
            let folder = numbers.one_of(&["", "d/", "f/"]);
            let rule = numbers.one_of(&["*.log\n", "!x.log\n", "/a\n", "e/\n", "b\n!/b\n"]);
            let _ = fs::write(fixture.path().join(format!("{folder}.gitignore")), rule);
        }
        _ => git(
            fixture,
            &[
                "config",
                "core.autocrlf",
                numbers.one_of(&["false", "input"]),
            ],
        ),
    }
    format!("{what} {path} {other}")
}

fn checkout(seed: u64) -> (Fixture, Numbers, Vec<String>) {
    let files: Vec<_> = PATHS.iter().map(|path| (*path, "1")).collect();
    let fixture = Fixture::with(&files);
    let mut numbers = Numbers(seed);
    if seed.is_multiple_of(3) {
        let head = fixture.git.refname_to_id("HEAD").expect("a commit");
        let link = format!("160000,{head},module");
        git(&fixture, &["update-index", "--add", "--cacheinfo", &link]);
        git(&fixture, &["commit", "-qm", "module"]);
        if numbers.below(2) == 0 {
            fs::create_dir(fixture.path().join("module")).expect("a folder");
        }
    }
    if seed.is_multiple_of(5) {
        git(&fixture, &["update-index", "--index-version", "4"]);
    }
    let done = (0..EDITS).map(|_| edit(&fixture, &mut numbers)).collect();
    if seed.is_multiple_of(4) {
        let nested = fixture.path().join("nested");
        git2::Repository::init(&nested).expect("a repository");
        fs::write(nested.join("file"), "1").expect("a file");
    }
    (fixture, numbers, done)
}

#[test]
fn random_checkouts_differ_as_git_says() {
    let mut seen = 0;
    for seed in 0..CHECKOUTS {
        let (fixture, _, done) = checkout(seed);
        let tree = fixture.open().tree(TreeSource::WorkTree).expect("a tree");
        let state = tree.state().expect("a state");
        let Some(expected) = as_git_says(&fixture) else {
            return;
        };
        assert_eq!(*state, expected, "{seed}: {done:#?}");
        seen += expected.modified.len() + expected.deleted.len() + expected.untracked.len();
    }
    assert!(seen > 200, "only {seen} files differ in all");
}

#[test]
fn random_commits_differ_as_libgit2_says() {
    let mut seen = 0;
    for seed in 0..CHECKOUTS / 2 {
        let (fixture, _, done) = checkout(seed);
        git(&fixture, &["add", "-A"]);
        git(&fixture, &["commit", "-qm", "all"]);
        let repository = &fixture.git;
        let mut walk = repository.revwalk().expect("a walk");
        walk.push_head().expect("a commit");
        let tree = |id| repository.find_commit(id).and_then(|commit| commit.tree());
        let trees: Vec<_> = walk
            .map(|id| tree(id.expect("a commit")).expect("a tree"))
            .collect();
        for pair in trees.windows(2) {
            let (new, old) = (&pair[0], &pair[1]);
            let diff = repository.diff_tree_to_tree(Some(old), Some(new), None);
            let diff = diff.expect("a difference");
            let expected: BTreeSet<Vec<u8>> = diff
                .deltas()
                .flat_map(|delta| [delta.old_file(), delta.new_file()])
                .filter_map(|file| file.path_bytes().map(<[u8]>::to_vec))
                .collect();
            let found = differing_paths(repository, Some(old.id()), Some(new.id()));
            assert_eq!(found.expect("paths"), expected, "{seed}: {done:#?}");
            seen += expected.len();
        }
    }
    assert!(seen > 100, "only {seen} files differ in all");
}

/// Of `changes`: some lead to folders and files that are there or gone, some nowhere, some
/// everywhere.
const PATTERNS: [&str; 24] = [
    "a",
    "b",
    "a-b",
    "d/*",
    "d/**/*",
    "d/e/?",
    "d/e/a",
    "d.c",
    "{a,b}",
    "{d/e,f/g}/*",
    "f/g/**/a",
    "f/*.log",
    "*.log",
    "**/a",
    "f/[gx]*/*",
    "x.log/*",
    "a/x",
    "nowhere/*",
    "nested/*",
    "module",
    "./d/*",
    "d//e/*",
    "d\\/e/*",
    "**/*",
];

#[test]
fn where_patterns_lead_random_checkouts_differ_as_in_a_look_at_everything() {
    let (mut seen, mut matched) = (0, 0);
    for seed in 0..CHECKOUTS / 2 {
        let (fixture, mut numbers, done) = checkout(seed);
        let mut walk = fixture.git.revwalk().expect("a walk");
        walk.push_head().expect("a commit");
        let base = walk.last().expect("a commit").expect("a commit");
        fixture.pushed("main", base);
        let repository = fixture.open();
        let everything = repository.tree(TreeSource::WorkTree).expect("a tree");
        let whole = everything.state().expect("a state");
        for _ in 0..8 {
            let some = 1 + numbers.below(3);
            let patterns: Vec<_> = (0..some).map(|_| numbers.one_of(&PATTERNS)).collect();
            let case = format!("{seed}: {patterns:?} {done:#?}");
            let roots = Roots::of(patterns.iter().copied());
            let expected = whole.held_by(&roots);
            seen += expected.paths().count();

            let tree = repository.tree(TreeSource::WorkTree).expect("a tree");
            let index = tree.index().expect("an index");
            let walked = WorkFiles::walk(&tree.git(), index, &roots).expect("files");
            let narrow = WorkState::of(&tree.git(), index, &walked, &roots);
            assert_eq!(narrow.expect("a state"), expected, "{case}");
            assert_eq!(*tree.state_at(&roots).expect("a state"), expected, "{case}");

            // Which files there are is known before.
            let tree = repository.tree(TreeSource::WorkTree).expect("a tree");
            tree.files().expect("files");
            assert_eq!(*tree.state_at(&roots).expect("a state"), expected, "{case}");

            let tree = repository.tree(TreeSource::WorkTree).expect("a tree");
            let event = repository.event_base(&tree, &RefKind::Branch, "main");
            let event = event.expect("a base");
            let [narrow, whole] = [&roots, &Roots::everything()].map(|roots| {
                let paths = repository.changes(&tree, &event, roots).expect("changes");
                paths.map(|paths| changes_match(&patterns, &paths).expect("few alternatives"))
            });
            assert_eq!(narrow, whole, "{case}");
            matched += usize::from(narrow == Some(true));
        }
    }
    assert!(seen > 150, "only {seen} files differ in all");
    assert!((25..225).contains(&matched), "{matched} match");
}
