use std::fmt::Write as _;
use std::path::Path;

use git2::Oid;

use super::write;
use crate::repo::fixture::Fixture;

/// A repository whose objects lie in packs, with deltas, and loose ones beside them.
fn packed() -> (Fixture, Vec<Oid>) {
    let fixture = Fixture::new();
    let lines: Vec<_> = (0..300).map(|n| format!("line {n}")).collect();
    let mut text = lines.join("\n");
    for round in 0..6 {
        fixture.write("file", &text);
        fixture.write(&format!("only-{round}"), &round.to_string());
        fixture.commit(&format!("commit {round}"));
        writeln!(text, "added {round}").expect("a string");
        if round == 3 {
            repack(&fixture.git);
        }
    }
    let objects = every_object(&fixture.git);
    (fixture, objects)
}

fn every_object(git: &git2::Repository) -> Vec<Oid> {
    let mut objects = Vec::new();
    let odb = git.odb().expect("objects");
    odb.foreach(|id| {
        objects.push(*id);
        true
    })
    .expect("objects");
    objects.sort();
    objects.dedup();
    objects
}

/// What `git repack -ad` does.
fn repack(git: &git2::Repository) {
    let objects = git.path().join("objects");
    let mut builder = git.packbuilder().expect("a pack");
    for id in every_object(git) {
        builder.insert_object(id, Some("file")).expect("an object");
    }
    builder.write(&objects.join("pack"), 0o444).expect("a pack");
    for entry in std::fs::read_dir(&objects).expect("objects").flatten() {
        if entry.file_name().len() == 2 {
            std::fs::remove_dir_all(entry.path()).expect("loose objects");
        }
    }
}

/// Reads a pack back with libgit2 alone.
fn read_back(folder: &Path) -> git2::Repository {
    let git = git2::Repository::init_bare(folder.join("again.git")).expect("a repository");
    let target = git.path().join("objects/pack");
    for entry in std::fs::read_dir(folder).expect("files").flatten() {
        if entry.path().is_file() {
            std::fs::copy(entry.path(), target.join(entry.file_name())).expect("a copy");
        }
    }
    git
}

fn assert_holds(git: &git2::Repository, from: &git2::Repository, objects: &[Oid]) {
    assert_eq!(every_object(git), objects);
    let (odb, original) = (git.odb().expect("objects"), from.odb().expect("objects"));
    for id in objects {
        let (found, expected) = (
            odb.read(*id).expect("the object"),
            original.read(*id).expect("the object"),
        );
        assert_eq!(found.kind(), expected.kind(), "{id}");
        assert_eq!(found.data(), expected.data(), "{id}");
    }
}

#[test]
fn packed_and_loose_objects_come_through() {
    let (fixture, objects) = packed();
    let folder = tempfile::tempdir().expect("a folder");
    let git = git2::Repository::open(fixture.path()).expect("a fresh handle");
    let names = write(&git, &objects, folder.path(), &|| false).expect("a pack");
    assert_holds(&read_back(folder.path()), &git, &objects);
    let size = folder
        .path()
        .join(&names[1])
        .metadata()
        .expect("the pack")
        .len();
    assert!(size < 30_000, "{size} bytes: deltas were kept");
}

#[test]
fn large_objects_are_copied_in_pieces() {
    let fixture = Fixture::new();
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b'!' + (state >> 24) as u8 % 90)
    };
    let noise: String = (0..400_000).map(|_| next()).collect();
    fixture.write("noise", &noise);
    fixture.commit("large");
    repack(&fixture.git);
    let git = git2::Repository::open(fixture.path()).expect("a fresh handle");
    let objects = every_object(&git);
    let folder = tempfile::tempdir().expect("a folder");
    write(&git, &objects, folder.path(), &|| false).expect("a pack");
    assert_holds(&read_back(folder.path()), &git, &objects);
}

#[test]
fn a_delta_whose_base_is_left_out_becomes_whole() {
    let (fixture, objects) = packed();
    let git = git2::Repository::open(fixture.path()).expect("a fresh handle");
    for left_out in 0..objects.len() {
        let mut some = objects.clone();
        some.remove(left_out);
        let folder = tempfile::tempdir().expect("a folder");
        write(&git, &some, folder.path(), &|| false).expect("a pack");
        assert_holds(&read_back(folder.path()), &git, &some);
    }
}

#[test]
fn objects_of_alternates_are_found() {
    let (fixture, objects) = packed();
    let folder = tempfile::tempdir().expect("a folder");
    let borrower = git2::Repository::init_bare(folder.path().join("b.git")).expect("a repository");
    let theirs = fixture.path().join(".git/objects");
    std::fs::create_dir_all(borrower.path().join("objects/info")).expect("a folder");
    std::fs::write(
        borrower.path().join("objects/info/alternates"),
        format!("{}\n", theirs.display()),
    )
    .expect("alternates");
    let git = git2::Repository::open(borrower.path()).expect("a fresh handle");
    let out = tempfile::tempdir().expect("a folder");
    write(&git, &objects, out.path(), &|| false).expect("a pack");
    assert_holds(&read_back(out.path()), &git, &objects);
}
