//! Images in the store: found, shared, held, removed.

use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::thread;

use super::super::testing::{Tar, archive, docker_archive, layout};
use super::super::{ImageError, ImageStore, ImportOptions};
use super::imports::{all_files, import, layers, store};

fn saved(folder: &Path, name: &str, layers: &[Vec<u8>]) -> std::path::PathBuf {
    let path = folder.join(name.replace(['/', ':'], "-"));
    fs::write(&path, docker_archive(name, layers)).expect("written");
    path
}

fn layer_count(store: &ImageStore) -> usize {
    fs::read_dir(store.folder.join("layers"))
        .expect("a folder")
        .count()
}

#[test]
fn an_image_is_found_by_all_its_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path());
    let path = folder.path().join("layout.tar");
    fs::write(
        &path,
        archive(&layout(Some("docker.io/library/ruby:3.1"), &layers())),
    )
    .expect("written");
    let arrived = import(&store, &path, None).expect("sound").remove(0);
    let digest = arrived.digest.expect("of its manifest");
    let amd64 = "linux/amd64".parse().expect("a platform");
    let arm64 = "linux/arm64".parse().expect("a platform");
    for (name, platform, found) in [
        ("ruby:3.1", None, true),
        ("library/ruby:3.1", None, true),
        ("docker.io/library/ruby:3.1", Some(&amd64), true),
        (&arrived.id, None, true),
        (&format!("ruby@{digest}"), None, true),
        (&format!("ruby:9@{digest}"), None, true),
        (&format!("rust@{digest}"), None, false),
        ("ruby", None, false),
        ("ruby:3.1", Some(&arm64), false),
        ("example.com/ruby:3.1", None, false),
    ] {
        let opened = store.open(name, platform);
        assert_eq!(opened.is_ok(), found, "{name} {platform:?}");
        if let Err(error) = opened {
            assert_eq!(
                error.to_string(),
                format!("image `{name}` is not on this machine")
            );
        }
    }
    let error = store.open("no name", None).expect_err("no name");
    assert_eq!(error.to_string(), "`no name` is no name of an image");
}

#[test]
fn layers_are_shared_and_go_with_their_last_image() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path());
    let mut other = layers();
    other.push(Tar::default().file("more", 0o644, "12345").end());
    let first = import(&store, &saved(folder.path(), "a:1", &layers()), None).expect("sound");
    let second = import(&store, &saved(folder.path(), "b:1", &other), None).expect("sound");
    assert_eq!((first[0].new_layers, second[0].new_layers), (2, 1));
    assert_eq!(layer_count(&store), 3);
    assert_eq!(store.bytes(), 7);
    let sizes: Vec<u64> = store.list().iter().map(|image| image.bytes).collect();
    assert_eq!(sizes, [2, 7]);
    let gone = store.remove(&["b:1".to_owned()], None).expect("here");
    assert_eq!(gone, ["docker.io/library/b:1"]);
    assert_eq!(layer_count(&store), 2);
    assert!(store.open("a:1", None).is_ok());
    let id = store.list()[0].id.clone();
    store
        .remove(&[id["sha256:".len()..][..12].to_owned()], None)
        .expect("here");
    assert_eq!(layer_count(&store), 0);
    let mut left = all_files(&store.folder);
    left.retain(|file| !file.ends_with("lock"));
    assert!(left.is_empty(), "{left:?}");
    let error = store.remove(&["a:1".to_owned()], None).expect_err("gone");
    assert!(matches!(error, ImageError::NotHere { .. }), "{error}");
}

