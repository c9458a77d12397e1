//! What the user's runner lets jobs ask for: images, services and how many of them (runtime
//! reference 9.1, 8.1).

use std::time::Duration;

use crate::config::ImageConfig;
use crate::diag::{Code, Diagnostic};
use crate::expr::glob::ImageGlobs;
use crate::plan::JobVariables;
use crate::run::Refusal;
use crate::settings::{Key, Settings, Source};
use crate::types::{FailureReason, PullPolicy};

use super::super::failure::{Failure, FailureKind};
use super::context::PipelineContext;

/// How long jobs wait for services, where nobody says otherwise.
const WAIT: Duration = Duration::from_secs(30);

/// What jobs may ask for.
#[derive(Debug, Clone)]
pub struct Permissions {
    images: Allowed,
    services: Allowed,
    services_limit: Option<usize>,
    /// How long jobs wait for services.
    pub(super) services_wait: Duration,
    /// What counts where a job says nothing.
    pull_policies: Vec<PullPolicy>,
    /// What jobs may say.
    allowed_policies: Vec<PullPolicy>,
}

/// A setting that lists images.
#[derive(Debug, Clone)]
struct Allowed {
    key: Key,
    written: Vec<String>,
    globs: ImageGlobs,
}

impl Default for Permissions {
    fn default() -> Self {
        let all = |key| Allowed {
            key,
            written: Vec::new(),
            globs: ImageGlobs::default(),
        };
        Self {
            images: all(Key::DockerAllowedImages),
            services: all(Key::DockerAllowedServices),
            services_limit: None,
            services_wait: WAIT,
            pull_policies: vec![PullPolicy::IfNotPresent],
            allowed_policies: PullPolicy::ALL.to_vec(),
        }
    }
}

impl Permissions {
    /// What the settings say. An error where a pattern is none.
    pub fn of(settings: &Settings) -> Result<Self, Failure> {
        let policies = |key| -> Vec<PullPolicy> {
            let words = settings.list(key).iter();
            words.filter_map(|word| PullPolicy::parse(word)).collect()
        };
        let own = policies(Key::DockerPullPolicy);
        let is_default = (settings.get(Key::DockerPullPolicy))
            .is_none_or(|setting| setting.source == Source::Default);
        let allowed = match policies(Key::DockerAllowedPullPolicies) {
            none if none.is_empty() && is_default => PullPolicy::ALL.to_vec(),
            none if none.is_empty() => own.clone(),
            allowed => allowed,
        };
        let seconds = settings.number(Key::DockerWaitForServicesTimeout);
        Ok(Self {
            images: Allowed::of(settings, Key::DockerAllowedImages)?,
            services: Allowed::of(settings, Key::DockerAllowedServices)?,
            services_limit: (settings.number(Key::DockerServicesLimit)).map(|limit| limit as usize),
            services_wait: seconds.map_or(WAIT, |seconds| Duration::from_secs(seconds.into())),
            pull_policies: own,
            allowed_policies: allowed,
        })
    }

    /// When an image is brought of which a job says `asked`: what of it is allowed, in its order.
    pub(super) fn policies(&self, asked: &[PullPolicy]) -> Vec<PullPolicy> {
        let asked = if asked.is_empty() {
            &self.pull_policies
        } else {
            asked
        };
        let is_allowed = |policy: &&PullPolicy| self.allowed_policies.contains(policy);
        asked.iter().filter(is_allowed).copied().collect()
    }

    /// Why nothing of what a job asks for an image is allowed.
    fn refuses_policies(&self, image: &ImageConfig) -> Option<String> {
        let asked = &image.pull_policies;
        (!asked.is_empty() && self.policies(asked).is_empty()).then(|| {
            format!(
                "`pull_policy` of image `{}` is {}, and `docker.allowed_pull_policies` allows {}",
                image.name,
                words(asked),
                words(&self.allowed_policies)
            )
        })
    }

    /// Why a job may not have that image.
    pub(super) fn refuses_image(&self, name: &str) -> Option<String> {
        self.images.refuses("image", name)
    }

    /// Why a service may not have it.
    pub(super) fn refuses_service(&self, name: &str) -> Option<String> {
        self.services.refuses("image of a service", name)
    }

    /// Why a job may not have so many services.
    pub(super) fn refuses_services(&self, count: usize) -> Option<String> {
        let limit = self.services_limit.filter(|limit| count > *limit)?;
        Some(format!(
            "the job asks for {count} services, and `docker.services_limit` is {limit}"
        ))
    }
}

