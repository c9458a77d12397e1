//! What differs between HEAD and the index: `git diff --cached`. Folders in which nothing was
//! staged are known without a look at them.

use std::collections::BTreeSet;

use git2::Oid;

use crate::expr::glob::Roots;
use crate::repo::RepoError;
use crate::repo::index::{Entry, Index};
use crate::repo::tree_diff::{Child, children};

/// Paths by what the index does to them.
#[derive(Debug, Default)]
pub(super) struct Staged {
    pub(super) added: BTreeSet<Vec<u8>>,
    pub(super) modified: BTreeSet<Vec<u8>>,
    pub(super) removed: BTreeSet<Vec<u8>>,
}

/// A folder to be compared.
struct Folder {
    /// Relative to the root, with a `/` behind it; the root has none.
    prefix: Vec<u8>,
    /// What HEAD has there.
    tree: Option<Oid>,
    /// Where the entries of the index begin, and behind which they end.
    from: usize,
    to: usize,
}

impl Staged {
    /// Compares the tree of HEAD with the index, as far as the roots lead.
    pub(super) fn read(
        git: &git2::Repository,
        index: &Index,
        roots: &Roots,
    ) -> Result<Self, RepoError> {
        let head = git.head().and_then(|head| head.peel_to_tree());
        let head = head.map_err(RepoError::corrupt("the tree of HEAD"))?;
        let cached = index.cached_trees();
        let mut staged = Self::default();
        // No recursion: how deep folders lie is the repository's word.
        let mut todo = vec![Folder {
            prefix: Vec::new(),
            tree: Some(head.id()),
            from: 0,
            to: index.len(),
        }];
        while let Some(folder) = todo.pop() {
            let path = folder.prefix.strip_suffix(b"/").unwrap_or_default();
            let cached = cached.get(path).filter(|_| folder.from < folder.to);
            let is_same = folder.tree.is_some() && cached == folder.tree.as_ref();
            if !is_same && roots.lead_into(path) {
                staged.compare(git, index, &folder, &mut todo)?;
            }
        }
        for set in [&mut staged.added, &mut staged.modified, &mut staged.removed] {
            set.retain(|path| roots.hold(path));
        }
        Ok(staged)
    }

    fn compare(
        &mut self,
        git: &git2::Repository,
        index: &Index,
        folder: &Folder,
        todo: &mut Vec<Folder>,
    ) -> Result<(), RepoError> {
        let mut before = children(git, folder.tree)?;
        let path_of = |name: &[u8]| [folder.prefix.as_slice(), name].concat();
        let inner = |name: &[u8], tree, from, to| Folder {
            prefix: [folder.prefix.as_slice(), name, b"/"].concat(),
            tree,
            from,
            to,
        };
        let mut at = folder.from;
        while at < folder.to {
            let entry = index.entry(at);
            let name = &entry.path[folder.prefix.len()..];
            let Some(length) = memchr::memchr(b'/', name) else {
                let is_file = matches!(before.get(name), Some(Child::File(..)));
                let before = if is_file { before.remove(name) } else { None };
                self.compare_file(&entry, before);
                at += 1;
                while at < folder.to && index.entry(at).path == entry.path {
                    at += 1;
                }
                continue;
            };
            let name = &name[..length];
            let to = index.below(&path_of(name)).end;
            let tree = match before.get(name) {
                Some(Child::Folder(tree)) => Some(*tree),
                _ => None,
            };
            if tree.is_some() {
                before.remove(name);
            }
            todo.push(inner(name, tree, at, to));
            at = to;
        }
        for (name, child) in before {
            match child {
                Child::Folder(tree) => todo.push(inner(&name, Some(tree), 0, 0)),
                Child::File(..) => drop(self.removed.insert(path_of(&name))),
            }
        }
        Ok(())
    }

    fn compare_file(&mut self, entry: &Entry<'_>, before: Option<Child>) {
        let now = Child::File(entry.mode(), entry.id());
        let set = match before {
            _ if entry.is_in_conflict() => &mut self.modified,
            Some(before) if before == now => return,
            Some(_) => &mut self.modified,
            None => &mut self.added,
        };
        set.insert(entry.path.to_vec());
    }
}
