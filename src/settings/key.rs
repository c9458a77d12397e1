//! The table of settings.

/// The type of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text that is not empty.
    Text,
    /// A whole number within bounds.
    Number {
        /// Smallest.
        min: u32,
        /// Largest.
        max: u32,
    },
    /// A list of texts; in the environment they are separated by commas.
    List,
    /// One of some words.
    Choice(&'static [&'static str]),
    /// A text for each of some names: a table in files, `NAME=TEXT,…` in the environment.
    Map,
}

impl Kind {
    /// What a value must be, in the words of a message.
    pub fn expects(self) -> String {
        match self {
            Self::Text => "a text that is not empty".to_owned(),
            Self::Number { min, max } => format!("a number from {min} to {max}"),
            Self::List => "a list of texts".to_owned(),
            Self::Map => "a table of texts that are not empty".to_owned(),
            Self::Choice(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("one of {}", words.join(", "))
            }
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub struct KeyEntry {
    /// Name in files; a dot leads into a table.
    pub name: &'static str,
    /// Name of the environment variable.
    pub variable: &'static str,
    /// Type.
    pub kind: Kind,
    /// Whether the repository's file may set it.
    pub safe: bool,
    /// Whether values add up: what one source holds, no other can release.
    pub adds: bool,
    /// The value when nobody sets it, as it would stand in the environment; empty for none.
    pub default: &'static str,
    /// One line on what it is for.
    pub summary: &'static str,
}

macro_rules! keys {
    ($($variant:ident $name:literal $variable:literal $kind:expr, $who:ident, $default:literal, $summary:literal;)*) => {
        /// A setting.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Key { $(#[doc = $summary] $variant,)* }

        impl Key {
            /// Every setting, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The row of this setting.
            pub const fn entry(self) -> KeyEntry {
                match self {
                    $(Self::$variant => KeyEntry {
                        name: $name, variable: $variable, kind: $kind,
                        safe: Who::$who.safe(), adds: Who::$who.adds(),
                        default: $default, summary: $summary,
                    },)*
                }
            }
        }
    };
}

/// Who may set a key.
enum Who {
    /// The repository too.
    Anyone,
    /// The repository too, and everybody's values count.
    Adds,
    /// Only the user.
    User,
}

impl Who {
    const fn safe(&self) -> bool {
        matches!(self, Self::Anyone | Self::Adds)
    }

    const fn adds(&self) -> bool {
        matches!(self, Self::Adds)
    }
}

const JOBS: Kind = Kind::Number { min: 1, max: 1000 };
const MEGABYTES: Kind = Kind::Number {
    min: 1,
    max: 1_000_000,
};
const SECONDS: Kind = Kind::Number { min: 1, max: 3600 };
const EXECUTORS: Kind = Kind::Choice(&["auto", "docker", "sandbox", "shell"]);
const DEPLOY: Kind = Kind::Choice(&["hold", "run"]);

keys! {
    File "file" "PIPE_FILE" Kind::Text, Anyone, ".gitlab-ci.yml", "path of the pipeline's file in the repository";
    DefaultImage "default-image" "PIPE_DEFAULT_IMAGE" Kind::Text, Anyone, "", "image of jobs that name none";
    RefsIssue "refs.issue" "PIPE_REFS_ISSUE" Kind::List, Anyone, "issue-*", "branches for one issue";
    RefsDevelop "refs.develop" "PIPE_REFS_DEVELOP" Kind::List, Anyone, "develop", "integration branches";
    RefsRelease "refs.release" "PIPE_REFS_RELEASE" Kind::List, Anyone, "release-*", "release branches";
    Held "held" "PIPE_HELD" Kind::List, Adds, "", "names of jobs that run only when released";
    DefaultBranch "default-branch" "PIPE_DEFAULT_BRANCH" Kind::Text, User, "", "the project's default branch, where `origin` does not say";
    Protected "protected" "PIPE_PROTECTED" Kind::List, User, "", "branches and tags that see protected variables, besides the default branch";
    Executor "executor" "PIPE_EXECUTOR" EXECUTORS, User, "auto", "where jobs run";
    Jobs "jobs" "PIPE_JOBS" JOBS, User, "16", "how many jobs run at once";
    ArtifactsLimit "artifacts-limit" "PIPE_ARTIFACTS_LIMIT" MEGABYTES, User, "1000", "megabytes that the artifacts of a job may take";
    Deploy "deploy" "PIPE_DEPLOY" DEPLOY, User, "hold", "whether jobs that act outside wait for `--deploy`";
    DockerHost "docker-host" "PIPE_DOCKER_HOST" Kind::Text, User, "", "the Docker engine, instead of the local socket";
    ServerUrl "server-url" "PIPE_SERVER_URL" Kind::Text, User, "", "the GitLab server, where `origin` does not say";
    ProjectPath "project-path" "PIPE_PROJECT_PATH" Kind::Text, User, "", "the project's path on the server, where `origin` does not say";
    Projects "projects" "PIPE_PROJECTS" Kind::Map, User, "", "where other projects are fetched from: a folder or a git address for the path of each";
    Templates "templates" "PIPE_TEMPLATES" Kind::Text, User, "", "where GitLab's templates are fetched from: a folder, or an address with the templates below it";
    TokenFile "token-file" "PIPE_TOKEN_FILE" Kind::Text, User, "", "file with your access token for the server of `server-url`";
    CaFile "ca-file" "PIPE_CA_FILE" Kind::Text, User, "", "file with certificates that are trusted besides those of the system, in PEM format";
    LocalHosts "local-hosts" "PIPE_LOCAL_HOSTS" Kind::List, User, "", "hosts on this machine that `pipe fetch` may ask";
    FetchTimeout "fetch-timeout" "PIPE_FETCH_TIMEOUT" SECONDS, User, "60", "seconds that a server has for an answer";
}

impl Key {
    /// The setting of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|key| key.entry().name == name)
    }

    /// Name in files.
    pub const fn as_str(self) -> &'static str {
        self.entry().name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_named_after_their_keys() {
        for key in Key::ALL {
            let entry = key.entry();
            let name = entry.name.to_ascii_uppercase().replace(['-', '.'], "_");
            assert_eq!(entry.variable, format!("PIPE_{name}"));
            assert_eq!(Key::parse(entry.name), Some(*key));
        }
    }

    #[test]
    fn a_repository_may_not_grant_itself_anything() {
        let safe: Vec<_> = Key::ALL
            .iter()
            .filter(|key| key.entry().safe)
            .map(|key| key.as_str())
            .collect();
        let expected = [
            "file",
            "default-image",
            "refs.issue",
            "refs.develop",
            "refs.release",
            "held",
        ];
        assert_eq!(safe, expected);
    }
}