#[test]
fn what_is_in_use_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path());
    import(&store, &saved(folder.path(), "a:1", &layers()), None).expect("sound");
    let image = store.open("a:1", None).expect("here");
    assert!(store.list()[0].in_use);
    let error = store.remove(&["a:1".to_owned()], None).expect_err("in use");
    assert_eq!(error.to_string(), "image `a:1` is in use by a run");
    assert!(store.remove_all().expect("nothing to do").is_empty());
    // Another image takes the name: the one in use stays until it is let go.
    let other = [Tar::default().file("new", 0o644, "").end()];
    import(&store, &saved(folder.path(), "a:1", &other), None).expect("sound");
    assert!(image.layers().iter().all(|layer| layer.is_dir()));
    assert_eq!(store.list().len(), 2);
    drop(image);
    assert_eq!(store.remove_all().expect("free").len(), 1);
    assert_eq!(layer_count(&store), 0);
}

#[test]
fn a_second_name_keeps_the_image() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path());
    let path = saved(folder.path(), "a:1", &layers());
    import(&store, &path, None).expect("sound");
    let again = import(&store, &path, Some("b:1")).expect("sound");
    assert_eq!(again[0].new_layers, 0);
    let _held = store.open("b:1", None).expect("here");
    store
        .remove(&["a:1".to_owned()], None)
        .expect("only a name");
    assert!(store.open("b:1", None).is_ok());
    assert!(store.open("a:1", None).is_err());
}

#[test]
fn many_at_once_bring_one_image() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = saved(folder.path(), "a:1", &layers());
    let store = store(folder.path());
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                import(&store, &path, None).expect("sound");
                store.open("a:1", None).expect("here");
            });
        }
    });
    assert_eq!(store.list().len(), 1);
    assert_eq!(layer_count(&store), 2);
    assert!(all_files(&store.folder.join("tmp")).is_empty());
}

#[test]
fn what_a_killed_process_left_goes_with_the_next_arrival() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path());
    let path = saved(folder.path(), "a:1", &layers());
    let options = ImportOptions::default();
    let mut killed = store.arrival().expect("a store");
    let arrived = killed.import(&path, "a", &options, &|_| {}, &AtomicBool::new(false));
    arrived.expect("sound");
    // Nothing is seen of it before its end.
    assert!(store.list().is_empty());
    assert!(store.open("a:1", None).is_err());
    let tmp = store.folder.join("tmp");
    assert!(!all_files(&tmp).is_empty());
    // While it lives, nobody sweeps.
    drop(store.arrival().expect("a store"));
    assert!(!all_files(&tmp).is_empty());
    // A killed process frees its lock and removes nothing.
    let left = tmp.join("left");
    let alive = fs::read_dir(&tmp)
        .expect("a folder")
        .flatten()
        .next()
        .expect("one")
        .path();
    fs::rename(alive, &left).expect("moved");
    drop(killed);
    assert!(!all_files(&left).is_empty());
    drop(store.arrival().expect("a store"));
    assert!(all_files(&tmp).is_empty());
}

#[test]
fn an_image_whose_layers_were_lost_comes_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path());
    let path = saved(folder.path(), "a:1", &layers());
    import(&store, &path, None).expect("sound");
    let layer = store.open("a:1", None).expect("here").layers()[0].clone();
    fs::remove_dir_all(layer.parent().expect("one")).expect("removed");
    assert!(matches!(
        store.open("a:1", None),
        Err(ImageError::NotHere { .. })
    ));
    import(&store, &path, None).expect("sound");
    store.open("a:1", None).expect("here again");
}

#[test]
fn root_keeps_nothing_where_others_can_change_it_as_root() {
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::chown(folder.path(), Some(12345), None).expect("as root");
    let error = ImageStore::new(&folder.path().join("images"))
        .err()
        .expect("refused");
    assert!(matches!(error, ImageError::ForeignFolder { .. }), "{error}");
}

#[test]
fn folders_without_rights_are_removed_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = store(folder.path());
    let layers = [Tar::default()
        .folder("a", 0o0)
        .file("a/b", 0o0, "")
        .folder("c/d", 0o111)
        .end()];
    import(&store, &saved(folder.path(), "a:1", &layers), None).expect("sound");
    store.remove_all().expect("removed");
    assert_eq!(layer_count(&store), 0);
}
