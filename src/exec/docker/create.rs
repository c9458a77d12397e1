//! What the daemon is asked to make for an attempt of a job. Pure.

use std::collections::HashMap;

use bollard::models::{ContainerCreateBody, EndpointSettings, HostConfig, Mount, NetworkingConfig};

use super::super::detector::shell_command;
use super::super::names::{slug, unique_slug};
use super::super::{EnvSpec, EnvVariable, ExecError, Image, Owner, ServiceSpec};
use super::settings::DockerSettings;
use super::{host, layers};

/// Label: whose container it is.
pub(super) const OWNER: &str = "pipe.owner";
/// Label: id of the run.
pub(super) const RUN: &str = "pipe.run";
/// Label: full job name.
pub(super) const JOB: &str = "pipe.job";
/// Label: number of the attempt.
pub(super) const ATTEMPT: &str = "pipe.attempt";
/// Label: image of a service, where the container is that of one.
pub(super) const SERVICE: &str = "pipe.service";
/// Label of a container that keeps a network.
pub(super) const KEEPS: &str = "pipe.keeps-network";
/// Label of a volume that outlives runs: whose jobs share it.
pub(super) const LASTING: &str = "pipe.volumes-of";

/// Picks out what carries `owner`, in questions to the daemon.
pub(super) fn of_owner(owner: &str) -> HashMap<&'static str, Vec<String>> {
    HashMap::from([("label", vec![format!("{OWNER}={owner}")])])
}

/// What all containers of an attempt have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Common<'a> {
    pub(super) settings: &'a DockerSettings,
    /// The volume with the builds directory, or empty.
    pub(super) overlay: &'a str,
    /// The volumes of the user's runner.
    pub(super) binds: &'a [String],
    /// The network of its services, where it has one.
    pub(super) network: Option<&'a str>,
    /// How it says that it is on a network that a container keeps, with the names that are known there.
    pub(super) kept: Option<&'a str>,
}

/// The container of a job, as the runner would make it (runtime reference 7.1).
pub(super) fn body(spec: &EnvSpec, image: &Image, common: Common<'_>) -> ContainerCreateBody {
    let host = host::of_job(common.settings, common.binds, spec.init);
    ContainerCreateBody {
        image: Some(image.name.clone()),
        entrypoint: entrypoint(image),
        cmd: Some(shell_command().to_vec()),
        user: image.user.clone(),
        env: Some(environment(&spec.variables)),
        labels: Some(labels(spec)),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        open_stdin: Some(true),
        stdin_once: Some(true),
        tty: Some(false),
        networking_config: common
            .network
            .zip(spec.job_alias())
            .map(|(network, alias)| {
                let endpoint = EndpointSettings {
                    aliases: Some(vec![alias.to_owned()]),
                    ..EndpointSettings::default()
                };
                NetworkingConfig {
                    endpoints_config: Some([(network.to_owned(), endpoint)].into()),
                }
            }),
        host_config: Some(common.completed(spec, host)),
        ..ContainerCreateBody::default()
    }
}

/// The container of a service (runtime reference 8): it has the builds directory of the job.
pub(super) fn service(
    spec: &EnvSpec,
    service: &ServiceSpec,
    common: Common<'_>,
) -> ContainerCreateBody {
    let host = host::of_service(common.settings, common.binds);
    let mut labels = labels(spec);
    labels.insert(SERVICE.to_owned(), service.image.name.clone());
    let endpoint = EndpointSettings {
        aliases: Some(service.aliases.clone()),
        ..EndpointSettings::default()
    };
    ContainerCreateBody {
        image: Some(service.image.name.clone()),
        entrypoint: entrypoint(&service.image),
        cmd: service.command.clone().filter(|words| !words.is_empty()),
        user: service.image.user.clone(),
        env: Some(environment(&service.variables)),
        labels: Some(labels),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        networking_config: common.named_network().map(|network| NetworkingConfig {
            endpoints_config: Some([(network.to_owned(), endpoint)].into()),
        }),
        host_config: Some(common.completed(spec, host)),
        ..ContainerCreateBody::default()
    }
}

