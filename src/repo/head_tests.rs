use std::path::Path;

use crate::repo::fixture::{Fixture, told};
use crate::repo::{RepoError, Repository};
use crate::types::RefKind;

fn head(fixture: &Fixture) -> (RefKind, String) {
    let head = fixture.open().head().expect("a head");
    (head.kind, head.name)
}

#[test]
fn a_branch_wins_over_a_tag_at_the_same_commit() {
    let fixture = Fixture::with(&[("a", "1")]);
    fixture.branch("issue-1/x");
    fixture.tag("v1", fixture.commit("second"));
    assert_eq!(head(&fixture), (RefKind::Branch, "issue-1/x".to_owned()));
}

#[test]
fn a_detached_head_stands_for_its_tag() {
    let fixture = Fixture::with(&[("a", "1")]);
    let commit = fixture.commit("second");
    fixture.detach(commit);
    fixture.tag("plain", commit);
    assert_eq!(head(&fixture), (RefKind::Tag, "plain".to_owned()));
    fixture.annotate("older", commit, "older\n");
    assert_eq!(head(&fixture), (RefKind::Tag, "older".to_owned()));
    fixture.annotate("newer", commit, "newer\n");
    assert_eq!(head(&fixture), (RefKind::Tag, "newer".to_owned()));
}

#[test]
fn the_name_given_to_checkout_decides_between_tags() {
    let fixture = Fixture::with(&[("a", "1")]);
    let commit = fixture.commit("second");
    fixture.detach(commit);
    fixture.annotate("v2", commit, "newest");
    fixture.tag("v1", commit);
    let mut log = fixture.git.reflog("HEAD").expect("a reflog");
    let message = "checkout: moving from main to v1";
    log.append(commit, &fixture.signature(), Some(message))
        .and_then(|()| log.write())
        .expect("an entry");
    assert_eq!(head(&fixture), (RefKind::Tag, "v1".to_owned()));
}

#[test]
fn a_detached_head_without_a_tag() {
    let fixture = Fixture::with(&[("a", "1")]);
    let first = fixture.git.refname_to_id("HEAD").expect("head");
    fixture.detach(first);
    assert_eq!(head(&fixture), (RefKind::Branch, "main".to_owned()), "tip");
    fixture.checkout("main");
    fixture.commit("second");
    fixture.detach(first);
    assert_eq!(head(&fixture), (RefKind::Branch, "HEAD".to_owned()), "none");
    fixture.pushed("work", first);
    assert_eq!(
        head(&fixture),
        (RefKind::Branch, "work".to_owned()),
        "remote"
    );
}

#[test]
fn the_default_branch() {
    let fixture = Fixture::with(&[("a", "1")]);
    let commit = fixture.commit("second");
    assert_eq!(fixture.open().default_branch(None), "main");
    assert_eq!(fixture.open().default_branch(Some("trunk")), "trunk");
    fixture.branch("master");
    assert_eq!(fixture.open().default_branch(None), "main", "main is first");
    fixture
        .git
        .find_reference("refs/heads/main")
        .and_then(|mut main| main.delete())
        .expect("gone");
    assert_eq!(fixture.open().default_branch(None), "master");
    fixture.pushed("develop", commit);
    fixture
        .git
        .reference_symbolic(
            "refs/remotes/origin/HEAD",
            "refs/remotes/origin/develop",
            true,
            "",
        )
        .expect("origin/HEAD");
    assert_eq!(fixture.open().default_branch(None), "develop");
}

