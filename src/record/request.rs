//! What a run was asked for: `request.json`, there before its first job. With it a later program
//! can ask for the same again.
//!
//! Values that a log would hide are not kept: of these only the names are there, and whoever
//! repeats the run takes the values from where they come from, or asks for them.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::folder::write_atomic;
use super::{LiveRun, PastRun, RecordError};

/// A file of the run's folder, for the user alone as all of them.
const NAME: &str = "request.json";

/// One run as it was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedRequest {
    /// Version of `pipe`.
    pub version: String,
    /// The work tree.
    pub checkout: PathBuf,
    /// The ref that was asked for; what it was then is said by the first event.
    #[serde(rename = "ref")]
    pub reference: RequestedRef,
    /// `--source`.
    pub source: Option<String>,
    /// `--changed`.
    pub changed: Vec<String>,
    /// `--var`.
    pub variables: Vec<GivenValue>,
    /// `--input` and `--input-file`, in this order.
    pub inputs: Vec<GivenText>,
    /// Which jobs.
    pub selection: RequestedJobs,
    /// Which held jobs were released.
    pub released: Released,
    /// `--offline`.
    pub offline: bool,
    /// `--no-delay`.
    pub no_delay: bool,
    /// `--keep-going`.
    #[serde(default)]
    pub keep_going: bool,
    /// Settings that are not as they are by default.
    pub settings: Vec<SettingInForce>,
}

/// A ref that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum RequestedRef {
    /// What was checked out.
    CheckedOut,
    /// A branch.
    Branch {
        /// Its name.
        name: String,
    },
    /// A tag.
    Tag {
        /// Its name.
        name: String,
    },
    /// A merge request.
    MergeRequest {
        /// Its source branch, where it was named.
        source: Option<String>,
        /// Its target branch, where it was named.
        target: Option<String>,
    },
}

/// A name and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenValue {
    /// The name.
    pub name: String,
    /// The value; `None` where it is secret.
    pub value: Option<String>,
}

/// What says values of inputs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum GivenText {
    /// `--input-file`.
    File {
        /// Its path, as it was written.
        file: String,
        /// Its text; `None` where a secret is in it.
        text: Option<String>,
    },
    /// `--input`.
    Value(GivenValue),
}

/// Which jobs were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RequestedJobs {
    /// By name.
    pub jobs: Vec<String>,
    /// `--stage`.
    pub stages: Vec<String>,
    /// `--exclude`.
    pub exclude: Vec<String>,
    /// `--manual`.
    pub manual: Vec<String>,
    /// `--no-needs`.
    pub no_needs: bool,
}

/// Which held jobs were released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Released {
    /// None.
    Nothing,
    /// All.
    All,
    /// Those of these environments.
    Environments(Vec<String>),
    /// These, which the user was asked about.
    Jobs(Vec<String>),
}

/// A setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingInForce {
    /// Its key.
    pub key: String,
    /// Its value in words; `None` where a secret is in it.
    pub value: Option<String>,
    /// Who set it: `option`, `environment`, `user`, `repository`.
    pub from: String,
}

impl LiveRun {
    /// Keeps what the run was asked for.
    pub fn keep_request(&self, request: &RecordedRequest) -> Result<(), RecordError> {
        let path = self.folder().join(NAME);
        let text = serde_json::to_vec_pretty(request)
            .map_err(|error| RecordError::at("write", &path)(error.into()))?;
        write_atomic(&path, text)
    }
}

impl PastRun {
    /// What the run was asked for; `None` of a record that is older than requests.
    pub fn request(&self) -> Option<RecordedRequest> {
        let text = fs::read(self.folder.join(NAME)).ok()?;
        serde_json::from_slice(&text).ok()
    }
}