impl PipelineContext {
    /// Why the job at that place fails before its script: it asks for what the user's runner does
    /// not allow. Names that are none are told elsewhere.
    pub(super) fn forbids(&self, at: usize, variables: &JobVariables) -> Option<Refusal> {
        let (job, allowed) = (&self.plan.jobs[at], &self.permissions);
        let traits = self.runners.runner(at).executor.traits();
        let image = self.image(job, variables).ok().flatten();
        // The runner's own image is always allowed.
        let is_own = |name: &String| {
            Some(name) == self.default_image.as_ref() || Some(name.as_str()) == traits.own_image
        };
        let image = image.filter(|image| traits.images && !is_own(&image.name));
        let services = &job.config.services;
        let services = services.iter().filter(|_| traits.services);
        let names = (services.clone()).map(|service| variables.expand(&service.image.name));
        let why = (image.and_then(|image| allowed.refuses_image(&image.name)))
            .or_else(|| {
                names
                    .filter_map(|name| allowed.refuses_service(&name))
                    .next()
            })
            .or_else(|| {
                let images = services.clone().map(|service| &service.image);
                let mut images = job.config.image.iter().chain(images);
                images.find_map(|image| allowed.refuses_policies(image))
            })
            .or_else(|| allowed.refuses_services(services.count()))?;
        Some(Refusal {
            reason: FailureReason::ScriptFailure,
            message: format!("ERROR: {why}"),
            exit_code: None,
        })
    }
}

fn words(policies: &[PullPolicy]) -> String {
    let words: Vec<_> = policies.iter().map(|policy| policy.as_str()).collect();
    words.join(", ")
}

impl Allowed {
    fn of(settings: &Settings, key: Key) -> Result<Self, Failure> {
        let written = settings.list(key).to_vec();
        let globs = ImageGlobs::new(written.iter().map(String::as_str));
        let globs = globs.map_err(|error| {
            let message = format!("`{}` has a pattern that is none: {error}", key.as_str());
            Failure::new(
                FailureKind::Environment,
                Diagnostic::new(Code::SettingInvalid, message),
            )
        })?;
        Ok(Self {
            key,
            written,
            globs,
        })
    }

    fn refuses(&self, what: &str, name: &str) -> Option<String> {
        (!self.globs.allow(name)).then(|| {
            format!(
                "{what} `{name}` is not among those that `{}` allows: {}",
                self.key.as_str(),
                self.written.join(", ")
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Permissions, PullPolicy};
    use crate::settings::{Inputs, resolve};

    fn permissions(user: &str) -> Permissions {
        let (settings, problems) = resolve(&Inputs {
            user: Some(user),
            ..Inputs::default()
        });
        assert_eq!(problems, []);
        Permissions::of(&settings).expect("permissions")
    }

    #[test]
    fn without_settings_jobs_may_ask_for_all() {
        let all = permissions("");
        assert_eq!(all.refuses_image("x:1"), None);
        assert_eq!(all.refuses_services(100), None);
        assert_eq!(all.services_wait, Duration::from_secs(30));
    }

    #[test]
    fn pull_policies_of_job_and_runner() {
        use PullPolicy::{Always, IfNotPresent, Never};
        for (settings, asked, wanted) in [
            ("", &[][..], &[IfNotPresent][..]),
            ("", &[Always, Never], &[Always, Never]),
            ("docker.pull_policy = 'always'", &[], &[Always]),
            ("docker.pull_policy = 'always'", &[Never], &[]),
            (
                "docker.pull_policy = ['always', 'never']",
                &[Never, IfNotPresent],
                &[Never],
            ),
            ("docker.allowed_pull_policies = ['never']", &[Always], &[]),
            (
                "docker.pull_policy = 'always'\ndocker.allowed_pull_policies = ['never', 'always']",
                &[Never],
                &[Never],
            ),
        ] {
            assert_eq!(
                permissions(settings).policies(asked),
                wanted,
                "{settings} {asked:?}"
            );
        }
    }

    #[test]
    fn what_is_refused_is_told_with_its_setting() {
        let some = permissions(
            "[docker]\nallowed_images = ['ruby:*']\nallowed_services = ['redis:*']\n\
             services_limit = 1\nwait_for_services_timeout = 0",
        );
        assert_eq!(some.refuses_image("ruby:3"), None);
        assert_eq!(
            some.refuses_image("x:1").as_deref(),
            Some("image `x:1` is not among those that `docker.allowed_images` allows: ruby:*")
        );
        assert!(some.refuses_service("ruby:3").is_some());
        assert_eq!(some.refuses_services(1), None);
        assert_eq!(
            some.refuses_services(2).as_deref(),
            Some("the job asks for 2 services, and `docker.services_limit` is 1")
        );
        assert_eq!(some.services_wait, Duration::ZERO);
    }
}