#[test]
fn facts_of_a_commit() {
    let fixture = Fixture::with(&[("a", "1")]);
    let commit = fixture.commit("Title\n\nBody é\n");
    fixture.annotate("v1", commit, "Release one\n");
    fixture.tag("plain", commit);
    let repo = fixture.open();
    let facts = repo.commit_facts(&repo.head_sha()).expect("facts");
    assert_eq!(facts.sha, commit.to_string());
    assert_eq!(facts.message, "Title\n\nBody é\n");
    assert_eq!(facts.author, "Ann <ann@example.com>");
    assert_eq!(facts.timestamp, "2023-11-14T23:14:20+01:00");
    assert_eq!(repo.tag_message("v1").as_deref(), Some("Release one\n"));
    assert_eq!(repo.tag_message("plain"), None);
    assert_eq!(repo.tag_message("none"), None);
    assert_eq!(repo.identity().name.as_deref(), Some("Ann"));
    assert_eq!(repo.identity().email.as_deref(), Some("ann@example.com"));
}

#[test]
fn names_lead_to_commits() {
    let fixture = Fixture::with(&[("a", "1")]);
    let first = fixture.git.refname_to_id("HEAD").expect("head");
    let second = fixture.commit("second");
    fixture.pushed("develop", first);
    let repo = fixture.open();
    assert_eq!(repo.branch_tip("main").expect("main"), second.to_string());
    assert_eq!(
        repo.branch_tip("develop").expect("remote"),
        first.to_string()
    );
    let message = told(&repo.branch_tip("develpo").expect_err("a slip"));
    assert_eq!(
        message,
        "there is no branch `develpo` in this repository; did you mean `develop`?"
    );
    let message = told(&repo.branch_tip("nothing-like-it").expect_err("unknown"));
    assert!(
        message.ends_with("`git branch -a` and `git tag` list what there is"),
        "{message}"
    );
}

#[test]
fn the_project_comes_from_origin() {
    let fixture = Fixture::with(&[("a", "1")]);
    let folder = fixture
        .path()
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned();
    let local = format!("local/{}", folder.trim_matches('.'));
    assert_eq!(fixture.open().origin().path, local);
    fixture
        .git
        .remote("origin", "git@git.example.com:team/shop.git")
        .expect("origin");
    assert_eq!(fixture.open().origin().path, "team/shop");
    assert_eq!(fixture.open().origin().host, "git.example.com");
}

#[test]
fn found_from_subfolders_worktrees_and_submodules() {
    let fixture = Fixture::with(&[("sub/dir/a", "1")]);
    let root = fixture.path().canonicalize().expect("a path");
    let inner = Repository::discover(&fixture.path().join("sub/dir")).expect("a subfolder");
    assert_eq!(inner.root().canonicalize().expect("a path"), root);

    let elsewhere = tempfile::tempdir().expect("a folder");
    let linked = elsewhere.path().join("linked");
    fixture
        .git
        .worktree("linked", &linked, None)
        .expect("a worktree");
    let worktree = Repository::discover(&linked).expect("a worktree");
    assert_eq!(worktree.head().expect("head").name, "linked");
    assert_eq!(worktree.common_dir(), inner.common_dir());
    assert_ne!(worktree.root(), inner.root());

    // A submodule's `.git` is a file that points into the outer repository.
    let module = fixture.path().join("module");
    let git_dir = fixture.path().join(".git/modules/module");
    let mut options = git2::RepositoryInitOptions::new();
    options
        .no_dotgit_dir(true)
        .workdir_path(&module)
        .initial_head("main");
    let git = git2::Repository::init_opts(&git_dir, &options).expect("a module");
    let who = fixture.signature();
    let tree = git
        .treebuilder(None)
        .and_then(|tree| tree.write())
        .expect("a tree");
    let tree = git.find_tree(tree).expect("a tree");
    git.commit(Some("HEAD"), &who, &who, "in the module", &tree, &[])
        .expect("a commit");
    std::fs::write(module.join(".git"), "gitdir: ../.git/modules/module\n").expect("a pointer");
    let module = Repository::discover(&module).expect("a submodule");
    let facts = module.commit_facts(&module.head_sha()).expect("facts");
    assert_eq!(facts.message, "in the module");
}