impl Common<'_> {
    fn completed(&self, spec: &EnvSpec, host: HostConfig) -> HostConfig {
        let mount = || -> Vec<Mount> { vec![layers::mount(self.overlay, &spec.layout.builds_dir)] };
        let host = HostConfig {
            mounts: (!self.overlay.is_empty()).then(mount),
            ..host
        };
        if let Some(kept) = self.kept {
            return HostConfig {
                network_mode: Some(kept.to_owned()),
                dns: None,
                extra_hosts: None,
                ..host
            };
        }
        HostConfig {
            network_mode: self.network.map(str::to_owned).or(host.network_mode),
            ..host
        }
    }

    /// The network on which containers have names.
    fn named_network(&self) -> Option<&str> {
        let given = self.settings.network_mode.as_deref();
        let has_names = |mode: &&str| !matches!(*mode, "host" | "none") && !mode.contains(':');
        self.network.or(given).filter(has_names)
    }
}

/// `[""]` clears the image's entrypoint; the API does the same with it. An empty list counts as
/// not given (runtime reference 2.2).
fn entrypoint(image: &Image) -> Option<Vec<String>> {
    image.entrypoint.clone().filter(|words| !words.is_empty())
}

fn environment(variables: &[EnvVariable]) -> Vec<String> {
    variables
        .iter()
        .map(|variable| format!("{}={}", variable.name, variable.value))
        .collect()
}

