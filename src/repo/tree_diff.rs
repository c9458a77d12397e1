//! What differs between two trees of git. libgit2 reads every folder of both; here those that are
//! the same are not looked into.

use std::collections::{BTreeSet, HashMap};

use git2::{ObjectType, Oid};

use super::RepoError;

/// What a tree has under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Child {
    Folder(Oid),
    /// Git's mode of it; submodules too.
    File(u32, Oid),
}

/// What a tree has, by name; nothing where there is no tree.
pub(super) fn children(
    git: &git2::Repository,
    tree: Option<Oid>,
) -> Result<HashMap<Vec<u8>, Child>, RepoError> {
    let Some(tree) = tree else {
        return Ok(HashMap::new());
    };
    let tree = git.find_tree(tree);
    let tree = tree.map_err(RepoError::corrupt("a tree"))?;
    let children = tree.iter().map(|entry| {
        let child = match entry.kind() {
            Some(ObjectType::Tree) => Child::Folder(entry.id()),
            _ => Child::File(mode(entry.filemode()), entry.id()),
        };
        (entry.name_bytes().to_vec(), child)
    });
    Ok(children.collect())
}

fn mode(mode: i32) -> u32 {
    u32::try_from(mode).unwrap_or_default()
}

/// The files that one of two trees has, or that are other files in the other, submodules too.
pub(super) fn differing_paths(
    git: &git2::Repository,
    old: Option<Oid>,
    new: Option<Oid>,
) -> Result<BTreeSet<Vec<u8>>, RepoError> {
    let mut paths = BTreeSet::new();
    // No recursion: how deep folders lie is the repository's word.
    let mut todo = vec![(Vec::new(), old, new)];
    while let Some((prefix, old, new)) = todo.pop() {
        if old == new {
            continue;
        }
        let (old, new) = (children(git, old)?, children(git, new)?);
        let names: BTreeSet<&Vec<u8>> = old.keys().chain(new.keys()).collect();
        for name in names {
            let (old, new) = (old.get(name).copied(), new.get(name).copied());
            if old == new {
                continue;
            }
            let path = [prefix.as_slice(), name].concat();
            if [old, new]
                .iter()
                .any(|child| matches!(child, Some(Child::File(..))))
            {
                paths.insert(path.clone());
            }
            let folder = |child| match child {
                Some(Child::Folder(tree)) => Some(tree),
                _ => None,
            };
            todo.push(([path.as_slice(), b"/"].concat(), folder(old), folder(new)));
        }
    }
    Ok(paths)
}
