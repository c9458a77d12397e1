//! Files of each kind that become images.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde_json::json;

use super::super::sha256::sha256;
use super::super::testing::{Tar, archive, docker_archive, gzip, layout, listing, zstd};
use super::super::{Arrived, ImageError, ImageName, ImageStore, ImportOptions};

/// Two layers, of which the upper one removes a file.
pub(super) fn layers() -> Vec<Vec<u8>> {
    let lower = Tar::default()
        .file("bin/sh", 0o755, "sh")
        .file("gone", 0o644, "")
        .end();
    let upper = Tar::default().file(".wh.gone", 0o644, "").end();
    vec![lower, upper]
}

pub(super) fn store(folder: &Path) -> ImageStore {
    ImageStore::new(&folder.join("images")).expect("a store")
}

pub(super) fn import(
    store: &ImageStore,
    path: &Path,
    tag: Option<&str>,
) -> Result<Vec<Arrived>, ImageError> {
    let options = ImportOptions {
        name: tag.map(|tag| ImageName::parse(tag).expect("a name")),
        platform: Some("linux/amd64".parse().expect("a platform")),
    };
    let mut arrival = store.arrival()?;
    let stop = AtomicBool::new(false);
    let of = path
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let arrived = arrival.import(path, &of, &options, &|_| {}, &stop)?;
    arrival.finish()?;
    Ok(arrived)
}

