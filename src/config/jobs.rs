//! Top-level keys → jobs: which key is a job, whether it is sound, and its typed form
//! (configuration reference 2.5, 2.7, 2.8, 5.2 and chapter 6).

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::types::When;
use crate::yaml::{Entry, Key, Kind, Mapping, Value};

use super::keywords::{DEFAULT_KEYWORDS, Effect, JOB, RESERVED, ROOT, Scope, effects_of};
use super::model::{Inherit, JobConfig, JobKind, Policy};
use super::read;
use super::rules::read_rules;
use super::shape::{Check, Shape};

/// Characters of a job's name.
const NAME_LIMIT: usize = 255;

/// What a top-level key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Global,
    Hidden,
    Job(JobKind),
    Unknown,
}

/// Presence of keys decides, not their values; the order of the tests is GitLab's.
pub(super) fn classify(entry: &Entry) -> Class {
    let name = entry.key.text();
    if RESERVED.contains(&name) {
        return Class::Global;
    }
    if name.starts_with('.') {
        return Class::Hidden;
    }
    if let Some(mapping) = entry.value.as_map() {
        let has = |key| mapping.get(key).is_some();
        if has("script") || has("run") {
            return Class::Job(JobKind::Script);
        }
        if has("trigger") || has("needs") {
            return Class::Job(JobKind::Trigger);
        }
    }
    if ROOT.contains(&name) {
        Class::Global
    } else {
        Class::Unknown
    }
}

/// What jobs take from the rest of the document.
pub(super) struct Surroundings<'a> {
    /// Keywords of `default` and their deprecated top-level forms.
    pub(super) defaults: &'a Mapping,
    /// Whether `workflow:rules` exists, which takes away the implicit `only`.
    pub(super) workflow_rules: bool,
}

/// Reports a key that is no job and nothing else.
pub(super) fn report_unknown(entry: &Entry, found: &mut Vec<Diagnostic>) {
    let name = entry.key.text();
    let is_mapping = entry.value.as_map().is_some();
    let mut diagnostic = if is_mapping {
        Diagnostic::new(
            Code::JobWithoutScript,
            format!("job `{name}` has neither `script`, `run` nor `trigger`"),
        )
        .help("add a `script`, or begin its name with a dot to make it a template")
    } else {
        Diagnostic::new(
            Code::UnknownKey,
            format!(
                "`{name}` is no keyword of the top level, and no job: it is {}",
                entry.value.type_name()
            ),
        )
    };
    diagnostic = diagnostic
        .at(entry.key_span)
        .did_you_mean(name, ROOT.iter().copied());
    if let Some(mapping) = entry.value.as_map() {
        let slip = mapping
            .entries()
            .iter()
            .find(|e| crate::diag::closest(e.key.text(), ["script", "trigger", "run"]).is_some());
        if let Some(slip) = slip {
            diagnostic = diagnostic
                .with(slip.key_span, "this key is unknown")
                .did_you_mean(slip.key.text(), ["script", "trigger", "run"]);
        }
    }
    found.push(diagnostic);
}

/// Reports a template that is blank.
pub(super) fn check_hidden(entry: &Entry, found: &mut Vec<Diagnostic>) {
    if entry.value.is_blank() {
        let message = format!("template `{}` is empty", entry.key.text());
        found.push(
            Diagnostic::new(Code::BlankValue, message)
                .at(entry.key_span)
                .help("give it content or remove it"),
        );
    }
}

/// Reports a name that no job can have.
pub(super) fn check_name(entry: &Entry, found: &mut Vec<Diagnostic>) {
    let name = entry.key.text();
    let diagnostic = match &entry.key {
        Key::Other(_) => Diagnostic::new(
            Code::JobNameInvalid,
            format!("job name `{name}` is not a string"),
        )
        .help("put it in quotes"),
        Key::Str(_) if name.trim().is_empty() => {
            Diagnostic::new(Code::JobNameInvalid, "a job name can't be blank")
        }
        Key::Str(_) if name.chars().count() > NAME_LIMIT => Diagnostic::new(
            Code::JobNameInvalid,
            format!("a job name can have at most {NAME_LIMIT} characters"),
        ),
        Key::Str(_) => return,
    };
    found.push(diagnostic.at(entry.key_span));
}

