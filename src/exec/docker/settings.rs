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

    /// The keys of what a daemon may refuse, as far as they are set.
    pub(super) fn asked(&self) -> Vec<&'static str> {
        let keys = [
            ("docker.privileged", self.privileged),
            ("docker.volumes", !self.volumes.is_empty()),
            ("docker.tmpfs", !self.tmpfs.is_empty()),
            ("docker.devices", !self.devices.is_empty()),
            ("docker.gpus", self.gpus.is_some()),
            ("docker.user", self.user.is_some()),
            ("docker.cap_add", !self.cap_add.is_empty()),
            ("docker.cap_drop", !self.cap_drop.is_empty()),
            ("docker.security_opt", !self.security_opt.is_empty()),
            ("docker.sysctls", !self.sysctls.is_empty()),
            ("docker.memory", self.memory.is_some()),
            ("docker.cpus", self.nano_cpus.is_some()),
            ("docker.pids_limit", self.pids_limit.is_some()),
            ("docker.shm_size", self.shm_size.is_some()),
            ("docker.network_mode", self.network_mode.is_some()),
            ("docker.dns", !self.dns.is_empty()),
            ("docker.extra_hosts", !self.extra_hosts.is_empty()),
        ];
        let set = keys.into_iter().filter(|(_, is_set)| *is_set);
        set.map(|(key, _)| key).collect()
    }

    /// The user of a job's container, where one is named.
    pub(super) fn user_of(&self, image: &Image) -> Option<String> {
        self.user.clone().or_else(|| image.user.clone())
    }
}