/// Everything below a folder, as paths.
pub(super) fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(all_files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

#[test]
fn every_kind_of_archive_becomes_the_same_image() {
    let layers = layers();
    let name = "registry.example.com/tool:1";
    let saved = docker_archive(name, &layers);
    let files = layout(Some(name), &layers);
    for (case, bytes) in [
        ("saved", saved.clone()),
        ("saved.gz", gzip(&saved)),
        ("saved.zst", zstd(&saved)),
        ("layout.tar", archive(&files)),
        ("layout.tar.gz", gzip(&archive(&files))),
        ("layout", Vec::new()),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(case);
        if bytes.is_empty() {
            for (name, content) in &files {
                let file = path.join(name);
                fs::create_dir_all(file.parent().expect("one")).expect("made");
                fs::write(file, content).expect("written");
            }
        } else {
            fs::write(&path, bytes).expect("written");
        }
        let store = store(folder.path());
        let arrived = import(&store, &path, None).expect(case);
        assert_eq!(arrived.len(), 1, "{case}");
        assert_eq!((arrived[0].new_layers, arrived[0].layers), (2, 2), "{case}");
        let image = store.open(name, None).expect(case);
        assert_eq!(image.id(), arrived[0].id, "{case}");
        assert_eq!(image.config().cmd, ["/bin/sh"], "{case}");
        assert_eq!(image.platform().to_string(), "linux/amd64", "{case}");
        assert_eq!(
            image.digest().is_some(),
            case.starts_with("layout"),
            "{case}"
        );
        let found: Vec<_> = image.layers().iter().map(|layer| listing(layer)).collect();
        let lower = ["d bin 755", "f bin/sh 755 \"sh\"", "f gone 644 \"\""];
        assert_eq!(found[0], lower, "{case}");
        assert_eq!(found[1], ["- gone"], "{case}");
        assert_eq!(
            store.open(image.id(), None).expect(case).id(),
            image.id(),
            "{case}"
        );
        // What was on its way is gone.
        let tmp = all_files(&store.folder.join("tmp"));
        assert!(tmp.is_empty(), "{case}: {tmp:?}");
    }
}

#[test]
fn a_root_file_system_becomes_an_image() {
    let tar = Tar::default()
        .folder("./", 0o755)
        .file("./bin/sh", 0o755, "sh")
        .file("./manifest.json", 0o644, "[]")
        .end();
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path());
    let mut ids = Vec::new();
    for (name, bytes) in [
        ("a.tar", tar.clone()),
        ("a.tar.gz", gzip(&tar)),
        ("a.tar.zst", zstd(&tar)),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("written");
        let error = import(&store, &path, None).expect_err("it has no name");
        assert_eq!(
            error.to_string(),
            format!("`{name}` is a root file system without a name")
        );
        let arrived = import(&store, &path, Some("debian:12")).expect(name);
        ids.push(arrived[0].id.clone());
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let image = store
        .open("docker.io/library/debian:12", None)
        .expect("here");
    let expected = [
        "d bin 755",
        "f bin/sh 755 \"sh\"",
        "f manifest.json 644 \"[]\"",
    ];
    assert_eq!(listing(&image.layers()[0]), expected);
    assert_eq!(image.config(), &crate::images::ImageConfig::default());
    assert_eq!(store.list().len(), 1);
}

#[test]
fn a_layer_twice_is_a_link_in_the_archive() {
    let one = Tar::default().file("a", 0o644, "a").end();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("saved");
    let layers = [one.clone(), Tar::default().end(), one];
    fs::write(&path, docker_archive("twice:1", &layers)).expect("written");
    let store = store(folder.path());
    import(&store, &path, None).expect("sound");
    let image = store.open("twice:1", None).expect("here");
    let found: Vec<_> = image.layers().iter().map(|layer| listing(layer)).collect();
    assert_eq!(
        found,
        [vec!["f a 644 \"a\""], vec![], vec!["f a 644 \"a\""]]
    );
}

#[test]
fn an_image_for_another_platform_than_was_asked_for_is_refused() {
    let layers = layers();
    let name = "tool:1";
    for bytes in [
        docker_archive(name, &layers),
        archive(&layout(Some(name), &layers)),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("archive");
        fs::write(&path, bytes).expect("written");
        let store = store(folder.path());
        let options = ImportOptions {
            name: None,
            platform: Some("linux/arm64".parse().expect("a platform")),
        };
        let mut arrival = store.arrival().expect("begun");
        let stop = AtomicBool::new(false);
        let refused = arrival.import(&path, "archive", &options, &|_| {}, &stop);
        let error = refused.expect_err("it is for another").to_string();
        let wanted = "image `tool:1` is not made for linux/arm64: it is made for linux/amd64";
        assert_eq!(error, wanted);
    }
}

#[test]
fn what_is_no_sound_image_is_refused_and_leaves_nothing() {
    let layers = layers();
    let name = "tool:1";
    let change = |from: &str, to: &str| {
        let mut files = layout(Some(name), &layers);
        for (file, content) in &mut files {
            if let Ok(text) = String::from_utf8(content.clone())
                && file != "oci-layout"
            {
                *content = text.replace(from, to).into_bytes();
            }
        }
        archive(&files)
    };
    let damaged = |nth: usize| {
        let mut files = layout(Some(name), &layers);
        let end = files[nth].1.len() - 1;
        files[nth].1[end] ^= 1;
        archive(&files)
    };
    let without = |nth: usize| {
        let mut files = layout(Some(name), &layers);
        files.remove(nth);
        archive(&files)
    };
    let manifest = |manifest: serde_json::Value| {
        let tar = Tar::default().file("manifest.json", 0o644, manifest.to_string());
        tar.end()
    };
    let of_other = {
        let digest = sha256("x");
        let config = super::super::testing::config(&layers).to_string();
        let file = format!("{}.json", &digest["sha256:".len()..]);
        let list = json!([{"Config": file, "RepoTags": [name], "Layers": []}]);
        Tar::default()
            .file(&file, 0o644, config)
            .file("manifest.json", 0o644, list.to_string())
            .end()
    };
    let nameless = archive(&layout(None, &layers));
    for (case, bytes, expected) in [
        ("no archive", b"what is this".to_vec(), "can't be read"),
        ("half a gzip", gzip(b"x")[..12].to_vec(), "can't be read"),
        ("xz", b"\xfd7zXZ\0 and more".to_vec(), "compressed with xz"),
        ("a damaged layer", damaged(2), "can't be unpacked"),
        ("a damaged configuration", damaged(1), "another digest"),
        ("a damaged manifest", damaged(4), "another digest"),
        ("a layer is missing", without(2), "it has no `blobs/sha256/"),
        (
            "a changed index",
            change("sha256:", "sha512:"),
            "no SHA-256",
        ),
        ("no name", nameless, "an image without a name"),
        ("no image", manifest(json!([])), "holds no image"),
        ("no list", manifest(json!({"a": 1})), "can't be read"),
        (
            "files of the machine",
            manifest(json!([{"Config": "../../etc/passwd", "RepoTags": [name], "Layers": []}])),
            "it has no `../../etc/passwd`",
        ),
        ("another's configuration", of_other, "with another digest"),
        (
            "fewer layers",
            {
                let saved = docker_archive(name, &layers);
                let text = String::from_utf8(saved).expect("text");
                let from = text.find("\"Layers\":[").expect("a list");
                let to = from + text[from..].find(']').expect("its end");
                let empty = format!("\"Layers\":[{}", " ".repeat(to - from - 10));
                text.replace(&text[from..to], &empty).into_bytes()
            },
            "has 0 layers where its configuration names 2",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("archive");
        fs::write(&path, bytes).expect("written");
        let store = store(folder.path());
        let error = import(&store, &path, None).expect_err(case).to_string();
        assert!(error.contains(expected), "{case}: {error}");
        assert!(error.contains("`archive`"), "{case}: {error}");
        assert!(store.list().is_empty(), "{case}");
        let mut left = all_files(&store.folder);
        left.retain(|file| !file.ends_with("lock"));
        assert!(left.is_empty(), "{case}: {left:?}");
    }
}
