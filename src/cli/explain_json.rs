//! `pipe explain JOB --format json` (design chapter 2). The form is stable: fields are added, not
//! changed.

use serde_json::{Value as Json, json};

use crate::app::{JobExplanation, Pipeline};
use crate::config::{Matched, ReadValue, Rule, Seen, Step, TriedClause, TriedRule};
use crate::expr::expand::{Variable, VariableOrigin};
use crate::plan::{ExplainedVariable, Explanation, TriedAspect};
use crate::source::{SourceMap, Span};
use crate::types::VariableLevel;

/// The whole document.
pub(super) fn document(pipeline: &Pipeline, explained: &JobExplanation<'_>) -> Json {
    let sources = &pipeline.loaded.sources;
    let JobExplanation {
        config,
        job,
        left_out,
        evidence,
        way,
        elsewhere,
        ..
    } = explained;
    let no_pipeline = pipeline.outcome.as_ref();
    let no_pipeline = no_pipeline.and_then(|outcome| outcome.reason.as_ref());
    let reason = left_out
        .map(|left_out| left_out.reason.to_string())
        .or_else(|| no_pipeline.map(ToString::to_string));
    let untried = evidence.untried.iter().map(|rule| untried(rule, sources));
    let rules = evidence.rules.iter().map(|rule| tried(rule, sources));
    json!({
        "version": 1,
        "name": &*config.name,
        "stage": &*config.stage,
        "place": place(config.span, sources),
        "in_pipeline": job.is_some(),
        "when": job.map(|job| job.when.as_str()),
        "reason": reason,
        "cause": left_out.map(|left_out| left_out.reason.as_str()),
        "elsewhere": elsewhere.as_ref().map(ToString::to_string),
        "way": way.iter().map(|step| self::step(step, sources)).collect::<Vec<_>>(),
        "workflow": evidence.workflow.iter().map(|rule| tried(rule, sources)).collect::<Vec<_>>(),
        "rules": rules.chain(untried).collect::<Vec<_>>(),
        "policies": evidence.policies.iter().map(|one| policy(one, sources)).collect::<Vec<_>>(),
        "variables": evidence.variables.iter().map(|one| explained_variable(one, sources)).collect::<Vec<_>>(),
    })
}

fn place(span: Span, sources: &SourceMap) -> Json {
    let place = sources.locate(span);
    place.map_or(
        Json::Null,
        |(file, at)| json!({"file": file, "line": at.line, "column": at.column}),
    )
}

fn step(step: &Step, sources: &SourceMap) -> Json {
    let (kind, name) = match step {
        Step::Extends { name, .. } => ("extends", Some(&**name)),
        Step::Include(_) => ("include", None),
        Step::Reference(_) => ("reference", None),
        Step::Merge(_) => ("alias", None),
    };
    json!({"kind": kind, "name": name, "place": place(step.span(), sources)})
}

fn tried(tried: &TriedRule, sources: &SourceMap) -> Json {
    let clauses = tried.clauses.iter().map(|one| clause(one, sources));
    json!({
        "rule": Explanation::words(&tried.rule),
        "place": place(tried.rule.span, sources),
        "matches": tried.matches,
        "when": tried.rule.when.map(crate::types::When::as_str),
        "clauses": clauses.collect::<Vec<_>>(),
    })
}

/// A rule that nobody asked.
fn untried(rule: &Rule, sources: &SourceMap) -> Json {
    json!({
        "rule": Explanation::words(rule),
        "place": place(rule.span, sources),
        "matches": null,
        "when": rule.when.map(crate::types::When::as_str),
        "clauses": [],
    })
}

fn clause(clause: &TriedClause, sources: &SourceMap) -> Json {
    let (kind, what, values, matched) = match &clause.seen {
        Seen::If(text, read) => ("if", json!(&**text), values(read), Json::Null),
        Seen::Changes(globs, found) => ("changes", json!(globs), json!([]), matched(found)),
        Seen::Exists(globs, found) => ("exists", json!(globs), json!([]), matched(found)),
    };
    json!({
        "kind": kind,
        "what": what,
        "place": place(clause.span, sources),
        "holds": clause.holds,
        "values": values,
        "matched": matched,
    })
}

fn values(read: &[ReadValue]) -> Json {
    let value = |one: &ReadValue| json!({"name": &*one.name, "value": one.value.as_deref()});
    read.iter().map(value).collect()
}

fn matched(matched: &Matched) -> Json {
    match matched {
        Matched::Path(pattern, path) => json!({"pattern": pattern, "path": path}),
        Matched::Unknown | Matched::Nothing | Matched::TooMany => Json::Null,
    }
}

fn policy(tried: &TriedAspect, sources: &SourceMap) -> Json {
    json!({
        "keyword": tried.keyword,
        "aspect": tried.aspect,
        "holds": tried.holds,
        "why": tried.why,
        "values": values(&tried.read),
        "place": tried.span.map_or(Json::Null, |span| place(span, sources)),
    })
}

fn explained_variable(one: &ExplainedVariable, sources: &SourceMap) -> Json {
    let mut whole = variable(&one.variable, sources);
    let overrides = one.overrides.iter().map(|other| variable(other, sources));
    whole["name"] = json!(&*one.variable.key);
    whole["expanded"] = json!(one.expanded.as_deref());
    whole["overrides"] = overrides.collect();
    whole
}

/// Value and origin. A masked value is null.
fn variable(variable: &Variable, sources: &SourceMap) -> Json {
    let (level, place) = match &variable.origin {
        VariableOrigin::Yaml(_, span) => (Json::Null, place(*span, sources)),
        VariableOrigin::Setting(setting) => {
            let level = match setting.level {
                VariableLevel::Instance => "instance",
                VariableLevel::Group(_) => "group",
                VariableLevel::Project => "project",
            };
            let place = json!({"file": &*setting.file, "line": setting.line, "column": null});
            (json!(level), place)
        }
        _ => (Json::Null, Json::Null),
    };
    json!({
        "value": (!variable.masked).then_some(&*variable.value),
        "masked": variable.masked,
        "from": variable.origin.as_str(),
        "level": level,
        "place": place,
    })
}
