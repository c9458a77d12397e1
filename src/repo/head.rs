//! What is checked out, and the project's default branch.

use git2::{BranchType, ObjectType};

use crate::types::RefKind;

use super::{RepoError, Repository};

/// The ref whose pipeline runs unless another one is asked for (runtime reference 13.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// A branch, or the tag of a detached HEAD.
    pub kind: RefKind,
    /// Name of the branch or tag; `HEAD` when there is none.
    pub name: String,
    /// The commit.
    pub sha: String,
}

impl Repository {
    /// What is checked out. A branch gives a branch pipeline, even where a tag points to the
    /// same commit. A detached HEAD stands for the tag at that commit, else for the branch whose
    /// tip it is, else for itself.
    pub fn head(&self) -> Result<Head, RepoError> {
        let reference = self.git.head().map_err(RepoError::corrupt("HEAD"))?;
        if reference.is_branch() {
            let name = String::from_utf8_lossy(reference.shorthand_bytes());
            return Ok(self.at_head(RefKind::Branch, &name));
        }
        let from = self.checked_out_name();
        if let Some(tag) = self.tag_at_head(from.as_deref())? {
            return Ok(self.at_head(RefKind::Tag, &tag));
        }
        let branch = self.branch_at_head(from.as_deref())?;
        Ok(self.at_head(RefKind::Branch, branch.as_deref().unwrap_or("HEAD")))
    }

    /// The project's default branch: `configured`, else what `origin/HEAD` points to, else
    /// `main`, else `master` where only that exists.
    pub fn default_branch(&self, configured: Option<&str>) -> String {
        if let Some(name) = configured {
            return name.to_owned();
        }
        if let Some(name) = self.remote_default_branch() {
            return name;
        }
        let fallback = if self.has_branch("main") || !self.has_branch("master") {
            "main"
        } else {
            "master"
        };
        fallback.to_owned()
    }

    fn at_head(&self, kind: RefKind, name: &str) -> Head {
        Head {
            kind,
            name: name.to_owned(),
            sha: self.head_sha(),
        }
    }

    /// What the last `git checkout` was given, from HEAD's reflog. It decides between several
    /// names of one commit.
    fn checked_out_name(&self) -> Option<String> {
        let log = self.git.reflog("HEAD").ok()?;
        let last = log.get(0)?;
        let message = last.message().ok()??;
        let (_, name) = message
            .strip_prefix("checkout: moving from ")?
            .rsplit_once(" to ")?;
        Some(name.to_owned())
    }

    /// The tag at HEAD: the one checked out by name, else an annotated one before a plain one,
    /// the newest first, as `git describe` chooses.
    fn tag_at_head(&self, from: Option<&str>) -> Result<Option<String>, RepoError> {
        let mut best = None;
        let tags = self
            .git
            .references_glob("refs/tags/*")
            .map_err(RepoError::corrupt("the tags"))?;
        for tag in tags.flatten() {
            let points_here = tag
                .peel(ObjectType::Commit)
                .is_ok_and(|commit| commit.id() == self.head);
            if !points_here {
                continue;
            }
            let name = String::from_utf8_lossy(tag.shorthand_bytes()).into_owned();
            let annotated_at = tag
                .peel_to_tag()
                .ok()
                .map(|tag| tag.tagger().map_or(0, |tagger| tagger.when().seconds()));
            let rank = (from == Some(name.as_str()), annotated_at, name);
            if best.as_ref().is_none_or(|best| rank > *best) {
                best = Some(rank);
            }
        }
        Ok(best.map(|(_, _, name)| name))
    }

    /// The branch whose tip is HEAD: local ones first, then those of `origin`.
    fn branch_at_head(&self, from: Option<&str>) -> Result<Option<String>, RepoError> {
        for (kind, remote) in [(BranchType::Local, ""), (BranchType::Remote, "origin/")] {
            let mut names = Vec::new();
            let branches = self
                .git
                .branches(Some(kind))
                .map_err(RepoError::corrupt("the branches"))?;
            for (branch, _) in branches.flatten() {
                let reference = branch.get();
                if reference.target() != Some(self.head) {
                    continue;
                }
                let name = String::from_utf8_lossy(reference.shorthand_bytes());
                names.extend(name.strip_prefix(remote).map(str::to_owned));
            }
            names.sort();
            let checked_out = names
                .iter()
                .find(|name| from.and_then(|from| from.strip_prefix(remote)) == Some(name));
            if let Some(name) = checked_out.or(names.first()) {
                return Ok(Some(name.clone()));
            }
        }
        Ok(None)
    }

    fn remote_default_branch(&self) -> Option<String> {
        let head = self.git.find_reference("refs/remotes/origin/HEAD").ok()?;
        let target = head.symbolic_target().ok()??;
        Some(target.strip_prefix("refs/remotes/origin/")?.to_owned())
    }

    fn has_branch(&self, name: &str) -> bool {
        self.branch_tip(name).is_ok()
    }
}
