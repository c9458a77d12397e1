//! Archives that want more than they may.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use tar::EntryType;

use super::super::layer::Limits;
use super::super::testing::{Tar, gzip, listing};
use super::layers::{ONE, job, unpack};

/// A folder with one that nothing may touch, and the place for a layer beside it.
fn trap(folder: &Path) -> (std::path::PathBuf, std::path::PathBuf) {
    let outside = folder.join("outside");
    fs::create_dir(&outside).expect("made");
    fs::write(outside.join("file"), "untouched").expect("written");
    (outside, folder.join("tree"))
}

/// What stays as it is.
const UNTOUCHED: [&str; 1] = ["f file 644 \"untouched\""];

#[test]
fn no_path_leads_out() {
    for (case, tar, refused) in [
        (
            "up",
            Tar::default().file("../outside/file", 0o600, "x"),
            true,
        ),
        (
            "up from within",
            Tar::default().file("a/../../outside/file", 0o600, "x"),
            true,
        ),
        ("a folder up", Tar::default().folder("..", 0o777), true),
        (
            "a link's name up",
            Tar::default().link("../outside/link", "x"),
            true,
        ),
        (
            "a hard link up",
            Tar::default().hard_link("a", "../outside/file"),
            true,
        ),
        (
            "a mark up",
            Tar::default().file("../outside/.wh.file", 0o600, ""),
            true,
        ),
        (
            "a mark for the folder above",
            Tar::default().file("a/.wh...", 0o600, ""),
            true,
        ),
        (
            "a mark for the folder itself",
            Tar::default().file("a/.wh..", 0o600, ""),
            true,
        ),
        (
            "a mark for nothing",
            Tar::default().file("a/.wh.", 0o600, ""),
            true,
        ),
        (
            "through a link up",
            Tar::default()
                .link("a", "../outside")
                .file("a/file", 0o600, "x"),
            false,
        ),
        (
            "through a chain of links",
            Tar::default()
                .link("a", "b/..")
                .link("b", "../..")
                .file("a/outside/file", 0o600, "x"),
            false,
        ),
        (
            "over a link",
            Tar::default()
                .link("a", "../outside/file")
                .file("a", 0o600, "x"),
            false,
        ),
        (
            "a folder over a link",
            Tar::default()
                .link("a", "../outside")
                .folder("a", 0o777)
                .file("a/file", 0o600, "x"),
            false,
        ),
        (
            "removing through a link",
            Tar::default()
                .link("a", "../outside")
                .file("a/.wh.file", 0o600, ""),
            false,
        ),
        (
            "a hard link through a link",
            Tar::default()
                .link("a", "../outside")
                .hard_link("b", "a/file"),
            true,
        ),
        (
            "links in a circle",
            Tar::default()
                .link("a", "b")
                .link("b", "a")
                .file("a/c", 0o600, ""),
            true,
        ),
        (
            "a file as a folder",
            Tar::default().file("a", 0o600, "").file("a/b", 0o600, ""),
            true,
        ),
        (
            "nothing that is known",
            Tar::default().entry(EntryType::new(b'Z'), "a", "", 0o600, b""),
            true,
        ),
        (
            "a name of nobody",
            Tar::default()
                .of(u64::from(u32::MAX), 0)
                .file("a", 0o600, ""),
            true,
        ),
        ("a link to nowhere", Tar::default().link("a", ""), true),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let (outside, place) = trap(folder.path());
        let done = unpack(&tar.end(), &[], &place, ONE, Limits::default());
        assert_eq!(done.is_err(), refused, "{case}: {done:?}");
        assert_eq!(listing(&outside), UNTOUCHED, "{case}");
    }
}

#[test]
fn no_absolute_link_leads_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let (outside, place) = trap(folder.path());
    let target = outside.display().to_string();
    let tar = Tar::default()
        .link("a", &target)
        .file("a/file", 0o600, "x")
        .end();
    unpack(&tar, &[], &place, ONE, Limits::default()).expect("it stays inside");
    assert_eq!(listing(&outside), UNTOUCHED);
    // The same path in the layer.
    let inside = place.join(target.trim_start_matches('/')).join("file");
    assert_eq!(fs::read_to_string(inside).expect("there"), "x");
}

#[test]
fn a_link_of_a_lower_layer_leads_nowhere_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let (outside, place) = trap(folder.path());
    let lower = folder.path().join("lower");
    let tar = Tar::default().link("a", "../outside").end();
    unpack(&tar, &[], &lower, ONE, Limits::default()).expect("sound");
    let below = [lower];
    for (case, tar) in [
        ("a file", Tar::default().file("a/file", 0o600, "x")),
        ("a removal", Tar::default().file("a/.wh.file", 0o600, "")),
    ] {
        let place = place.with_extension(case.replace(' ', "-"));
        unpack(&tar.end(), &below, &place, ONE, Limits::default()).expect(case);
        assert_eq!(listing(&outside), UNTOUCHED, "{case}");
    }
    let tar = Tar::default().hard_link("b", "a/file").end();
    unpack(&tar, &below, &place, ONE, Limits::default()).expect_err("nothing is there");
}

