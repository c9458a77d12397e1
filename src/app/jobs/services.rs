//! The services of a job: images and variables expanded, names given out (runtime reference 8).

use std::collections::HashSet;

use crate::config::ServiceConfig;
use crate::exec::{EnvVariable, Image, ServiceSpec};
use crate::plan::JobVariables;
use crate::types::go_bool;

use super::context::PipelineContext;
use super::image::{ImageFault, image_of};

/// What an attempt has beside it.
#[derive(Debug, Default)]
pub(super) struct Services {
    pub(super) specs: Vec<ServiceSpec>,
    /// Lines for the start of the job's log.
    pub(super) warnings: Vec<String>,
}

impl PipelineContext {
    /// The services of the job at that place; none where its executor has none.
    pub(super) fn services(
        &self,
        at: usize,
        variables: &JobVariables,
    ) -> Result<Services, ImageFault> {
        let mut services = Services::default();
        if !self.runners.runner(at).executor.traits().services {
            return Ok(services);
        }
        let job = &self.plan.jobs[at];
        let shows_output = variables.value("CI_DEBUG_SERVICES").and_then(go_bool) == Some(true);
        let mut taken = HashSet::new();
        for (number, config) in job.config.services.iter().enumerate() {
            let image = image_of(&config.image, job, variables, &self.permissions)?;
            let aliases = aliases(
                number,
                &image.name,
                config,
                &mut taken,
                &mut services.warnings,
            );
            // One that nobody could reach is not started.
            if aliases.is_empty() {
                continue;
            }
            let command = config.command.as_ref();
            services.specs.push(ServiceSpec {
                command: command.map(|words| words.iter().map(ToString::to_string).collect()),
                aliases,
                variables: environment(config, variables),
                wait: self.permissions.services_wait,
                shows_output,
                image,
            });
        }
        Ok(services)
    }

    /// The images of its services, as far as they are known before an attempt.
    pub(super) fn service_images(&self, at: usize, variables: &JobVariables) -> Vec<Image> {
        if self.services_come_late(&self.plan.jobs[at]) {
            return Vec::new();
        }
        let services = self.services(at, variables).unwrap_or_default();
        services
            .specs
            .into_iter()
            .map(|service| service.image)
            .collect()
    }
}

/// The names that a service gets: those of its image and its own, as far as no service before it
/// has them.
fn aliases(
    number: usize,
    image: &str,
    config: &ServiceConfig,
    taken: &mut HashSet<String>,
    warnings: &mut Vec<String>,
) -> Vec<String> {
    let own = config.aliases.iter().map(ToString::to_string);
    let mut names: Vec<String> = Vec::new();
    for name in names_of(image).into_iter().chain(own) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.retain(|name| {
        let is_free = taken.insert(name.clone());
        if !is_free {
            warnings.push(format!(
                "WARNING: Skipping alias \"{name}\" for service \"{image}\" (services[{number}]): \
                 alias is already in use by another service."
            ));
        }
        is_free
    });
    if names.is_empty() {
        warnings.push(format!(
            "WARNING: service \"{image}\" (services[{number}]) is not started: all of its names are \
             in use; give it an `alias` of its own"
        ));
    }
    names
}

/// The names that an image makes: without tag, digest and port of the registry, slashes as `__`
/// and as `-`.
fn names_of(image: &str) -> Vec<String> {
    let name = image.split_once('@').map_or(image, |(name, _)| name);
    let name = match name.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => name,
        _ => name,
    };
    let (first, rest) = name.split_once('/').unwrap_or((name, ""));
    let host = first.split_once(':').map_or(first, |(host, _)| host);
    let path = if rest.is_empty() {
        host.to_owned()
    } else {
        format!("{host}/{rest}")
    };
    let (long, short) = (path.replace('/', "__"), path.replace('/', "-"));
    if long == short {
        vec![long]
    } else {
        vec![long, short]
    }
}

