//! Which part of the history a job gets: what the runner fetches (runtime reference 11.4).

use std::collections::{BTreeMap, HashSet, VecDeque};

use git2::{Commit, ObjectType, Oid};

use crate::repo::RepoError;
use crate::repo::stop::{self, Stop};
use crate::types::{RefKind, Tags};

/// The ref of a pipeline and how much history its jobs get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fetch {
    pub(super) commit: Oid,
    pub(super) kind: RefKind,
    pub(super) name: String,
    /// `GIT_DEPTH`; 0 for all.
    pub(super) depth: u32,
    /// Which tags come with it.
    pub(super) tags: Tags,
}

/// A part of the history that is closed in itself.
#[derive(Debug, Default)]
pub(super) struct History {
    /// Every object, each once.
    pub(super) objects: Vec<Oid>,
    /// Commits whose parents are left out.
    pub(super) shallow: Vec<Oid>,
    /// Full names, what they point to, and the commit behind an annotated tag.
    pub(super) refs: BTreeMap<String, (Oid, Option<Oid>)>,
}

/// Collects what a fetch would bring.
pub(super) fn collect(
    git: &git2::Repository,
    fetch: &Fetch,
    stop: Stop<'_>,
) -> Result<History, RepoError> {
    let mut walk = Walk {
        git,
        stop,
        cut: already_cut(git),
        seen: HashSet::new(),
        history: History::default(),
    };
    walk.add_branches(fetch)?;
    let tips = walk.tips(fetch)?;
    let commits = walk.add_commits(&tips, fetch.depth)?;
    walk.add_tags(fetch, &commits)?;
    walk.history.shallow.sort();
    Ok(walk.history)
}

/// A tag, what it points to, and the commit behind that.
struct Tag {
    name: String,
    target: Oid,
    commit: Oid,
}

/// Where branches of the remote stand.
const ORIGIN: &str = "refs/remotes/origin/";

struct Walk<'a> {
    git: &'a git2::Repository,
    stop: Stop<'a>,
    /// Where the user's own clone ends.
    cut: HashSet<Oid>,
    seen: HashSet<Oid>,
    history: History,
}

