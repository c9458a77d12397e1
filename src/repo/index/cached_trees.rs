//! The extension `TREE` of the index: which folders are still the tree that they were.

use std::collections::HashMap;

use git2::Oid;

/// The trees of folders in which nothing was staged since; the rest, and what is broken, is left
/// out.
pub(super) fn read(bytes: &[u8]) -> HashMap<Vec<u8>, Oid> {
    let mut trees = HashMap::new();
    // A mistake ends it: what came before is sound.
    let _ = read_into(&mut trees, bytes);
    trees
}

fn read_into(trees: &mut HashMap<Vec<u8>, Oid>, mut rest: &[u8]) -> Option<()> {
    // Folders that are open, with how many are still to come in each.
    let mut open: Vec<(Vec<u8>, usize)> = Vec::new();
    while !rest.is_empty() {
        let name = take_until(&mut rest, 0)?;
        let count = take_until(&mut rest, b' ')?;
        let folders: usize = text(take_until(&mut rest, b'\n')?)?.parse().ok()?;
        let path = match open.last_mut() {
            None => name.to_vec(),
            Some((above, left)) => {
                *left = left.checked_sub(1)?;
                let slash: &[u8] = if above.is_empty() { b"" } else { b"/" };
                [above.as_slice(), slash, name].concat()
            }
        };
        if !count.starts_with(b"-") {
            let (id, behind) = rest.split_at_checked(20)?;
            trees.insert(path.clone(), Oid::from_bytes(id).ok()?);
            rest = behind;
        }
        open.push((path, folders));
        while open.last().is_some_and(|(_, left)| *left == 0) {
            open.pop();
        }
    }
    Some(())
}

fn take_until<'a>(rest: &mut &'a [u8], end: u8) -> Option<&'a [u8]> {
    let at = memchr::memchr(end, rest)?;
    let taken = &rest[..at];
    *rest = &rest[at + 1..];
    Some(taken)
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
