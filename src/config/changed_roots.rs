//! Where the `changes` of a configuration can lead (configuration reference 8.2).

use crate::expr::glob::Roots;

use super::model::{Clause, Config, Policy, Rule};

/// Where all lies that `changes` of the workflow and of jobs can match among what the event changed.
pub fn changed_roots(config: &Config) -> Roots {
    let jobs = &config.jobs;
    let of_jobs = jobs.iter().flat_map(|job| job.rules.entries());
    let rules = config.workflow.rules.entries().iter().chain(of_jobs);
    let policies = jobs.iter().flat_map(|job| [&job.only, &job.except]);
    let of_policies = policies.flatten().flat_map(of_policy);
    Roots::of(rules.flat_map(of_rule).chain(of_policies))
}

fn of_rule(rule: &Rule) -> impl Iterator<Item = &str> {
    let changed = rule.clauses.iter().filter_map(|clause| match clause {
        Clause::Changes(changed) if changed.compare_to.is_none() => Some(&changed.paths),
        _ => None,
    });
    changed.flatten().map(AsRef::as_ref)
}

fn of_policy(policy: &Policy) -> impl Iterator<Item = &str> {
    policy.changes.iter().flatten().map(AsRef::as_ref)
}

#[cfg(test)]
mod tests {
    use super::changed_roots;
    use crate::config::tests::world::Tree;

    #[test]
    fn configurations() {
        for (text, expected) in [
            ("a: {script: x}", ""),
            (
                "a: {script: x, rules: [{changes: [src/a/*, docs/b]}]}",
                "docs/b src/a",
            ),
            (
                "a: {script: x, rules: [{changes: {paths: [src/**]}}]}",
                "src",
            ),
            (
                "a: {script: x, rules: [{exists: [a]}, {if: $A, changes: [b]}]}",
                "b",
            ),
            // It looks at something else.
            (
                "a: {script: x, rules: [{changes: {paths: [a], compare_to: main}}]}",
                "",
            ),
            (
                "a: {script: x, only: {changes: [a]}, except: {changes: [b/*]}}",
                "a b",
            ),
            (
                "workflow: {rules: [{changes: [a]}]}\nb: {script: x, rules: [{changes: [b]}]}",
                "a b",
            ),
            (
                "a: {script: x, parallel: {matrix: [{D: [b, c]}]}, rules: [{changes: [a/$D/*]}]}",
                "a",
            ),
            (
                "a: {script: x, rules: [{changes: [$D/*, a]}]}",
                "everything",
            ),
            (
                ".a: {rules: [{changes: [a]}]}\nb: {script: x, extends: .a}",
                "a",
            ),
            (".a: {rules: [{changes: [a]}]}\nb: {script: x}", ""),
        ] {
            let config = Tree::of(text).load().config.expect(text);
            let roots = changed_roots(&config);
            let texts = roots.iter().map(String::from_utf8_lossy);
            let found = if roots.are_everything() {
                "everything".to_owned()
            } else {
                texts.collect::<Vec<_>>().join(" ")
            };
            assert_eq!(found, expected, "{text}");
        }
    }
}
