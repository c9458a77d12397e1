//! Bringing what a pipeline includes from elsewhere, so that everything works offline afterwards.

use std::collections::HashSet;
use std::time::Duration;

use crate::config::{Outside, Start};
use crate::diag::{Code, Diagnostic};
use crate::fetch::{Api, Bring, Brought, Entry, FetchError};
use crate::foreign::system_words;
use crate::plan;
use crate::settings::Key;
use crate::source::Span;
use crate::web::{Client, ClientOptions};

use super::facts::{History, now, project};
use super::failure::{Failure, FailureKind};
use super::folders::{self, at_home};
use super::pipeline::Pipeline;
use super::projects::places;
use super::request::PipelineRequest;
use super::setting_files::{ca_file, certificates, read_users};
use super::tree_files::TreeFiles;
use super::workspace::Workspace;

/// Each round brings what the files of the round before include; a circle ends at the limit of
/// includes long before.
const MAX_ROUNDS: usize = 200;
/// A token has one line.
const MAX_TOKEN: u64 = 64 * 1024;
/// Child pipelines of child pipelines.
const MAX_DEPTH: usize = 2;

/// A file that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    /// What it is now.
    pub now: Entry,
    /// What it was before.
    pub before: Option<Entry>,
}

/// What a fetch did.
pub struct Fetched {
    /// Files that came, in the order of their names.
    pub came: Vec<Came>,
    /// Files that could not be had: each a diagnostic with its place.
    pub failed: Vec<Diagnostic>,
    /// The pipeline as it is now.
    pub pipeline: Pipeline,
}

/// The means to fetch for a checkout.
pub struct Fetch<'a> {
    workspace: &'a Workspace,
    bring: Bring,
}

impl<'a> Fetch<'a> {
    /// What the user's settings say about where things come from.
    pub fn new(workspace: &'a Workspace) -> Result<Self, Failure> {
        let settings = &workspace.settings;
        let home = folders::home().unwrap_or_default();
        let timeout = Duration::from_secs(settings.number(Key::FetchTimeout).unwrap_or(60).into());
        let client = Client::new(ClientOptions {
            certificates: certificates(settings)?,
            local_hosts: settings.list(Key::LocalHosts).to_vec(),
            timeout,
        });
        let client = client.map_err(|error| failed(&error.into(), "nothing can be fetched"))?;
        let server = project(workspace).server;
        let api = Api {
            client,
            server: server.url(),
            token: token(workspace, &home)?,
        };
        Ok(Self {
            workspace,
            bring: Bring {
                places: places(workspace),
                api,
                templates: settings.text(Key::Templates).map(str::to_owned),
                cache: folders::cache()?,
                ca_file: ca_file(settings),
                timeout,
            },
        })
    }

    /// The checkout.
    pub(super) fn workspace(&self) -> &Workspace {
        self.workspace
    }

    /// The server's API.
    pub fn api(&self) -> &Api {
        &self.bring.api
    }

    /// Brings all that a pipeline and its child pipelines include and that is not here; with
    /// `update` also what is here and may have changed. `before_round` is told what will be asked
    /// for.
    pub async fn includes(
        &self,
        request: &PipelineRequest,
        update: bool,
        before_round: &dyn Fn(&[Outside]),
    ) -> Result<Fetched, Failure> {
        let store = &self.workspace.includes;
        if update {
            store.renew();
        }
        let mut came: Vec<Came> = Vec::new();
        let mut failed: Vec<(Outside, FetchError)> = Vec::new();
        let mut asked: HashSet<Outside> = HashSet::new();
        let mut places: Vec<(Outside, Diagnostic)> = Vec::new();
        for _ in 0..MAX_ROUNDS {
            let missing = self.missing(request)?;
            let new = missing
                .iter()
                .filter(|(outside, _)| !asked.contains(outside));
            let wanted: Vec<Outside> = new.map(|(outside, _)| outside.clone()).collect();
            places.extend(missing);
            if wanted.is_empty() {
                break;
            }
            before_round(&wanted);
            asked.extend(wanted.iter().cloned());
            let mut outcome = self.bring.all(&wanted).await;
            failed.append(&mut outcome.failed);
            for brought in outcome.brought {
                came.extend(self.keep(brought)?);
            }
        }
        store.renewed();
        let pipeline = Pipeline::make(self.workspace, request, History::Read)?;
        let failed = failed.iter().map(|(outside, error)| {
            let place = places.iter().find(|(other, _)| other == outside);
            let place = place.and_then(|(_, place)| place.primary);
            diagnostic(outside, error, place)
        });
        came.sort_by(|a, b| a.now.key.cmp(&b.now.key));
        Ok(Fetched {
            failed: failed.collect(),
            came,
            pipeline,
        })
    }