impl Walk<'_> {
    /// The own branch; with the full history all branches of `origin`, as a full fetch has them.
    fn add_branches(&mut self, fetch: &Fetch) -> Result<(), RepoError> {
        if fetch.depth == 0 {
            let mut branches = self.branches(ORIGIN)?;
            if branches.is_empty() {
                // Nothing was ever fetched or pushed: what is here is all that can be told.
                branches = self.branches("refs/heads/")?;
            }
            for (name, tip) in branches {
                self.history
                    .refs
                    .insert(format!("{ORIGIN}{name}"), (tip, None));
            }
        }
        if fetch.kind == RefKind::Branch && git2::Branch::name_is_valid(&fetch.name) == Ok(true) {
            let name = format!("{ORIGIN}{}", fetch.name);
            self.history.refs.insert(name, (fetch.commit, None));
        }
        Ok(())
    }

    /// Names below `folder` and the commits they point to.
    fn branches(&self, folder: &str) -> Result<Vec<(String, Oid)>, RepoError> {
        let found = self
            .git
            .references_glob(&format!("{folder}*"))
            .map_err(RepoError::corrupt("the branches"))?;
        let branch = |reference: git2::Reference<'_>| {
            let name = reference.name().ok()?.strip_prefix(folder)?.to_owned();
            // `origin/HEAD` is a name for another branch.
            Some((name, reference.target()?))
        };
        Ok(found.flatten().filter_map(branch).collect())
    }

    fn tips(&self, fetch: &Fetch) -> Result<Vec<Oid>, RepoError> {
        let refs = self.history.refs.values().map(|(tip, _)| *tip);
        let mut tips: Vec<Oid> = std::iter::once(fetch.commit).chain(refs).collect();
        if fetch.tags == Tags::All {
            tips.extend(self.tags()?.into_iter().map(|tag| tag.commit));
        }
        Ok(tips)
    }

    /// All tags that lead to a commit.
    fn tags(&self) -> Result<Vec<Tag>, RepoError> {
        let tags = self
            .git
            .references_glob("refs/tags/*")
            .map_err(RepoError::corrupt("the tags"))?;
        let tag = |reference: git2::Reference<'_>| {
            Some(Tag {
                name: reference.name().ok()?.to_owned(),
                target: reference.target()?,
                commit: reference.peel(ObjectType::Commit).ok()?.id(),
            })
        };
        Ok(tags.flatten().filter_map(tag).collect())
    }

    /// Adds commits breadth first, so that the depth of one is its shortest way from a tip.
    fn add_commits(&mut self, tips: &[Oid], depth: u32) -> Result<HashSet<Oid>, RepoError> {
        let mut queue: VecDeque<(Oid, u32)> = tips.iter().map(|tip| (*tip, 1)).collect();
        let mut commits = HashSet::new();
        while let Some((id, level)) = queue.pop_front() {
            if !commits.insert(id) {
                continue;
            }
            let commit = self
                .git
                .find_commit(id)
                .map_err(RepoError::corrupt("a commit"))?;
            self.add_commit(&commit)?;
            let ends_here = depth != 0 && level >= depth && commit.parent_count() > 0;
            if ends_here || self.cut.contains(&id) {
                self.history.shallow.push(id);
            } else {
                queue.extend(commit.parent_ids().map(|parent| (parent, level + 1)));
            }
        }
        Ok(commits)
    }

    fn add_commit(&mut self, commit: &Commit<'_>) -> Result<(), RepoError> {
        self.add(commit.id());
        // No recursion: how deep folders lie is the repository's word.
        let mut todo = vec![commit.tree_id()];
        while let Some(id) = todo.pop() {
            stop::check(self.stop)?;
            if self.add(id) {
                self.add_entries(id, &mut todo)?;
            }
        }
        Ok(())
    }

    fn add_entries(&mut self, tree: Oid, todo: &mut Vec<Oid>) -> Result<(), RepoError> {
        let tree = self
            .git
            .find_tree(tree)
            .map_err(RepoError::corrupt("a tree"))?;
        for entry in &tree {
            match entry.kind() {
                Some(ObjectType::Tree) => todo.push(entry.id()),
                Some(ObjectType::Blob) => {
                    self.add(entry.id());
                }
                // The commit of a submodule is in another repository.
                _ => {}
            }
        }
        Ok(())
    }

    /// The tag of a tag pipeline, and those that point to what was fetched.
    fn add_tags(&mut self, fetch: &Fetch, commits: &HashSet<Oid>) -> Result<(), RepoError> {
        let own = format!("refs/tags/{}", fetch.name);
        let is_own = |name: &str| fetch.kind == RefKind::Tag && name == own;
        for tag in self.tags()? {
            let Tag {
                name,
                target,
                commit,
            } = tag;
            let is_wanted = fetch.tags != Tags::Own || is_own(&name);
            if is_wanted && commits.contains(&commit) {
                self.add_annotations(target, commit);
                let peeled = (target != commit).then_some(commit);
                self.history.refs.insert(name, (target, peeled));
            }
        }
        // A tag asked for with `--tag` need not exist yet.
        if fetch.kind == RefKind::Tag && git2::Reference::is_valid_name(&own) {
            self.history.refs.entry(own).or_insert((fetch.commit, None));
        }
        Ok(())
    }

    /// Tag objects from `from` down to the commit: a tag may point to a tag.
    fn add_annotations(&mut self, from: Oid, commit: Oid) {
        let mut next = from;
        while next != commit && self.add(next) {
            match self.git.find_tag(next) {
                Ok(tag) => next = tag.target_id(),
                Err(_) => return,
            }
        }
    }

    fn add(&mut self, id: Oid) -> bool {
        let is_new = self.seen.insert(id);
        if is_new {
            self.history.objects.push(id);
        }
        is_new
    }
}

/// The commits where a shallow clone ends.
fn already_cut(git: &git2::Repository) -> HashSet<Oid> {
    let text = std::fs::read_to_string(git.commondir().join("shallow")).unwrap_or_default();
    text.lines()
        .filter_map(|line| Oid::from_str(line.trim()).ok())
        .collect()
}
