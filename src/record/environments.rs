//! Environments of a project: where jobs of its runs deployed to, and what was taken down since.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};

use jiff::Timestamp;

use super::{PastRun, ProjectRecord};
use crate::event::{Event, EventKind, RunStarted};
use crate::types::{EnvironmentAction, PipelineSource};

/// An environment that jobs on record deployed to or took down.
#[derive(Debug, Clone, PartialEq)]
pub struct PastEnvironment {
    /// Its name.
    pub name: String,
    /// Whether the last that was done with it was to take it down.
    pub stopped: bool,
    /// The last deployment, where it is still on record.
    pub deployment: Option<Deployment>,
}

/// A job that deployed to an environment and was well.
#[derive(Debug, Clone, PartialEq)]
pub struct Deployment {
    /// Id of the run.
    pub run: String,
    /// Its ref.
    pub ref_name: String,
    /// Its commit.
    pub sha: String,
    /// The job, behind the trigger jobs that lead to its pipeline.
    pub job: Vec<String>,
    /// When the job ended.
    pub at: Option<Timestamp>,
    /// Where the environment can be reached.
    pub url: Option<String>,
    /// The job that takes it down.
    pub on_stop: Option<String>,
}

impl ProjectRecord {
    /// All environments that runs on record acted on, by name.
    pub fn environments(&self) -> Vec<PastEnvironment> {
        let mut found = BTreeMap::new();
        let mut runs = self.list();
        runs.reverse();
        for run in &runs {
            for act in acts(run) {
                apply(&mut found, run, act);
            }
        }
        found.into_values().collect()
    }
}

/// One act on an environment changes what is known of it.
fn apply(found: &mut BTreeMap<String, PastEnvironment>, run: &PastRun, event: Event) {
    let EventKind::Environment {
        job,
        environment,
        action,
        url,
        on_stop,
        ..
    } = event.kind
    else {
        return;
    };
    let stopped = match action {
        EnvironmentAction::Start => false,
        EnvironmentAction::Stop => true,
        EnvironmentAction::Prepare | EnvironmentAction::Verify | EnvironmentAction::Access => {
            return;
        }
    };
    let name = environment.clone();
    let known = found.entry(environment).or_insert(PastEnvironment {
        name,
        stopped,
        deployment: None,
    });
    known.stopped = stopped;
    if stopped {
        return;
    }
    let head = run.started.as_ref();
    known.deployment = Some(Deployment {
        run: run.id.clone(),
        ref_name: head.map(|head| head.ref_name.clone()).unwrap_or_default(),
        sha: head.map(|head| head.sha.clone()).unwrap_or_default(),
        job: event.pipeline.into_iter().chain([job]).collect(),
        at: (run.began()).and_then(|began| began.checked_add(event.elapsed).ok()),
        url,
        on_stop,
    });
}

/// Whether a pipeline that a trigger job began is one of another project.
fn is_of_other_project(event: &Event, head: &RunStarted) -> bool {
    !event.pipeline.is_empty() && head.source == PipelineSource::other_project().as_str()
}

/// What jobs of a run did with environments of its project, in order. A record can be long: only
/// lines that may speak of it are read closely.
fn acts(run: &PastRun) -> impl Iterator<Item = Event> {
    // Where pipelines of other projects begin, whose environments are not this one's.
    let mut elsewhere: Vec<Vec<String>> = Vec::new();
    let file = File::open(run.folder.join("events.jsonl")).ok();
    let lines = file
        .into_iter()
        .flat_map(|file| BufReader::new(file).split(b'\n'));
    let lines = lines.map_while(Result::ok);
    lines.filter_map(move |line| {
        let line = std::str::from_utf8(&line).ok()?;
        if !line.contains("\"environment\"") && !line.contains("\"run-started\"") {
            return None;
        }
        let event = Event::from_json(line).ok()??;
        match &event.kind {
            EventKind::RunStarted(head) if is_of_other_project(&event, head) => {
                elsewhere.push(event.pipeline);
                None
            }
            EventKind::Environment { .. } => {
                let begins = |path: &Vec<String>| event.pipeline.starts_with(path);
                (!elsewhere.iter().any(begins)).then_some(event)
            }
            _ => None,
        }
    })
}
