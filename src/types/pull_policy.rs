//! `pull_policy`: when an image is brought (runtime reference 9.2).

/// One of several ways, which are tried one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PullPolicy {
    /// Each time.
    Always,
    /// When it is missing.
    IfNotPresent,
    /// Never.
    Never,
}

impl PullPolicy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Always, Self::IfNotPresent, Self::Never];

    /// GitLab's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::IfNotPresent => "if-not-present",
            Self::Never => "never",
        }
    }

    /// The policy of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::PullPolicy;

    #[test]
    fn words() {
        for policy in PullPolicy::ALL {
            assert_eq!(PullPolicy::parse(policy.as_str()), Some(policy));
        }
        assert_eq!(PullPolicy::parse("sometimes"), None);
    }
}
