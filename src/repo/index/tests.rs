use git2::{IndexEntryExtendedFlag, IndexEntryFlag};
use proptest::prelude::*;

use super::parse::parse;
use super::{Index, Time};
use crate::repo::fixture::Fixture;

/// What an index does to a fixture's.
type Edit = fn(&mut git2::Index);

fn edited(edit: Edit) -> Fixture {
    let fixture = Fixture::with(&[(".a", "1"), ("a/b", "22"), ("a-c", ""), ("b/c/d", "4")]);
    let mut index = fixture.git.index().expect("an index");
    edit(&mut index);
    index.write().expect("an index");
    fixture
}

fn change_entry(index: &mut git2::Index, change: fn(&mut git2::IndexEntry)) {
    let mut entry = index.get_path("a/b".as_ref(), 0).expect("an entry");
    change(&mut entry);
    index.add(&entry).expect("an entry");
}

/// An entry in words.
type Told = (Vec<u8>, [u32; 5], git2::Oid, [bool; 3], [Time; 2]);

fn told(index: &Index) -> Vec<Told> {
    let entries = index.iter().map(|entry| {
        let numbers = [
            entry.mode(),
            entry.size(),
            entry.inode(),
            entry.user(),
            entry.group(),
        ];
        let flags = [
            entry.is_left_out(),
            entry.is_assumed_unchanged(),
            entry.is_in_conflict(),
        ];
        let times = [entry.modified(), entry.changed()];
        (entry.path.to_vec(), numbers, entry.id(), flags, times)
    });
    entries.collect()
}

#[test]
fn entries_are_what_libgit2_reads() {
    let edits: [(&str, Edit); 7] = [
        ("as it is", |_| {}),
        ("a name that is too long for the flags", |index| {
            change_entry(index, |entry| {
                entry.path = format!("{}z", "d/".repeat(2100)).into_bytes();
            });
        }),
        ("names in part", |index| {
            index.set_version(4).expect("a version");
        }),
        ("a sparse checkout", |index| {
            change_entry(index, |entry| {
                entry.flags |= IndexEntryFlag::EXTENDED.bits();
                entry.flags_extended |= IndexEntryExtendedFlag::SKIP_WORKTREE.bits();
            });
        }),
        ("not to be looked at", |index| {
            change_entry(index, |entry| entry.flags |= 0x8000);
        }),
        ("a conflict", |index| {
            let entry = index.get_path("a/b".as_ref(), 0).expect("an entry");
            index.remove_path("a/b".as_ref()).expect("rm");
            for stage in 1..=3 {
                let mut version = git2::IndexEntry {
                    path: entry.path.clone(),
                    ..entry
                };
                version.flags = stage << 12;
                index.add(&version).expect("an entry");
            }
        }),
        ("nothing", |index| index.clear().expect("an index")),
    ];
    for (situation, edit) in edits {
        let fixture = edited(edit);
        let path = fixture.path().join(".git/index");
        let bytes = std::fs::read(path).expect("an index");
        let read = parse(bytes).expect(situation);
        let git = git2::Repository::open(fixture.path()).expect("a repository");
        let expected = Index::read_by_libgit2(&git, Time::default()).expect(situation);
        assert_eq!(told(&read), told(&expected), "{situation}");
        for entry in expected.iter() {
            assert!(read.get(entry.path).is_some(), "{situation}");
        }
    }
}

#[test]
fn names_are_found_in_order() {
    let fixture = edited(|_| {});
    let index = Index::read(&fixture.git).expect("an index");
    let found = |folder: &str, names: &[&str]| -> Vec<bool> {
        let mut among = index.below(folder.as_bytes());
        let behind = if folder.is_empty() {
            0
        } else {
            folder.len() + 1
        };
        let mut find = |name: &&str| index.find_next(name.as_bytes(), &mut among, behind);
        names.iter().map(|name| find(name).is_some()).collect()
    };
    assert_eq!(
        found("", &[".a", "a", "a-c", "b", "z"]),
        [true, false, true, false, false]
    );
    assert_eq!(found("a", &["a", "b", "c"]), [false, true, false]);
    assert_eq!(found("b", &["c", "d"]), [false, false]);
    assert_eq!(found("nowhere", &["a"]), [false]);
    assert!(index.get(b"a/b").is_some());
    assert!(index.get(b"a").is_none());
}

