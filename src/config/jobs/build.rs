//! A checked job as a typed value, defaults laid under it (configuration reference 5.2, 7).

use std::sync::Arc;

use crate::diag::{Diagnostic, has_errors};
use crate::expr::expand::YamlLevel;
use crate::types::When;
use crate::yaml::{Entry, Kind, Mapping, Value};

use super::super::keywords::{self, DEFAULT_KEYWORDS, JOB};
use super::super::model::{Inherit, JobConfig, JobKind, ParallelConfig, Policy};
use super::super::read;
use super::super::shape::{Check, Scope};
use super::check;
use super::classify::check_name;

/// What jobs take from the rest of the document.
pub(in super::super) struct Surroundings<'a> {
    /// Keywords of `default` and their deprecated top-level forms.
    pub(in super::super) defaults: &'a Mapping,
    /// Whether `workflow:rules` exists, which takes away the implicit `only`.
    pub(in super::super) workflow_rules: bool,
}

/// A job before `parallel` makes several of it.
pub(in super::super) struct Built {
    pub(in super::super) job: Arc<JobConfig>,
    pub(in super::super) parallel: Option<ParallelConfig>,
}

/// Checks a job and reads it, when nothing is wrong with it.
pub(in super::super) fn build(
    entry: &Entry,
    kind: JobKind,
    around: &Surroundings<'_>,
    found: &mut Vec<Diagnostic>,
) -> Option<Built> {
    let before = found.len();
    check_name(entry, found);
    let Kind::Map(mapping) = &entry.value.kind else {
        return None;
    };
    let owner = format!("job `{}`", entry.key.text());
    let mut check = Check::new(&owner, found);
    // Without a script the rest of it is checked as if there were one.
    let (meant, scope) = match kind {
        JobKind::Script => (kind, Scope::JOB),
        JobKind::Trigger if check::lacks_script(mapping) => {
            check::report_no_script(entry, &mut check);
            (JobKind::Script, Scope::JOB.and(Scope::TRIGGER))
        }
        JobKind::Trigger => (kind, Scope::TRIGGER),
    };
    check.keys(mapping, entry.key_span, &JOB, scope);
    check::check(entry, mapping, meant, &mut check);
    (!has_errors(&found[before..])).then(|| Built {
        job: Arc::new(read_job(entry, kind, mapping, around)),
        parallel: read::get(mapping, "parallel").map(keywords::read_parallel),
    })
}

fn read_job(
    entry: &Entry,
    kind: JobKind,
    own: &Arc<Mapping>,
    around: &Surroundings<'_>,
) -> JobConfig {
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
        pre_get_sources_script: pre_get_sources_script(&mapping).into(),
        image: read::get(&mapping, "image").and_then(keywords::read_image),
        services: read::get(&mapping, "services")
            .map(keywords::read_services)
            .unwrap_or_default(),
        inherit_variables: inherit(&mapping, "variables"),
        variables: keywords::read_variables(&mapping, YamlLevel::Job),
        rules: read::given(&mapping, "rules", keywords::read_rules),
        only: only(&mapping, has_rules || around.workflow_rules),
        except: read::get(&mapping, "except").map(|value| keywords::read_policy(value, false)),
        when: read::text(&mapping, "when")
            .and_then(|word| When::parse(&word))
            .unwrap_or_default(),
        start_in: read::delay(&mapping),
        allow_failure: read::get(&mapping, "allow_failure").map(keywords::read_allow_failure),
        retry: read::get(&mapping, "retry").map(keywords::read_retry),
        timeout: read::seconds(&mapping, "timeout"),
        tags: read::get(&mapping, "tags")
            .map(read::strings)
            .unwrap_or_default(),
        needs: read::get(&mapping, "needs").map(keywords::read_needs),
        dependencies: read::get(&mapping, "dependencies")
            .and_then(Value::as_seq)
            .map(|items| items.iter().filter_map(read::spanned_text).collect()),
        environment: read::get(&mapping, "environment").and_then(keywords::read_environment),
        artifacts: read::get(&mapping, "artifacts").and_then(keywords::read_artifacts),
        caches: read::get(&mapping, "cache")
            .map(keywords::read_caches)
            .unwrap_or_default(),
        trigger: read::get(&mapping, "trigger").and_then(keywords::read_trigger),
        interruptible: read::boolean(&mapping, "interruptible"),
        resource_group: read::text(&mapping, "resource_group"),
        coverage: read::text(&mapping, "coverage"),
        instance: None,
        release: read::get(&mapping, "release").and_then(keywords::read_release),
        pages: (kind == JobKind::Script && keywords::is_pages(&name, &mapping))
            .then(|| keywords::read_pages(&mapping)),
        id_tokens: read::get(&mapping, "id_tokens")
            .map(keywords::read_id_tokens)
            .unwrap_or_default(),
        secrets: read::get(&mapping, "secrets")
            .map(keywords::read_secrets)
            .unwrap_or_default(),
        without_effect: keywords::without_effect(&mapping).into(),
        written: mapping,
        name,
    }
}

/// The job's keys, and under them those defaults that it inherits. Null counts as not given.
pub(in super::super) fn with_defaults(
    own: &Arc<Mapping>,
    kind: JobKind,
    defaults: &Mapping,
) -> Arc<Mapping> {
    let inherit = inherit(own, "default");
    let mut mapping = Arc::clone(own);
    for entry in defaults.entries() {
        let key = entry.key.text();
        let reaches = match kind {
            JobKind::Script => key != "timeout" && DEFAULT_KEYWORDS.contains(&key),
            JobKind::Trigger => key == "interruptible",
        };
        if reaches && inherit.takes(key) && read::get(own, key).is_none() && !entry.value.is_null()
        {
            Arc::make_mut(&mut mapping).insert(entry.clone());
        }
    }
    if let Some(changed) = Arc::get_mut(&mut mapping) {
        changed.shrink();
    }
    mapping
}

fn pre_get_sources_script(mapping: &Mapping) -> Vec<Arc<str>> {
    let hooks = read::get(mapping, "hooks").and_then(Value::as_map);
    let hook = hooks.and_then(|hooks| read::get(hooks, "pre_get_sources_script"));
    hook.map(read::strings).unwrap_or_default()
}

fn inherit(mapping: &Mapping, key: &str) -> Inherit {
    let value = read::get(mapping, "inherit")
        .and_then(Value::as_map)
        .and_then(|inherit| read::get(inherit, key));
    match value.map(|value| &value.kind) {
        Some(Kind::Bool(false)) => Inherit::None,
        Some(Kind::Seq(_)) => Inherit::Names(
            value
                .map(read::strings)
                .unwrap_or_default()
                .into_iter()
                .collect(),
        ),
        _ => Inherit::All,
    }
}

fn only(mapping: &Mapping, no_default: bool) -> Option<Policy> {
    match read::get(mapping, "only") {
        Some(value) => Some(keywords::read_policy(value, true)),
        None if no_default => None,
        None => Some(keywords::implicit_only()),
    }
}
