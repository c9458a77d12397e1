//! What comes out of the tars of layers.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use tar::EntryType;

use super::super::layer::{LayerError, LayerForm, Limits, Marks, Owners, UnpackJob, Unpacked};
use super::super::sha256::sha256;
use super::super::testing::{Tar, gzip, listing, zstd};

/// What everyone may do.
pub(super) const ONE: LayerForm = LayerForm {
    owners: Owners::One,
    marks: Marks::User,
};

/// Unpacks a tar over others into the folder `place`.
pub(super) fn unpack(
    tar: &[u8],
    below: &[PathBuf],
    place: &Path,
    form: LayerForm,
    limits: Limits,
) -> Result<Unpacked, LayerError> {
    let job = UnpackJob {
        below: below.to_vec(),
        limits,
        ..job(tar, place, form)
    };
    job.run(&AtomicBool::new(false))
}

/// Unpacking a tar over nothing into the folder `place`.
pub(super) fn job(tar: &[u8], place: &Path, form: LayerForm) -> UnpackJob {
    let archive = place.with_extension("tar");
    fs::write(&archive, tar).expect("written");
    UnpackJob {
        archive,
        part: None,
        digest: None,
        diff_id: None,
        into: place.to_owned(),
        below: Vec::new(),
        form,
        limits: Limits::default(),
    }
}

/// The listings of layers that are unpacked over each other.
fn unpacked(layers: &[Vec<u8>]) -> Vec<Vec<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut below: Vec<PathBuf> = Vec::new();
    let mut listings = Vec::new();
    for (at, layer) in layers.iter().enumerate() {
        let place = folder.path().join(at.to_string());
        unpack(layer, &below, &place, ONE, Limits::default()).expect("sound");
        listings.push(listing(&place));
        below.push(place);
    }
    listings
}

#[test]
fn every_kind_of_entry() {
    let tar = Tar::default()
        .folder("./", 0o755)
        .folder("./bin/", 0o555)
        .file("./bin/su", 0o4755, "su")
        .file("/etc/motd", 0o640, "")
        .link("./etc/out", "../../../../etc/passwd")
        .hard_link("./bin/doas", "bin/su")
        .folder("tmp", 0o1777)
        .entry(EntryType::Fifo, "tmp/pipe", "", 0o622, b"")
        .entry(EntryType::Char, "dev/null", "", 0o666, b"")
        .entry(EntryType::Block, "dev/sda", "", 0o660, b"")
        .file("tmp/old/", 0o700, "")
        .end();
    assert_eq!(
        unpacked(&[tar])[0],
        [
            "d bin 555",
            "f bin/doas 4755 \"su\" x2",
            "f bin/su 4755 \"su\" x2",
            "d etc 755",
            "f etc/motd 640 \"\"",
            "l etc/out -> ../../../../etc/passwd",
            "d tmp 1777",
            "d tmp/old 700",
            "p tmp/pipe 622",
        ]
    );
}

#[test]
fn what_a_layer_removes_is_marked() {
    let lower = Tar::default()
        .file("a/one", 0o644, "1")
        .file("a/two", 0o644, "2")
        .file("b/one", 0o644, "1")
        .file("c/one", 0o644, "1")
        .end();
    let upper = Tar::default()
        .file("a/.wh.one", 0o644, "")
        .file("b/.wh..wh..opq", 0o644, "")
        .file("b/new", 0o644, "new")
        .file(".wh.c", 0o644, "")
        .file("d/.wh.none", 0o644, "")
        .file(".wh..wh.plnk", 0o644, "")
        .end();
    assert_eq!(
        unpacked(&[lower, upper])[1],
        [
            "d a 755",
            "- a/one",
            "d b 755 opaque",
            "f b/new 644 \"new\"",
            "- c",
            "d d 755",
            "- d/none",
        ]
    );
}

