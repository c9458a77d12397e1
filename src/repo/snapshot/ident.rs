//! The attribute `ident`: git writes the id of a file's content behind each `$Id` of it.

use sha1::{Digest, Sha1};

const HEAD: &[u8] = b"$Id";

/// Where one begins that is to be written anew, and where it ends.
type Place = (usize, usize);

/// The content as git stores it: nothing stands behind `$Id`.
pub(super) fn collapsed(content: &[u8]) -> Vec<u8> {
    let places = places(content, |_| true);
    replaced(content, &places, b"$Id$")
}

/// As a checkout writes what git stores. Ids of other systems stay, which have blanks inside.
pub(super) fn expanded(stored: &[u8]) -> Vec<u8> {
    let places = places(stored, |id| !is_foreign(id));
    if places.is_empty() {
        return stored.to_vec();
    }
    let mut id = b"$Id: ".to_vec();
    for byte in blob_id(stored) {
        id.extend(format!("{byte:02x}").bytes());
    }
    id.extend(b" $");
    replaced(stored, &places, &id)
}

/// All that have nothing behind `$Id`, and those with something there that `counts`. None is longer than
/// its line.
fn places(content: &[u8], counts: impl Fn(&[u8]) -> bool) -> Vec<Place> {
    let (mut places, mut at) = (Vec::new(), 0);
    while let Some(found) = content[at..].iter().position(|byte| *byte == b'$') {
        let from = at + found;
        let rest = &content[from..];
        let same = rest
            .iter()
            .zip(HEAD)
            .take_while(|(is, is_to_be)| is == is_to_be);
        let same = same.count();
        // Git goes on behind what does not fit, a further `$` too.
        at = (from + same + 1).min(content.len());
        if same < HEAD.len() {
            continue;
        }
        match rest.get(same) {
            Some(b'$') => places.push((from, at)),
            Some(b':') => {
                let behind = &content[at..];
                let end = behind.iter().position(|byte| matches!(byte, b'$' | b'\n'));
                let Some(end) = end else {
                    break;
                };
                let to = at + end + 1;
                if content[to - 1] == b'$' && counts(&content[from..to]) {
                    places.push((from, to));
                }
                at = to;
            }
            _ => {}
        }
    }
    places
}

/// Whether blanks are in it, but for those that git writes.
fn is_foreign(id: &[u8]) -> bool {
    let inside = id.strip_prefix(b"$Id: ");
    inside.is_some_and(|inside| {
        let mut pairs = inside.windows(2);
        pairs.any(|pair| pair[0].is_ascii_whitespace() && pair[1] != b'$')
    })
}

fn replaced(content: &[u8], places: &[Place], by: &[u8]) -> Vec<u8> {
    let (mut out, mut at) = (Vec::with_capacity(content.len()), 0);
    for (from, to) in places {
        out.extend(&content[at..*from]);
        out.extend(by);
        at = *to;
    }
    out.extend(&content[at..]);
    out
}

fn blob_id(content: &[u8]) -> [u8; 20] {
    let mut digest = Sha1::new();
    digest.update(format!("blob {}\0", content.len()));
    digest.update(content);
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What git 2.47 writes, but for one of its mistakes: a `$Id` at the end of a line may take the next line
    /// with it there.
    #[test]
    fn ids_are_written_where_git_writes_them() {
        for (stored, wanted) in [
            ("a $Id$ b\n", "a $Id: ID $ b\n"),
            ("$Id:$ $Id: x$ $Id:x $\n", "$Id: ID $ $Id: ID $ $Id: ID $\n"),
            ("$Id:  $ $Id:ab cd$\n", "$Id: ID $ $Id: ID $\n"),
            (
                "$Id: a b$ $Id: x y $ $Id: x  $\n",
                "$Id: a b$ $Id: x y $ $Id: x  $\n",
            ),
            ("$Id: a b$ $Id$\n", "$Id: a b$ $Id: ID $\n"),
            ("$Id: a\nb$ $Id$\n", "$Id: a\nb$ $Id: ID $\n"),
            ("$Id\n$Id$\n", "$Id\n$Id: ID $\n"),
            ("$Idx$ $$Id$$\n", "$Idx$ $$Id$$\n"),
            ("$Id", "$Id"),
            ("$Id:", "$Id:"),
            ("$Id: abc", "$Id: abc"),
            ("", ""),
        ] {
            let id = git2::Oid::hash_object(git2::ObjectType::Blob, stored.as_bytes());
            let wanted = wanted.replace("ID", &id.expect("an id").to_string());
            let got = String::from_utf8(expanded(stored.as_bytes()));
            assert_eq!(got.as_deref(), Ok(&*wanted), "{stored:?}");
        }
    }

    #[test]
    fn git_stores_no_ids() {
        let content = b"$Id: 0123 $ $Id: a b $ $Id: c\n$ $Id$\n";
        assert_eq!(collapsed(content), b"$Id$ $Id$ $Id: c\n$ $Id$\n");
    }
}
