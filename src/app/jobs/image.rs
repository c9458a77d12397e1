//! The images of a job and its services: names expanded, and what is wrong with a name that is none (runtime
//! reference 9.1).

use std::collections::HashSet;
use std::sync::Arc;

use crate::config::ImageConfig;
use crate::diag::{Code, Diagnostic};
use crate::exec::{Image, JobLogins, Login};
use crate::expr::expand::names;
use crate::foreign::Command;
use crate::plan::{Job, JobVariables};
use crate::run::Refusal;
use crate::source::Span;
use crate::types::{FailureReason, is_image_name};

use super::super::failure::{Failure, FailureKind};
use super::context::PipelineContext;
use super::permissions::Permissions;

/// Why the name of an image is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFault {
    /// As written.
    pub written: String,
    /// What it comes to; empty where nothing is left and no other image stands in.
    pub expanded: String,
    /// The variables in it that are empty.
    empty: Vec<String>,
    span: Span,
}

impl ImageFault {
    /// In words.
    pub fn what(&self) -> String {
        let comes_to = if self.expanded == self.written {
            "is no name of an image".to_owned()
        } else if self.expanded.is_empty() {
            "comes to nothing".to_owned()
        } else {
            format!("comes to `{}`, which is no name of an image", self.expanded)
        };
        let quoted: Vec<String> = self.empty.iter().map(|name| format!("`{name}`")).collect();
        match quoted.as_slice() {
            [] => comes_to,
            [one] => format!("{comes_to}: {one} is empty"),
            several => format!("{comes_to}: {} are empty", several.join(" and ")),
        }
    }

    /// What to do, where variables are empty.
    pub fn remedy(&self) -> Option<String> {
        let options = self.empty.iter().fold(Command::default(), |options, name| {
            options.option("--var", &format!("{name}=VALUE"))
        });
        let has_some = !self.empty.is_empty();
        has_some.then(|| {
            format!(
                "where GitLab has a value, say it in `.pipe/variables.yml`, or with `{options}`"
            )
        })
    }

    /// The failure of an attempt: the runner has nothing to run where no image is left, and the
    /// daemon refuses what is no name.
    pub(super) fn refusal(&self) -> Refusal {
        self.refused("image")
    }

    /// The same of an image that a service names.
    pub(super) fn refusal_of_service(&self) -> Refusal {
        self.refused("image of a service")
    }

    fn refused(&self, whose: &str) -> Refusal {
        let remedy = self
            .remedy()
            .map_or_else(String::new, |it| format!("; {it}"));
        Refusal {
            reason: if self.expanded.is_empty() {
                FailureReason::RunnerSystemFailure
            } else {
                FailureReason::ScriptFailure
            },
            message: format!("ERROR: {whose} `{}` {}{remedy}", self.written, self.what()),
            exit_code: None,
        }
    }
}

/// A job for which there is no image.
pub struct WithoutImage<'p> {
    job: &'p Job,
    /// What is wrong with the name; `None` where it has none.
    pub fault: Option<ImageFault>,
}

impl PipelineContext {
    /// The image as written, else the one that stands in.
    pub(super) fn image_name(&self, job: &Job) -> Option<String> {
        match &job.config.image {
            Some(image) => Some(image.name.to_string()),
            None => self.default_image_of(job),
        }
    }

    /// The image that stands in where the job names none: the user's choice, else the executor's
    /// own.
    fn default_image_of(&self, job: &Job) -> Option<String> {
        let own = || {
            let mut jobs = self.plan.jobs.iter();
            let at = jobs.position(|it| std::ptr::eq(it, job))?;
            let own = self.runners.runner(at).executor.traits().own_image?;
            Some(own.to_owned())
        };
        self.default_image.clone().or_else(own)
    }

    /// Whether the name of its image may depend on what other jobs report.
    pub(super) fn image_comes_late(&self, job: &Job) -> bool {
        let image = self.image_name(job);
        image.is_some_and(|name| name.contains('$')) && self.receives_dotenv(job)
    }

    /// The same of its services.
    pub(super) fn services_come_late(&self, job: &Job) -> bool {
        let services = &job.config.services;
        let mut names = services.iter().map(|service| &service.image.name);
        names.any(|name| name.contains('$')) && self.receives_dotenv(job)
    }

    /// Whether jobs before it may report variables, or have in the parent pipeline: its environment
    /// depends on them then.
    pub(super) fn receives_dotenv(&self, job: &Job) -> bool {
        let reports = |at: usize| {
            let artifacts = self.plan.jobs[at].config.artifacts.as_ref();
            artifacts.is_some_and(|artifacts| !artifacts.reports.dotenv.is_empty())
        };
        let received = self.received.get(job.name());
        received.is_some_and(|received| !received.dotenv.is_empty())
            || self.plan.artifact_sources(job).into_iter().any(reports)
    }

    /// The image; `None` where there is none. A name that comes to nothing is as no name.
    pub(super) fn image(
        &self,
        job: &Job,
        variables: &JobVariables,
    ) -> Result<Option<Image>, ImageFault> {
        let default = || {
            self.default_image_of(job)
                .map(|name| variables.expand(&name))
        };
        let config = job.config.image.as_ref();
        let named = config.map(|image| (image, variables.expand(&image.name)));
        let name = match named {
            None => default(),
            // What an executor has of its own stands in for nothing that was meant to be another.
            Some((image, name)) if name.trim().is_empty() => match &self.default_image {
                Some(default) => Some(variables.expand(default)),
                None => return Err(fault(image, String::new(), job, variables)),
            },
            Some((image, name)) if !is_image_name(&name) => {
                return Err(fault(image, name, job, variables));
            }
            Some((_, name)) => Some(name),
        };
        Ok(name.map(|name| match config {
            Some(config) => expanded(config, name, variables, &self.permissions),
            None => Image {
                name,
                logins: logins(variables),
                pull: self.permissions.policies(&[]),
                ..Image::default()
            },
        }))
    }

