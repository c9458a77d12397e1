//! What changed: the paths that `rules:changes` looks at (configuration reference 8.2).

use std::collections::BTreeSet;

use git2::Oid;

use crate::types::RefKind;

use super::plain_file::is_gone;
use super::tree::{ProjectTree, TreeSource};
use super::work_tree::blob_id_of;
use super::{RepoError, Repository};

/// The changes of a pipeline's event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes {
    /// The commit before the push: `CI_COMMIT_BEFORE_SHA`. `None` stands for forty zeros.
    pub before_sha: Option<String>,
    /// Merge base with the target, for merge requests.
    pub merge_base: Option<String>,
    /// Sorted paths; deleted files and both names of a renamed one count. `None` when unknown,
    /// which makes every `changes` true.
    pub files: Option<Vec<String>>,
}

impl Repository {
    /// The changes of the event behind a pipeline for `name` (design chapter 2): a branch
    /// against what `origin` has of it, a merge request against the merge base with its target.
    /// A tag has none.
    pub fn changes(
        &self,
        tree: &ProjectTree,
        kind: &RefKind,
        name: &str,
    ) -> Result<Changes, RepoError> {
        match kind {
            RefKind::Tag => Ok(Changes::default()),
            RefKind::Branch => self.changes_of_push(tree, name),
            RefKind::MergeRequest { target } => self.changes_of_request(tree, target),
        }
    }

    /// The changes since the merge base with `compare_to`: a branch, a tag or a commit as the
    /// server would know it. Empty where the histories have nothing in common.
    pub fn changes_since(
        &self,
        tree: &ProjectTree,
        compare_to: &str,
    ) -> Result<Vec<String>, RepoError> {
        let other = self
            .server_revision(compare_to)
            .ok_or_else(|| self.unknown("ref", compare_to))?;
        match self.git.merge_base(other, tree.commit) {
            Ok(base) => self.differences(base, tree),
            Err(_) => Ok(Vec::new()),
        }
    }

    fn changes_of_push(&self, tree: &ProjectTree, branch: &str) -> Result<Changes, RepoError> {
        let Some(base) = self.base_of_push(tree, branch)? else {
            return Ok(Changes::default());
        };
        Ok(Changes {
            before_sha: Some(base.to_string()),
            merge_base: None,
            files: Some(self.differences(base, tree)?),
        })
    }

    fn changes_of_request(&self, tree: &ProjectTree, target: &str) -> Result<Changes, RepoError> {
        let tip = self
            .commit_of_ref(&format!("refs/remotes/origin/{target}"))
            .or_else(|| self.commit_of_ref(&format!("refs/heads/{target}")))
            .ok_or_else(|| self.unknown("branch", target))?;
        let Ok(base) = self.git.merge_base(tip, tree.commit) else {
            return Ok(Changes::default());
        };
        Ok(Changes {
            before_sha: None,
            merge_base: Some(base.to_string()),
            files: Some(self.differences(base, tree)?),
        })
    }

    /// What `origin` had before the push. After a push it already has this very commit; the
    /// reflog then tells what it had before.
    fn base_of_push(&self, tree: &ProjectTree, branch: &str) -> Result<Option<Oid>, RepoError> {
        let name = format!("refs/remotes/origin/{branch}");
        let Some(tip) = self.commit_of_ref(&name) else {
            return Ok(None);
        };
        if tip != tree.commit || !tree.state()?.is_clean() {
            return Ok(Some(tip));
        }
        Ok(self.previous_value(&name, tip))
    }

    fn previous_value(&self, reference: &str, tip: Oid) -> Option<Oid> {
        let log = self.git.reflog(reference).ok()?;
        let moved = log
            .iter()
            .find(|entry| entry.id_new() == tip && entry.id_old() != tip)?;
        let old = moved.id_old();
        self.git.find_commit(old).ok().map(|commit| commit.id())
    }

    /// A name as the server resolves it: its branches are our `origin/…`.
    fn server_revision(&self, name: &str) -> Option<Oid> {
        let branch = name.strip_prefix("refs/heads/").unwrap_or(name);
        let tag = name.strip_prefix("refs/tags/").unwrap_or(name);
        if let Some(known) = [
            format!("refs/remotes/origin/{branch}"),
            format!("refs/heads/{branch}"),
            format!("refs/tags/{tag}"),
        ]
        .iter()
        .find_map(|name| self.commit_of_ref(name))
        {
            return Some(known);
        }
        // `origin/main` exists here, but not on the server; nor do reflogs.
        if name.starts_with("origin/") || name.starts_with("refs/") || name.contains("@{") {
            return None;
        }
        let object = self.git.revparse_single(name).ok()?;
        Some(object.peel_to_commit().ok()?.id())
    }

