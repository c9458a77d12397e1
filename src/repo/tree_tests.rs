use crate::repo::fixture::Fixture;
use crate::repo::{FileError, ProjectTree, TreeSource};

fn work_tree(fixture: &Fixture) -> ProjectTree {
    fixture.open().tree(TreeSource::WorkTree).expect("a tree")
}

fn edited() -> Fixture {
    let fixture = Fixture::with(&[
        (".gitignore", "*.log\n/target\n"),
        ("a.txt", "a"),
        ("a/deep/b.txt", "b"),
        ("a-c.txt", "c"),
        ("gone.txt", "gone"),
        ("moved.txt", "moved"),
    ]);
    fixture.write("a.txt", "changed");
    fixture.write("noise.log", "ignored");
    fixture.write("target/out", "ignored");
    fixture.write("new/file.txt", "untracked");
    fixture.write(".pipe/variables.yml", "SECRET: x");
    fixture.remove("gone.txt");
    fixture
}

#[test]
fn the_tree_is_head_with_edits_and_untracked_files() {
    let fixture = edited();
    let tree = work_tree(&fixture);
    let files = [
        ".gitignore",
        "a-c.txt",
        "a.txt",
        "a/deep/b.txt",
        "moved.txt",
        "new/file.txt",
    ];
    assert_eq!(tree.files().expect("files"), files);
    let state = tree.state().expect("a state");
    assert_eq!(state.modified, ["a.txt"]);
    assert_eq!(state.deleted, ["gone.txt"]);
    assert_eq!(state.untracked, ["new/file.txt"]);
    assert_eq!(state.uncommitted(), 2);
    assert!(!state.is_clean());
}

#[test]
fn what_was_staged_counts_too() {
    let fixture = edited();
    fixture.write("added.txt", "new in the index");
    fixture.stage();
    let mut index = fixture.git.index().expect("index");
    index
        .remove_path("moved.txt".as_ref())
        .expect("rm --cached");
    index.write().expect("write");
    let tree = work_tree(&fixture);
    let state = tree.state().expect("a state");
    assert_eq!(
        state.modified,
        [".pipe/variables.yml", "a.txt", "added.txt", "new/file.txt"]
    );
    assert_eq!(state.deleted, ["gone.txt"]);
    assert_eq!(
        state.untracked,
        ["moved.txt"],
        "removed from the index alone"
    );
    fixture.remove("added.txt");
    assert!(
        !work_tree(&fixture)
            .state()
            .expect("a state")
            .deleted
            .contains(&"added.txt".to_owned()),
        "HEAD never had it"
    );
}

#[test]
fn a_commit_is_what_git_would_check_out() {
    let fixture = edited();
    let tree = fixture
        .open()
        .tree(TreeSource::Commit("HEAD".to_owned()))
        .expect("a tree");
    let files = [
        ".gitignore",
        "a-c.txt",
        "a.txt",
        "a/deep/b.txt",
        "gone.txt",
        "moved.txt",
    ];
    assert_eq!(tree.files().expect("files"), files);
    assert!(tree.state().expect("a state").is_clean());
    assert_eq!(tree.read_text("a.txt").expect("a file"), "a");
    assert_eq!(tree.read_text("gone.txt").expect("a file"), "gone");
    let unknown = fixture.open().tree(TreeSource::Commit("nope".to_owned()));
    assert!(unknown.is_err());
}

#[test]
fn other_repositories_inside_are_left_alone() {
    let fixture = edited();
    git2::Repository::init(fixture.path().join("vendor/lib")).expect("a repository");
    fixture.write("vendor/lib/x.yml", "x");
    let tree = work_tree(&fixture);
    assert!(
        !tree
            .files()
            .expect("files")
            .iter()
            .any(|f| f.starts_with("vendor"))
    );
    assert_eq!(
        tree.read("vendor/lib/x.yml"),
        Err(FileError::NotFound("vendor/lib/x.yml".to_owned()))
    );
}

#[test]
fn a_sparse_checkout_keeps_what_it_leaves_out() {
    let fixture = Fixture::with(&[("a", "1"), ("big/b", "2")]);
    let mut index = fixture.git.index().expect("index");
    let mut entry = index.get_path("big/b".as_ref(), 0).expect("an entry");
    entry.flags_extended |= git2::IndexEntryExtendedFlag::SKIP_WORKTREE.bits();
    entry.flags |= git2::IndexEntryFlag::EXTENDED.bits();
    index
        .add(&entry)
        .and_then(|()| index.write())
        .expect("write");
    fixture.remove("big/b");
    let tree = work_tree(&fixture);
    assert_eq!(tree.files().expect("files"), ["a", "big/b"]);
    assert!(tree.state().expect("a state").is_clean());
    assert_eq!(tree.read_text("big/b").expect("from git"), "2");
}