/// Checks a job and reads it, when nothing is wrong with it.
pub(super) fn build(
    entry: &Entry,
    kind: JobKind,
    around: &Surroundings<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<JobConfig> {
    let before = found.len();
    check_name(entry, found);
    let mapping = entry.value.as_map()?;
    let owner = format!("job `{}`", entry.key.text());
    let mut check = Check::new(&owner, found);
    let scope = match kind {
        JobKind::Script => Scope::JOB,
        JobKind::Trigger => Scope::TRIGGER,
    };
    check.keys(mapping, entry.key_span, &JOB, scope);
    match kind {
        JobKind::Script => check_script_job(entry, mapping, &mut check),
        JobKind::Trigger => check_trigger_job(entry, mapping, &mut check),
    }
    check_start(mapping, &mut check);
    check_dependencies(mapping, &mut check);
    (found.len() == before).then(|| read_job(entry, kind, mapping, around))
}

fn check_script_job(entry: &Entry, mapping: &Mapping, check: &mut Check<'_>) {
    match mapping.get("script") {
        Some(script) if script.value.is_blank() => {
            check.within("script", |check| {
                check.invalid(Code::BlankValue, script.key_span, "can't be blank");
            });
        }
        Some(script) if read::strings(&script.value).is_empty() => {}
        _ => {}
    }
    if let Some(publish) = mapping.get("publish").filter(|e| !e.value.is_null())
        && !is_pages(entry.key.text(), mapping)
    {
        check.invalid(
            Code::InvalidValue,
            publish.key_span,
            "has `publish`, which only a Pages job can have",
        );
    }
}

fn check_trigger_job(entry: &Entry, mapping: &Mapping, check: &mut Check<'_>) {
    let mirrors = read::get(mapping, "needs")
        .map(mirror_needs)
        .unwrap_or_default();
    if read::get(mapping, "trigger").is_none() && mirrors.is_empty() {
        let message = format!(
            "{} has `needs` but neither `script` nor `trigger`",
            check.subject()
        );
        check.report(
            Diagnostic::new(Code::JobWithoutScript, message)
                .at(entry.key_span)
                .help("add a `script`"),
        );
    }
    if let [_, second, ..] = mirrors[..] {
        check.invalid(Code::TooMany, second, "should mirror at most one pipeline");
    }
    if let Some(value) = read::get(mapping, "parallel")
        && matches!(value.kind, Kind::Int(_))
    {
        check.invalid(
            Code::InvalidValue,
            value.span,
            "can't have `parallel: <number>`, as a trigger job; use a matrix",
        );
    }
    if let Some(value) = read::get(mapping, "allow_failure")
        && value.as_map().is_some()
    {
        check.within("allow_failure", |check| check.value(value, &Shape::Boolean));
    }
    if let Some(value) = read::get(mapping, "when")
        && value.as_str() == Some("delayed")
    {
        check.invalid(
            Code::InvalidValue,
            value.span,
            "can be delayed only by a rule, as a trigger job",
        );
    }
    for item in read::get(mapping, "needs")
        .and_then(Value::as_seq)
        .unwrap_or_default()
    {
        let has = |key| item.as_map().is_some_and(|m| m.get(key).is_some());
        if has("pipeline") && has("job") {
            check.invalid(
                Code::InvalidValue,
                item.span,
                "can't need a job of another pipeline, as a trigger job",
            );
        }
    }
}

/// Places of the items that mirror another project's pipeline.
fn mirror_needs(needs: &Value) -> Vec<Span> {
    let items = match needs.as_seq() {
        Some(items) => items,
        None => std::slice::from_ref(needs),
    };
    items
        .iter()
        .filter(|item| {
            item.as_map()
                .is_some_and(|m| m.get("pipeline").is_some() && m.get("job").is_none())
        })
        .map(|item| item.span)
        .collect()
}

/// `when`, `start_in`, and what `rules` excludes.
fn check_start(mapping: &Mapping, check: &mut Check<'_>) {
    let set = |key| mapping.get(key).filter(|entry| !entry.value.is_null());
    let rules = set("rules");
    if let Some(rules) = rules {
        for key in ["only", "except", "start_in"] {
            if let Some(other) = set(key) {
                check.exclusive(rules, other);
            }
        }
    }
    let delayed = set("when").is_some_and(|when| when.value.as_str() == Some("delayed"));
    match (set("when"), set("start_in")) {
        (Some(when), None) if delayed => {
            let message = format!("{} is `delayed` but has no `start_in`", check.subject());
            check.report(
                Diagnostic::new(Code::MissingKey, message)
                    .at(when.value.span)
                    .help("add `start_in: 10 minutes`"),
            );
        }
        (_, Some(start_in)) if !delayed && rules.is_none() => {
            let message = format!("{} has `start_in` without `when: delayed`", check.subject());
            check.report(Diagnostic::new(Code::ExclusiveKeys, message).at(start_in.key_span));
        }
        _ => {}
    }
}

/// With `needs`, a dependency must be among them, by the names as written.
fn check_dependencies(mapping: &Mapping, check: &mut Check<'_>) {
    let dependencies = read::get(mapping, "dependencies").and_then(Value::as_seq);
    let needs = read::needs(mapping, "needs");
    let (Some(dependencies), Some(needs)) = (dependencies, needs) else {
        return;
    };
    if needs.is_empty() {
        return;
    }
    let needed: Vec<&str> = needs
        .iter()
        .filter_map(|need| match &need.target {
            super::model::NeedTarget::Job { name, .. } => Some(&**name),
            super::model::NeedTarget::External(_) => None,
        })
        .collect();
    for item in dependencies {
        let Some(name) = item.as_str().filter(|name| !needed.contains(name)) else {
            continue;
        };
        let message = format!(
            "{} depends on `{name}`, which is not among its `needs`",
            check.subject()
        );
        check.report(
            Diagnostic::new(Code::DependencyNotNeeded, message)
                .at(item.span)
                .help(format!(
                    "add `{name}` to `needs`, or take it out of `dependencies`"
                )),
        );
    }
}

fn read_job(entry: &Entry, kind: JobKind, own: &Mapping, around: &Surroundings<'_>) -> JobConfig {
    let mapping = with_defaults(own, kind, around.defaults);
    let strings = |key| -> Arc<[Arc<str>]> {
        read::get(&mapping, key)
            .map(read::strings)
            .unwrap_or_default()
            .into()
    };
    let name: Arc<str> = entry.key.text().into();
    let stage = mapping.get("stage").filter(|stage| !stage.value.is_null());
    let has_rules = mapping.get("rules").is_some();
    JobConfig {
        base_name: Arc::clone(&name),
        span: entry.key_span,
        kind,
        stage: read::text(&mapping, "stage").unwrap_or_else(|| "test".into()),
        stage_span: stage.map_or(entry.key_span, |stage| stage.value.span),
        script: strings("script"),
        before_script: strings("before_script"),
        after_script: strings("after_script"),
        pre_get_sources_script: read::pre_get_sources_script(&mapping).into(),
        image: read::get(&mapping, "image").cloned(),
        services: services(&mapping),
        inherit_variables: inherit(&mapping, "variables"),
        variables: read::variables(&mapping, "variables"),
        rules: mapping
            .get("rules")
            .map(|rules| (!rules.value.is_null()).then(|| read_rules(&rules.value))),
        only: only(&mapping, has_rules || around.workflow_rules),
        except: read::get(&mapping, "except").map(|value| read::policy(value, false)),
        when: read::text(&mapping, "when")
            .and_then(|word| When::parse(&word))
            .unwrap_or_default(),
        start_in: read::duration(&mapping, "start_in"),
        allow_failure: read::allow_failure(&mapping),
        retry: read::get(&mapping, "retry").map(read::retry),
        timeout: read::duration(&mapping, "timeout").map(|(seconds, _)| seconds),
        tags: read::get(&mapping, "tags")
            .map(read::strings)
            .unwrap_or_default(),
        needs: read::needs(&mapping, "needs"),
        dependencies: read::get(&mapping, "dependencies")
            .and_then(Value::as_seq)
            .map(|items| {
                items
                    .iter()
                    .filter_map(|item| Some((item.as_str()?.into(), item.span)))
                    .collect()
            }),
        environment: read::get(&mapping, "environment").and_then(read::environment),
        artifacts: read::get(&mapping, "artifacts").and_then(read::artifacts),
        interruptible: read::boolean(&mapping, "interruptible"),
        resource_group: read::text(&mapping, "resource_group"),
        coverage: read::text(&mapping, "coverage"),
        instance: None,
        pages: kind == JobKind::Script && is_pages(&name, &mapping),
        unsupported: effects_of(&mapping, Effect::Refused),
        mapping: Arc::new(mapping),
        name,
    }
}

/// The job's keys, and under them those defaults that it inherits. Null counts as not given.
fn with_defaults(own: &Mapping, kind: JobKind, defaults: &Mapping) -> Mapping {
    let inherit = inherit(own, "default");
    let mut mapping = own.clone();
    for entry in defaults.entries() {
        let key = entry.key.text();
        let reaches = match kind {
            JobKind::Script => key != "timeout" && DEFAULT_KEYWORDS.contains(&key),
            JobKind::Trigger => key == "interruptible",
        };
        if reaches && inherit.takes(key) && read::get(own, key).is_none() && !entry.value.is_null()
        {
            mapping.insert(entry.clone());
        }
    }
    mapping
}

fn inherit(mapping: &Mapping, key: &str) -> Inherit {
    let value = read::get(mapping, "inherit")
        .and_then(Value::as_map)
        .and_then(|inherit| read::get(inherit, key));
    match value.map(|value| &value.kind) {
        Some(Kind::Bool(false)) => Inherit::None,
        Some(Kind::Seq(_)) => Inherit::Names(value.map(read::strings).unwrap_or_default()),
        _ => Inherit::All,
    }
}

fn only(mapping: &Mapping, no_default: bool) -> Option<Policy> {
    match read::get(mapping, "only") {
        Some(value) => Some(read::policy(value, true)),
        None if no_default => None,
        None => Some(read::implicit_only()),
    }
}

fn services(mapping: &Mapping) -> Vec<Value> {
    read::get(mapping, "services")
        .and_then(super::shape::flatten)
        .unwrap_or_default()
        .into_iter()
        .cloned()
        .collect()
}

/// Whether a job is a Pages job (configuration reference 6.22).
fn is_pages(name: &str, mapping: &Mapping) -> bool {
    match mapping.get("pages").map(|entry| &entry.value.kind) {
        Some(Kind::Bool(value)) => *value,
        Some(Kind::Map(_)) => true,
        _ => name == "pages",
    }
}