    /// Paths that differ between a commit and the tree, edits and untracked files included.
    fn differences(&self, base: Oid, tree: &ProjectTree) -> Result<Vec<String>, RepoError> {
        let mut paths = self.committed_differences(base, tree.commit)?;
        if *tree.source() == TreeSource::WorkTree {
            let state = tree.state()?;
            let edited = state.modified.iter().chain(&state.deleted);
            for path in edited.chain(&state.untracked) {
                if paths.contains(path) && self.is_as_in(base, tree, path) {
                    paths.remove(path);
                } else {
                    paths.insert(path.clone());
                }
            }
        }
        Ok(paths.into_iter().collect())
    }

    fn committed_differences(&self, old: Oid, new: Oid) -> Result<BTreeSet<String>, RepoError> {
        let tree_of = |commit| {
            self.git
                .find_commit(commit)
                .and_then(|commit| commit.tree())
                .map_err(RepoError::corrupt("a tree"))
        };
        let diff = self
            .git
            .diff_tree_to_tree(Some(&tree_of(old)?), Some(&tree_of(new)?), None)
            .map_err(RepoError::corrupt("a tree"))?;
        let paths = diff.deltas().flat_map(|delta| {
            [delta.old_file(), delta.new_file()]
                .into_iter()
                .filter_map(|file| file.path_bytes())
                .map(|path| String::from_utf8_lossy(path).into_owned())
        });
        Ok(paths.collect())
    }

