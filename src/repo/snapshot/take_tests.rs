//! Which files a job gets, and what of git's state goes with them.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::repo::fixture::Fixture;
use crate::repo::{SnapshotOptions, TreeSource};
use crate::types::Sources;

use super::taken::{Taken, assert_git, branch, entries, long_history, snapshot, take, unpack};

#[test]
fn a_job_gets_the_files_of_the_tree() {
    let fixture = Fixture::with(&[
        ("a/b/deep.txt", "deep"),
        ("a-file", "x"),
        ("run.sh", "#!/bin/sh\n"),
        ("gone", "x"),
        ("gone-too/deep/file", "x"),
        (".gitlab-ci-local-env", "PRIVATE=1"),
        (".gitignore", "*.log\n"),
    ]);
    let script = fixture.path().join("run.sh");
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).expect("chmod");
    fixture.link("link", "a/b/deep.txt");
    fixture.commit("more");
    fixture.remove("gone");
    fixture.remove("gone-too/deep/file");
    fixture.write("untracked/new", "new");
    fixture.write("noise.log", "ignored");
    fixture.write(".pipe/variables.yml", "SECRET: x");
    let into = tempfile::tempdir().expect("a folder");
    let found = entries(&snapshot(&fixture, into.path(), &branch("main")));
    let (file, folder, link) = (
        tar::EntryType::Regular,
        tar::EntryType::Directory,
        tar::EntryType::Symlink,
    );
    let expected = [
        ("./", folder, 0o777),
        (".gitignore", file, 0o666),
        ("a", folder, 0o777),
        ("a-file", file, 0o666),
        ("a/b", folder, 0o777),
        ("a/b/deep.txt", file, 0o666),
        ("link", link, 0o777),
        ("run.sh", file, 0o777),
        ("untracked", folder, 0o777),
        ("untracked/new", file, 0o666),
    ];
    let expected = expected
        .map(|(path, kind, mode)| (path.to_owned(), (kind, mode)))
        .into();
    let found: BTreeMap<_, _> = found
        .into_iter()
        .filter(|(path, _)| path != ".git")
        .collect();
    assert_eq!(found, expected);
    let left: Vec<_> = std::fs::read_dir(into.path())
        .expect("the folder")
        .collect();
    assert_eq!(left.len(), 2, "the scratch folders are gone");
}

#[test]
fn the_archive_is_the_users_alone() {
    let fixture = Fixture::with(&[("a", "x")]);
    fixture.write("a", "y");
    let into = tempfile::tempdir().expect("a folder");
    let taken = snapshot(&fixture, into.path(), &branch("main"));
    let edits = taken.tars.last().expect("edits");
    let mode = edits.metadata().expect("the tar").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn edits_show_in_git_status() {
    let fixture = Fixture::with(&[("a", "1"), ("b", "1"), (".gitlab-ci-local-env", "X=1")]);
    fixture.write("a", "2");
    fixture.remove("b");
    fixture.write("c", "3");
    let into = tempfile::tempdir().expect("a folder");
    let job = into.path().join("job");
    unpack(&snapshot(&fixture, into.path(), &branch("main")), &job);
    assert!(!job.join(".gitlab-ci-local-env").exists());
    assert_git(&job, &["status", "--porcelain"], " M a\n D b\n?? c");
}

#[test]
fn a_commit_is_taken_from_gits_objects() {
    let fixture = Fixture::with(&[("a", "1"), ("b", "1")]);
    fixture.link("link", "a");
    fixture.commit("link");
    fixture.write("a", "edited");
    fixture.write("untracked", "x");
    let into = tempfile::tempdir().expect("a folder");
    let repo = fixture.open();
    let tree = repo
        .tree(TreeSource::Commit("HEAD".to_owned()))
        .expect("a tree");
    let taken = take(&repo, &tree, into.path(), &branch("main")).expect("layers");
    let job = into.path().join("job");
    unpack(&taken, &job);
    assert_eq!(
        std::fs::read_to_string(job.join("link")).expect("a file"),
        "1"
    );
    assert!(!job.join("untracked").exists());
    assert_git(&job, &["status", "--porcelain"], "");
}

#[test]
fn a_changed_rule_about_line_ends_changes_all_files() {
    let fixture = Fixture::with(&[(".gitattributes", "*.bat eol=crlf\n"), ("a.bat", "a\n")]);
    fixture.write(".gitattributes", "*.bat eol=lf\n");
    let into = tempfile::tempdir().expect("a folder");
    let taken = snapshot(&fixture, into.path(), &branch("main"));
    let text = |layers: usize| {
        let job = into.path().join(format!("job-{layers}"));
        let tars = taken.tars[..layers].to_vec();
        let id = String::new();
        unpack(&Taken { id, tars }, &job);
        std::fs::read_to_string(job.join("a.bat")).expect("a file")
    };
    assert_eq!(text(1), "a\r\n", "the commit's layer is as the commit says");
    assert_eq!(text(2), "a\n");
}

#[test]
fn what_lfs_keeps_is_in_its_place() {
    let id = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
    let pointer = format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 4\n");
    let fixture = Fixture::with(&[
        (".gitattributes", "*.bin filter=lfs -text\n"),
        ("a.bin", &pointer),
        ("a.txt", &pointer),
    ]);
    let folder = fixture.path().join(".git/lfs/objects/4d/7a");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(id), "real").expect("an object");
    let into = tempfile::tempdir().expect("a folder");
    let job = into.path().join("job");
    unpack(&snapshot(&fixture, into.path(), &branch("main")), &job);
    let text = |path: &str| std::fs::read_to_string(job.join(path)).expect("a file");
    assert_eq!(text("a.bin"), "real");
    assert_eq!(text("a.txt"), pointer, "no rule gives it to LFS");
    let checkout = |options: &SnapshotOptions| {
        let repository = fixture.open();
        let tree = repository.tree(TreeSource::WorkTree).expect("a tree");
        repository.checkout(&tree, options).expect("a checkout")
    };
    let whole = checkout(&branch("main"));
    assert_eq!(whole.missing_lfs(), [""; 0]);
    std::fs::remove_file(folder.join(id)).expect("it is there");
    let lacking = checkout(&branch("main"));
    assert_eq!(lacking.missing_lfs(), ["a.bin"]);
    assert_ne!(lacking.id(), whole.id(), "what lacks it is another tree");
    let skipping = SnapshotOptions {
        sources: Sources {
            lfs: false,
            ..Sources::default()
        },
        ..branch("main")
    };
    let pointers = into.path().join("pointers");
    unpack(&snapshot(&fixture, into.path(), &skipping), &pointers);
    let text = std::fs::read_to_string(pointers.join("a.bin")).expect("a file");
    assert_eq!(text, pointer);
}

