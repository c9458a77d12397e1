//! What changed: the paths that `rules:changes` looks at (configuration reference 8.2).

use std::collections::BTreeSet;
use std::sync::Arc;

use git2::Oid;

use crate::expr::glob::Roots;
use crate::types::{Late, RefKind};

use super::plain_file::is_gone;
use super::tree::ProjectTree;
use super::tree_diff::differing_paths;
use super::work_tree::blob_id_of;
use super::{RepoError, Repository};

/// What the event behind a pipeline is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventBase {
    /// Merge base with the target, for merge requests.
    pub merge_base: Option<String>,
    since: Since,
}

/// Where the changes begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Since {
    /// Nobody knows.
    #[default]
    Unknown,
    /// What the branch was before.
    Commit(Oid),
    /// `origin` has this commit. If the tree is exactly that it was pushed, and the branch was
    /// `before`; else this is what it was before a push of the edits.
    Level { tip: Oid, before: Option<Oid> },
    /// The commits that this target of a merge request does not have.
    Target(Oid),
}

impl Since {
    /// What the branch was before the push.
    fn before(self, tree: &ProjectTree) -> Result<Option<Oid>, RepoError> {
        Ok(match self {
            Self::Unknown | Self::Target(_) => None,
            Self::Commit(base) => Some(base),
            Self::Level { before, .. } if tree.state()?.is_clean() => before,
            Self::Level { tip, .. } => Some(tip),
        })
    }
}

impl EventBase {
    /// The commit before the push, `CI_COMMIT_BEFORE_SHA`; `otherwise` where there was none or
    /// nobody knows. To find it out may take a look at the whole work tree.
    pub fn before_sha(&self, tree: &Arc<ProjectTree>, otherwise: String) -> Late {
        let (since, tree) = (self.since, Arc::clone(tree));
        Late::new(move || {
            // A tree that can't be read is told by those that need it.
            let before = since.before(&tree).ok().flatten();
            before.map_or(otherwise, |before| before.to_string())
        })
    }
}

impl Repository {
    /// What the event of a pipeline for `name` is compared with (design chapter 2): a branch with
    /// what `origin` has of it, a merge request with its target. A tag with nothing. Does not look
    /// at the work tree.
    pub fn event_base(
        &self,
        tree: &ProjectTree,
        kind: &RefKind,
        name: &str,
    ) -> Result<EventBase, RepoError> {
        match kind {
            RefKind::Tag => Ok(EventBase::default()),
            RefKind::Branch => Ok(EventBase {
                merge_base: None,
                since: self.base_of_push(tree, name),
            }),
            RefKind::MergeRequest { target } => self.base_of_request(tree, target),
        }
    }

    /// What changed since: sorted paths; deleted files and both names of a renamed one count, and
    /// in a merge request what was changed and changed back. `None` when that is not known, which
    /// makes every `changes` true. Of what is not committed only what the roots hold.
    pub fn changes(
        &self,
        tree: &ProjectTree,
        base: &EventBase,
        roots: &Roots,
    ) -> Result<Option<Vec<String>>, RepoError> {
        let paths = match base.since {
            Since::Target(target) => Some(self.changes_of_commits(target, tree, roots)?),
            since => match since.before(tree)? {
                Some(base) => Some(self.differences(base, tree, roots)?),
                None => None,
            },
        };
        Ok(paths.map(|paths| paths.into_iter().collect()))
    }

    /// The changes since the merge base with `compare_to`: a branch, a tag or a commit as the
    /// server would know it. Empty where the histories have nothing in common. Of a renamed file
    /// only the new name counts.
    pub fn changes_since(
        &self,
        tree: &ProjectTree,
        compare_to: &str,
    ) -> Result<Vec<String>, RepoError> {
        let other = self
            .server_revision(compare_to)
            .ok_or_else(|| self.unknown("ref", compare_to))?;
        match self.git.merge_base(other, tree.commit) {
            Ok(base) => self.differences_with_renames(base, tree),
            Err(_) => Ok(Vec::new()),
        }
    }

