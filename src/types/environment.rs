//! What GitLab accepts as an environment (configuration reference 6.15).

/// Every tier that an environment can have.
pub const ENVIRONMENT_TIERS: [&str; 5] =
    ["production", "staging", "testing", "development", "other"];

/// Characters of a name.
const NAME_LIMIT: usize = 255;

/// `environment:action`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EnvironmentAction {
    /// Deploys.
    #[default]
    Start,
    /// Takes the environment down.
    Stop,
    /// Only works with it.
    Prepare,
    /// Only works with it.
    Verify,
    /// Only works with it.
    Access,
}

impl EnvironmentAction {
    /// GitLab's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Prepare => "prepare",
            Self::Verify => "verify",
            Self::Access => "access",
        }
    }

    /// Reads GitLab's word.
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "start" => Self::Start,
            "stop" => Self::Stop,
            "prepare" => Self::Prepare,
            "verify" => Self::Verify,
            "access" => Self::Access,
            _ => return None,
        })
    }
}

/// Why a text names no environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvironmentNameFault {
    /// It is empty or blank.
    Blank,
    /// It begins with `/`.
    SlashInFront,
    /// It ends with `/`.
    SlashBehind,
    /// It holds this character.
    Character(char),
    /// It has so many characters.
    TooLong(usize),
}

impl EnvironmentNameFault {
    /// The first that a name has.
    pub fn of(name: &str) -> Option<Self> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_/${}. ".contains(c);
        let length = name.chars().count();
        if name.trim().is_empty() {
            Some(Self::Blank)
        } else if let Some(odd) = name.chars().find(|c| !fits(*c)) {
            Some(Self::Character(odd))
        } else if name.starts_with('/') {
            Some(Self::SlashInFront)
        } else if name.ends_with('/') {
            Some(Self::SlashBehind)
        } else {
            (length > NAME_LIMIT).then_some(Self::TooLong(length))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::EnvironmentNameFault::{self, Blank, Character, SlashBehind, SlashInFront, TooLong};

    #[test]
    fn names_of_environments() {
        let (fits, long) = ("a".repeat(255), "a".repeat(256));
        for (name, fault) in [
            ("production", None),
            ("review/a_b-c.d e/${X}", None),
            (fits.as_str(), None),
            (" a", None),
            ("", Some(Blank)),
            ("  ", Some(Blank)),
            ("/a", Some(SlashInFront)),
            ("review/", Some(SlashBehind)),
            ("/", Some(SlashInFront)),
            ("a:b", Some(Character(':'))),
            ("bug-fix!+1/", Some(Character('!'))),
            ("grün", Some(Character('ü'))),
            ("a\nb", Some(Character('\n'))),
            (long.as_str(), Some(TooLong(256))),
        ] {
            assert_eq!(EnvironmentNameFault::of(name), fault, "{name}");
        }
    }
}
