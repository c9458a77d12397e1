//! What `git` prints about refs and trees, as values.

use super::revision::Ref;

/// A plain file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TreeFile {
    pub(super) path: String,
    /// The id of its content.
    pub(super) id: String,
}

/// `ls-remote`: an id, a tab and a name on each line. What `^{}` says of a tag is its commit.
pub(super) fn remote_refs(text: &str) -> Vec<Ref> {
    let mut refs: Vec<Ref> = Vec::new();
    for line in text.lines() {
        let Some((id, name)) = line.split_once('\t') else {
            continue;
        };
        let (name, peeled) = match name.strip_suffix("^{}") {
            Some(name) => (name, true),
            None => (name, false),
        };
        match refs.iter_mut().find(|one| one.name == name) {
            Some(known) if peeled => id.clone_into(&mut known.commit),
            Some(_) => {}
            None => refs.push(Ref {
                name: name.to_owned(),
                commit: id.to_owned(),
            }),
        }
    }
    refs
}

/// `for-each-ref` with `%(objectname) %(*objectname) %(refname)`: the middle one is that of the
/// commit of a tag, else empty.
pub(super) fn own_refs(text: &str) -> Vec<Ref> {
    let of_line = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let (id, peeled, name) = (words.next()?, words.next()?, words.next()?);
        let commit = if peeled.is_empty() { id } else { peeled };
        Some(Ref {
            name: name.to_owned(),
            commit: commit.to_owned(),
        })
    };
    text.lines().filter_map(of_line).collect()
}

/// `ls-tree -r -z`: the plain files. Links are none, for GitLab does not follow them; a name that
/// is no text, or that has a line end in it, can't be included.
pub(super) fn tree_files(bytes: &[u8]) -> Vec<TreeFile> {
    let of_entry = |entry: &[u8]| {
        let text = std::str::from_utf8(entry).ok()?;
        let (facts, path) = text.split_once('\t')?;
        let mut facts = facts.split(' ');
        let (mode, kind, id) = (facts.next()?, facts.next()?, facts.next()?);
        let plain = matches!(mode, "100644" | "100755" | "100664") && kind == "blob";
        (plain && !path.contains('\n')).then(|| TreeFile {
            path: path.to_owned(),
            id: id.to_owned(),
        })
    };
    bytes
        .split(|byte| *byte == 0)
        .filter_map(of_entry)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(refs: &[Ref]) -> Vec<String> {
        let shown = refs
            .iter()
            .map(|one| format!("{} {}", one.commit, one.name));
        shown.collect()
    }

    #[test]
    fn refs_are_read_with_the_commits_of_tags() {
        let remote = "aa\tHEAD\naa\trefs/heads/main\nbb\trefs/tags/v1\ncc\trefs/tags/v1^{}\nodd\n";
        assert_eq!(
            shown(&remote_refs(remote)),
            ["aa HEAD", "aa refs/heads/main", "cc refs/tags/v1"]
        );
        let own = "aa  refs/heads/main\nbb cc refs/tags/v1\n\nodd\n";
        assert_eq!(
            shown(&own_refs(own)),
            ["aa refs/heads/main", "cc refs/tags/v1"]
        );
    }

    #[test]
    fn only_plain_files_of_a_tree_count() {
        let bytes = b"100644 blob aa\ta.yml\x00100755 blob bb\tci/b c.yml\x00120000 blob cc\tlink\x00160000 commit dd\tsub\x00100644 blob ee\tx\ny\x00100644 blob ff\t\xff\x00";
        let files = tree_files(bytes);
        let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["a.yml", "ci/b c.yml"]);
        assert_eq!(files[1].id, "bb");
    }
}
