//! `pipe list --format json` (design chapter 2). The form is stable: fields are added, not
//! changed.

use std::io;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use crate::app::Pipeline;
use crate::config::to_json;
use crate::diag;
use crate::plan::{Job, PipelineFacts, Plan};
use crate::source::SourceMap;
use crate::types::{AllowFailure, Retry, RetryWhen};
use crate::yaml::Value;

use super::printer::Printer;

/// The document. Jobs become JSON one at a time, for there may be thousands.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    valid: bool,
    diagnostics: Vec<Json>,
    r#ref: Json,
    pipeline: Json,
    stages: Vec<&'a str>,
    jobs: Jobs<'a>,
    left_out: Vec<Json>,
}

struct Jobs<'a> {
    jobs: &'a [Job],
    printer: &'a Printer,
}

impl Serialize for Jobs<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let jobs = self.jobs.iter();
        to.collect_seq(jobs.map(|one| self.printer.masked_json(job(one))))
    }
}

/// Bytes that are written at once.
const PIECE: usize = 64 << 10;

/// Prints what is written in pieces: the document may be far larger than the configuration.
struct Pieces<'a> {
    piece: Vec<u8>,
    printer: &'a Printer,
}

impl Pieces<'_> {
    fn print(&mut self) {
        // JSON is text, and what is written to it at once ends between two characters.
        if let Ok(text) = std::str::from_utf8(&self.piece) {
            self.printer.exact(text);
        }
        self.piece.clear();
    }
}

