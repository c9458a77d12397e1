use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use super::is_ignored;
use crate::repo::fixture::Fixture;
use crate::repo::listing::WorkState;
use crate::repo::snapshot::taken::take;
use crate::repo::{ProjectTree, SnapshotOptions, TreeSource};
use crate::types::RefKind;

fn tree(fixture: &Fixture) -> ProjectTree {
    fixture.open().tree(TreeSource::WorkTree).expect("a tree")
}

/// As the real git says it; `None` where there is none.
pub(super) fn as_git_says(fixture: &Fixture) -> Option<WorkState> {
    let output = Command::new("git")
        .args([
            "--no-optional-locks",
            "status",
            "--porcelain",
            "-z",
            "-uall",
        ])
        .arg("--no-renames")
        .current_dir(fixture.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .ok()?;
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut state = WorkState::default();
    for line in text.split_terminator('\0') {
        let (status, name) = line.split_at(3);
        let list = match status.as_bytes() {
            // A folder is another repository.
            b"?? " if name.ends_with('/') => continue,
            b"?? " => &mut state.untracked,
            b"AD " => continue,
            [b'D', ..] | [_, b'D', _] => &mut state.deleted,
            _ => &mut state.modified,
        };
        list.push(name.to_owned());
    }
    // `rm --cached` shows twice to git.
    state.deleted.retain(|name| !state.untracked.contains(name));
    for list in [
        &mut state.modified,
        &mut state.deleted,
        &mut state.untracked,
    ] {
        list.sort();
    }
    Some(state)
}

fn pipe_at(path: &Path) {
    let kind = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, path, kind, 0o600.into(), 0).expect("a pipe");
}

fn unstage(fixture: &Fixture, path: &str) {
    let mut index = fixture.git.index().expect("an index");
    index.remove_path(path.as_ref()).expect("rm --cached");
    index.write().expect("an index");
}

/// What a situation does to the checkout.
type Edit = fn(&Fixture);

const SITUATIONS: [(&str, Edit); 22] = [
    ("nothing", |_| {}),
    ("an edit", |f| f.write("a", "2")),
    ("an edit of the same size", |f| f.write("a", "9")),
    ("a touch", |f| f.write("a", "1")),
    ("an edit that is staged", |f| {
        f.write("a", "2");
        f.stage();
    }),
    ("a staged edit that is taken back", |f| {
        f.write("a", "2");
        f.stage();
        f.write("a", "1");
    }),
    ("a file goes", |f| f.remove("d/b")),
    ("a folder goes", |f| {
        fs::remove_dir_all(f.path().join("d")).expect("it goes");
    }),
    ("a file goes and that is staged", |f| {
        f.remove("a");
        f.stage();
    }),
    ("a file is only unstaged", |f| unstage(f, "a")),
    ("a new file is staged", |f| {
        f.write("new", "n");
        f.stage();
    }),
    ("a new file is staged and goes", |f| {
        f.write("new", "n");
        f.stage();
        f.remove("new");
    }),
    ("untracked files", |f| {
        f.write("new", "n");
        f.write("d/new", "n");
        f.write("e/f/new", "n");
    }),
    ("ignored files", |f| {
        f.write("x.log", "n");
        f.write("d/x.log", "n");
        f.write("keep.log", "n");
        f.write("out/deep/x", "n");
        f.write("d/out/x", "n");
    }),
    ("rules of a folder", |f| {
        f.write("d/.gitignore", "!x.log\n/new\nsub/\n");
        for path in ["d/x.log", "d/new", "d/sub/f", "d/e/new", "x.log"] {
            f.write(path, "n");
        }
    }),
    ("rules of info/exclude", |f| {
        f.write(".git/info/exclude", "*.tmp\n!x.log\n");
        f.write("x.tmp", "n");
        f.write("x.log", "n");
    }),
    ("a tracked file that is ignored", |f| {
        f.write("out/tracked", "2");
    }),
    ("a mode", |f| {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(f.path().join("a"), mode).expect("a mode");
    }),
    ("a file becomes a link", |f| {
        f.remove("a");
        f.link("a", "d/b");
    }),
    ("a link leads elsewhere", |f| {
        f.remove("link");
        f.link("link", "b");
    }),
    ("a file becomes a folder", |f| {
        f.remove("a");
        f.write("a/x", "n");
    }),
    ("a folder becomes a link to one like it", |f| {
        let elsewhere = f.path().join(".git/elsewhere");
        fs::rename(f.path().join("d"), &elsewhere).expect("it moves");
        f.link("d", ".git/elsewhere");
    }),
];