#[test]
fn what_a_layer_removes_and_brings_is_new() {
    let lower = Tar::default()
        .file("a/one", 0o644, "1")
        .file("b", 0o644, "1")
        .end();
    for (case, upper, expected) in [
        (
            "the mark first",
            Tar::default()
                .file(".wh.a", 0o644, "")
                .file("a/two", 0o644, "2"),
            ["d a 755 opaque", "f a/two 644 \"2\""],
        ),
        (
            "the mark last",
            Tar::default()
                .file("a/two", 0o644, "2")
                .file(".wh.a", 0o644, ""),
            ["d a 755 opaque", "f a/two 644 \"2\""],
        ),
        (
            "a folder in place of a removed file",
            Tar::default()
                .file(".wh.b", 0o644, "")
                .folder("b", 0o700)
                .file("b/c", 0o644, ""),
            ["d b 700 opaque", "f b/c 644 \"\""],
        ),
        (
            "a file twice, and in place of a folder",
            Tar::default()
                .file("a", 0o600, "first")
                .file("a", 0o644, "second")
                .folder("c/d", 0o755)
                .file("c", 0o644, "file"),
            ["f a 644 \"second\"", "f c 644 \"file\""],
        ),
    ] {
        assert_eq!(
            unpacked(&[lower.clone(), upper.end()])[1],
            expected,
            "{case}"
        );
    }
}

#[test]
fn the_lowest_layer_has_nothing_to_remove() {
    let tar = Tar::default()
        .file("a/.wh.b", 0o644, "")
        .file("c/.wh..wh..opq", 0o644, "")
        .file("d", 0o644, "")
        .end();
    assert_eq!(unpacked(&[tar])[0], ["f d 644 \"\""]);
}

#[test]
fn a_folder_that_is_not_named_looks_as_below() {
    let lower = Tar::default()
        .folder("tmp", 0o1777)
        .link("lib", "usr/lib")
        .link("deep", "/usr/../lib")
        .folder("usr/lib", 0o750)
        .end();
    let upper = Tar::default()
        .file("tmp/a", 0o644, "a")
        .file("lib/b", 0o644, "b")
        .file("deep/c", 0o644, "c")
        .file("new/d", 0o644, "d")
        .end();
    assert_eq!(
        unpacked(&[lower, upper])[1],
        [
            "d new 755",
            "f new/d 644 \"d\"",
            "d tmp 1777",
            "f tmp/a 644 \"a\"",
            "d usr 755",
            "d usr/lib 750",
            "f usr/lib/b 644 \"b\"",
            "f usr/lib/c 644 \"c\"",
        ]
    );
}

#[test]
fn what_is_removed_between_does_not_show() {
    let lowest = Tar::default().folder("a/b", 0o700).end();
    let middle = Tar::default().file(".wh.a", 0o644, "").end();
    let opaque = Tar::default().file("a/.wh..wh..opq", 0o644, "").end();
    let upper = Tar::default().file("a/b/c", 0o644, "").end();
    for middle in [middle, opaque] {
        let layers = [lowest.clone(), middle, upper.clone()];
        let expected = ["d a 755", "d a/b 755", "f a/b/c 644 \"\""];
        assert_eq!(unpacked(&layers)[2], expected);
    }
}

#[test]
fn a_hard_link_to_a_lower_layer_is_a_copy() {
    let lower = Tar::default().file("bin/a", 0o4711, "a").end();
    let upper = Tar::default().hard_link("b", "bin/a").end();
    let found = unpacked(&[lower, upper]);
    assert_eq!(found[0], ["d bin 755", "f bin/a 4711 \"a\""]);
    assert_eq!(found[1], ["f b 4711 \"a\"", "d bin 755"]);
}

