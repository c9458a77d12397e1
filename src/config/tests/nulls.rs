//! Null in lists (configuration reference 2.6): dropped where entries are values of their own, a
//! mistake where they are texts or numbers.

use super::world::{Tree, check};

/// `a: {script: x, …}` beside a job that others can name.
fn job(text: &str) -> String {
    format!("b: {{stage: build, script: x}}\na: {{script: x, {text}}}\n")
}

#[test]
fn null_among_entries_is_dropped() {
    check(
        &[
            ("needs: [~]", ""),
            ("needs: [~, b, [~]]", ""),
            ("needs: [~], dependencies: [b]", ""),
            ("rules: [{needs: [~, b]}]", ""),
            ("services: [~]", ""),
            ("services: [~, [~, postgres]]", ""),
            ("cache: [~, {paths: [a]}]", ""),
            ("cache: [~, ~, ~, ~, ~]", "too-many"),
        ],
        job,
    );
    check(
        &[
            ("include: [~]\na: {script: x}", ""),
            ("include: [[~]]\na: {script: x}", "include-invalid"),
            ("default: {services: [~], cache: [~]}\na: {script: x}", ""),
            ("a: {trigger: {include: [~, a.yml]}}", ""),
            (
                "a: {trigger: {include: [~, a.yml, b.yml, c.yml]}}",
                "too-many",
            ),
            ("a: {trigger: g/p, needs: [~]}", ""),
            ("a: {needs: [~]}", "job-without-script"),
        ],
        str::to_owned,
    );
}

#[test]
fn null_among_texts_and_numbers_is_a_mistake() {
    check(
        &[
            ("before_script: [~]", "wrong-type"),
            ("tags: [~]", "wrong-type"),
            ("dependencies: [~]", "wrong-type"),
            ("only: [~]", "wrong-type"),
            ("only: {refs: [~]}", "wrong-type"),
            ("only: {changes: [~]}", "wrong-type"),
            ("except: {variables: [~]}", "wrong-type"),
            ("rules: [~]", "wrong-type"),
            ("rules: [{changes: [~]}]", "wrong-type"),
            ("rules: [{exists: [~]}]", "wrong-type"),
            ("artifacts: {paths: [~]}", "wrong-type"),
            ("artifacts: {reports: {junit: [~]}}", "wrong-type"),
            ("cache: {paths: [~]}", "wrong-type"),
            ("cache: {fallback_keys: [~]}", "wrong-type"),
            ("cache: {key: {files: [~]}}", "wrong-type"),
            ("image: {name: x, entrypoint: [~]}", "wrong-type"),
            ("image: {name: x, pull_policy: [~]}", "wrong-type"),
            ("services: [{name: x, command: [~]}]", "wrong-type"),
            ("retry: {when: [~]}", "wrong-type"),
            ("retry: {exit_codes: [~]}", "wrong-type"),
            ("allow_failure: {exit_codes: [~]}", "wrong-type"),
            ("inherit: {variables: [~]}", "wrong-type"),
            ("parallel: {matrix: [~]}", "wrong-type"),
            ("parallel: {matrix: [{A: [~]}]}", "wrong-type"),
            ("needs: [{job: b, parallel: {matrix: [~]}}]", "wrong-type"),
            ("id_tokens: {T: {aud: [~]}}", "wrong-type"),
            (
                "release: {tag_name: t, description: d, assets: {links: [~]}}",
                "wrong-type",
            ),
        ],
        job,
    );
    check(
        &[
            ("stages: [~]\na: {script: x}", "wrong-type"),
            ("workflow: {rules: [~]}\na: {script: x}", "wrong-type"),
            (
                "variables: {A: {value: x, options: [x, ~]}}\na: {script: x}",
                "wrong-type",
            ),
            ("a: {script: x, extends: [~]}", "extends-unknown"),
            (
                "include: {project: g/p, file: [~, a.yml]}",
                "include-invalid",
            ),
            ("include: {local: a.yml, rules: [~]}", "wrong-type"),
        ],
        str::to_owned,
    );
}

#[test]
fn what_is_left_of_a_list_with_null() {
    let text = "a: {script: x, needs: [~], services: [~, redis]}\nb: {script: x}";
    let config = Tree::of(text).load().config.expect("valid");
    let job = &config.jobs[0];
    assert!(
        job.needs.as_ref().is_some_and(Vec::is_empty),
        "by needs, and none"
    );
    assert_eq!(job.services.len(), 1);
    let beside = Tree::of("include: [~, /b.yml]").with("b.yml", "b: {script: y}");
    assert_eq!(beside.outcome(), "b: y");
}