fn checkout() -> Fixture {
    let fixture = Fixture::with(&[
        (".gitignore", "*.log\n!keep.log\nout/\n"),
        ("a", "1"),
        ("d/b", "1"),
        ("d.c", "1"),
    ]);
    fixture.link("link", "a");
    fixture.commit("link");
    fixture.write("out/tracked", "1");
    let mut index = fixture.git.index().expect("an index");
    index.add_path("out/tracked".as_ref()).expect("add -f");
    index.write().expect("an index");
    fixture.commit("ignored");
    fixture
}

#[test]
fn the_state_is_what_git_says() {
    for (situation, edit) in SITUATIONS {
        let fixture = checkout();
        edit(&fixture);
        let tree = tree(&fixture);
        let state = tree.state().expect("a state");
        if let Some(expected) = as_git_says(&fixture) {
            assert_eq!(*state, expected, "{situation}");
        }
    }
}

/// Names are known without a look at the files; they are those that the listing has.
#[test]
fn the_names_are_those_of_the_listing() {
    for (situation, edit) in SITUATIONS {
        let fixture = checkout();
        edit(&fixture);
        let tree = tree(&fixture);
        let names = tree.files().expect("names").to_vec();
        assert!(!names.is_empty(), "{situation}");
        let listed = &tree.listing().expect("a listing").names;
        assert_eq!(names, **listed, "{situation}");
    }
}

#[test]
fn line_ends_that_git_would_change_are_no_edit() {
    let fixture = Fixture::with(&[
        (".gitattributes", "text* text\n"),
        ("text", "a\nb\n"),
        ("text-2", "a\nb\n"),
        ("raw", "a\nb\n"),
    ]);
    fixture.write("text", "a\r\nb\r\n");
    fixture.write("text-2", "a\r\nB\r\n");
    fixture.write("raw", "a\r\nb\r\n");
    // Git leaves no size where it does not trust the times.
    let mut index = fixture.git.index().expect("an index");
    for path in ["text", "text-2", "raw"] {
        let mut entry = index.get_path(path.as_ref(), 0).expect("an entry");
        entry.file_size = 0;
        index.add(&entry).expect("an entry");
    }
    index.write().expect("an index");
    let tree = tree(&fixture);
    assert_eq!(tree.state().expect("a state").modified, ["raw", "text-2"]);
}

#[test]
fn nothing_waits_for_a_pipe() {
    let fixture = Fixture::with(&[
        ("a", "1"),
        ("d/b", "1"),
        ("e/.gitattributes", "* text\n"),
        ("e/crlf", "1\r\n"),
    ]);
    // Other line ends, for which attributes are asked.
    fixture.write("e/crlf", "2\r\n");
    fixture.remove("a");
    for path in [
        ".gitignore",
        ".gitattributes",
        ".gitmodules",
        "d/.gitignore",
        "a",
        "pipe",
    ] {
        pipe_at(&fixture.path().join(path));
    }
    let tree = tree(&fixture);
    let files = tree.files().expect("files");
    assert_eq!(files, ["d/b", "e/.gitattributes", "e/crlf"]);
    let state = tree.state().expect("a state");
    assert_eq!(state.deleted, ["a"]);
    assert_eq!(state.modified, ["e/crlf"]);
    packed(&fixture, &tree);
    // A file that nobody tracks is read where no rule ignores it.
    fixture.write("d/new", "2");
    assert_eq!(tree.read("d/new").expect("a file"), b"2");
}