#[test]
fn what_lfs_has_not_brought_is_what_jobs_get_pointers_of() {
    let pointer = |id: &str| {
        let id = id.repeat(64);
        format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 4\n")
    };
    let names = ["edited.bin", "gone.bin", "left.bin", "other.bin"];
    let fixture = Fixture::with(&[(".gitattributes", "*.bin filter=lfs -text\n")]);
    for name in names {
        fixture.write(name, &pointer("a"));
    }
    fixture.commit("pointers");
    let told = |source: TreeSource| {
        let repository = fixture.open();
        let tree = repository.tree(source).expect("a tree");
        let checkout = repository.checkout(&tree, &branch("main"));
        let missing = tree.missing_lfs(&checkout.expect("a checkout"));
        missing.expect("a state")
    };
    assert_eq!(told(TreeSource::WorkTree), names);
    fixture.write("edited.bin", "real");
    fixture.remove("gone.bin");
    fixture.write("other.bin", &pointer("b"));
    assert_eq!(told(TreeSource::WorkTree), ["left.bin", "other.bin"]);
    let commit = TreeSource::Commit("HEAD".to_owned());
    assert_eq!(told(commit), names, "what the work tree has does not count");
}

#[test]
fn equal_ids_mean_equal_trees() {
    let fixture = Fixture::with(&[("a", "1"), ("b", "1")]);
    let into = tempfile::tempdir().expect("a folder");
    let id = || snapshot(&fixture, into.path(), &branch("main")).id;
    let clean = id();
    assert_eq!(clean, id());
    let mut seen = vec![clean.clone()];
    let mut differs = |what: &str| {
        let now = id();
        assert!(!seen.contains(&now), "{what}");
        seen.push(now);
    };
    fixture.write("a", "2");
    differs("an edit");
    fixture.write("a", "3");
    differs("another edit");
    fixture.write("c", "x");
    differs("an untracked file");
    fixture.remove("b");
    differs("a deleted file");
    fixture.write("a", "1");
    fixture.write("b", "1");
    fixture.remove("c");
    assert_eq!(id(), clean, "back again");
    let head = fixture.git.refname_to_id("HEAD").expect("head");
    fixture.annotate("v1", head, "one");
    assert_ne!(id(), clean, "a tag");
}

#[test]
fn large_and_odd_files() {
    let fixture = Fixture::with(&[("a", "1")]);
    let big = "x".repeat(3 << 20);
    fixture.write("big", &big);
    let long = format!("{}/{}", "d".repeat(120), "f".repeat(120));
    fixture.write(&long, "long name");
    fixture.link("dangling", &"t".repeat(150));
    let pipe = fixture.path().join("pipe");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &pipe,
        rustix::fs::FileType::Fifo,
        0o600.into(),
        0,
    )
    .expect("a pipe");
    let into = tempfile::tempdir().expect("a folder");
    let job = into.path().join("job");
    unpack(&snapshot(&fixture, into.path(), &branch("main")), &job);
    assert_eq!(
        std::fs::read_to_string(job.join("big")).expect("a file"),
        big
    );
    assert_eq!(
        std::fs::read_to_string(job.join(long)).expect("a file"),
        "long name"
    );
    assert_eq!(
        std::fs::read_link(job.join("dangling")).expect("a link"),
        Path::new(&"t".repeat(150))
    );
    assert!(!job.join("pipe").exists());
}

#[test]
fn the_checkout_is_not_touched() {
    let fixture = long_history();
    fixture.write("file", "edited");
    let listed = || {
        let mut paths = Vec::new();
        let mut todo = vec![fixture.path().to_owned()];
        while let Some(dir) = todo.pop() {
            for entry in std::fs::read_dir(dir).expect("a folder").flatten() {
                let about = entry.metadata().expect("metadata");
                if about.is_dir() {
                    todo.push(entry.path());
                }
                paths.push((entry.path(), about.modified().ok(), about.len()));
            }
        }
        paths.sort();
        paths
    };
    let before = listed();
    let into = tempfile::tempdir().expect("a folder");
    snapshot(&fixture, into.path(), &branch("issue-1"));
    assert_eq!(listed(), before);
}