    /// The jobs of which it is known before the run that they have no image and need one.
    pub fn without_image(&self) -> Vec<WithoutImage<'_>> {
        let jobs = self.plan.jobs.iter().enumerate();
        let needing = jobs.filter(|(at, job)| {
            self.runners.runner(*at).executor.traits().images
                && !job.starts_pipeline()
                && !self.image_comes_late(job)
        });
        // Most names are what they are whatever the variables.
        let open = needing.filter(|(_, job)| {
            let name = self.image_name(job);
            !name.is_some_and(|name| !name.contains('$') && is_image_name(&name))
        });
        open.filter_map(
            |(at, job)| match self.image(job, &self.variables_before(at)) {
                Ok(Some(_)) => None,
                Ok(None) => Some(WithoutImage { job, fault: None }),
                Err(fault) => Some(WithoutImage {
                    job,
                    fault: Some(fault),
                }),
            },
        )
        .collect()
    }

    /// Nothing runs where a job that would start has no image at all. One with a wrong name fails
    /// alone.
    pub(in super::super) fn check_images(&self) -> Result<(), Failure> {
        let mut without = self.without_image();
        without.retain(|without| {
            let has_none = (without.fault.as_ref()).is_none_or(|fault| fault.expanded.is_empty());
            has_none && without.job.held.is_none() && !without.job.is_bound_to_fail()
        });
        let Some(first) = without.first() else {
            return Ok(());
        };
        let what = match &first.fault {
            None => format!("job `{}` names no image", first.job.name()),
            Some(fault) => format!(
                "image `{}` of job `{}` {}",
                fault.written,
                first.job.name(),
                fault.what()
            ),
        };
        let what = match without.len() {
            1 => what,
            count => format!("{what}; {} more have none", count - 1),
        };
        let span = (first.fault.as_ref()).map_or(first.job.config.span, |fault| fault.span);
        let mut diagnostic = Diagnostic::new(Code::ImageUnset, what).at(span);
        diagnostic
            .help
            .extend(first.fault.as_ref().and_then(ImageFault::remedy));
        Err(Failure::new(FailureKind::Environment, diagnostic.help(
            "give it an `image`; or set `default-image = \"debian:12\"` in `.pipe/config.toml` or in your own `config.toml`",
        )))
    }
}

/// An image that has to have a name of its own.
pub(super) fn image_of(
    config: &ImageConfig,
    job: &Job,
    variables: &JobVariables,
    permissions: &Permissions,
) -> Result<Image, ImageFault> {
    let name = variables.expand(&config.name);
    if is_image_name(&name) {
        return Ok(expanded(config, name, variables, permissions));
    }
    let name = if name.trim().is_empty() {
        String::new()
    } else {
        name
    };
    Err(fault(config, name, job, variables))
}

fn expanded(
    config: &ImageConfig,
    name: String,
    variables: &JobVariables,
    permissions: &Permissions,
) -> Image {
    let expanded = |text: &Arc<str>| variables.expand(text);
    let entrypoint = config.entrypoint.as_ref();
    Image {
        name,
        entrypoint: entrypoint.map(|parts| parts.iter().map(ToString::to_string).collect()),
        user: config.user.as_ref().map(expanded),
        platform: config.platform.as_ref().map(expanded),
        logins: logins(variables),
        pull: permissions.policies(&config.pull_policies),
    }
}

/// What the job's variables say about registries (runtime reference 9.3).
fn logins(variables: &JobVariables) -> JobLogins {
    let content = |key: &str| {
        let mut all = variables.all.iter();
        let found = all.find(|variable| &*variable.key == key)?;
        Some(found.value.to_string()).filter(|value| !value.is_empty())
    };
    let own = || {
        let login = Login::Password {
            user: content("CI_REGISTRY_USER")?,
            password: content("CI_REGISTRY_PASSWORD")?,
        };
        Some((content("CI_REGISTRY")?, login))
    };
    JobLogins {
        auth_config: content("DOCKER_AUTH_CONFIG"),
        own: own(),
    }
}

fn fault(image: &ImageConfig, expanded: String, job: &Job, variables: &JobVariables) -> ImageFault {
    let mut empty = Vec::new();
    find_empty(&image.name, job, variables, &mut HashSet::new(), &mut empty);
    ImageFault {
        written: image.name.to_string(),
        expanded,
        empty,
        span: image.span,
    }
}

/// The variables of a text that are empty; of one that is made from others, these.
fn find_empty(
    text: &str,
    job: &Job,
    variables: &JobVariables,
    seen: &mut HashSet<String>,
    found: &mut Vec<String>,
) {
    for name in names(text) {
        if !seen.insert(name.to_owned()) {
            continue;
        }
        let before = found.len();
        let written = job.variables.iter().find(|variable| *variable.key == *name);
        if let Some(written) = written.filter(|written| !written.raw) {
            find_empty(&written.value, job, variables, seen, found);
        }
        let is_empty = variables.value(name).is_none_or(str::is_empty);
        if is_empty && found.len() == before {
            found.push(name.to_owned());
        }
    }
}
