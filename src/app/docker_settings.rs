//! What the user's settings say about Docker: what containers get, and what jobs may ask for.

use std::path::PathBuf;

use crate::diag::{Code, Diagnostic};
use crate::exec::{DockerSettings, Keyring};
#[cfg(target_os = "linux")]
use crate::exec::{SandboxExtras, SandboxLimits, SandboxNetwork};
use crate::foreign::without_number;
use crate::settings::{Key, Settings};

use super::failure::{Failure, FailureKind};
use super::folders;

/// What an entry of `security_opt` begins with that names a profile.
const SECCOMP: &str = "seccomp=";

/// The settings of containers.
pub(super) fn docker_settings(settings: &Settings) -> Result<DockerSettings, Failure> {
    let text = |key| settings.text(key).map(str::to_owned);
    let list = |key| settings.list(key).to_vec();
    let on = |key| settings.switch(key) == Some(true);
    let security_opt = settings.list(Key::DockerSecurityOpt).iter();
    Ok(DockerSettings {
        host_socket: on(Key::DockerHostSocket),
        privileged: on(Key::DockerPrivileged),
        volumes: list(Key::DockerVolumes),
        tmpfs: settings.pairs(Key::DockerTmpfs).to_vec(),
        devices: list(Key::DockerDevices),
        gpus: text(Key::DockerGpus),
        user: text(Key::DockerUser),
        cap_add: list(Key::DockerCapAdd),
        cap_drop: list(Key::DockerCapDrop),
        security_opt: security_opt
            .map(|option| with_profile(option))
            .collect::<Result<_, _>>()?,
        sysctls: settings.pairs(Key::DockerSysctls).to_vec(),
        memory: settings.size(Key::DockerMemory),
        nano_cpus: settings.nano_cpus(),
        pids_limit: settings.number(Key::DockerPidsLimit),
        shm_size: settings.size(Key::DockerShmSize),
        // The daemon's usual network is what a job without services has anyway; names of services
        // need one of its own.
        network_mode: text(Key::DockerNetworkMode)
            .filter(|mode| !matches!(mode.as_str(), "bridge" | "default")),
        dns: list(Key::DockerDns),
        extra_hosts: list(Key::DockerExtraHosts),
        keyring: keyring(),
    })
}

/// The network of jobs in sandboxes: the same setting. Networks of a daemon they don't know.
#[cfg(target_os = "linux")]
pub(super) fn sandbox_network(settings: &Settings) -> SandboxNetwork {
    match settings.text(Key::DockerNetworkMode) {
        Some("host") => SandboxNetwork::Host,
        Some("none") => SandboxNetwork::Alone,
        _ => SandboxNetwork::Own,
    }
}

/// The network that the settings name and sandboxes know nothing of.
#[cfg(target_os = "linux")]
fn network_of_a_daemon(settings: &Settings) -> Option<&str> {
    let known = ["host", "none", "bridge", "default", ""];
    let wanted = settings.text(Key::DockerNetworkMode)?;
    (!known.contains(&wanted)).then_some(wanted)
}

/// An error where jobs are to be in a network that sandboxes can't have, and all run in sandboxes.
#[cfg(target_os = "linux")]
pub(super) fn check_sandbox_network(settings: &Settings) -> Result<(), Failure> {
    let Some(network) = network_of_a_daemon(settings) else {
        return Ok(());
    };
    let message = format!(
        "sandboxes have no network `{network}`, which `--network` or your setting \
         `docker.network_mode` names"
    );
    let diagnostic = Diagnostic::new(Code::SettingInvalid, message).help(
        "they know `host`, which is this machine's, and `none`; with `bridge` each job has one of its \
         own: name one of these, or use `--executor docker`",
    );
    Err(Failure::new(FailureKind::Environment, diagnostic))
}

/// What a job may use in a sandbox: the same settings.
#[cfg(target_os = "linux")]
pub(super) fn sandbox_limits(settings: &Settings) -> SandboxLimits {
    SandboxLimits {
        memory: settings.size(Key::DockerMemory).filter(|most| *most > 0),
        nano_cpus: settings.nano_cpus(),
        processes: settings.number(Key::DockerPidsLimit).map(u64::from),
    }
}

