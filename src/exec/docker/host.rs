//! What of its host the daemon gives the containers of a job. Pure.
//!
//! Which setting reaches the job and which its services too is GitLab Runner's choice (runtime
//! reference 7.4).

use bollard::models::{
    DeviceMapping, DeviceRequest, HostConfig, HostConfigLogConfig, RestartPolicy,
    RestartPolicyNameEnum,
};

use super::settings::DockerSettings;

/// The rights of a device that names none.
const ALL_RIGHTS: &str = "rwm";

/// Of the container of a job; `binds` are its volumes.
pub(super) fn of_job(settings: &DockerSettings, binds: &[String], init: bool) -> HostConfig {
    let devices = settings.devices.iter().map(|device| mapping(device));
    HostConfig {
        // Left unset, the daemon's own setting would count.
        init: Some(init),
        cap_add: some(&settings.cap_add),
        cap_drop: some(&settings.cap_drop),
        security_opt: some(&settings.security_opt),
        devices: (!settings.devices.is_empty()).then(|| devices.collect()),
        device_requests: settings.gpus.as_deref().map(|gpus| vec![request(gpus)]),
        memory: settings.memory.map(signed),
        nano_cpus: settings.nano_cpus.map(signed),
        sysctls: (!settings.sysctls.is_empty()).then(|| settings.sysctls.iter().cloned().collect()),
        tmpfs: (!settings.tmpfs.is_empty()).then(|| settings.tmpfs.iter().cloned().collect()),
        ..of_all(settings, binds)
    }
}

/// Of the container that keeps a network, where names are found as in those of jobs.
pub(super) fn of_keeper(settings: &DockerSettings) -> HostConfig {
    HostConfig {
        init: Some(false),
        cap_drop: Some(vec!["ALL".to_owned()]),
        shm_size: None,
        pids_limit: None,
        ..of_all(settings, &[])
    }
}

/// Of the container of a service.
pub(super) fn of_service(settings: &DockerSettings, binds: &[String]) -> HostConfig {
    HostConfig {
        init: Some(false),
        ..of_all(settings, binds)
    }
}

/// Never restarted, never kept by the daemon's log: the record keeps what the job said.
fn of_all(settings: &DockerSettings, binds: &[String]) -> HostConfig {
    HostConfig {
        auto_remove: Some(false),
        log_config: Some(HostConfigLogConfig {
            typ: Some("none".to_owned()),
            config: None,
        }),
        restart_policy: Some(RestartPolicy {
            name: Some(RestartPolicyNameEnum::NO),
            maximum_retry_count: None,
        }),
        binds: some(binds),
        privileged: settings.privileged.then_some(true),
        network_mode: settings.network_mode.clone(),
        dns: some(&settings.dns),
        extra_hosts: some(&settings.extra_hosts),
        shm_size: settings.shm_size.map(signed),
        pids_limit: settings.pids_limit.map(i64::from),
        ..HostConfig::default()
    }
}

fn some(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}

/// More than the daemon can count is as good as no limit.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// `/dev/name`, `/dev/name:/dev/other`, `/dev/name:/dev/other:r`, `/dev/name:r`.
fn mapping(device: &str) -> DeviceMapping {
    let mut parts = device.split(':');
    let host = parts.next().unwrap_or_default();
    let (place, rights) = match (parts.next(), parts.next()) {
        (Some(place), rights) if place.starts_with('/') => (place, rights),
        (rights, _) => (host, rights),
    };
    DeviceMapping {
        path_on_host: Some(host.to_owned()),
        path_in_container: Some(place.to_owned()),
        cgroup_permissions: Some(rights.unwrap_or(ALL_RIGHTS).to_owned()),
    }
}

/// `all`, a number of them, or `device=` with their names.
fn request(gpus: &str) -> DeviceRequest {
    let names = gpus.strip_prefix("device=");
    let names = names.map(|names| names.split(',').map(str::to_owned).collect());
    DeviceRequest {
        count: match &names {
            None => Some(gpus.parse().unwrap_or(-1)),
            Some(_) => None,
        },
        device_ids: names,
        capabilities: Some(vec![vec!["gpu".to_owned()]]),
        ..DeviceRequest::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::settings::DockerSettings;
    use super::{mapping, of_job, of_service, request};

    #[test]
    fn without_settings_nothing_is_granted() {
        let host = of_job(&DockerSettings::default(), &[], false);
        assert_eq!(host.privileged, None);
        assert_eq!(host.binds, None);
        assert_eq!(host.cap_add, None);
        assert_eq!(host.devices, None);
        assert_eq!(host.network_mode, None);
    }

    #[test]
    fn what_reaches_jobs_and_what_reaches_services_too() {
        let settings = DockerSettings {
            privileged: true,
            cap_add: vec!["NET_ADMIN".to_owned()],
            memory: Some(1 << 20),
            nano_cpus: Some(1_500_000_000),
            shm_size: Some(1 << 10),
            pids_limit: Some(100),
            dns: vec!["10.0.0.1".to_owned()],
            sysctls: vec![("net.core.somaxconn".to_owned(), "1024".to_owned())],
            tmpfs: vec![("/run".to_owned(), "rw".to_owned())],
            ..DockerSettings::default()
        };
        let binds = ["/a:/b".to_owned()];
        let (job, service) = (
            of_job(&settings, &binds, true),
            of_service(&settings, &binds),
        );
        assert_eq!(job.cap_add.as_deref(), Some(&settings.cap_add[..]));
        assert_eq!(job.memory, Some(1 << 20));
        assert_eq!(job.nano_cpus, Some(1_500_000_000));
        assert_eq!(job.sysctls.expect("sysctls")["net.core.somaxconn"], "1024");
        assert_eq!(job.tmpfs.expect("tmpfs")["/run"], "rw");
        assert_eq!(job.init, Some(true));
        assert_eq!((job.pids_limit, service.pids_limit), (Some(100), Some(100)));
        for host in [&service.cap_add, &service.security_opt] {
            assert_eq!(*host, None);
        }
        assert_eq!(
            (service.memory, service.sysctls, service.tmpfs),
            (None, None, None)
        );
        assert_eq!(service.binds.as_deref(), Some(&binds[..]));
        assert_eq!(service.privileged, Some(true));
        assert_eq!(service.dns.as_deref(), Some(&settings.dns[..]));
        assert_eq!(service.shm_size, Some(1 << 10));
    }

    #[test]
    fn devices() {
        for (device, host, place, rights) in [
            ("/dev/kvm", "/dev/kvm", "/dev/kvm", "rwm"),
            ("/dev/kvm:/dev/x", "/dev/kvm", "/dev/x", "rwm"),
            ("/dev/kvm:/dev/x:r", "/dev/kvm", "/dev/x", "r"),
            ("/dev/kvm:r", "/dev/kvm", "/dev/kvm", "r"),
        ] {
            let made = mapping(device);
            let made = [
                made.path_on_host,
                made.path_in_container,
                made.cgroup_permissions,
            ];
            let wanted = [host, place, rights].map(|text| Some(text.to_owned()));
            assert_eq!(made, wanted, "{device}");
        }
    }

    #[test]
    fn gpus() {
        let ids = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
        for (gpus, count, names) in [
            ("all", Some(-1), None),
            ("2", Some(2), None),
            ("device=0,GPU-1", None, ids(&["0", "GPU-1"])),
        ] {
            let made = request(gpus);
            assert_eq!((made.count, made.device_ids), (count, names), "{gpus}");
        }
    }
}