#[test]
fn a_file_is_ignored_by_itself_or_with_its_folder() {
    let fixture = Fixture::with(&[
        (".gitignore", "*.log\nout/\n/top\n"),
        ("d/.gitignore", "!kept.log\n"),
        ("out/.gitignore", "!*\n"),
    ]);
    for (path, expected) in [
        ("a", false),
        ("a.log", true),
        ("d/a.log", true),
        ("d/kept.log", false),
        ("out/a", true),
        ("e/out/f/a", true),
        ("top", true),
        ("d/top", false),
    ] {
        let path = Path::new(path);
        let git = Command::new("git")
            .args(["check-ignore", "-q", "--no-index"])
            .arg(path)
            .current_dir(fixture.path())
            .status()
            .expect("git runs");
        assert_eq!(git.success(), expected, "git, {path:?}");
        let found = is_ignored(&fixture.git, fixture.path(), path);
        assert_eq!(found, expected, "{path:?}");
    }
}

#[test]
fn gits_own_files_are_not_read_through_links() {
    let outside = tempfile::tempdir().expect("a folder");
    let rules = outside.path().join("rules");
    fs::write(&rules, "new\n").expect("a file");
    let fixture = Fixture::with(&[("a", "1\r\n")]);
    fixture.write("new", "n");
    symlink(&rules, fixture.path().join(".gitignore")).expect("a link");
    symlink("/dev/zero", fixture.path().join(".gitattributes")).expect("a link");
    let tree = tree(&fixture);
    let files = tree.files().expect("files");
    assert_eq!(files, [".gitattributes", ".gitignore", "a", "new"]);
    packed(&fixture, &tree);
}

#[test]
fn what_lies_behind_a_link_is_not_in_the_tree() {
    let outside = tempfile::tempdir().expect("a folder");
    fs::write(outside.path().join("b"), "private").expect("a file");
    let fixture = Fixture::with(&[("d/b", "1")]);
    fs::remove_dir_all(fixture.path().join("d")).expect("it goes");
    symlink(outside.path(), fixture.path().join("d")).expect("a link");
    let tree = tree(&fixture);
    assert_eq!(tree.files().expect("files"), ["d"]);
}

fn packed(fixture: &Fixture, tree: &ProjectTree) {
    let into = tempfile::tempdir().expect("a folder");
    let options = SnapshotOptions::new(RefKind::Branch, "main");
    take(&fixture.open(), tree, into.path(), &options).expect("layers");
}

/// Does `work` while another thread does `meddle` again and again.
fn while_others(meddle: impl Fn(u32) + Sync, work: impl Fn()) {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Bounded, should the other thread never end.
            for round in 0..200_000 {
                if done.load(Ordering::Relaxed) {
                    return;
                }
                meddle(round);
            }
        });
        work();
        done.store(true, Ordering::Relaxed);
    });
}

#[test]
fn files_that_grow_and_shrink_stop_nothing() {
    let large = "x".repeat(3 << 20);
    let fixture = Fixture::with(&[("tracked.log", ""), ("large.log", &large)]);
    fixture.write("untracked.log", &large);
    let root = fixture.path();
    let meddle = |round: u32| {
        for name in ["tracked.log", "large.log", "untracked.log"] {
            let path = root.join(name);
            let mut options = fs::OpenOptions::new();
            let mut file = options.append(true).open(path).expect("a file");
            if round % 50 == 49 {
                file.set_len(1 << 20).expect("it shrinks");
            }
            file.write_all(&[b'y'; 4096]).expect("it grows");
        }
    };
    while_others(meddle, || {
        for _ in 0..3 {
            let tree = tree(&fixture);
            tree.state().expect("a state");
            packed(&fixture, &tree);
        }
    });
}

#[test]
fn files_that_come_and_go_stop_nothing() {
    let fixture = Fixture::with(&[("d/tracked", "1"), ("kept", "1")]);
    let folder = fixture.path().join("d");
    let meddle = |_| {
        let _ = fs::remove_dir_all(&folder);
        let _ = fs::create_dir(&folder);
        for name in ["tracked", "untracked", ".gitignore"] {
            let _ = fs::write(folder.join(name), "2");
        }
    };
    while_others(meddle, || {
        for _ in 0..50 {
            let tree = tree(&fixture);
            let files = tree.files().expect("files");
            assert!(files.iter().any(|name| name == "kept"));
            packed(&fixture, &tree);
        }
    });
}
