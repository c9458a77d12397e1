//! The keywords of a job (configuration reference 6).

use crate::yaml::Value;

use super::super::shape::{Check, Keys, Keyword, Scope, Shape, key};
use super::{artifacts, cache, environment, image, needs, outside, parallel, policy, rules};
use super::{steps, trigger, values, variables};

const JOB_ONLY: Scope = Scope::JOB;
const BOTH: Scope = Scope::JOB.and(Scope::TRIGGER);
const DEFAULTABLE: Scope = Scope::JOB.and(Scope::DEFAULT);

/// Every keyword that a job, a trigger job or `default` may have.
pub(crate) static JOB: Keys = Keys {
    rows: ROWS,
    required: &[],
    exclusive: &[
        ("script", "run"),
        ("before_script", "run"),
        ("after_script", "run"),
        ("script", "trigger"),
        ("run", "trigger"),
    ],
};

static ROWS: &[Keyword] = &[
    key("script", "6.2", Shape::Script).at(JOB_ONLY),
    key("before_script", "6.2", Shape::Script).at(DEFAULTABLE),
    key("after_script", "6.2", Shape::Script).at(DEFAULTABLE),
    key("hooks", "6.2", Shape::Map(&HOOKS)).at(DEFAULTABLE),
    key("image", "6.3", Shape::Rule(image::check)).at(DEFAULTABLE),
    key("services", "6.4", Shape::Rule(image::check_services)).at(DEFAULTABLE),
    key("stage", "6.5", Shape::Text).at(BOTH),
    key("extends", "6.6", Shape::TextOrTexts).at(BOTH),
    key("rules", "6.7", Shape::Rule(rules::check_job_rules)).at(BOTH),
    key(
        "when",
        "6.8",
        Shape::OneOf(&["on_success", "on_failure", "always", "manual", "delayed"]),
    )
    .at(BOTH),
    key("start_in", "6.8", Shape::Any).at(JOB_ONLY),
    key("manual_confirmation", "6.8", Shape::Text)
        .at(JOB_ONLY)
        .inert(),
    key("only", "6.9", Shape::Rule(policy::check)).at(BOTH),
    key("except", "6.9", Shape::Rule(policy::check)).at(BOTH),
    key("needs", "6.10", Shape::Rule(needs::check)).at(BOTH),
    key("dependencies", "6.11", Shape::Texts).at(JOB_ONLY),
    key("allow_failure", "6.12", Shape::Rule(values::allow_failure)).at(BOTH),
    key("retry", "6.13", Shape::Rule(values::retry)).at(DEFAULTABLE),
    key("tags", "6.14", Shape::Rule(values::tags)).at(DEFAULTABLE),
    key("interruptible", "6.14", Shape::Boolean)
        .at(BOTH.and(Scope::DEFAULT))
        .inert(),
    key("resource_group", "6.14", Shape::Text).at(BOTH),
    key("environment", "6.15", Shape::Rule(environment::check)).at(BOTH),
    key("parallel", "6.16", Shape::Rule(parallel::check)).at(BOTH),
    key("artifacts", "6.18", Shape::Rule(artifacts::check)).at(DEFAULTABLE),
    key("cache", "6.19", Shape::Rule(cache::check)).at(DEFAULTABLE),
    key("timeout", "6.20", Shape::Rule(values::timeout)).at(DEFAULTABLE),
    key("release", "6.21", Shape::Rule(outside::release))
        .at(JOB_ONLY)
        .refused(),
    key("pages", "6.22", Shape::Rule(outside::pages))
        .at(JOB_ONLY)
        .refused(),
    key("publish", "6.22", Shape::Text).at(JOB_ONLY),
    key("coverage", "6.23", Shape::Rule(values::coverage)).at(JOB_ONLY),
    key(
        "id_tokens",
        "6.24",
        Shape::Named(&Shape::Map(&outside::ID_TOKEN)),
    )
    .at(DEFAULTABLE)
    .refused(),
    key(
        "secrets",
        "6.24",
        Shape::Named(&Shape::Rule(outside::secret)),
    )
    .at(JOB_ONLY)
    .refused(),
    key("identity", "6.24", Shape::OneOf(&["google_cloud"]))
        .at(JOB_ONLY)
        .refused(),
    key("dast_configuration", "6.24", Shape::Map(&outside::DAST))
        .at(JOB_ONLY)
        .inert(),
    key("trigger", "6.25", Shape::Rule(trigger::check))
        .at(Scope::TRIGGER)
        .refused(),
    key("run", "6.26", Shape::Rule(steps::run))
        .at(JOB_ONLY)
        .refused(),
    key("inputs", "6.26", Shape::Rule(steps::inputs))
        .at(JOB_ONLY)
        .refused(),
    key("variables", "5.6", Shape::Rule(variables::check_job)).at(BOTH),
    key("inherit", "5.4", Shape::Map(&INHERIT)).at(BOTH),
];

static HOOKS: Keys = Keys {
    rows: &[key("pre_get_sources_script", "6.2", Shape::Script)],
    required: &[],
    exclusive: &[],
};

static INHERIT: Keys = Keys {
    rows: &[
        key("default", "5.4", Shape::Rule(inherit_default)),
        key("variables", "5.4", Shape::Rule(inherit_variables)),
    ],
    required: &[],
    exclusive: &[],
};

fn inherit_default(value: &Value, check: &mut Check<'_>) {
    inherit_variables(value, check);
    let known = super::DEFAULT_KEYWORDS;
    for item in value.as_seq().unwrap_or_default() {
        if item.as_str().is_some() {
            check.one_of(item, known);
        }
    }
}

fn inherit_variables(value: &Value, check: &mut Check<'_>) {
    let fits = match &value.kind {
        crate::yaml::Kind::Bool(_) => true,
        crate::yaml::Kind::Seq(items) => items.iter().all(|item| item.as_str().is_some()),
        _ => false,
    };
    if !fits {
        check.wrong_type(value, "a boolean or a list of strings");
    }
}
