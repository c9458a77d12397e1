//! Names that git accepts for branches and tags.

use git2::Reference;

use crate::types::RefKind;

/// Whether git would make a branch or tag of that name, as `git check-ref-format --branch` says;
/// a merge request's name is that of its branch.
pub fn is_ref_name(kind: &RefKind, name: &str) -> bool {
    let folder = match kind {
        RefKind::Tag => "refs/tags",
        RefKind::Branch | RefKind::MergeRequest { .. } => "refs/heads",
    };
    let is_head = name == "HEAD" && *kind != RefKind::Tag;
    !name.starts_with('-') && !is_head && Reference::is_valid_name(&format!("{folder}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_branches_and_tags() {
        for (name, branch, tag) in [
            ("main", true, true),
            ("feature/a/b", true, true),
            ("v1.0", true, true),
            ("ünïcode", true, true),
            ("a@b", true, true),
            ("HEAD", false, true),
            ("", false, false),
            ("a b", false, false),
            ("a~1", false, false),
            ("a^", false, false),
            ("a:b", false, false),
            ("a?", false, false),
            ("a*", false, false),
            ("a[b", false, false),
            ("a\\b", false, false),
            ("a\u{7}b", false, false),
            ("a\0b", false, false),
            ("..", false, false),
            ("a..b", false, false),
            (".a", false, false),
            ("a/.b", false, false),
            ("a.", false, false),
            ("a.lock", false, false),
            ("a@{b", false, false),
            ("/a", false, false),
            ("a/", false, false),
            ("a//b", false, false),
            ("-a", false, false),
        ] {
            assert_eq!(
                is_ref_name(&RefKind::Branch, name),
                branch,
                "branch {name:?}"
            );
            assert_eq!(is_ref_name(&RefKind::Tag, name), tag, "tag {name:?}");
        }
    }
}
