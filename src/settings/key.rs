//! The table of settings.

use super::kind::{Item, Kind};

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
const PATIENCE: Kind = Kind::Number { min: 1, max: 3600 };
const COUNT: Kind = Kind::Number { min: 0, max: 1000 };
const SECONDS: Kind = Kind::Number {
    min: 0,
    max: 86_400,
};
const PROCESSES: Kind = Kind::Number {
    min: 0,
    max: 4_194_304,
};
const POLICIES: Kind = Kind::List(Item::PullPolicy);
const EXECUTORS: Kind = Kind::Choice(&["auto", "docker", "sandbox", "shell"]);
const DEPLOY: Kind = Kind::Choice(&["ask", "hold", "run"]);

keys! {
    File "file" "PIPE_FILE" Kind::Text, Anyone, ".gitlab-ci.yml", "path of the pipeline's file in the repository";
    DefaultImage "default-image" "PIPE_DEFAULT_IMAGE" Kind::Text, Anyone, "", "image of jobs that name none";
    RefsIssue "refs.issue" "PIPE_REFS_ISSUE" Kind::List(Item::Any), Anyone, "issue-*", "branches for one issue";
    RefsDevelop "refs.develop" "PIPE_REFS_DEVELOP" Kind::List(Item::Any), Anyone, "develop", "integration branches";
    RefsRelease "refs.release" "PIPE_REFS_RELEASE" Kind::List(Item::Any), Anyone, "release-*", "release branches";
    Held "held" "PIPE_HELD" Kind::List(Item::Any), Adds, "", "names of jobs that run only when released";
    DefaultBranch "default-branch" "PIPE_DEFAULT_BRANCH" Kind::Text, User, "", "the project's default branch, where `origin` does not say";
    Protected "protected" "PIPE_PROTECTED" Kind::List(Item::Any), User, "", "branches and tags that see protected variables, besides the default branch";
    Executor "executor" "PIPE_EXECUTOR" EXECUTORS, User, "auto", "where jobs run";
    Jobs "jobs" "PIPE_JOBS" JOBS, User, "16", "how many jobs run at once";
    ArtifactsLimit "artifacts-limit" "PIPE_ARTIFACTS_LIMIT" MEGABYTES, User, "1000", "megabytes that the artifacts of a job may take";
    Deploy "deploy" "PIPE_DEPLOY" DEPLOY, User, "ask", "whether jobs that act outside run: after a question on a terminal, only with `--deploy`, or always";
    DockerHost "docker-host" "PIPE_DOCKER_HOST" Kind::Text, User, "", "the Docker engine, instead of the local socket";
    ServerUrl "server-url" "PIPE_SERVER_URL" Kind::Text, User, "", "the GitLab server, where `origin` does not say";
    ProjectPath "project-path" "PIPE_PROJECT_PATH" Kind::Text, User, "", "the project's path on the server, where `origin` does not say";
    DockerHostSocket "docker.host_socket" "PIPE_DOCKER_HOST_SOCKET" Kind::Switch, User, "", "whether jobs get the daemon's socket, and with it this machine";
    DockerPrivileged "docker.privileged" "PIPE_DOCKER_PRIVILEGED" Kind::Switch, User, "", "whether containers may do all that this machine's root may";
    DockerVolumes "docker.volumes" "PIPE_DOCKER_VOLUMES" Kind::List(Item::Volume), User, "", "folders and volumes in all containers";
    DockerTmpfs "docker.tmpfs" "PIPE_DOCKER_TMPFS" Kind::Pairs, User, "", "folders in memory and their options, in the containers of jobs";
    DockerDevices "docker.devices" "PIPE_DOCKER_DEVICES" Kind::List(Item::Device), User, "", "devices of this machine, in the containers of jobs";
    DockerGpus "docker.gpus" "PIPE_DOCKER_GPUS" Kind::Gpus, User, "", "GPUs of this machine, in the containers of jobs";
    DockerUser "docker.user" "PIPE_DOCKER_USER" Kind::Text, User, "", "user of all jobs, whatever they say";
    DockerCapAdd "docker.cap_add" "PIPE_DOCKER_CAP_ADD" Kind::List(Item::Any), User, "", "capabilities that jobs have besides Docker's default";
    DockerCapDrop "docker.cap_drop" "PIPE_DOCKER_CAP_DROP" Kind::List(Item::Any), User, "", "capabilities that jobs do not have";
    DockerSecurityOpt "docker.security_opt" "PIPE_DOCKER_SECURITY_OPT" Kind::List(Item::Any), User, "", "security options of the containers of jobs";
    DockerSysctls "docker.sysctls" "PIPE_DOCKER_SYSCTLS" Kind::Pairs, User, "", "settings of the kernel in the containers of jobs";
    DockerMemory "docker.memory" "PIPE_DOCKER_MEMORY" Kind::Size, User, "", "memory that a job may use";
    DockerCpus "docker.cpus" "PIPE_DOCKER_CPUS" Kind::Cpus, User, "", "processors that a job may use";
    DockerPidsLimit "docker.pids_limit" "PIPE_DOCKER_PIDS_LIMIT" PROCESSES, User, "", "processes that a job may have, and each of its services; 0 is no limit";
    DockerShmSize "docker.shm_size" "PIPE_DOCKER_SHM_SIZE" Kind::Size, User, "", "size of `/dev/shm` in all containers";
    DockerNetworkMode "docker.network_mode" "PIPE_DOCKER_NETWORK_MODE" Kind::Text, User, "", "network of all containers: `host`, `none`, or one of the daemon's";
    DockerDns "docker.dns" "PIPE_DOCKER_DNS" Kind::List(Item::Address), User, "", "name servers of all containers";
    DockerExtraHosts "docker.extra_hosts" "PIPE_DOCKER_EXTRA_HOSTS" Kind::List(Item::Host), User, "", "names of hosts that all containers know";
    DockerPullPolicy "docker.pull_policy" "PIPE_DOCKER_PULL_POLICY" POLICIES, User, "if-not-present", "how images are brought, tried one after the other";
    DockerAllowedPullPolicies "docker.allowed_pull_policies" "PIPE_DOCKER_ALLOWED_PULL_POLICIES" POLICIES, User, "", "what jobs may say about it";
    DockerAllowedImages "docker.allowed_images" "PIPE_DOCKER_ALLOWED_IMAGES" Kind::List(Item::Any), User, "", "globs of the images that jobs may have";
    DockerAllowedServices "docker.allowed_services" "PIPE_DOCKER_ALLOWED_SERVICES" Kind::List(Item::Any), User, "", "globs of the images that services may have";
    DockerServicesLimit "docker.services_limit" "PIPE_DOCKER_SERVICES_LIMIT" COUNT, User, "", "how many services a job may have";
    DockerWaitForServicesTimeout "docker.wait_for_services_timeout" "PIPE_DOCKER_WAIT_FOR_SERVICES_TIMEOUT" SECONDS, User, "30", "seconds that a job waits for its services";
    Projects "projects" "PIPE_PROJECTS" Kind::Pairs, User, "", "where other projects are fetched from: a folder or a git address for the path of each";
    Templates "templates" "PIPE_TEMPLATES" Kind::Text, User, "", "where GitLab's templates are fetched from: a folder, or an address with the templates below it";
    TokenFile "token-file" "PIPE_TOKEN_FILE" Kind::Text, User, "", "file with your access token for the server of `server-url`";
    CaFile "ca-file" "PIPE_CA_FILE" Kind::Text, User, "", "file with certificates that are trusted besides those of the system, in PEM format";
    LocalHosts "local-hosts" "PIPE_LOCAL_HOSTS" Kind::List(Item::Any), User, "", "hosts on this machine that `pipe fetch` may ask";
    FetchTimeout "fetch-timeout" "PIPE_FETCH_TIMEOUT" PATIENCE, User, "60", "seconds that a server has for an answer";
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
