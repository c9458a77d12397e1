//! What the keys of one job must be to each other (configuration reference 6).

use crate::diag::{Code, Diagnostic};
use crate::yaml::{Entry, Kind, Mapping, Value};

use super::super::keywords::{
    NeedKind, check_need_kinds, check_start_in, is_pages, need_items, read_needs,
};
use super::super::model::{JobKind, NeedTarget};
use super::super::read;
use super::super::shape::{Check, Shape};

/// Checks what the table of keywords can't say of a job of this kind.
pub(super) fn check(entry: &Entry, mapping: &Mapping, kind: JobKind, check: &mut Check<'_>) {
    match kind {
        JobKind::Script => {
            script(mapping, check);
            publish(entry, mapping, check);
            delay(mapping, check);
        }
        JobKind::Trigger => trigger(mapping, check),
    }
    beside_rules(mapping, check);
    needs(mapping, kind, check);
    dependencies(mapping, check);
}

/// An entry that is there and not null.
fn set<'m>(mapping: &'m Mapping, key: &str) -> Option<&'m Entry> {
    mapping.get(key).filter(|entry| !entry.value.is_null())
}

fn script(mapping: &Mapping, check: &mut Check<'_>) {
    if let Some(script) = mapping
        .get("script")
        .filter(|script| script.value.is_blank())
    {
        check.within("script", |check| {
            check.invalid(Code::BlankValue, script.key_span, "can't be blank");
        });
    }
}

/// `publish`, the old form of `pages:publish` (configuration reference 6.22).
fn publish(entry: &Entry, mapping: &Mapping, check: &mut Check<'_>) {
    let pages = read::get(mapping, "pages").and_then(Value::as_map);
    if let (Some(publish), Some(nested)) = (
        mapping.get("publish"),
        pages.and_then(|pages| pages.get("publish")),
    ) {
        let message = format!("{} has both `publish` and `pages:publish`", check.subject());
        check.report(
            Diagnostic::new(Code::PagesConflict, message)
                .at(publish.key_span)
                .with(nested.key_span, "the other one is here")
                .help("keep `pages:publish`"),
        );
    }
    if let Some(publish) = set(mapping, "publish")
        && !is_pages(entry.key.text(), mapping)
    {
        let what = "has `publish`, which only a Pages job can have";
        check.invalid(Code::InvalidValue, publish.key_span, what);
    }
}

/// Whether a job without `script` has nothing else to do either: it triggers and mirrors nothing
/// (configuration reference 6.12).
pub(super) fn lacks_script(mapping: &Mapping) -> bool {
    let mirrors = read::get(mapping, "needs").is_some_and(|needs| {
        need_items(needs)
            .into_iter()
            .any(|item| NeedKind::of(item) == NeedKind::Mirror)
    });
    set(mapping, "trigger").is_none() && !mirrors
}

/// Reports such a job.
pub(super) fn report_no_script(entry: &Entry, check: &mut Check<'_>) {
    let message = format!(
        "{} has `needs` but neither `script` nor `trigger`",
        check.subject()
    );
    let diagnostic = Diagnostic::new(Code::JobWithoutScript, message).at(entry.key_span);
    check.report(diagnostic.help("add a `script`"));
}

/// What a trigger job can't have although the keyword is known to it (configuration reference
/// 6.8, 6.12, 6.16).
fn trigger(mapping: &Mapping, check: &mut Check<'_>) {
    if let Some(value) =
        read::get(mapping, "parallel").filter(|value| matches!(value.kind, Kind::Int(_)))
    {
        let what = "can't have `parallel: <number>`, as a trigger job; use a matrix";
        check.invalid(Code::InvalidValue, value.span, what);
    }
    if let Some(value) =
        read::get(mapping, "allow_failure").filter(|value| value.as_map().is_some())
    {
        check.within("allow_failure", |check| check.value(value, &Shape::Boolean));
    }
    if let Some(value) =
        read::get(mapping, "when").filter(|value| value.as_str() == Some("delayed"))
    {
        let what = "can be delayed only by a rule, as a trigger job";
        check.invalid(Code::InvalidValue, value.span, what);
    }
}

/// `start_in` belongs to `when: delayed`, and only to it (configuration reference 6.8).
fn delay(mapping: &Mapping, check: &mut Check<'_>) {
    let delayed = set(mapping, "when").filter(|when| when.value.as_str() == Some("delayed"));
    match (delayed, set(mapping, "start_in")) {
        (Some(when), None) => {
            let message = format!("{} is `delayed` but has no `start_in`", check.subject());
            let diagnostic = Diagnostic::new(Code::MissingKey, message).at(when.value.span);
            check.report(diagnostic.help("add `start_in: 10 minutes`"));
        }
        (Some(_), Some(start_in)) => {
            check.within("start_in", |check| check_start_in(&start_in.value, check));
        }
        (None, Some(start_in)) if !start_in.value.is_blank() && set(mapping, "rules").is_none() => {
            let message = format!("{} has `start_in` without `when: delayed`", check.subject());
            check.report(Diagnostic::new(Code::ExclusiveKeys, message).at(start_in.key_span));
        }
        (None, _) => {}
    }
}

/// Keys that `rules` excludes (configuration reference 6.7).
fn beside_rules(mapping: &Mapping, check: &mut Check<'_>) {
    let Some(rules) = set(mapping, "rules") else {
        return;
    };
    for other in ["only", "except", "start_in"]
        .into_iter()
        .filter_map(|key| set(mapping, key))
    {
        check.exclusive(rules, other);
    }
}

/// The kinds of needs that a job can have (configuration reference 6.10).
fn needs(mapping: &Mapping, kind: JobKind, check: &mut Check<'_>) {
    let Some(needs) = read::get(mapping, "needs") else {
        return;
    };
    if kind == JobKind::Script {
        return check_need_kinds(
            needs,
            &[NeedKind::Job, NeedKind::External],
            "as a job with a script",
            check,
        );
    }
    check_need_kinds(
        needs,
        &[NeedKind::Job, NeedKind::Mirror],
        "as a trigger job",
        check,
    );
    let mut mirrors = need_items(needs)
        .into_iter()
        .filter(|item| NeedKind::of(item) == NeedKind::Mirror);
    if let Some(second) = mirrors.nth(1) {
        check.invalid(
            Code::TooMany,
            second.span,
            "should mirror at most one pipeline",
        );
    }
}

/// With `needs`, a dependency must be among them, by the names as written (configuration
/// reference 6.11).
fn dependencies(mapping: &Mapping, check: &mut Check<'_>) {
    let dependencies = read::get(mapping, "dependencies")
        .and_then(Value::as_seq)
        .unwrap_or_default();
    let needs = read::get(mapping, "needs")
        .map(read_needs)
        .unwrap_or_default();
    if needs.is_empty() {
        return;
    }
    let needed = |wanted: &str| {
        needs
            .iter()
            .any(|need| matches!(&need.target, NeedTarget::Job { name, .. } if **name == *wanted))
    };
    for item in dependencies {
        let Some(name) = item.as_str().filter(|name| !needed(name)) else {
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