#[test]
fn reading_from_the_work_tree() {
    let fixture = edited();
    fixture.link("in", "a/deep");
    fixture.link("a/up", "../a.txt");
    fixture.link("out", "../elsewhere");
    fixture.link("root", "/etc/hostname");
    fixture.link("circle", "circle");
    fixture.link("settings", ".git/config");
    fixture.link("hidden", "noise.log");
    fixture.link("dangling", "nothing");
    std::fs::write(fixture.path().join("latin1.txt"), b"caf\xe9").expect("a file");
    let tree = work_tree(&fixture);
    let name = |path: &str| path.to_owned();
    for (path, expected) in [
        ("a.txt", Ok("changed")),
        ("/a.txt", Ok("changed")),
        ("./a/../a.txt", Ok("changed")),
        ("new/file.txt", Ok("untracked")),
        ("in/b.txt", Ok("b")),
        ("a/up", Ok("changed")),
        ("nothing", Err(FileError::NotFound(name("nothing")))),
        ("gone.txt", Err(FileError::NotFound(name("gone.txt")))),
        ("a.txt/b", Err(FileError::NotFound(name("a.txt/b")))),
        ("dangling", Err(FileError::NotFound(name("dangling")))),
        ("noise.log", Err(FileError::Ignored(name("noise.log")))),
        ("hidden", Err(FileError::Ignored(name("hidden")))),
        (".git/config", Err(FileError::NotFound(name(".git/config")))),
        ("settings", Err(FileError::NotFound(name("settings")))),
        (
            ".pipe/variables.yml",
            Err(FileError::NotFound(name(".pipe/variables.yml"))),
        ),
        ("a", Err(FileError::NotAFile(name("a")))),
        ("", Err(FileError::NotAFile(name("")))),
        ("..", Err(FileError::Outside(name("..")))),
        ("../x", Err(FileError::Outside(name("../x")))),
        ("out", Err(FileError::Outside(name("out")))),
        ("root", Err(FileError::Outside(name("root")))),
        ("latin1.txt", Err(FileError::NotUtf8(name("latin1.txt")))),
        (
            "circle",
            Err(FileError::Unreadable(
                name("circle"),
                name("its links lead in a circle"),
            )),
        ),
    ] {
        assert_eq!(tree.read_text(path), expected.map(str::to_owned), "{path}");
    }
}

#[test]
fn reading_from_a_commit() {
    let fixture = Fixture::with(&[("a.txt", "a"), ("dir/b.txt", "b")]);
    fixture.link("dir/up", "../a.txt");
    fixture.link("out", "../x");
    fixture.commit("links");
    fixture.write("a.txt", "edited");
    let tree = fixture
        .open()
        .tree(TreeSource::Commit("HEAD".to_owned()))
        .expect("a tree");
    assert_eq!(tree.read_text("dir/up"), Ok("a".to_owned()));
    assert_eq!(tree.read("out"), Err(FileError::Outside("out".to_owned())));
    assert_eq!(tree.read("dir"), Err(FileError::NotAFile("dir".to_owned())));
    assert_eq!(tree.read("new"), Err(FileError::NotFound("new".to_owned())));
}

#[test]
fn ids_are_those_of_git() {
    let fixture = Fixture::with(&[("a.txt", "hello\n")]);
    let hello = "ce013625030ba8dba906f756967f9e9ca394464a";
    assert_eq!(work_tree(&fixture).blob_id("a.txt").as_deref(), Ok(hello));
    let commit = fixture
        .open()
        .tree(TreeSource::Commit("HEAD".to_owned()))
        .expect("a tree");
    fixture.write("a.txt", "other\n");
    assert_eq!(commit.blob_id("a.txt").as_deref(), Ok(hello));
    assert_ne!(work_tree(&fixture).blob_id("a.txt").as_deref(), Ok(hello));
}

#[test]
fn tracked_files_are_the_repositorys_word() {
    let fixture = edited();
    let tree = work_tree(&fixture);
    assert!(tree.is_tracked("a.txt"));
    assert!(!tree.is_tracked(".pipe/variables.yml"));
}

#[test]
fn names_that_lead_elsewhere_are_not_in_a_commit() {
    let fixture = Fixture::with(&[("a", "1")]);
    let blob = fixture.git.blob(b"x").expect("a blob");
    // libgit2 would not write such a tree, so that its bytes are made here.
    let mut tree = Vec::new();
    for name in ["..", ".GIT", "a", "b/c"] {
        tree.extend_from_slice(format!("100644 {name}\0").as_bytes());
        tree.extend_from_slice(blob.as_bytes());
    }
    let odb = fixture.git.odb().expect("objects");
    let tree = odb.write(git2::ObjectType::Tree, &tree).expect("a tree");
    let text = format!("tree {tree}\nauthor A <a> 0 +0000\ncommitter A <a> 0 +0000\n\nodd\n");
    let commit = odb
        .write(git2::ObjectType::Commit, text.as_bytes())
        .expect("a commit");
    let tree = fixture
        .open()
        .tree(TreeSource::Commit(commit.to_string()))
        .expect("a tree");
    assert_eq!(tree.files().expect("files"), ["a"]);
}
