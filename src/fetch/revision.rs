//! Which commit of a project a revision names (configuration reference 4.1).

/// A ref of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ref {
    /// Full name: `refs/tags/v1`, `HEAD`.
    pub(super) name: String,
    /// The commit it leads to.
    pub(super) commit: String,
}

/// The version of a component that is the newest release.
const LATEST: &str = "~latest";

/// Whether a revision can be told only from all tags.
pub(super) fn needs_all_tags(revision: &str) -> bool {
    revision == LATEST || parts(revision).is_some_and(|parts| parts.len() < 3)
}

/// Whether it is the whole id of a commit.
pub(super) fn is_commit(revision: &str) -> bool {
    revision.len() == 40 && revision.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether it may be the beginning of a commit's id.
pub(super) fn is_part_of_commit(revision: &str) -> bool {
    (7..=40).contains(&revision.len()) && revision.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The ref that a revision names: of equal names the tag, then the branch, then what a clone
/// knows of `origin`; else the newest release that a part of a version fits.
pub(super) fn choose<'r>(refs: &'r [Ref], revision: &str) -> Option<&'r Ref> {
    let named = |name: &str| refs.iter().find(|one| one.name == name);
    if revision == "HEAD" {
        return named("HEAD");
    }
    ["refs/tags/", "refs/heads/", "refs/remotes/origin/"]
        .iter()
        .find_map(|folder| named(&format!("{folder}{revision}")))
        .or_else(|| newest(refs, revision))
}

/// The newest of the releases that a part of a version, or `~latest`, fits. Releases before a
/// version (`2.0.0-rc1`) are none of them.
fn newest<'r>(refs: &'r [Ref], revision: &str) -> Option<&'r Ref> {
    let wanted = match revision {
        LATEST => Vec::new(),
        other => parts(other).filter(|parts| parts.len() < 3)?,
    };
    let released = refs.iter().filter_map(|one| {
        let version = one.name.strip_prefix("refs/tags/")?;
        let version = parts(version.strip_prefix('v').unwrap_or(version))?;
        (version.len() == 3 && version.starts_with(&wanted)).then_some((version, one))
    });
    let newest = released.max_by(|(a, _), (b, _)| a.cmp(b));
    newest.map(|(_, found)| found)
}

/// The numbers of a version, at most three.
fn parts(version: &str) -> Option<Vec<u64>> {
    let number = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        part.parse().ok().filter(|_| digits)
    };
    let parts: Vec<u64> = version.split('.').map(number).collect::<Option<_>>()?;
    (parts.len() <= 3).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_names_one_commit() {
        let refs: Vec<Ref> = [
            ("HEAD", "head"),
            ("refs/heads/main", "main"),
            ("refs/heads/both", "branch"),
            ("refs/tags/both", "tag"),
            ("refs/remotes/origin/old", "old"),
            ("refs/tags/1.2.3", "123"),
            ("refs/tags/1.10.0", "1100"),
            ("refs/tags/v2.0.1", "201"),
            ("refs/tags/3.0.0-rc1", "300"),
            ("refs/tags/1.9", "19"),
            ("refs/tags/release-9", "r9"),
        ]
        .iter()
        .map(|(name, commit)| Ref {
            name: (*name).to_owned(),
            commit: (*commit).to_owned(),
        })
        .collect();
        for (revision, expected) in [
            ("HEAD", Some("head")),
            ("main", Some("main")),
            ("both", Some("tag")),
            ("old", Some("old")),
            ("1.2.3", Some("123")),
            ("1", Some("1100")),
            ("1.2", Some("123")),
            ("1.9", Some("19")),
            ("2", Some("201")),
            ("3", None),
            ("~latest", Some("201")),
            ("v2", None),
            ("none", None),
            ("refs/heads/main", None),
            ("1.", None),
        ] {
            let found = choose(&refs, revision).map(|found| found.commit.as_str());
            assert_eq!(found, expected, "{revision}");
        }
        assert!(needs_all_tags("~latest") && needs_all_tags("1") && needs_all_tags("1.2"));
        assert!(!needs_all_tags("1.2.3") && !needs_all_tags("main") && !needs_all_tags("HEAD"));
    }
}
