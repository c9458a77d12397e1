//! What the user's runner adds to containers, and what it grants jobs (runtime reference 7.4).

use super::super::{Image, Keyring};

/// Settings of containers. By default nothing is added and nothing granted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DockerSettings {
    /// Whether jobs and services get the daemon's socket. The project directory then lies where the
    /// daemon itself finds it, so that a job can mount what is in it.
    pub host_socket: bool,
    /// `privileged`.
    pub privileged: bool,
    /// `volumes`: `/folder`, or `source:/folder` with a mode behind it or not.
    pub volumes: Vec<String>,
    /// `tmpfs`: folder and options.
    pub tmpfs: Vec<(String, String)>,
    /// `devices`: `/dev/name`, with the place in the container and rights behind it or not.
    pub devices: Vec<String>,
    /// `gpus`: `all`, a number, `device=…`.
    pub gpus: Option<String>,
    /// `user`, whatever the job says.
    pub user: Option<String>,
    /// `cap_add`.
    pub cap_add: Vec<String>,
    /// `cap_drop`.
    pub cap_drop: Vec<String>,
    /// `security_opt`.
    pub security_opt: Vec<String>,
    /// `sysctls`.
    pub sysctls: Vec<(String, String)>,
    /// `memory`, bytes.
    pub memory: Option<u64>,
    /// `cpus`, in billionths of one.
    pub nano_cpus: Option<u64>,
    /// `pids_limit`; 0 is none.
    pub pids_limit: Option<u32>,
    /// `shm_size`, bytes.
    pub shm_size: Option<u64>,
    /// `network_mode`.
    pub network_mode: Option<String>,
    /// `dns`.
    pub dns: Vec<String>,
    /// `extra_hosts`: `name:address`.
    pub extra_hosts: Vec<String>,
    /// Who the user is to registries.
    pub keyring: Keyring,
}

impl DockerSettings {
    /// Whether anything is mounted that may lie over the builds directory.
    pub(super) fn has_mounts(&self) -> bool {
        !self.volumes.is_empty() || !self.tmpfs.is_empty()
    }

    /// The user of a job's container, where one is named.
    pub(super) fn user_of(&self, image: &Image) -> Option<String> {
        self.user.clone().or_else(|| image.user.clone())
    }
}