    fn base_of_request(&self, tree: &ProjectTree, target: &str) -> Result<EventBase, RepoError> {
        let tip = self
            .commit_of_ref(&format!("refs/remotes/origin/{target}"))
            .or_else(|| self.commit_of_ref(&format!("refs/heads/{target}")))
            .ok_or_else(|| self.unknown("branch", target))?;
        let Ok(base) = self.git.merge_base(tip, tree.commit) else {
            return Ok(EventBase::default());
        };
        Ok(EventBase {
            merge_base: Some(base.to_string()),
            since: Since::Target(tip),
        })
    }

    /// Paths that a commit of the merge request changes, also where a later one changes them back.
    /// What came by merging the target does not count. The edits are the commit that is still to
    /// come.
    fn changes_of_commits(
        &self,
        target: Oid,
        tree: &ProjectTree,
        roots: &Roots,
    ) -> Result<BTreeSet<String>, RepoError> {
        let corrupt = || RepoError::corrupt("the history");
        let mut walk = self.git.revwalk().map_err(corrupt())?;
        walk.push(tree.commit).map_err(corrupt())?;
        walk.hide(target).map_err(corrupt())?;
        let mut paths = BTreeSet::new();
        for commit in walk {
            paths.append(&mut self.changes_of_commit(commit.map_err(corrupt())?)?);
        }
        paths.extend(tree.state_at(roots)?.paths().cloned());
        Ok(paths)
    }

    /// Paths that differ from every parent.
    fn changes_of_commit(&self, commit: Oid) -> Result<BTreeSet<String>, RepoError> {
        let corrupt = || RepoError::corrupt("a commit");
        let parents: Vec<Oid> = (self.git.find_commit(commit))
            .map_err(corrupt())?
            .parent_ids()
            .collect();
        let Some((first, others)) = parents.split_first() else {
            return self.committed_differences(None, commit);
        };
        let mut paths = self.committed_differences(Some(*first), commit)?;
        for parent in others {
            if paths.is_empty() {
                break;
            }
            let differing = self.committed_differences(Some(*parent), commit)?;
            paths.retain(|path| differing.contains(path));
        }
        Ok(paths)
    }

    /// What `origin` had before the push. After a push it already has this very commit; the
    /// reflog then tells what it had before.
    fn base_of_push(&self, tree: &ProjectTree, branch: &str) -> Since {
        let name = format!("refs/remotes/origin/{branch}");
        match self.commit_of_ref(&name) {
            None => Since::Unknown,
            Some(tip) if tip != tree.commit => Since::Commit(tip),
            Some(tip) => Since::Level {
                tip,
                before: self.previous_value(&name, tip),
            },
        }
    }

    fn previous_value(&self, reference: &str, tip: Oid) -> Option<Oid> {
        let log = self.git.reflog(reference).ok()?;
        let moved = log
            .iter()
            .find(|entry| entry.id_new() == tip && entry.id_old() != tip)?;
        let old = moved.id_old();
        self.git.find_commit(old).ok().map(|commit| commit.id())
    }

    /// The commit that a name is on the server, as far as it is known here.
    pub fn commit_on_server(&self, name: &str) -> Option<String> {
        self.server_revision(name).map(|commit| commit.to_string())
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
    fn differences(
        &self,
        base: Oid,
        tree: &ProjectTree,
        roots: &Roots,
    ) -> Result<BTreeSet<String>, RepoError> {
        let mut paths = self.committed_differences(Some(base), tree.commit)?;
        for path in tree.state_at(roots)?.paths() {
            if paths.contains(path) && self.is_as_in(base, tree, path) {
                paths.remove(path);
            } else {
                paths.insert(path.clone());
            }
        }
        Ok(paths)
    }

    /// Paths that differ between two commits; between nothing and the commit without `old`.
    fn committed_differences(
        &self,
        old: Option<Oid>,
        new: Oid,
    ) -> Result<BTreeSet<String>, RepoError> {
        let old = old.map(|old| self.tree_of(old)).transpose()?;
        let paths = differing_paths(&self.git, old, Some(self.tree_of(new)?))?;
        let paths = paths.iter();
        Ok(paths
            .map(|path| String::from_utf8_lossy(path).into_owned())
            .collect())
    }

    fn tree_of(&self, commit: Oid) -> Result<Oid, RepoError> {
        let commit = self.git.find_commit(commit);
        let commit = commit.map_err(RepoError::corrupt("a tree"))?;
        Ok(commit.tree_id())
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