impl io::Write for Pieces<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.piece.extend_from_slice(bytes);
        if self.piece.len() >= PIECE {
            self.print();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Prints the whole document, one line.
pub(super) fn print(pipeline: &Pipeline, printer: &Printer) {
    let sources = &pipeline.loaded.sources;
    let plan = pipeline.outcome.as_ref().map(|outcome| &outcome.plan);
    let valid = pipeline.is_valid();
    let reason = pipeline
        .outcome
        .as_ref()
        .and_then(|outcome| outcome.reason.as_ref())
        .map(ToString::to_string);
    let created = valid && reason.is_none();
    let all = |values: Vec<Json>| {
        values
            .into_iter()
            .map(|value| printer.masked_json(value))
            .collect()
    };
    let document = Document {
        version: 1,
        valid,
        diagnostics: all(diag::json(&pipeline.loaded.diagnostics, sources)),
        r#ref: printer.masked_json(reference(&pipeline.facts)),
        pipeline: printer.masked_json(json!({
            "created": created,
            "reason": reason,
            "source": pipeline.facts.source.as_str(),
            "name": plan.and_then(|plan| plan.name.clone()),
        })),
        stages: plan.map_or_else(Vec::new, |plan| {
            plan.stages.iter().map(AsRef::as_ref).collect()
        }),
        jobs: Jobs {
            jobs: plan.filter(|_| valid).map_or(&[], |plan| &plan.jobs),
            printer,
        },
        left_out: plan.map_or_else(Vec::new, |plan| all(left_out(plan, sources))),
    };
    let mut pieces = Pieces {
        piece: Vec::with_capacity(PIECE),
        printer,
    };
    serde_json::to_writer(&mut pieces, &document).expect("all of it is plain JSON");
    pieces.piece.push(b'\n');
    pieces.print();
}

fn reference(facts: &PipelineFacts) -> Json {
    json!({
        "name": facts.reference.name,
        "kind": facts.reference.kind.as_str(),
        "class": facts.reference.class.as_str(),
        "sha": facts.commit.sha,
    })
}

fn job(job: &Job) -> Json {
    let config = &job.config;
    let texts = |lines: &[std::sync::Arc<str>]| {
        lines
            .iter()
            .map(|line| Json::from(&**line))
            .collect::<Vec<_>>()
    };
    let written = |key| {
        config
            .written
            .get(key)
            .filter(|entry| !entry.value.is_null())
            .map(|entry| &entry.value)
    };
    let variables: Map<String, Json> = job
        .variables
        .iter()
        .map(|variable| (variable.key.to_string(), Json::from(&*variable.value)))
        .collect();
    json!({
        "name": job.name(),
        "stage": &*config.stage,
        "when": job.when.as_str(),
        "allow_failure": allow_failure(&job.allow_failure),
        "needs": job.needs.as_ref().map(|needs| needs.iter().map(|need| json!({
            "job": &*need.job, "artifacts": need.artifacts, "optional": need.optional,
        })).collect::<Vec<_>>()),
        "needs_external": job.needs_elsewhere.iter().map(|need| to_json(&need.written)).collect::<Vec<_>>(),
        "dependencies": config.dependencies.as_ref().map(|names| names.iter().map(|job| Json::from(&*job.text)).collect::<Vec<_>>()),
        "environment": config.environment.as_ref().map(|environment| match written("environment").filter(|value| value.as_map().is_some()) {
            Some(value) => to_json(value),
            None => json!({"name": &*environment.name}),
        }),
        "tags": job.tags,
        "image": written("image").map(image),
        "services": flat(written("services")).into_iter().filter(|service| !service.is_null()).map(image).collect::<Vec<_>>(),
        "script": texts(&config.script),
        "before_script": texts(&config.before_script),
        "after_script": texts(&config.after_script),
        "variables": variables,
        "start_in": job.start_in.as_ref().map(|delay| &*delay.text),
        "retry": config.retry.as_ref().map(retry),
        "timeout": config.timeout,
        "coverage": config.coverage.as_deref(),
        "interruptible": job.interruptible,
        "resource_group": config.resource_group.as_deref(),
        "parallel": config.instance.as_ref().map(|instance| json!({
            "index": instance.index, "total": instance.total,
        })),
        "artifacts": written("artifacts").map(to_json),
        "cache": match written("cache") {
            Some(caches) if caches.as_seq().is_some() => {
                Json::Array(flat(Some(caches)).into_iter().map(to_json).collect())
            }
            Some(cache) => Json::Array(vec![to_json(cache)]),
            None => Json::Array(Vec::new()),
        },
        "trigger": written("trigger").map(to_json),
    })
}

/// The entries of a list and of the lists in it, which a `!reference` leaves there.
fn flat(list: Option<&Value>) -> Vec<&Value> {
    let items = list.and_then(Value::as_seq).unwrap_or_default();
    let flattened = items.iter().map(|item| match item.as_seq() {
        Some(_) => flat(Some(item)),
        None => vec![item],
    });
    flattened.flatten().collect()
}

/// A string where only a name is given, else the mapping.
fn image(value: &Value) -> Json {
    match value.as_map() {
        Some(mapping) if mapping.len() == 1 => mapping
            .get("name")
            .map_or(Json::Null, |entry| to_json(&entry.value)),
        _ => to_json(value),
    }
}

fn allow_failure(allow: &AllowFailure) -> Json {
    match allow {
        AllowFailure::No => Json::Bool(false),
        AllowFailure::Yes => Json::Bool(true),
        AllowFailure::ExitCodes(codes) => json!({"exit_codes": codes}),
    }
}

fn retry(retry: &Retry) -> Json {
    let when = retry.when.as_ref().map(|reasons| {
        reasons
            .iter()
            .map(|reason| match reason {
                RetryWhen::Always => "always",
                RetryWhen::Reason(name) => name,
            })
            .collect::<Vec<_>>()
    });
    json!({"max": retry.max, "when": when, "exit_codes": retry.exit_codes})
}

fn left_out(plan: &Plan, sources: &SourceMap) -> Vec<Json> {
    plan.left_out
        .iter()
        .map(|left_out| {
            let place = sources.locate(left_out.span);
            json!({
                "name": &*left_out.name,
                "reason": left_out.reason.to_string(),
                "cause": left_out.reason.as_str(),
                "file": place.map(|(file, _)| file),
                "line": place.map(|(_, position)| position.line),
            })
        })
        .collect()
}
