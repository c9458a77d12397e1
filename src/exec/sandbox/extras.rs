//! What the user's runner gives sandboxes besides what all have: folders of this machine, a daemon's
//! socket, hosts, name servers (runtime reference 7.4). Nobody else can: the repository sets none of it.

use std::path::{Path, PathBuf};

use super::super::user_volumes::{UserVolume, user_volume};
use super::super::{EnvSpec, ExecError};
use super::step::{Fresh, Step};
use crate::foreign::system_words;

/// Where jobs look for a daemon's socket.
const SOCKET: &str = "/var/run/docker.sock";

/// A host that stands for this machine, which a sandbox does not see as one.
const GATEWAY: &str = "host-gateway";

/// The user's settings of the table `docker` that sandboxes know too, besides limits and network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extras {
    /// The daemon's socket, where jobs and services get it.
    pub socket: Option<PathBuf>,
    /// `volumes`, for jobs and services: `source:/folder`, perhaps with a mode behind it.
    pub volumes: Vec<String>,
    /// `tmpfs`, for jobs: folder and options.
    pub tmpfs: Vec<(String, String)>,
    /// `user` of all jobs, whatever they say.
    pub user: Option<String>,
    /// `cap_drop`, for jobs.
    pub cap_drop: Vec<String>,
    /// `shm_size`, bytes, for jobs and services.
    pub shm_size: Option<u64>,
    /// `dns`, for jobs and services.
    pub dns: Vec<String>,
    /// `extra_hosts`, for jobs and services: `name:address`.
    pub extra_hosts: Vec<String>,
}

/// A folder or a file of this machine in a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bind {
    pub(super) from: PathBuf,
    pub(super) at: PathBuf,
    pub(super) read_only: bool,
    pub(super) is_folder: bool,
}

impl Extras {
    /// Nothing.
    pub(super) fn none() -> &'static Self {
        static NONE: Extras = Extras {
            socket: None,
            volumes: Vec::new(),
            tmpfs: Vec::new(),
            user: None,
            cap_drop: Vec::new(),
            shm_size: None,
            dns: Vec::new(),
            extra_hosts: Vec::new(),
        };
        &NONE
    }

    /// What of this is not for sandboxes, in the words of the settings: volumes that a daemon keeps, the
    /// host that a daemon's network has.
    pub fn unknown(&self) -> Vec<String> {
        let volumes = self
            .volumes
            .iter()
            .filter(|entry| !entry.starts_with('/') || !entry.contains(':'));
        let volumes = volumes.map(|entry| format!("`docker.volumes` with `{entry}`"));
        let hosts = self
            .extra_hosts
            .iter()
            .filter(|entry| entry.ends_with(GATEWAY));
        let hosts = hosts.map(|entry| format!("`docker.extra_hosts` with `{entry}`"));
        volumes.chain(hosts).collect()
    }

    /// Whether there may be any.
    pub(super) fn has_binds(&self) -> bool {
        !self.volumes.is_empty() || self.socket.is_some()
    }

    /// What of this machine a job has. Blocks.
    pub(super) fn binds(&self, spec: &EnvSpec) -> Result<Vec<Bind>, ExecError> {
        let mut binds: Vec<Bind> = Vec::new();
        for entry in &self.volumes {
            let asked = user_volume(entry, &spec.variables, &spec.layout.project_dir)?;
            let UserVolume::Bound {
                source,
                place,
                modes,
            } = asked
            else {
                continue;
            };
            if source.starts_with('/') {
                let mut modes = modes.iter().flat_map(|mode| mode.split(','));
                let read_only = modes.any(|mode| mode == "ro");
                binds.push(bind(source.into(), place.into(), read_only, entry)?);
            }
        }
        if let Some(socket) = &self.socket
            && !binds.iter().any(|bind| bind.at == Path::new(SOCKET))
        {
            binds.push(bind(
                socket.clone(),
                SOCKET.into(),
                false,
                "docker.host_socket",
            )?);
        }
        Ok(binds)
    }

    /// Names of hosts, each with its address.
    pub(super) fn hosts(&self) -> impl Iterator<Item = (&str, &str)> {
        let hosts = self.extra_hosts.iter();
        let hosts = hosts.filter_map(|entry| entry.split_once([':', '=']));
        hosts.filter(|(_, address)| *address != GATEWAY)
    }

    /// The text of `/etc/resolv.conf`, where name servers are given.
    pub(super) fn resolver(&self) -> Option<String> {
        let mut text = String::new();
        for server in &self.dns {
            text.push_str(&format!("nameserver {server}\n"));
        }
        (!text.is_empty()).then_some(text)
    }

    /// The steps that mount folders in memory, options as Docker has them: no programs are run there
    /// unless told so.
    pub(super) fn in_memory(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for (at, options) in &self.tmpfs {
            let words = || options.split(',').map(str::trim);
            let kept: Vec<&str> = words().filter(|word| word.contains('=')).collect();
            let kind = if words().any(|word| word == "exec") {
                Fresh::TmpOfPrograms
            } else {
                Fresh::Tmp
            };
            steps.push(Step::Folder {
                at: at.into(),
                mode: 0o755,
            });
            steps.push(Step::Fresh {
                kind,
                at: at.into(),
                options: kept.join(","),
            });
        }
        steps
    }
}

fn bind(from: PathBuf, at: PathBuf, read_only: bool, entry: &str) -> Result<Bind, ExecError> {
    let about = from.metadata().map_err(|error| {
        let (from, words) = (from.display(), system_words(&error));
        let text =
            format!("`{from}`, which your setting `{entry}` gives to jobs, can't be had: {words}");
        ExecError::lasting("open", text).help("make it, or take it out of your settings")
    })?;
    Ok(Bind {
        from,
        at,
        read_only,
        is_folder: about.is_dir(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn hosts_and_name_servers_are_those_of_the_settings() {
        let extras = Extras {
            dns: texts(&["10.0.0.1", "10.0.0.2"]),
            extra_hosts: texts(&["db:10.0.0.3", "six:fd00::1", "me:host-gateway"]),
            volumes: texts(&["/srv:/data", "/cache", "named:/data"]),
            ..Extras::default()
        };
        let hosts: Vec<_> = extras.hosts().collect();
        assert_eq!(hosts, [("db", "10.0.0.3"), ("six", "fd00::1")]);
        let resolver = extras.resolver();
        assert_eq!(
            resolver.as_deref(),
            Some("nameserver 10.0.0.1\nnameserver 10.0.0.2\n")
        );
        let unknown = [
            "`docker.volumes` with `/cache`",
            "`docker.volumes` with `named:/data`",
            "`docker.extra_hosts` with `me:host-gateway`",
        ];
        assert_eq!(extras.unknown(), unknown);
        assert_eq!(
            (Extras::none().resolver(), Extras::none().hosts().count()),
            (None, 0)
        );
    }

    #[test]
    fn folders_in_memory_run_programs_only_where_that_is_said() {
        let tmpfs = |options: &str| Extras {
            tmpfs: vec![("/fast".to_owned(), options.to_owned())],
            ..Extras::default()
        };
        for (options, kind, kept) in [
            ("", Fresh::Tmp, ""),
            ("rw,noexec,size=64k", Fresh::Tmp, "size=64k"),
            (
                "rw,exec,mode=1777,size=1m",
                Fresh::TmpOfPrograms,
                "mode=1777,size=1m",
            ),
        ] {
            let step = Step::Fresh {
                kind,
                at: "/fast".into(),
                options: kept.to_owned(),
            };
            assert_eq!(tmpfs(options).in_memory().pop(), Some(step), "{options}");
        }
    }
}