#[test]
fn each_error_says_what_to_do() {
    let empty = tempfile::tempdir().expect("a folder");
    let message = |dir: &Path| told(&Repository::discover(dir).expect_err("an error"));
    let shown = empty.path().display().to_string();
    assert_eq!(
        message(empty.path()),
        format!(
            "`{shown}` is not in a git repository; run `git init` and commit, or name the checkout with `-C DIR`"
        )
    );

    let bare = empty.path().join("bare.git");
    git2::Repository::init_bare(&bare).expect("bare");
    assert!(matches!(
        Repository::discover(&bare),
        Err(RepoError::Bare { .. })
    ));

    let unborn = Fixture::new();
    assert!(matches!(
        Repository::discover(unborn.path()),
        Err(RepoError::NoCommit { .. })
    ));

    let moved = empty.path().join("moved");
    std::fs::create_dir(&moved).expect("a folder");
    std::fs::write(moved.join(".git"), "gitdir: /nowhere/at/all\n").expect("a pointer");
    assert_eq!(
        message(&moved),
        format!(
            "`{0}/.git` leads to no repository; run `git worktree repair {0}` in the main checkout, or clone again",
            moved.display()
        )
    );

    let broken = Fixture::with(&[("a", "1")]);
    let head = broken.open().head_sha();
    let object = format!(".git/objects/{}/{}", &head[..2], &head[2..]);
    broken.remove(&object);
    let text = message(broken.path());
    assert!(
        text.starts_with("can't read the commit of HEAD of the repository: "),
        "{text}"
    );
    assert!(text.ends_with("; `git fsck` may say more"), "{text}");
}

#[test]
fn a_work_tree_elsewhere_is_refused() {
    let fixture = Fixture::with(&[("a", "1")]);
    let elsewhere = tempfile::tempdir().expect("a folder");
    let mut config = fixture.git.config().expect("config");
    config
        .set_str("core.worktree", &elsewhere.path().display().to_string())
        .expect("a setting");
    let text = told(&Repository::discover(fixture.path()).expect_err("an error"));
    assert!(
        text.ends_with("run `git config --unset core.worktree`"),
        "{text}"
    );
}

#[test]
fn formats_that_can_not_be_read_are_named() {
    for (key, value, what, remedy) in [
        (
            "objectformat",
            "sha256",
            "uses sha256 object names",
            "--object-format=sha1",
        ),
        (
            "refstorage",
            "reftable",
            "uses the reftable ref format",
            "git refs migrate",
        ),
        (
            "partialclone",
            "origin",
            "uses a partial clone",
            "without `--filter`",
        ),
        (
            "somethingnew",
            "1",
            "an extension of git's repository format",
            "git clone",
        ),
    ] {
        let fixture = Fixture::with(&[("a", "1")]);
        let config =
            format!("[core]\n\trepositoryformatversion = 1\n[extensions]\n\t{key} = {value}\n");
        std::fs::write(fixture.path().join(".git/config"), config).expect("config");
        let error = Repository::discover(fixture.path()).expect_err(key);
        let text = told(&error);
        assert!(
            text.contains(what) && text.contains(remedy),
            "{key}: {text}"
        );
    }
}

#[test]
fn a_repository_of_another_user_is_refused() {
    let fixture = Fixture::with(&[("a", "1")]);
    let stranger = Some(rustix::fs::Uid::from_raw(12_345));
    // Only root can give a folder away; elsewhere there is nothing to see.
    let given = |path: &Path| rustix::fs::chown(path, stranger, None).is_ok();
    if !given(fixture.path()) || !given(&fixture.path().join(".git")) {
        return;
    }
    let error = Repository::discover(fixture.path()).expect_err("not the user's");
    let shown = fixture.path().display();
    assert_eq!(
        told(&error),
        format!(
            "`{shown}` belongs to another user; if you trust it, run `git config --file ~/.gitconfig --add safe.directory {shown}`"
        )
    );
}
