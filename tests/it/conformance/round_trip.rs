//! Configurations written out as one file, and read again.

use pipe::tested::config::{Loaded, expanded, to_json};
use pipe::tested::plan::Plan;
use pipe::tested::yaml::write;
use serde_json::{Value as Json, json};

use super::case::Case;
use super::compare::described;
use super::world::{Event, World};

/// The events of a case at which its pipeline is looked at.
const EVENTS: [&str; 3] = ["branch:master", "tag:v1.0", "merge_request:issue-12"];

/// What differs between the pipelines of a case and those of its expanded file, and how many
/// pipelines were compared.
pub(super) fn differences(case: &Case) -> (usize, Vec<String>) {
    let mut compared = 0;
    let mut found = Vec::new();
    for event in EVENTS {
        let world = World::new(case, &Event::parse(event));
        let before = world.loaded();
        let Some(document) = before.document.as_ref().filter(|_| before.config.is_some()) else {
            continue;
        };
        compared += 1;
        let text = write(&expanded(document), &|_| None);
        let again = Case {
            name: case.name.clone(),
            files: (case.files.clone().into_iter())
                .chain([(".gitlab-ci.yml".to_owned(), text.clone())])
                .collect(),
            verdict: case.verdict.clone(),
        };
        let world_again = World::new(&again, &Event::parse(event));
        let after = world_again.loaded();
        let (before, after) = (world.shown(&before), world_again.shown(&after));
        if before != after {
            found.push(format!("[{event}]\n  {before}\n  {after}\n{text}"));
        }
    }
    (compared, found)
}

impl World<'_> {
    /// Everything of the plan that a user can notice.
    fn shown(&self, loaded: &Loaded) -> Json {
        let Some(outcome) = self.outcome(loaded) else {
            let messages = loaded.diagnostics.iter().map(|one| one.message.clone());
            return json!({"errors": messages.collect::<Vec<_>>()});
        };
        let mistakes = outcome.diagnostics.iter().map(|one| one.message.clone());
        json!({
            "reason": outcome.reason.map(|reason| reason.to_string()),
            "mistakes": mistakes.collect::<Vec<_>>(),
            "plan": plan(&outcome.plan),
        })
    }
}

fn plan(plan: &Plan) -> Json {
    let jobs = plan.jobs.iter().map(|job| {
        let written = job.config.written.entries().iter();
        let written = written.filter(|entry| entry.key.text() != "extends");
        let written: serde_json::Map<String, Json> = written
            .map(|entry| (entry.key.text().to_owned(), to_json(&entry.value)))
            .collect();
        json!([job.name(), described(job), written])
    });
    let left_out = plan.left_out.iter();
    let left_out = left_out.map(|job| json!([&*job.name, job.reason.to_string()]));
    let stages: Vec<&str> = plan.stages.iter().map(AsRef::as_ref).collect();
    json!({
        "name": plan.name,
        "stages": stages,
        "jobs": jobs.collect::<Vec<_>>(),
        "left_out": left_out.collect::<Vec<_>>(),
        "cancel": plan.cancel_on_failure,
    })
}
