//! The environment of a job: its name expanded, its tier, and why GitLab can't make it
//! (configuration reference 6.15, runtime reference 13.4).

use crate::config::{EnvironmentConfig, JobConfig, YamlVariable};
use crate::diag::{Code, Diagnostic, closest};
use crate::expr::expand::names;
use crate::foreign::Command;
use crate::source::SpannedText;
use crate::types::{ENVIRONMENT_TIERS, EnvironmentNameFault, When, environment_slug};

use super::model::{Environment, EnvironmentFault, Plan};
use super::scope::{Scope, Scopes};

/// The environment of a job whose matching rule has these variables.
pub(super) fn environment(
    config: &JobConfig,
    when: When,
    rule: &[YamlVariable],
    scopes: &Scopes<'_>,
) -> Option<Environment> {
    let written = config.environment.as_ref()?;
    let referring = written.name.contains(['$', '%']);
    let scope = referring.then(|| scopes.job(config, None, when, rule));
    let name = match &scope {
        Some(scope) => scope.keyword(&written.name),
        None => written.name.to_string(),
    };
    let tier = written.tier.as_ref().map(|tier| &*tier.text);
    Some(Environment {
        slug: environment_slug(&name),
        tier: tier.map_or_else(|| guessed_tier(&name), str::to_owned),
        action: written.action,
        url: written.url.clone(),
        fault: name_fault(written, &name, scope.as_ref()).or_else(|| tier_fault(written)),
        name,
    })
}

fn name_fault(
    written: &EnvironmentConfig,
    name: &str,
    scope: Option<&Scope<'_>>,
) -> Option<EnvironmentFault> {
    let what = match EnvironmentNameFault::of(name)? {
        EnvironmentNameFault::Blank => "is empty".to_owned(),
        EnvironmentNameFault::SlashInFront => format!("is `{name}` and begins with `/`"),
        EnvironmentNameFault::SlashBehind => format!("is `{name}` and ends with `/`"),
        EnvironmentNameFault::Character(odd) => format!("is `{name}` and holds `{odd}`"),
        EnvironmentNameFault::TooLong(length) => format!("has {length} characters"),
    };
    let help = scope.map(|scope| name_help(&written.name, scope));
    Some(EnvironmentFault {
        what: format!("the name of its environment {what}"),
        note: "a name has letters, digits, blanks and `-_/${}.`, no `/` at its ends, 255 characters \
               at most",
        help: help.into_iter().collect(),
        span: written.name_span,
    })
}

/// What to do about a name that has variables in it.
fn name_help(written: &str, scope: &Scope<'_>) -> String {
    let is_empty = |variable: &&str| scope.keyword(&format!("${{{variable}}}")).is_empty();
    let mut empty: Vec<&str> = names(written).filter(is_empty).collect();
    empty.sort_unstable();
    empty.dedup();
    if empty.is_empty() {
        return "variables that end in `_SLUG`, as `CI_COMMIT_REF_SLUG`, hold only what fits"
            .to_owned();
    }
    let options = empty.iter().fold(Command::default(), |options, name| {
        options.option("--var", &format!("{name}=VALUE"))
    });
    let (them, are) = match empty[..] {
        [_] => ("its value", "is"),
        _ => ("their values", "are"),
    };
    format!(
        "{} {are} empty here: where GitLab has {them}, say so in `.pipe/variables.yml`, or with `{options}`",
        listed(&empty)
    )
}

fn tier_fault(written: &EnvironmentConfig) -> Option<EnvironmentFault> {
    let SpannedText { text: tier, span } = written.tier.as_ref()?;
    if ENVIRONMENT_TIERS.contains(&&**tier) {
        return None;
    }
    let close = closest(tier, ENVIRONMENT_TIERS);
    Some(EnvironmentFault {
        what: format!("`{tier}` is no tier of an environment"),
        note: "tiers are `production`, `staging`, `testing`, `development` and `other`",
        help: close
            .map(|close| format!("did you mean `{close}`?"))
            .into_iter()
            .collect(),
        span: *span,
    })
}

/// A warning for each job that GitLab fails when it makes the pipeline.
pub(super) fn warnings(plan: &Plan) -> impl Iterator<Item = Diagnostic> + '_ {
    plan.jobs.iter().filter_map(|job| {
        let fault = job.environment_fault()?;
        let message = format!(
            "job `{}` fails as soon as the pipeline is made (`environment_creation_failure`): {}",
            job.name(),
            fault.what
        );
        let mut diagnostic = Diagnostic::new(Code::EnvironmentInvalid, message)
            .at(fault.span)
            .note(fault.note);
        diagnostic.help.clone_from(&fault.help);
        Some(diagnostic)
    })
}

/// The tier that a name suggests (runtime reference 13.4).
fn guessed_tier(name: &str) -> String {
    let name = name.to_lowercase();
    let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let tier = if any(&["dev", "review", "trunk"]) {
        "development"
    } else if any(&[
        "test", "tst", "int", "accept", "qa", "qc", "control", "quality",
    ]) {
        "testing"
    } else if any(&["stag", "stg", "model", "modl", "pre", "demo", "non-prod"]) {
        "staging"
    } else if any(&["prod", "prd", "live"]) {
        "production"
    } else {
        "other"
    };
    tier.to_owned()
}

/// `` `a` and `b` ``.
fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(" and ")
}