/// What the user's runner gives sandboxes besides: the same settings. `socket` is the daemon's.
#[cfg(target_os = "linux")]
pub(super) fn sandbox_extras(settings: &Settings, socket: Option<PathBuf>) -> SandboxExtras {
    let list = |key| settings.list(key).to_vec();
    SandboxExtras {
        socket: socket.filter(|_| settings.switch(Key::DockerHostSocket) == Some(true)),
        volumes: list(Key::DockerVolumes),
        tmpfs: settings.pairs(Key::DockerTmpfs).to_vec(),
        user: settings.text(Key::DockerUser).map(str::to_owned),
        cap_drop: list(Key::DockerCapDrop),
        shm_size: settings.size(Key::DockerShmSize),
        dns: list(Key::DockerDns),
        extra_hosts: list(Key::DockerExtraHosts),
    }
}

/// What the user's settings give containers that sandboxes don't have, in the words of the settings.
#[cfg(target_os = "linux")]
pub(super) fn without_effect_in_sandboxes(settings: &Settings) -> Vec<String> {
    let lists = [
        Key::DockerDevices,
        Key::DockerCapAdd,
        Key::DockerSecurityOpt,
    ];
    let lists = lists
        .into_iter()
        .filter(|key| !settings.list(*key).is_empty());
    let mut keys: Vec<Key> = lists.collect();
    keys.extend(
        (settings.switch(Key::DockerPrivileged) == Some(true)).then_some(Key::DockerPrivileged),
    );
    keys.extend(settings.text(Key::DockerGpus).map(|_| Key::DockerGpus));
    keys.extend((!settings.pairs(Key::DockerSysctls).is_empty()).then_some(Key::DockerSysctls));
    let mut found: Vec<String> = keys
        .iter()
        .map(|key| format!("`{}`", key.as_str()))
        .collect();
    found.extend(sandbox_extras(settings, None).unknown());
    let network = network_of_a_daemon(settings);
    found.extend(network.map(|it| format!("`docker.network_mode` with `{it}`")));
    found
}

/// The user's own files of credentials. A relative `DOCKER_CONFIG` counts for nothing: it would lead
/// into whatever folder this is.
pub(super) fn keyring() -> Keyring {
    let folder = std::env::var_os("DOCKER_CONFIG").map(PathBuf::from);
    Keyring::of_user(
        folders::home().as_deref(),
        folder.filter(|folder| folder.is_absolute()),
    )
}

/// The daemon wants the profile itself, and not the name of a file (runtime reference 7.4).
fn with_profile(option: &str) -> Result<String, Failure> {
    let Some(profile) = option.strip_prefix(SECCOMP) else {
        return Ok(option.to_owned());
    };
    if matches!(profile, "unconfined" | "builtin") || profile.starts_with('{') {
        return Ok(option.to_owned());
    }
    let read = std::fs::read_to_string(profile);
    let read = read.map_err(|error| without_number(&error.to_string()));
    let checked = read.and_then(|text| {
        let parsed = serde_json::from_str::<serde_json::Value>(&text);
        parsed.map(|_| text).map_err(|error| error.to_string())
    });
    match checked {
        Ok(text) => Ok(format!("{SECCOMP}{text}")),
        Err(why) => {
            let message =
                format!("the profile `{profile}` of `docker.security_opt` can't be read: {why}");
            let diagnostic = Diagnostic::new(Code::SettingInvalid, message)
                .help("name a JSON file that is there, or `seccomp=unconfined`");
            Err(Failure::new(FailureKind::Environment, diagnostic))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::with_profile;

    #[test]
    fn a_profile_reaches_the_daemon_as_its_text() {
        let folder = tempfile::tempdir().expect("a folder");
        let place = |name: &str| folder.path().join(name).display().to_string();
        std::fs::write(place("good.json"), "{}").expect("written");
        std::fs::write(place("bad.json"), "no").expect("written");
        for (option, wanted) in [
            ("no-new-privileges".to_owned(), Some("no-new-privileges")),
            ("seccomp=unconfined".to_owned(), Some("seccomp=unconfined")),
            (
                format!("seccomp={}", place("good.json")),
                Some("seccomp={}"),
            ),
            (format!("seccomp={}", place("bad.json")), None),
            (format!("seccomp={}", place("none.json")), None),
        ] {
            let made = with_profile(&option);
            assert_eq!(made.ok().as_deref(), wanted, "{option}");
        }
    }
}
