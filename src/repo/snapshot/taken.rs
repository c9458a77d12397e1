//! Test support: takes the layers of a tree, unpacks them as a job would find them, and asks the real
//! git in there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::repo::fixture::Fixture;
use crate::repo::{ProjectTree, RepoError, Repository, SnapshotOptions, TreeSource};
use crate::types::RefKind;

/// As a job of that branch is given it.
pub(super) fn branch(name: &str) -> SnapshotOptions {
    SnapshotOptions::new(RefKind::Branch, name)
}

/// The layers of a tree, as files, the lowest first.
pub(in crate::repo) struct Taken {
    /// Names all of it.
    pub(super) id: String,
    pub(in crate::repo) tars: Vec<PathBuf>,
}

/// Writes the layers of `tree` into the folder `into`.
pub(in crate::repo) fn take(
    repo: &Repository,
    tree: &ProjectTree,
    into: &Path,
    options: &SnapshotOptions,
) -> Result<Taken, RepoError> {
    let stop = &|| false;
    let checkout = repo.checkout(tree, options)?;
    let mut tars = vec![into.join("commit.tar")];
    let mut file = std::fs::File::create(&tars[0]).expect("a file");
    checkout.write(Path::new(""), &mut file, into, stop)?;
    let mut id = checkout.id().to_owned();
    if options.sources.checkout
        && let Some(edits) = tree.edits(&checkout, &into.join("edits.tar"), stop)?
    {
        id = edits.id;
        tars.push(edits.tar);
    }
    Ok(Taken { id, tars })
}

/// Writes the layers of the work tree into the folder `into`.
pub(super) fn snapshot(fixture: &Fixture, into: &Path, options: &SnapshotOptions) -> Taken {
    let repo = fixture.open();
    let tree = repo.tree(TreeSource::WorkTree).expect("a tree");
    take(&repo, &tree, into, options).expect("layers")
}

fn is_whiteout(header: &tar::Header) -> bool {
    header.entry_type() == tar::EntryType::Char
}

/// Every entry outside `.git`, as the layers show it: its kind and mode.
pub(in crate::repo) fn entries(taken: &Taken) -> BTreeMap<String, (tar::EntryType, u32)> {
    let mut found = BTreeMap::new();
    for tar in &taken.tars {
        let file = std::fs::File::open(tar).expect("the tar");
        let mut archive = tar::Archive::new(file);
        let mut own = BTreeMap::new();
        for entry in archive.entries().expect("entries") {
            let entry = entry.expect("an entry");
            let header = entry.header();
            assert_eq!(
                (header.uid().expect("uid"), header.gid().expect("gid")),
                (0, 0)
            );
            let path = entry.path().expect("a path").to_string_lossy().into_owned();
            if is_whiteout(header) {
                let below = format!("{path}/");
                found.retain(|name: &String, _| *name != path && !name.starts_with(&below));
            } else if !path.starts_with(".git/") {
                let facts = (header.entry_type(), header.mode().expect("a mode"));
                assert_eq!(own.insert(path, facts), None, "no entry comes twice");
            }
        }
        found.extend(own);
    }
    found
}

/// Lays the layers over each other in the folder `into`.
pub(super) fn unpack(taken: &Taken, into: &Path) {
    for tar in &taken.tars {
        let file = std::fs::File::open(tar).expect("the tar");
        let mut archive = tar::Archive::new(file);
        archive.set_preserve_permissions(true);
        for entry in archive.entries().expect("entries") {
            let mut entry = entry.expect("an entry");
            let place = into.join(entry.path().expect("a path"));
            if is_whiteout(entry.header()) {
                let removed = std::fs::remove_file(&place);
                removed
                    .or_else(|_| std::fs::remove_dir_all(&place))
                    .expect("it was there");
            } else {
                std::fs::create_dir_all(into).expect("a folder");
                entry.unpack_in(into).expect("it unpacks");
            }
        }
    }
}

/// Runs the real git in an unpacked snapshot; `None` where there is none.
pub(super) fn git(dir: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .args(["-c", "safe.directory=*"])
        .args(arguments)
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .ok()?;
    let text = [output.stdout, output.stderr].concat();
    Some(String::from_utf8(text).expect("text").trim_end().to_owned())
}

/// The same, held against `expected`.
pub(super) fn assert_git(dir: &Path, arguments: &[&str], expected: &str) {
    if let Some(text) = git(dir, arguments) {
        assert_eq!(text, expected, "git {arguments:?}");
    }
}

/// Twenty-five commits on `issue-1`, tags at the second and the twenty-third.
pub(super) fn long_history() -> Fixture {
    let fixture = Fixture::with(&[("file", "0"), (".gitignore", "*.log\n")]);
    fixture.branch("issue-1");
    for number in 1..=24 {
        fixture.write("file", &number.to_string());
        let commit = fixture.commit(&format!("commit {number}"));
        if number == 2 {
            fixture.annotate("v-old", commit, "old");
        }
        if number == 23 {
            fixture.annotate("v-new", commit, "new");
        }
    }
    fixture
}