    /// Whether an edit brought a file back to what it was in `base`.
    fn is_as_in(&self, base: Oid, tree: &ProjectTree, path: &str) -> bool {
        let before = self
            .git
            .find_commit(base)
            .and_then(|commit| commit.tree())
            .and_then(|tree| tree.get_path(path.as_ref()))
            .map(|entry| entry.id())
            .ok();
        match blob_id_of(&tree.root().join(path)) {
            Ok(now) => before == Some(now),
            Err(error) => is_gone(&error) && before.is_none(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repo::fixture::{Fixture, told};

    fn request(target: &str) -> RefKind {
        RefKind::MergeRequest {
            target: target.to_owned(),
        }
    }

    fn changes(fixture: &Fixture, kind: &RefKind, name: &str) -> Changes {
        let repo = fixture.open();
        let tree = repo.tree(TreeSource::WorkTree).expect("a tree");
        repo.changes(&tree, kind, name).expect("changes")
    }

    fn files(changes: &Changes) -> Vec<&str> {
        let files = changes.files.as_ref().expect("a known set");
        files.iter().map(String::as_str).collect()
    }

    /// `main` has been pushed; `issue-1` is two commits ahead of it.
    fn issue() -> (Fixture, [Oid; 3]) {
        let fixture = Fixture::with(&[("a", "1"), ("b", "1"), ("old-name", "long enough\n")]);
        let first = fixture.git.refname_to_id("HEAD").expect("head");
        fixture.pushed("main", first);
        fixture.branch("issue-1");
        fixture.write("a", "2");
        let second = fixture.commit("second");
        fixture.write("c/d", "new");
        fixture.remove("old-name");
        fixture.write("new-name", "long enough\n");
        let third = fixture.commit("third");
        (fixture, [first, second, third])
    }

    #[test]
    fn a_branch_that_was_never_pushed_is_unknown() {
        let (fixture, _) = issue();
        let changes = changes(&fixture, &RefKind::Branch, "issue-1");
        assert_eq!(changes, Changes::default());
    }

    #[test]
    fn a_branch_is_compared_with_what_origin_has() {
        let (fixture, [_, second, _]) = issue();
        fixture.pushed("issue-1", second);
        let changes = changes(&fixture, &RefKind::Branch, "issue-1");
        assert_eq!(changes.before_sha, Some(second.to_string()));
        assert_eq!(files(&changes), ["c/d", "new-name", "old-name"]);
    }

    #[test]
    fn after_a_push_the_reflog_knows() {
        let (fixture, [first, _, third]) = issue();
        fixture.pushed("issue-1", first);
        fixture.pushed("issue-1", third);
        let pushed = changes(&fixture, &RefKind::Branch, "issue-1");
        assert_eq!(pushed.before_sha, Some(first.to_string()));
        assert_eq!(files(&pushed), ["a", "c/d", "new-name", "old-name"]);

        fixture.write("b", "edited");
        let edited = changes(&fixture, &RefKind::Branch, "issue-1");
        assert_eq!(edited.before_sha, Some(third.to_string()));
        assert_eq!(files(&edited), ["b"]);
    }

    #[test]
    fn a_first_push_is_unknown_even_afterwards() {
        let (fixture, [_, _, third]) = issue();
        fixture.pushed("issue-1", third);
        let changes = changes(&fixture, &RefKind::Branch, "issue-1");
        assert_eq!(changes, Changes::default());
    }

    #[test]
    fn edits_and_untracked_files_count() {
        let (fixture, [_, second, _]) = issue();
        fixture.pushed("issue-1", second);
        fixture.remove("b");
        fixture.write("untracked", "x");
        fixture.remove("new-name");
        let changes = changes(&fixture, &RefKind::Branch, "issue-1");
        assert_eq!(files(&changes), ["b", "c/d", "old-name", "untracked"]);
    }

    #[test]
    fn an_edit_that_goes_back_to_the_base_is_no_change() {
        let (fixture, [first, ..]) = issue();
        fixture.pushed("issue-1", first);
        fixture.write("a", "1");
        let changes = changes(&fixture, &RefKind::Branch, "issue-1");
        assert_eq!(files(&changes), ["c/d", "new-name", "old-name"]);
    }

    #[test]
    fn a_merge_request_starts_at_the_merge_base() {
        let (fixture, [first, _, third]) = issue();
        fixture.checkout("main");
        fixture.write("b", "main went on");
        let ahead = fixture.commit("on main");
        fixture.pushed("main", ahead);
        fixture.checkout("issue-1");
        let changes = changes(&fixture, &request("main"), "issue-1");
        assert_eq!(changes.merge_base, Some(first.to_string()));
        assert_eq!(changes.before_sha, None);
        assert_eq!(files(&changes), ["a", "c/d", "new-name", "old-name"]);
        assert_eq!(fixture.open().head_sha(), third.to_string());
    }

    #[test]
    fn a_merge_request_needs_its_target() {
        let (fixture, _) = issue();
        let repo = fixture.open();
        let tree = repo.tree(TreeSource::WorkTree).expect("a tree");
        let error = repo
            .changes(&tree, &request("mian"), "issue-1")
            .expect_err("no target");
        let expected = "there is no branch `mian` in this repository; did you mean `main`?";
        assert_eq!(told(&error), expected);
    }

    #[test]
    fn a_tag_has_no_changes() {
        let (fixture, _) = issue();
        assert_eq!(changes(&fixture, &RefKind::Tag, "v1"), Changes::default());
    }

    #[test]
    fn compare_to_takes_what_the_server_knows() {
        let (fixture, [first, second, _]) = issue();
        fixture.annotate("v1", second, "one");
        fixture.pushed("develop", second);
        let repo = fixture.open();
        let tree = repo.tree(TreeSource::WorkTree).expect("a tree");
        let all = ["a", "c/d", "new-name", "old-name"];
        let (first, second) = (first.to_string(), second.to_string());
        for (compare_to, expected) in [
            ("main", Some(&all[..])),
            ("refs/heads/main", Some(&all[..])),
            ("develop", Some(&all[1..])),
            ("v1", Some(&all[1..])),
            ("refs/tags/v1", Some(&all[1..])),
            (first.as_str(), Some(&all[..])),
            (&second[..8], Some(&all[1..])),
            ("HEAD~1", Some(&all[1..])),
            ("origin/main", None),
            ("refs/remotes/origin/main", None),
            ("nothing", None),
            ("", None),
        ] {
            let found = repo.changes_since(&tree, compare_to).ok();
            let expected = expected.map(|paths| paths.iter().map(|p| (*p).to_owned()).collect());
            assert_eq!(found, expected, "{compare_to}");
        }
    }

    #[test]
    fn a_commit_has_no_edits() {
        let (fixture, [first, second, _]) = issue();
        fixture.write("untracked", "x");
        let repo = fixture.open();
        let tree = repo
            .tree(TreeSource::Commit(second.to_string()))
            .expect("a tree");
        let found = repo
            .changes_since(&tree, &first.to_string())
            .expect("changes");
        assert_eq!(found, ["a"]);
    }
}
