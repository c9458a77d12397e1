//! A made pipeline against the verdict on it, job by job.

use std::collections::BTreeMap;

use pipe::tested::plan::Job;
use pipe::tested::types::AllowFailure;
use serde_json::{Value as Json, json};

use super::case::Run;
use super::world::Made;

/// What differs, in words.
pub(super) fn differences(run: &Run, made: &Made) -> Vec<String> {
    if let Some(error) = made.errors.first() {
        if run.config_error && !run.created {
            return Vec::new();
        }
        return vec![format!("rejected: {error}")];
    }
    if run.created != made.created {
        return vec![format!(
            "created: GitLab {}, we {}",
            run.created, made.created
        )];
    }
    let jobs = made.plan.iter().flat_map(|plan| &plan.jobs);
    let ours: BTreeMap<&str, &Job> = jobs.map(|job| (job.name(), job)).collect();
    let theirs: BTreeMap<&str, &Json> = run.jobs.iter().map(|job| (name(job), job)).collect();
    let missing = theirs
        .keys()
        .filter(|name| !ours.contains_key(*name))
        .map(|name| format!("lacks job {name}"));
    let extra = ours
        .keys()
        .filter(|name| !theirs.contains_key(*name))
        .map(|name| format!("has also job {name}"));
    let other = theirs
        .iter()
        .filter_map(|(name, theirs)| Some((theirs, ours.get(name)?)))
        .flat_map(|(theirs, ours)| attributes(theirs, ours));
    missing.chain(extra).chain(other).collect()
}

fn name(job: &Json) -> &str {
    job["name"].as_str().expect("a job has a name")
}

fn attributes(theirs: &Json, ours: &Job) -> Vec<String> {
    let ours_all = described(ours);
    let fields = theirs.as_object().expect("a job is an object");
    fields
        .iter()
        .filter_map(|(key, theirs)| {
            let (theirs, ours_one) = (normal(key, theirs), normal(key, ours_all.get(key)?));
            (theirs != ours_one)
                .then(|| format!("{}.{key}: GitLab {theirs}, we {ours_one}", ours.name()))
        })
        .collect()
}

/// The attributes of a job that verdicts hold.
fn described(job: &Job) -> Json {
    let config = &job.config;
    let texts = |texts: &[std::sync::Arc<str>]| {
        texts
            .iter()
            .map(|text| Json::from(&**text))
            .collect::<Json>()
    };
    let needs = |needs: &Vec<pipe::tested::plan::Need>| {
        let need = |need: &pipe::tested::plan::Need| json!({"job": *need.job, "artifacts": need.artifacts, "optional": need.optional});
        needs.iter().map(need).collect::<Json>()
    };
    json!({
        "stage": *config.stage,
        "when": job.when.as_str(),
        "allow_failure": match &job.allow_failure {
            AllowFailure::No => json!(false),
            AllowFailure::Yes => json!(true),
            AllowFailure::ExitCodes(codes) => json!({"exit_codes": codes}),
        },
        "needs": job.needs.as_ref().map(needs),
        "script": texts(&config.script),
        "before_script": texts(&config.before_script),
        "after_script": texts(&config.after_script),
        "image": config.image.as_ref().map(|image| json!(*image.name)),
        "services": config.services.iter().map(|service| json!(*service.image.name)).collect::<Json>(),
        "tags": job.tags,
        "dependencies": config.dependencies.iter().flatten().map(|job| Json::from(&*job.text)).collect::<Json>(),
        "environment": config.environment.as_ref().map(|environment| json!(*environment.name)),
        "variables": job.variables.iter().map(|variable| (variable.key.to_string(), Json::from(&*variable.value))).collect::<Json>(),
        "start_in": job.start_in.as_ref().map(|delay| json!(*delay.text)),
        "interruptible": job.interruptible,
        "resource_group": config.resource_group.as_deref(),
    })
}

/// Forms that mean the same, made equal.
fn normal(key: &str, value: &Json) -> Json {
    let name = |value: &Json| value.get("name").unwrap_or(value).clone();
    match (key, value) {
        ("needs", Json::Array(needs)) => {
            let mut needs: Vec<Json> = needs
                .iter()
                .map(|need| {
                    let flag = |key: &str, default| need[key].as_bool().unwrap_or(default);
                    json!([
                        need["job"],
                        flag("artifacts", true),
                        flag("optional", false)
                    ])
                })
                .collect();
            needs.sort_by_key(ToString::to_string);
            Json::Array(needs)
        }
        ("needs", other) => other.clone(),
        ("image" | "environment", value) => empty_is_null(name(value)),
        ("services", Json::Array(services)) => empty_is_null(services.iter().map(name).collect()),
        ("variables", Json::Object(variables)) => {
            let text = |value: &Json| {
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            };
            let texts: BTreeMap<&String, String> = variables
                .iter()
                .map(|(key, value)| (key, text(value)))
                .collect();
            empty_is_null(json!(texts))
        }
        (_, value) => empty_is_null(value.clone()),
    }
}

fn empty_is_null(value: Json) -> Json {
    let empty = match &value {
        Json::Bool(value) => !value,
        Json::Array(items) => items.is_empty(),
        Json::Object(fields) => fields.is_empty(),
        _ => false,
    };
    if empty { Json::Null } else { value }
}
