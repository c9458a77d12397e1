//! The name of a job in a run: which pipeline it is in, and its name there.

use crate::event::{Event, EventKind, JobResult, PipelineResult, RunResult};

/// A job of a run on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobPath {
    /// The trigger jobs that lead to its pipeline, from the top; empty for the top pipeline.
    pub pipeline: Vec<String>,
    /// Full name in its pipeline.
    pub name: String,
}

impl JobPath {
    /// A job of the top pipeline.
    pub fn top(name: impl Into<String>) -> Self {
        Self {
            pipeline: Vec::new(),
            name: name.into(),
        }
    }

    /// Whether an event is about this job.
    pub fn is_of(&self, event: &Event, name: &str) -> bool {
        event.pipeline == self.pipeline && name == self.name
    }

    /// Jobs of the child pipelines of a run that has ended, each behind its trigger job's others.
    pub(super) fn of_children(result: &RunResult) -> Vec<Self> {
        let mut found = Vec::new();
        walk(&result.pipelines, &mut Vec::new(), &mut found);
        found
    }

    /// Jobs of child pipelines that began, of a run that has not ended.
    pub(super) fn begun_in_children(events: impl Iterator<Item = Event>) -> Vec<Self> {
        let mut found = Vec::new();
        for event in events.filter(|event| !event.pipeline.is_empty()) {
            if let EventKind::JobStarted { job, .. } = event.kind {
                let path = Self {
                    pipeline: event.pipeline,
                    name: job,
                };
                if !found.contains(&path) {
                    found.push(path);
                }
            }
        }
        found
    }

    /// How the job ended.
    pub(super) fn result<'r>(&self, run: &'r RunResult) -> Option<&'r JobResult> {
        let (mut jobs, mut pipelines) = (&run.jobs, &run.pipelines);
        for trigger in &self.pipeline {
            let child = pipelines.iter().find(|child| child.trigger == *trigger)?;
            (jobs, pipelines) = (&child.jobs, &child.pipelines);
        }
        jobs.iter().find(|job| job.name == self.name)
    }
}

/// `child › unit`, as the board has it.
impl std::fmt::Display for JobPath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for trigger in &self.pipeline {
            write!(f, "{trigger} › ")?;
        }
        f.write_str(&self.name)
    }
}

fn walk(pipelines: &[PipelineResult], above: &mut Vec<String>, found: &mut Vec<JobPath>) {
    for child in pipelines {
        above.push(child.trigger.clone());
        found.extend(child.jobs.iter().map(|job| JobPath {
            pipeline: above.clone(),
            name: job.name.clone(),
        }));
        walk(&child.pipelines, above, found);
        above.pop();
    }
}
