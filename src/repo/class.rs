//! Which class a ref name belongs to, and whether it is protected.

use crate::types::{RefClass, RefKind, Reference, wildcard_match};

/// The team's naming of refs. Patterns know one wildcard, `*` for anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefRules {
    /// The project's default branch.
    pub default_branch: String,
    /// Branches for one issue.
    pub issue: Vec<String>,
    /// Integration branches.
    pub develop: Vec<String>,
    /// Release branches.
    pub release: Vec<String>,
    /// Branches and tags that GitLab would treat as protected, besides the default branch.
    pub protected: Vec<String>,
}

impl RefRules {
    /// The class of a ref. The default branch comes before every pattern; a merge request has
    /// the class of its source branch.
    pub fn class(&self, kind: &RefKind, name: &str) -> RefClass {
        if *kind == RefKind::Tag {
            RefClass::Tag
        } else if name == self.default_branch {
            RefClass::Default
        } else if any_fits(&self.issue, name) {
            RefClass::Issue
        } else if any_fits(&self.develop, name) {
            RefClass::Develop
        } else if any_fits(&self.release, name) {
            RefClass::Release
        } else {
            RefClass::Other
        }
    }

    /// Whether GitLab would treat the ref as protected (runtime reference 12.2).
    pub fn is_protected(&self, kind: &RefKind, name: &str) -> bool {
        let is_default = *kind != RefKind::Tag && name == self.default_branch;
        is_default || any_fits(&self.protected, name)
    }

    /// All that is known of a ref from its kind and name.
    pub fn reference(&self, kind: RefKind, name: impl Into<String>) -> Reference {
        let name = name.into();
        Reference {
            class: self.class(&kind, &name),
            protected: self.is_protected(&kind, &name),
            default_branch: self.default_branch.clone(),
            kind,
            name,
        }
    }
}

fn any_fits(patterns: &[String], name: &str) -> bool {
    patterns.iter().any(|pattern| wildcard_match(pattern, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(default_branch: &str) -> RefRules {
        let list = |patterns: &[&str]| patterns.iter().map(|p| (*p).to_owned()).collect();
        RefRules {
            default_branch: default_branch.to_owned(),
            issue: list(&["issue-*", "feature/*"]),
            develop: list(&["develop"]),
            release: list(&["release-*"]),
            protected: list(&["release-*", "v*"]),
        }
    }

    #[test]
    fn each_name_has_its_class() {
        let request = RefKind::MergeRequest {
            target: "master".to_owned(),
        };
        let rules = rules("master");
        for (kind, name, class, protected) in [
            (RefKind::Branch, "issue-12", RefClass::Issue, false),
            (RefKind::Branch, "feature/a/b", RefClass::Issue, false),
            (RefKind::Branch, "develop", RefClass::Develop, false),
            (RefKind::Branch, "develop-2", RefClass::Other, false),
            (RefKind::Branch, "release-1.0", RefClass::Release, true),
            (RefKind::Branch, "master", RefClass::Default, true),
            (RefKind::Branch, "HEAD", RefClass::Other, false),
            (RefKind::Tag, "v1.0", RefClass::Tag, true),
            (RefKind::Tag, "master", RefClass::Tag, false),
            (RefKind::Tag, "issue-1", RefClass::Tag, false),
            (request, "issue-3", RefClass::Issue, false),
        ] {
            let reference = rules.reference(kind, name);
            assert_eq!(reference.class, class, "class of {name}");
            assert_eq!(reference.protected, protected, "protection of {name}");
        }
    }

    #[test]
    fn the_default_branch_comes_before_every_pattern() {
        let class = rules("develop").class(&RefKind::Branch, "develop");
        assert_eq!(class, RefClass::Default);
    }
}
