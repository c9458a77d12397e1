//! Keywords at the top level: each row is one beside a job, and the codes of its errors.

use super::world::check;

fn beside_a_job(text: &str) -> String {
    format!("{text}\nz: {{script: x}}\n")
}

#[test]
fn stages() {
    check(
        &[
            ("stages: null", ""),
            ("stages: [test]", ""),
            ("stages: [a, [test]]", ""),
            ("stages: [test, test, .post, .pre]", ""),
            ("stages: []", "unknown-stage"),
            ("stages: [a]", "unknown-stage"),
            ("stages: test", "wrong-type"),
            ("stages: ''", "wrong-type"),
            ("stages: {}", "wrong-type"),
            ("stages: [test, null]", "wrong-type"),
            ("stages: [test, 1]", "wrong-type"),
        ],
        beside_a_job,
    );
}

#[test]
fn defaults() {
    check(
        &[
            ("default: null", ""),
            ("default: {}", ""),
            ("default: a", "wrong-type"),
            ("default: []", "wrong-type"),
            ("default: {image: null, tags: null}", ""),
            ("default: {image: 5}", "wrong-type"),
            ("default: {timeout: soon}", "invalid-duration"),
            (
                "default: {interruptible: true, retry: 1, services: [], hooks: {}}",
                "",
            ),
            ("default: {stage: test}", "unknown-key"),
            ("default: {rules: []}", "unknown-key"),
            ("default: {variables: {}}", "unknown-key"),
            ("default: {identity: google_cloud}", "unknown-key"),
            ("image: x\ndefault: {image: y}", "default-conflict"),
            ("image: null\ndefault: {image: y}", ""),
            ("image: x\ndefault: {image: null}", ""),
            ("image: 5", "wrong-type"),
            ("services: a", "wrong-type"),
            ("cache: a", "wrong-type"),
            ("cache: null", ""),
            ("before_script: 5", "wrong-type"),
            (
                "after_script: [a]\ndefault: {after_script: [b]}",
                "default-conflict",
            ),
        ],
        beside_a_job,
    );
}

#[test]
fn workflows() {
    check(
        &[
            ("workflow: null", ""),
            ("workflow: {}", ""),
            ("workflow: []", "wrong-type"),
            ("workflow: always", "wrong-type"),
            ("workflow: {name: null, rules: null, auto_cancel: null}", ""),
            ("workflow: {name: ''}", ""),
            ("workflow: {name: 5}", "wrong-type"),
            ("workflow: {name: [a]}", "wrong-type"),
            ("workflow: {rules: []}", "blank-value"),
            ("workflow: {rules: {}}", "wrong-type"),
            ("workflow: {rules: [{}]}", "blank-value"),
            ("workflow: {rules: [{when: never}]}", ""),
            ("workflow: {rules: [{when: on_success}]}", "invalid-value"),
            (
                "workflow: {rules: [{if: $A, when: always, variables: {A: 1}}]}",
                "",
            ),
            (
                "workflow: {rules: [{if: $A, variables: {A: {value: 1}}}]}",
                "wrong-type",
            ),
            ("workflow: {rules: [{start_in: 1 day}]}", "unknown-key"),
            ("workflow: {rules: [{allow_failure: true}]}", ""),
            ("workflow: {rules: [{foo: true}]}", "unknown-key"),
            (
                "workflow: {rules: [{auto_cancel: {on_new_commit: none, on_job_failure: all}}]}",
                "",
            ),
            (
                "workflow: {rules: [{auto_cancel: {on_new_commit: maybe}}]}",
                "invalid-value",
            ),
            (
                "workflow: {rules: [{exists: [a]}, {changes: {paths: [a], compare_to: x}}]}",
                "",
            ),
            ("workflow: {auto_cancel: all}", "wrong-type"),
            (
                "workflow: {auto_cancel: {on_job_failure: some}}",
                "invalid-value",
            ),
            ("workflow: {auto_cancel: {foo: some}}", "unknown-key"),
            ("workflow: {foo: some}", "unknown-key"),
        ],
        beside_a_job,
    );
}

#[test]
fn root_variables() {
    check(
        &[
            ("variables: null", ""),
            ("variables: []", "wrong-type"),
            ("variables: a", "wrong-type"),
            ("variables: {A: [a]}", "wrong-type"),
            (
                "variables: {A: {value: a, description: b, expand: true, options: [a, b]}}",
                "",
            ),
            ("variables: {A: {description: b}}", ""),
            ("variables: {A: {description: [b]}}", "wrong-type"),
            ("variables: {A: {value: null}}", ""),
            ("variables: {A: {value: a, expand: null}}", ""),
            ("variables: {A: {value: a, description: null}}", ""),
            ("variables: {A: {value: a, description: 5}}", ""),
            ("variables: {A: {options: [a]}}", "missing-key"),
            (
                "variables: {A: {value: c, options: [a, b]}}",
                "invalid-value",
            ),
            (
                "variables: {A: {value: 1, options: ['1']}}",
                "invalid-value",
            ),
            ("variables: {A: {value: a, options: a}}", "wrong-type"),
            (
                "variables: {A: {value: a, options: [1]}}",
                "wrong-type invalid-value",
            ),
            ("variables: {A: {value: a, expand: 1}}", "wrong-type"),
            ("variables: {A: {value: a, desc: b}}", "unknown-key"),
            ("variables: {1: a}", ""),
            ("variables: {null: a}", "wrong-type"),
        ],
        beside_a_job,
    );
}