    fn keep(&self, brought: Brought) -> Result<Option<Came>, Failure> {
        let Brought {
            key,
            what,
            revision,
            commit,
            source,
            text,
        } = brought;
        let entry = Entry {
            key: key.clone(),
            what,
            revision,
            commit,
            digest: String::new(),
            source,
            at: now(),
        };
        let store = &self.workspace.includes;
        let before = store.put(entry, &text).map_err(|error| {
            let message = format!("can't keep what was fetched: {}", system_words(&error));
            let diagnostic = Diagnostic::new(Code::StateUnwritable, message)
                .help("make room, or name another place with `XDG_CACHE_HOME`");
            Failure::new(FailureKind::Environment, diagnostic)
        })?;
        let entry = store.entry(&key).filter(|entry| !entry.what.is_empty());
        Ok(entry.map(|now| Came { now, before }))
    }

    /// What is missing now, of the pipeline and of the child pipelines that its jobs make.
    fn missing(&self, request: &PipelineRequest) -> Result<Vec<(Outside, Diagnostic)>, Failure> {
        let pipeline = Pipeline::make(self.workspace, request, History::Read)?;
        let files = TreeFiles::new(self.workspace, pipeline.changes.clone());
        let mut missing = Vec::new();
        add_missing(&pipeline, &files, 0, &mut missing);
        Ok(missing)
    }
}

fn add_missing(
    pipeline: &Pipeline,
    files: &TreeFiles<'_>,
    depth: usize,
    missing: &mut Vec<(Outside, Diagnostic)>,
) {
    for (outside, span) in &pipeline.loaded.missing {
        let place = Diagnostic::new(Code::IncludeNotFetched, "").at(*span);
        missing.push((outside.clone(), place));
    }
    let plan = match &pipeline.outcome {
        Some(outcome) if depth < MAX_DEPTH => &outcome.plan,
        _ => return,
    };
    for job in &plan.jobs {
        let includes = job.child_includes();
        if includes.is_empty() {
            continue;
        }
        let given = plan::handed_down(plan, job, &pipeline.facts, 0, &[]);
        let start = Start::Child {
            includes,
            sources: &pipeline.loaded.sources,
        };
        let facts = pipeline.facts.of_child(given, now(), 0);
        let child = Pipeline::read(facts, files, start, &[]);
        add_missing(&child, files, depth + 1, missing);
    }
}

/// Why a file is still not here.
fn diagnostic(outside: &Outside, error: &FetchError, place: Option<Span>) -> Diagnostic {
    let message = format!("{} can't be fetched: {error}", outside.describe());
    let mut diagnostic = Diagnostic::new(Code::FetchFailed, message);
    diagnostic.primary = place;
    match &error.help {
        Some(help) => diagnostic.help(help.clone()),
        None => diagnostic,
    }
}

/// A failure that is about no file.
pub(super) fn failed(error: &FetchError, what: &str) -> Failure {
    let diagnostic = Diagnostic::new(Code::FetchFailed, format!("{what}: {error}"));
    let diagnostic = match &error.help {
        Some(help) => diagnostic.help(help.clone()),
        None => diagnostic,
    };
    Failure::new(FailureKind::Environment, diagnostic)
}

/// The user's token. It goes to no server but the one that the user's settings name.
fn token(workspace: &Workspace, home: &std::path::Path) -> Result<Option<String>, Failure> {
    let (Some(path), Some(_)) = (workspace.settings.text(Key::TokenFile), workspace.server())
    else {
        return Ok(None);
    };
    let text = read_users(&at_home(path, home), MAX_TOKEN)?;
    Ok(Some(text.trim().to_owned()).filter(|token| !token.is_empty()))
}