#[test]
fn what_another_program_must_read_is_left_to_it() {
    let fixture = edited(|_| {});
    let good = std::fs::read(fixture.path().join(".git/index")).expect("an index");
    assert!(parse(good.clone()).is_some());
    let swapped = |from: &[u8], to: &[u8]| {
        let mut bytes = good.clone();
        let at = memchr::memmem::find(&bytes, from).expect("it is there");
        bytes[at..at + to.len()].copy_from_slice(to);
        bytes
    };
    for (situation, bytes) in [
        ("nothing", Vec::new()),
        ("no index", b"nonsense nonsense nonsense nonsense".to_vec()),
        ("a later version", swapped(b"\0\0\0\x02", b"\0\0\0\x05")),
        ("a split index", swapped(b"TREE", b"link")),
        ("it leads out", swapped(b"a/b\0", b"../b")),
        ("git's own files", swapped(b"b/c/d\0", b".git/")),
        ("out of order", swapped(b"a-c\0", b"z-c\0")),
        ("cut off", good[..good.len() / 2].to_vec()),
    ] {
        assert!(parse(bytes).is_none(), "{situation}");
    }
}

#[test]
fn a_folder_that_nothing_was_staged_in_is_remembered() {
    let fixture = Fixture::with(&[("a/b", "1"), ("c/d/e", "1")]);
    let remembered = || {
        let index = Index::read(&fixture.git).expect("an index");
        let mut trees: Vec<_> = index.cached_trees().into_iter().collect();
        trees.sort();
        let names = trees.iter().map(|(path, _)| path.as_slice());
        let head = fixture.git.head().and_then(|head| head.peel_to_tree());
        for (path, tree) in trees.iter().filter(|(path, _)| !path.is_empty()) {
            let path = std::str::from_utf8(path).expect("a name");
            let known = head.as_ref().expect("a tree").get_path(path.as_ref());
            assert_eq!(known.expect("a folder").id(), *tree, "{path}");
        }
        names
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect::<Vec<_>>()
    };
    let mut index = fixture.git.index().expect("an index");
    let head = fixture
        .git
        .head()
        .and_then(|head| head.peel_to_tree())
        .expect("a tree");
    index.read_tree(&head).expect("an index");
    index.write().expect("an index");
    assert_eq!(remembered(), ["", "a", "c", "c/d"]);
    fixture.write("c/new", "2");
    index.add_path("c/new".as_ref()).expect("add");
    index.write().expect("an index");
    assert_eq!(remembered(), ["a", "c/d"]);
}

proptest! {
    /// Whatever lies there: an index or none, and nothing ever panics.
    #[test]
    fn any_bytes_are_read(
        at in any::<prop::sample::Index>(),
        with in prop::collection::vec(any::<u8>(), 1..9),
        version in 2_u8..=4,
    ) {
        let mut bytes = b"DIRC\0\0\0\x02\0\0\0\x02".to_vec();
        bytes[7] = version;
        for path in [&b"a/b"[..], b"c"] {
            bytes.extend([0; 60]);
            bytes.extend([0, u8::try_from(path.len()).unwrap_or_default()]);
            bytes.extend(path);
            bytes.resize(bytes.len().next_multiple_of(4) + 4, 0);
        }
        bytes.extend(b"TREE\0\0\0\x06\0" as &[u8]);
        bytes.extend(b"-1 0\n" as &[u8]);
        bytes.extend([0; 20]);
        let at = at.index(bytes.len() - with.len());
        bytes[at..at + with.len()].copy_from_slice(&with);
        if let Some(index) = parse(bytes) {
            told(&index);
            index.cached_trees();
            index.get(b"a/b");
            index.below(b"a");
        }
    }
}

#[test]
fn forms_that_can_not_be_read_are_named() {
    let cases: [(&[&[&str]], &str); 2] = [
        (
            &[&["update-index", "--split-index"]],
            "uses a split index, which pipe can't read; run `git update-index --no-split-index`",
        ),
        (
            &[
                &["sparse-checkout", "init", "--cone", "--sparse-index"],
                &["sparse-checkout", "set", "a"],
            ],
            "uses a sparse index, which pipe can't read; run `git sparse-checkout reapply --no-sparse-index`",
        ),
    ];
    for (commands, wanted) in cases {
        let fixture = Fixture::with(&[("a/x", "1"), ("b/y", "2")]);
        for arguments in commands {
            let mut git = std::process::Command::new("git");
            let done = git.arg("-C").arg(fixture.path()).args(*arguments).status();
            assert!(done.expect("git").success(), "{arguments:?}");
        }
        let git = git2::Repository::open(fixture.path()).expect("a repository");
        let error = Index::read(&git).expect_err("it can't be read");
        let text = crate::repo::fixture::told(&error);
        assert!(text.ends_with(wanted), "{text}");
    }
}