/// The job's public variables, then the service's own, which may refer to all of the job and to
/// each other.
fn environment(config: &ServiceConfig, variables: &JobVariables) -> Vec<EnvVariable> {
    let secrets: HashSet<&str> = variables
        .secrets()
        .filter(|value| !value.is_empty())
        .collect();
    let written = config.variables.iter();
    let siblings: Vec<(String, String)> = written
        .map(|variable| (variable.key.to_string(), variable.value.to_string()))
        .collect();
    let own = config.variables.iter().map(|variable| {
        if variable.raw {
            return (variable.key.to_string(), variable.value.to_string());
        }
        let others: Vec<_> = (siblings.iter())
            .filter(|(name, _)| **name != *variable.key)
            .cloned()
            .collect();
        let value = variables.expand_with(&variable.value, &others);
        (variable.key.to_string(), value)
    });
    let own: Vec<(String, String)> = own.collect();
    let is_own = |name: &str| own.iter().any(|(own, _)| own == name);
    let public = variables.public().filter(|(name, _)| !is_own(name));
    let public = public.map(|(name, value)| (name.to_owned(), value.to_owned()));
    public
        .chain(own.iter().cloned())
        .map(|(name, value)| EnvVariable {
            secret: secrets.contains(value.as_str()),
            name,
            value,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use super::{aliases, environment, names_of};
    use crate::config::{ImageConfig, ServiceConfig, YamlVariable};
    use crate::expr::Variable;
    use crate::plan::JobVariables;
    use crate::source::{SourceMap, Span};

    fn service(names: &[&str], variables: &[(&str, &str)]) -> ServiceConfig {
        let span = Span::new(SourceMap::default().add("x", ""), 0, 0);
        let variable = |&(key, value): &(&str, &str)| YamlVariable {
            key: key.into(),
            value: value.into(),
            raw: key == "RAW",
            span,
        };
        ServiceConfig {
            image: ImageConfig {
                name: Arc::from("x"),
                entrypoint: None,
                platform: None,
                user: None,
                pull_policies: Vec::new(),
                span,
            },
            aliases: names.iter().map(|&name| name.into()).collect(),
            command: None,
            variables: variables.iter().map(variable).collect(),
        }
    }

    #[test]
    fn names_that_an_image_makes() {
        for (image, names) in [
            ("postgres:16", &["postgres"][..]),
            ("postgres", &["postgres"]),
            (
                "tutum/wordpress:latest",
                &["tutum__wordpress", "tutum-wordpress"],
            ),
            (
                "reg.example.com:4999/a/b@sha256:00",
                &["reg.example.com__a__b", "reg.example.com-a-b"],
            ),
            ("reg:5000/a:1", &["reg__a", "reg-a"]),
        ] {
            assert_eq!(names_of(image), names, "{image}");
        }
    }

    #[test]
    fn the_first_service_of_a_name_keeps_it() {
        let (mut taken, mut warnings) = (HashSet::new(), Vec::new());
        let mut give = |number, names: &[&str]| {
            let config = service(names, &[]);
            aliases(number, "mysql:8", &config, &mut taken, &mut warnings)
        };
        assert_eq!(
            give(0, &["db", "mysql-1", "db"]),
            ["mysql", "db", "mysql-1"]
        );
        assert_eq!(give(1, &["other"]), ["other"]);
        assert_eq!(give(2, &["db"]), Vec::<String>::new());
        assert_eq!(
            warnings[0],
            "WARNING: Skipping alias \"mysql\" for service \"mysql:8\" (services[1]): alias is already \
             in use by another service."
        );
        assert!(
            warnings[3].contains("(services[2]) is not started"),
            "{warnings:?}"
        );
        assert_eq!(warnings.len(), 4);
    }

    #[test]
    fn what_a_service_gets_of_its_jobs_variables() {
        let private = Variable {
            private: true,
            masked: true,
            ..Variable::new("SECRET", "hidden")
        };
        let plain =
            [("NAME", "job"), ("BOTH", "job")].map(|(key, value)| Variable::new(key, value));
        let variables: JobVariables = plain.into_iter().chain([private]).collect();
        let config = service(
            &[],
            &[
                ("BOTH", "service"),
                ("OWN", "of $NAME, $BOTH"),
                ("PASSED", "$SECRET"),
                ("RAW", "$NAME"),
                ("NAME2", "$NAME2"),
            ],
        );
        let made = environment(&config, &variables);
        let made: Vec<String> = made
            .iter()
            .map(|variable| format!("{variable:?}"))
            .collect();
        assert_eq!(
            made,
            [
                "NAME=\"job\"",
                "BOTH=\"service\"",
                "OWN=\"of job, service\"",
                "PASSED=\"[MASKED]\"",
                "RAW=\"$NAME\"",
                "NAME2=\"\"",
            ]
        );
    }
}
