//! Temporary repositories for tests, built with git2: no `git` program is needed.

use std::path::Path;

use git2::{IndexAddOption, ObjectType, Oid, Signature, Time};
use tempfile::TempDir;

use super::{RepoError, Repository};

/// A repository with a fixed identity; commits are one minute apart.
pub(crate) struct Fixture {
    dir: TempDir,
    pub(crate) git: git2::Repository,
    minute: std::cell::Cell<i64>,
}

impl Fixture {
    /// An empty repository whose branch is `main`.
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head("main");
        let git = git2::Repository::init_opts(dir.path(), &options).expect("init");
        let mut config = git.config().expect("config");
        for (key, value) in [
            ("user.name", "Ann"),
            ("user.email", "ann@example.com"),
            ("core.autocrlf", "false"),
            ("core.excludesFile", "/dev/null"),
        ] {
            config.set_str(key, value).expect("a setting");
        }
        Self {
            dir,
            git,
            minute: std::cell::Cell::new(0),
        }
    }

    /// A repository with one commit of `files`.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let fixture = Self::new();
        for (path, text) in files {
            fixture.write(path, text);
        }
        fixture.commit("first");
        fixture
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn open(&self) -> Repository {
        Repository::discover(self.path()).expect("the repository opens")
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        self.write_bytes(path, text.as_bytes());
    }

    pub(crate) fn write_bytes(&self, path: &str, bytes: &[u8]) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        std::fs::write(path, bytes).expect("a file");
    }

    pub(crate) fn link(&self, path: &str, target: &str) {
        std::os::unix::fs::symlink(target, self.path().join(path)).expect("a link");
    }

    pub(crate) fn remove(&self, path: &str) {
        std::fs::remove_file(self.path().join(path)).expect("a file to remove");
    }

    /// Adds everything that is not ignored.
    pub(crate) fn stage(&self) {
        let mut index = self.git.index().expect("index");
        index
            .add_all(["*"], IndexAddOption::DEFAULT, None)
            .expect("add");
        index.update_all(["*"], None).expect("update");
        index.write().expect("write");
    }

    /// Commits everything that is not ignored.
    pub(crate) fn commit(&self, message: &str) -> Oid {
        self.stage();
        let tree = self.git.index().expect("index").write_tree().expect("tree");
        let tree = self.git.find_tree(tree).expect("tree");
        let parent = self.git.head().ok().and_then(|h| h.peel_to_commit().ok());
        let parents: Vec<_> = parent.iter().collect();
        let who = self.signature();
        self.git
            .commit(Some("HEAD"), &who, &who, message, &tree, &parents)
            .expect("commit")
    }

    /// Merges a branch into HEAD: the work tree as it is, with both as parents.
    pub(crate) fn merge(&self, branch: &str, message: &str) -> Oid {
        self.stage();
        let tree = self.git.index().expect("index").write_tree().expect("tree");
        let tree = self.git.find_tree(tree).expect("tree");
        let tip = |name: &str| {
            let tip = self.git.revparse_single(name).expect("a name");
            tip.peel_to_commit().expect("a commit")
        };
        let who = self.signature();
        let parents = [&tip("HEAD"), &tip(branch)];
        self.git
            .commit(Some("HEAD"), &who, &who, message, &tree, &parents)
            .expect("commit")
    }

    /// 14 November 2023, 23:13:20 in an offset of one hour, plus a minute each.
    pub(crate) fn signature(&self) -> Signature<'static> {
        self.minute.set(self.minute.get() + 1);
        let time = Time::new(1_700_000_000 + 60 * (self.minute.get() - 1), 60);
        Signature::new("Ann", "ann@example.com", &time).expect("a signature")
    }

    /// Makes a branch at HEAD and checks it out.
    pub(crate) fn branch(&self, name: &str) {
        let head = self
            .git
            .head()
            .and_then(|h| h.peel_to_commit())
            .expect("head");
        self.git.branch(name, &head, true).expect("branch");
        self.checkout(name);
    }

    pub(crate) fn checkout(&self, branch: &str) {
        let name = format!("refs/heads/{branch}");
        self.git.set_head(&name).expect("set head");
        self.hard_checkout();
    }

    pub(crate) fn detach(&self, at: Oid) {
        self.git.set_head_detached(at).expect("detach");
        self.hard_checkout();
    }

    fn hard_checkout(&self) {
        let mut options = git2::build::CheckoutBuilder::new();
        self.git
            .checkout_head(Some(options.force()))
            .expect("checkout");
    }

    pub(crate) fn tag(&self, name: &str, at: Oid) {
        let target = self
            .git
            .find_object(at, Some(ObjectType::Commit))
            .expect("commit");
        self.git.tag_lightweight(name, &target, true).expect("tag");
    }

    pub(crate) fn annotate(&self, name: &str, at: Oid, message: &str) {
        let target = self
            .git
            .find_object(at, Some(ObjectType::Commit))
            .expect("commit");
        self.git
            .tag(name, &target, &self.signature(), message, true)
            .expect("tag");
    }

    /// Moves `origin/<branch>` as a push does, with an entry in its reflog.
    pub(crate) fn pushed(&self, branch: &str, at: Oid) {
        let name = format!("refs/remotes/origin/{branch}");
        self.git.reference_ensure_log(&name).expect("a reflog");
        self.git
            .reference(&name, at, true, "update by push")
            .expect("a remote branch");
    }
}

/// What is wrong, and behind `; ` what to do.
pub(super) fn told(error: &RepoError) -> String {
    match error.help() {
        Some(help) => format!("{error}; {help}"),
        None => error.to_string(),
    }
}