#[test]
fn compressed_layers_have_the_digest_of_their_tar() {
    let tar = Tar::default().file("a", 0o644, "a").end();
    let folder = tempfile::tempdir().expect("a folder");
    for (case, bytes) in [
        ("plain", tar.clone()),
        ("gzip", gzip(&tar)),
        ("zstd", zstd(&tar)),
    ] {
        let place = folder.path().join(case);
        let done = unpack(&bytes, &[], &place, ONE, Limits::default()).expect(case);
        assert_eq!(done.diff_id, sha256(&tar), "{case}");
        assert_eq!((done.entries, done.bytes), (1, 1), "{case}");
        assert_eq!(listing(&place), ["f a 644 \"a\""], "{case}");
    }
}

#[test]
fn a_wrong_digest_is_an_error() {
    let tar = Tar::default().file("a", 0o644, "a").end();
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("tar");
    let packed = gzip(&tar);
    fs::write(&archive, &packed).expect("written");
    for (case, digest, diff_id, ok) in [
        ("both right", sha256(&packed), sha256(&tar), true),
        ("another archive", sha256("x"), sha256(&tar), false),
        ("another tar", sha256(&packed), sha256("x"), false),
    ] {
        let job = UnpackJob {
            archive: archive.clone(),
            part: None,
            digest: Some(digest),
            diff_id: Some(diff_id),
            into: folder.path().join(case),
            below: Vec::new(),
            form: ONE,
            limits: Limits::default(),
        };
        let done = job.run(&AtomicBool::new(false));
        assert_eq!(done.is_ok(), ok, "{case}: {done:?}");
        let again = serde_json::to_string(&job).expect("written");
        assert_eq!(
            serde_json::from_str::<UnpackJob>(&again).expect("read"),
            job
        );
    }
}

#[test]
fn times_and_attributes_are_kept() {
    let tar = Tar::default()
        .folder("a", 0o755)
        .extended("SCHILY.xattr.user.note", b"hello\0world")
        .extended("SCHILY.xattr.user.overlay.redirect", b"/etc")
        .extended("SCHILY.xattr.trusted.overlay.opaque", b"y")
        .extended("path", "a/ä".as_bytes())
        .file("a/x", 0o644, "x")
        .end();
    let folder = tempfile::tempdir().expect("a folder");
    let place = folder.path().join("tree");
    unpack(&tar, &[], &place, ONE, Limits::default()).expect("sound");
    let file = place.join("a/ä");
    for path in [place.join("a"), file.clone()] {
        let about = fs::metadata(&path).expect("there");
        assert_eq!(about.mtime(), 1_000_000_000, "{}", path.display());
    }
    let mut names = [0; 256];
    let Ok(length) = rustix::fs::listxattr(&file, &mut names[..]) else {
        return;
    };
    let names = String::from_utf8_lossy(&names[..length]).into_owned();
    // A file system without attributes keeps none.
    assert!(matches!(names.as_str(), "user.note\0" | ""), "{names:?}");
}

#[test]
fn files_have_the_owners_of_the_image_as_root() {
    let tar = Tar::default()
        .of(1000, 100)
        .folder("home", 0o700)
        .file("home/su", 0o6755, "x")
        .link("home/link", "nowhere")
        .of(4_000_000_000, 5)
        .file("far", 0o644, "")
        .end();
    let folder = tempfile::tempdir().expect("a folder");
    for (owners, expected) in [(Owners::Image, (1000, 100)), (Owners::One, (0, 0))] {
        let place = folder.path().join(format!("{owners:?}"));
        let form = LayerForm {
            owners,
            marks: Marks::User,
        };
        unpack(&tar, &[], &place, form, Limits::default()).expect("sound");
        for path in ["home", "home/su", "home/link"] {
            let about = fs::symlink_metadata(place.join(path)).expect("there");
            assert_eq!((about.uid(), about.gid()), expected, "{path} {owners:?}");
        }
        let about = fs::metadata(place.join("home/su")).expect("there");
        assert_eq!(about.mode() & 0o7777, 0o6755, "{owners:?}");
    }
}
