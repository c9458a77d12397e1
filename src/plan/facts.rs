//! What a pipeline is made for: everything that is not in the configuration.

use std::sync::Arc;

use crate::expr::expand::SettingPlace;
use crate::types::{CommitFacts, PipelineSource, Reference};

/// Variables that GitLab hides whatever is said of them (runtime reference 15.1).
const ALWAYS_MASKED: [&str; 4] = [
    "CI_JOB_TOKEN",
    "CI_REGISTRY_PASSWORD",
    "CI_DEPENDENCY_PROXY_PASSWORD",
    "CI_DEPLOY_PASSWORD",
];

/// The facts of one pipeline. Pure data: `repo` and `settings` provide it.
#[derive(Debug, Clone)]
pub struct PipelineFacts {
    /// Branch, tag or merge request.
    pub reference: Reference,
    /// Its commit.
    pub commit: CommitFacts,
    /// The event.
    pub source: PipelineSource,
    /// The project.
    pub project: Project,
    /// Who started it.
    pub user: User,
    /// Path of the configuration file.
    pub config_path: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// `CI_PIPELINE_IID`.
    pub iid: u64,
    /// CI/CD variables of the instance, groups and project; of equal ones the later wins.
    pub settings: Vec<SettingVariable>,
    /// Variables given to this pipeline (`--var`, a trigger job), which beat all others.
    pub given: Vec<GivenVariable>,
}

/// A variable that one pipeline was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenVariable {
    /// Name.
    pub key: String,
    /// Value.
    pub value: String,
    /// Never expanded.
    pub raw: bool,
    /// Hidden in logs: there is a secret of the pipeline in it that gave it.
    pub masked: bool,
}

impl GivenVariable {
    /// One whose value is expanded.
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
            raw: false,
            masked: false,
        }
    }
}

/// The project as its URL names it (runtime reference 13.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// `group/project`.
    pub path: String,
    /// The server it lives on.
    pub server: Server,
}

/// The emulated server's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// `https` or `http`.
    pub protocol: String,
    /// Host name.
    pub host: String,
    /// Port, where it is not the protocol's own.
    pub port: Option<u16>,
    /// Port of git over ssh.
    pub ssh_port: u16,
}

/// `GITLAB_USER_*`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct User {
    /// Display name.
    pub name: String,
    /// Address.
    pub email: String,
    /// Login.
    pub login: String,
}

impl PipelineFacts {
    /// Values that no output may show, whichever job they are for.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let kept = self.settings.iter();
        let kept = kept
            .filter(|variable| variable.masked || is_always_masked(&variable.key))
            .map(|variable| &*variable.value);
        let given = self.given.iter();
        let given = given
            .filter(|variable| variable.masked || is_always_masked(&variable.key))
            .map(|variable| variable.value.as_str());
        kept.chain(given)
    }
}

/// Whether GitLab hides the variable whatever is said of it.
pub(super) fn is_always_masked(key: &str) -> bool {
    ALWAYS_MASKED.contains(&key)
}

/// A CI/CD variable that GitLab would keep on the server (design chapter 7).
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on GitLab"
)]
pub struct SettingVariable {
    /// Where it is written, and where GitLab would keep it.
    pub place: Arc<SettingPlace>,
    /// Name.
    pub key: Arc<str>,
    /// Value; for a file variable the file's content.
    pub value: Arc<str>,
    /// Never expanded.
    pub raw: bool,
    /// The job sees the path of a file that holds the value.
    pub file: bool,
    /// Hidden in logs.
    pub masked: bool,
    /// Only for protected refs.
    pub protected: bool,
    /// Environment scope: `*`, a name, or a pattern with `*`.
    pub scope: Arc<str>,
}

/// The emulated versions (design chapter 7).
pub struct Versions;

impl Versions {
    /// `CI_SERVER_VERSION`.
    pub const SERVER: &'static str = "18.11.0";
    /// `CI_RUNNER_VERSION`.
    pub const RUNNER: &'static str = "18.11.0";
}

impl Server {
    /// Host, with the port where it is not the protocol's own.
    pub fn fqdn(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// The port, also where it is the protocol's own.
    pub fn effective_port(&self) -> u16 {
        self.port
            .unwrap_or(if self.protocol == "http" { 80 } else { 443 })
    }

    /// `CI_SERVER_URL`.
    pub fn url(&self) -> String {
        format!("{}://{}", self.protocol, self.fqdn())
    }
}

impl Project {
    /// Last component of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// Everything before the last component.
    pub fn namespace(&self) -> &str {
        self.path
            .rsplit_once('/')
            .map_or("", |(namespace, _)| namespace)
    }

    /// First component.
    pub fn root_namespace(&self) -> &str {
        self.path.split('/').next().unwrap_or(&self.path)
    }

    /// `CI_PROJECT_URL`.
    pub fn url(&self) -> String {
        format!("{}/{}", self.server.url(), self.path)
    }
}
