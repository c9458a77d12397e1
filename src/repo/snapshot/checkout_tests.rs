//! What a checkout does with line ends and history.

use crate::repo::SnapshotOptions;
use crate::repo::fixture::Fixture;
use crate::types::Sources;

use super::taken::{branch, entries, git, snapshot, unpack};

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

/// As git does it, so that a file is not wholly changed by one line.
#[test]
fn an_edited_file_keeps_the_crlf_that_git_has_stored_where_text_is_guessed() {
    let fixture = Fixture::with(&[("a", "x\r\n"), ("b", "x\n"), ("lf", "x\r\n")]);
    fixture.write(".gitattributes", "* text=auto\nlf eol=crlf\n");
    fixture.commit("attributes");
    for name in ["a", "b", "new"] {
        fixture.write(name, "x\r\ny\r\n");
    }
    // Somebody has taken them away.
    fixture.write("lf", "x\ny\n");
    let dir = tempfile::tempdir().expect("a folder");
    let snapshot = snapshot(&fixture, dir.path(), &branch("main"));
    let out = dir.path().join("out");
    unpack(&snapshot, &out);
    for (name, wanted) in [
        ("a", "x\r\ny\r\n"),
        ("b", "x\ny\n"),
        ("new", "x\ny\n"),
        ("lf", "x\r\ny\r\n"),
    ] {
        let got = std::fs::read_to_string(out.join(name)).expect(name);
        assert_eq!(got, wanted, "{name}");
    }
}

#[test]
fn encodings_and_ids_are_those_of_a_checkout() {
    let attributes = "*.rc text working-tree-encoding=UTF-16LE-BOM eol=crlf\n*.c ident\n";
    let fixture = Fixture::with(&[
        (".gitattributes", attributes),
        ("a.rc", "h\u{e4}\n"),
        ("a.c", "/* $Id$ */\n"),
    ]);
    // As a checkout has written them, and then somebody else.
    let utf16 = |text: &str| {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        units.collect::<Vec<u8>>()
    };
    fixture.write_bytes("edited.rc", &utf16("\u{feff}x\r\n"));
    fixture.write("edited.c", "/* $Id: 0123 $ */\n");
    let dir = tempfile::tempdir().expect("a folder");
    let snapshot = snapshot(&fixture, dir.path(), &branch("main"));
    let out = dir.path().join("out");
    unpack(&snapshot, &out);
    let blob = git2::Oid::hash_object(git2::ObjectType::Blob, b"/* $Id$ */\n").expect("an id");
    let with_id = format!("/* $Id: {blob} $ */\n");
    for (path, wanted) in [
        ("a.rc", utf16("\u{feff}h\u{e4}\r\n")),
        ("edited.rc", utf16("\u{feff}x\r\n")),
        ("a.c", with_id.clone().into_bytes()),
        ("edited.c", with_id.into_bytes()),
    ] {
        let got = std::fs::read(out.join(path)).expect(path);
        assert_eq!(got, wanted, "{path}");
    }
}

#[test]
fn without_a_checkout_there_is_only_what_was_fetched() {
    let fixture = Fixture::with(&[("f", "x")]);
    let dir = tempfile::tempdir().expect("a folder");
    let options = SnapshotOptions {
        sources: Sources {
            checkout: false,
            ..Sources::default()
        },
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
        sources: Sources {
            depth: 0,
            ..Sources::default()
        },
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