#[test]
fn no_device_gets_in() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("tree");
    // 0:0 would be a mark for overlayfs.
    let tar = Tar::default()
        .entry(EntryType::Char, "a", "", 0o666, b"")
        .entry(EntryType::Block, "b", "", 0o666, b"")
        .end();
    let done = unpack(&tar, &[], &place, ONE, Limits::default()).expect("sound");
    assert_eq!(done.devices, 2);
    assert!(listing(&place).is_empty());
}

#[test]
fn bombs_do_not_go_off() {
    let limits = Limits {
        entries: 3,
        bytes: 4 << 20,
        ratio: 20,
        free_bytes: 100_000,
    };
    let zeros = vec![0; 400_000];
    let files = |count: usize| {
        let files = (0..count).fold(Tar::default(), |tar, at| {
            tar.file(&at.to_string(), 0o600, "")
        });
        files.end()
    };
    let deep = |depth: usize| Tar::default().extended("path", "a/".repeat(depth).as_bytes());
    let long_name =
        Tar::default().entry(EntryType::GNULongName, "x", "", 0o600, &vec![b'a'; 2 << 20]);
    let padded = [Tar::default().file("a", 0o600, "").end(), zeros.clone()].concat();
    for (case, tar, expected) in [
        ("so many files", files(3), None),
        ("too many files", files(4), Some("it has more than 3 files")),
        (
            "so large",
            Tar::default().file("a", 0o600, &zeros).end(),
            None,
        ),
        (
            "too large",
            Tar::default().file("a", 0o600, vec![0; 5 << 20]).end(),
            Some("`a`: it unpacks to more than 4 MiB"),
        ),
        (
            "too well compressed",
            gzip(&Tar::default().file("a", 0o600, &zeros).end()),
            Some("`a`: it unpacks to more than 20 times its size"),
        ),
        (
            "too well compressed behind its end",
            gzip(&padded),
            Some("it unpacks to more than 20 times its size"),
        ),
        (
            "a head that fills the memory",
            long_name.file("a", 0o600, "").end(),
            Some("the head of an entry is larger than 1 MiB"),
        ),
        ("so deep", deep(150).folder("a", 0o755).end(), None),
        (
            "too deep",
            deep(300).folder("a", 0o755).end(),
            Some("lies more than 200 folders deep"),
        ),
        (
            "half of it",
            Tar::default().file("a", 0o600, "x").end()[..600].to_vec(),
            Some("unexpected EOF"),
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let done = unpack(&tar, &[], &folder.path().join("tree"), ONE, limits);
        match expected {
            None => assert!(done.is_ok(), "{case}: {done:?}"),
            Some(expected) => {
                let error = done.expect_err(case).to_string();
                assert!(error.contains(expected), "{case}: {error}");
            }
        }
    }
}

#[test]
fn holes_count_as_what_they_unpack_to() {
    // One block of data, and a size of 1 TiB.
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..1].copy_from_slice(b"a");
    header.set_entry_type(EntryType::GNUSparse);
    header.set_size(512);
    header.set_mode(0o600);
    header.set_uid(0);
    header.set_gid(0);
    {
        let gnu = header.as_gnu_mut().expect("of its kind");
        gnu.sparse[0].offset.copy_from_slice(b"17777777000\0");
        gnu.sparse[0].numbytes.copy_from_slice(b"00000001000\0");
        gnu.realsize.copy_from_slice(b"20000000000\0");
    }
    header.set_cksum();
    let tar = [header.as_bytes().as_slice(), &[0; 512], &[0; 1024]].concat();
    let folder = tempfile::tempdir().expect("a folder");
    let limits = Limits {
        free_bytes: 4 << 20,
        ..Limits::default()
    };
    let done = unpack(&tar, &[], &folder.path().join("tree"), ONE, limits);
    let error = done.expect_err("a bomb").to_string();
    assert!(error.contains("times its size"), "{error}");
}

#[test]
fn whoever_stops_it_gets_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let tar = Tar::default().file("a", 0o600, "").end();
    let job = job(&tar, &folder.path().join("tree"), ONE);
    let error = job.run(&AtomicBool::new(true)).expect_err("stopped");
    assert!(error.to_string().contains("stopped"), "{error}");
}