fn labels(spec: &EnvSpec) -> HashMap<String, String> {
    [
        (OWNER, spec.owner.owner.clone()),
        (RUN, spec.owner.run.clone()),
        (JOB, spec.job.clone()),
        (ATTEMPT, spec.attempt.to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

/// `pipe-<run>-<job>-<attempt>`, in the characters that container names may have.
pub(super) fn name(owner: &Owner, job: &str, attempt: u32) -> String {
    let run = slug(&owner.run);
    format!("pipe-{run}-{}-{attempt}", unique_slug(job))
}

/// The name of the container of that service: the job's, the service's first name, its number.
pub(super) fn service_name(spec: &EnvSpec, number: usize) -> String {
    let job = name(&spec.owner, &spec.job, spec.attempt);
    let first = spec.services[number].aliases.first();
    let service = slug(first.map_or("service", String::as_str));
    format!("{job}-{service}-{number}")
}

/// What no container can be made of. The daemon's own words would show the variable's value.
pub(super) fn check(spec: &EnvSpec) -> Result<(), ExecError> {
    let has_nul = |variable: &&EnvVariable| {
        [&variable.name, &variable.value]
            .iter()
            .any(|text| text.contains('\0'))
    };
    let of_services = spec.services.iter().flat_map(|service| &service.variables);
    match spec.variables.iter().chain(of_services).find(has_nul) {
        None => Ok(()),
        Some(EnvVariable { name, .. }) => Err(ExecError::user(
            "create container",
            format!(
                "variable `{}` holds a NUL character, which no environment can",
                name.replace('\0', "\\0")
            ),
        )
        .help("give it another value")),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::super::{EnvSpec, EnvVariable, Fault, Image, Layout, Owner, Workspace};
    use super::super::settings::DockerSettings;
    use super::{Common, body, check, entrypoint, name};

    fn variable(name: &str, value: &str) -> EnvVariable {
        EnvVariable {
            name: name.to_owned(),
            value: value.to_owned(),
            secret: false,
        }
    }

    pub(in super::super) fn spec(job: &str) -> EnvSpec {
        EnvSpec {
            owner: Owner {
                owner: "m/0/h".to_owned(),
                run: "7".to_owned(),
            },
            job: job.to_owned(),
            attempt: 2,
            image: None,
            layout: Layout {
                builds_dir: "/builds".to_owned(),
                project_dir: "/builds/g/p".to_owned(),
            },
            variables: vec![variable("A", "b=c\n")],
            services: Vec::new(),
            workspace: Workspace {
                tree: None,
                artifacts: Vec::new(),
            },
            init: true,
            owned_files: false,
            volumes_of: "g/p 0".to_owned(),
        }
    }

    #[test]
    fn names_say_whose_it_is() {
        assert_eq!(name(&spec("test").owner, "test", 2), "pipe-7-test-2");
    }

    #[test]
    fn a_variable_that_no_environment_can_hold_is_named_without_its_value() {
        let mut spec = spec("a");
        check(&spec).expect("all is well");
        spec.variables.push(variable("TOKEN", "secret\0"));
        let error = check(&spec).expect_err("it is refused");
        assert_eq!(error.fault, Fault::User);
        assert!(error.message.contains("`TOKEN`"), "{error}");
        assert!(!error.message.contains("secret"), "{error}");
    }

    #[test]
    fn entrypoints() {
        let with = |entrypoint: Option<&[&str]>| Image {
            name: "x".to_owned(),
            entrypoint: entrypoint.map(|words| words.iter().map(|&w| w.to_owned()).collect()),
            ..Image::default()
        };
        for (given, sent) in [
            (None, None),
            (Some(&[][..]), None),
            (Some(&[""][..]), Some(vec![String::new()])),
            (
                Some(&["/bin/sh", "-c"][..]),
                Some(vec!["/bin/sh".to_owned(), "-c".to_owned()]),
            ),
        ] {
            assert_eq!(entrypoint(&with(given)), sent, "{given:?}");
        }
    }

    #[test]
    fn networks_on_which_services_have_names() {
        for (own, mode, wanted) in [
            (None, None, None),
            (Some("n1"), None, Some("n1")),
            (None, Some("shared"), Some("shared")),
            (None, Some("host"), None),
            (None, Some("none"), None),
            (None, Some("container:x"), None),
        ] {
            let settings = DockerSettings {
                network_mode: mode.map(str::to_owned),
                ..DockerSettings::default()
            };
            let common = Common {
                settings: &settings,
                overlay: "",
                binds: &[],
                network: own,
                kept: None,
            };
            assert_eq!(common.named_network(), wanted, "{own:?} {mode:?}");
        }
    }

    #[test]
    fn who_joins_a_network_has_its_names() {
        let settings = DockerSettings {
            dns: vec!["10.0.0.1".to_owned()],
            extra_hosts: vec!["a:10.0.0.2".to_owned()],
            ..DockerSettings::default()
        };
        let host = |kept| {
            let common = Common {
                settings: &settings,
                overlay: "",
                binds: &[],
                network: None,
                kept,
            };
            let made = body(&spec("a"), &Image::default(), common);
            made.host_config.expect("settings of the host")
        };
        let joined = host(Some("container:k"));
        assert_eq!(joined.network_mode.as_deref(), Some("container:k"));
        assert_eq!((joined.dns, joined.extra_hosts), (None, None));
        let own = host(None);
        assert_eq!(own.network_mode, None);
        assert_eq!(own.dns.as_ref(), Some(&settings.dns));
        assert_eq!(own.extra_hosts.as_ref(), Some(&settings.extra_hosts));
    }

    #[test]
    fn the_environment_travels_through_the_api() {
        let settings = DockerSettings::default();
        let common = Common {
            settings: &settings,
            overlay: "",
            binds: &[],
            network: None,
            kept: None,
        };
        let made = body(&spec("a"), &Image::default(), common);
        assert_eq!(made.env, Some(vec!["A=b=c\n".to_owned()]));
        assert_eq!(made.host_config.and_then(|host| host.init), Some(true));
        assert_eq!(made.labels.expect("labels")["pipe.owner"], "m/0/h");
    }
}
