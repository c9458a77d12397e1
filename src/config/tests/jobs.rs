//! Jobs and trigger jobs: each row is a configuration and the codes of its errors.

use super::world::check;

fn whole(text: &str) -> String {
    format!("{text}\n")
}

fn trigger_job(text: &str) -> String {
    format!("b: {{stage: build, script: x}}\na: {{{text}}}\n")
}

#[test]
fn what_is_a_job() {
    check(
        &[
            ("", "config-empty"),
            ("# nothing", "no-visible-job"),
            ("[a]", "config-not-mapping"),
            ("a: {script: x}", ""),
            ("a: {script: ''}", "blank-value"),
            ("a: {script: ' '}", "blank-value"),
            ("a: {script: {}}", "wrong-type blank-value"),
            ("a: {script: [[]]}", ""),
            ("a: {script: null}", "blank-value"),
            ("a: {run: null}", ""),
            ("a: {run: [{name: s, script: x}]}", ""),
            (".a: {script: x}", "no-visible-job"),
            (".a: null\nb: {script: x}", "blank-value"),
            (".a: {}\nb: {script: x}", "blank-value"),
            (".a: ''\nb: {script: x}", "blank-value"),
            (".a: 5\nb: {script: x}", ""),
            ("a: {stage: test}", "job-without-script"),
            ("a: {needs: []}", "job-without-script"),
            ("a: null", "unknown-key no-visible-job"),
            ("'': {script: x}", "job-name-invalid"),
            ("1: {script: x}", "job-name-invalid"),
            ("1.5: {script: x}", "job-name-invalid"),
            ("true: {script: x}", "job-name-invalid"),
            ("yes: {script: x}", "job-name-invalid"),
            ("null: {script: x}", "job-name-invalid"),
            ("'1': {script: x}", ""),
            ("y: {script: x}", ""),
            ("pages:deploy: {script: x}", ""),
            ("default: {script: x}", ""),
            ("workflow: {script: x}", ""),
            ("default: {needs: []}", "job-without-script"),
            (
                "image: {script: x}",
                "unknown-key missing-key no-visible-job",
            ),
            ("variables: {script: x}", "no-visible-job"),
            ("services: {script: x}", "wrong-type no-visible-job"),
            ("cache: {script: x}", "unknown-key no-visible-job"),
            ("spec: {inputs: {}}\na: {script: x}", "job-without-script"),
            ("types: [a]\na: {script: x}", "unknown-key"),
            ("pages: {script: x, publish: p}", ""),
            (
                "pages: {script: x, pages: false, publish: p}",
                "invalid-value",
            ),
        ],
        whole,
    );
}

#[test]
fn trigger_jobs() {
    check(
        &[
            ("trigger: g/p", ""),
            ("trigger: ''", "blank-value"),
            ("trigger: null", "job-without-script"),
            ("trigger: null, needs: [{pipeline: g/p}]", ""),
            ("trigger: 5", "wrong-type"),
            ("trigger: [g/p]", "wrong-type"),
            ("trigger: {}", "blank-value"),
            ("trigger: {project: g/p}", ""),
            ("trigger: {project: ''}", "blank-value"),
            ("trigger: {project: 5}", "wrong-type"),
            ("trigger: {branch: main}", "missing-key"),
            (
                "trigger: {project: g/p, branch: main, strategy: mirror}",
                "",
            ),
            ("trigger: {project: g/p, branch: 5}", "wrong-type"),
            ("trigger: {project: g/p, strategy: null}", ""),
            ("trigger: {project: g/p, strategy: wait}", "invalid-value"),
            (
                "trigger: {project: g/p, forward: {yaml_variables: false, pipeline_variables: true}}",
                "",
            ),
            (
                "trigger: {project: g/p, forward: {foo: true}}",
                "unknown-key",
            ),
            (
                "trigger: {project: g/p, forward: {yaml_variables: 'no'}}",
                "wrong-type",
            ),
            ("trigger: {project: g/p, forward: all}", "wrong-type"),
            ("trigger: {project: g/p, inputs: {a: b}}", ""),
            ("trigger: {project: g/p, inputs: a}", "wrong-type"),
            ("trigger: {project: g/p, foo: a}", "unknown-key"),
            ("trigger: {include: a.yml}", ""),
            ("trigger: {include: [a.yml, b.yml, c.yml]}", ""),
            (
                "trigger: {include: [a.yml, b.yml, c.yml, d.yml]}",
                "too-many",
            ),
            ("trigger: {include: 5}", "wrong-type"),
            ("trigger: {include: null}", ""),
            (
                "trigger: {include: [{remote: a, integrity: sha256-abc}]}",
                "include-invalid",
            ),
            (
                "trigger: {include: [{remote: a, integrity: sha256-abcd}]}",
                "",
            ),
            (
                "trigger: {include: [{remote: a, integrity: 5}]}",
                "include-invalid",
            ),
            ("trigger: {include: [5]}", "wrong-type"),
            ("trigger: {include: {local: a.yml}}", "wrong-type"),
            ("trigger: {include: [{local: a.yml, inputs: {a: 1}}]}", ""),
            ("trigger: {include: [{local: a.yml, inputs: a}]}", ""),
            ("trigger: {include: [{local: 5}]}", ""),
            (
                "trigger: {include: [{local: a.yml, foo: 5}]}",
                "unknown-key",
            ),
            ("trigger: {include: [{artifact: a.yml, job: b}]}", ""),
            ("trigger: {include: [{artifact: a.yml}]}", "missing-key"),
            (
                "trigger: {include: [{artifact: a.yml, job: c}]}",
                "unknown-dependency",
            ),
            ("trigger: {include: [{project: g/p, file: a.yml}]}", ""),
            (
                "trigger: {include: [{project: g/p, file: [a.yml, b.yml]}]}",
                "",
            ),
            ("trigger: {include: [{project: g/p}]}", "missing-key"),
            (
                "trigger: {include: [{local: a.yml, rules: [{if: $A}]}]}",
                "",
            ),
            (
                "trigger: {include: [{local: a.yml, rules: [{if: 5}]}]}",
                "invalid-expression",
            ),
            (
                "trigger: {include: [{local: a.yml, integrity: 'sha256-a'}]}",
                "include-invalid",
            ),
            ("trigger: {include: a.yml, project: g/p}", "unknown-key"),
            ("trigger: {include: a.yml, inputs: {a: b}}", "unknown-key"),
            ("trigger: g/p, script: x", "unknown-key exclusive-keys"),
            ("trigger: g/p, image: x", "unknown-key"),
            ("trigger: g/p, tags: [x]", "unknown-key"),
            ("trigger: g/p, retry: 1", "unknown-key"),
            ("trigger: g/p, start_in: 1 day", "unknown-key"),
            ("trigger: g/p, dependencies: []", "unknown-key"),
            ("trigger: g/p, when: manual", ""),
            ("trigger: g/p, when: delayed", "invalid-value"),
            ("trigger: g/p, when: never", "invalid-value"),
            (
                "trigger: g/p, rules: [{when: delayed, start_in: 1 day}]",
                "",
            ),
            ("trigger: g/p, allow_failure: true", ""),
            ("trigger: g/p, allow_failure: {exit_codes: 1}", "wrong-type"),
            ("trigger: g/p, parallel: 2", "invalid-value"),
            ("trigger: g/p, parallel: {matrix: [{A: [1, 2]}]}", ""),
            ("trigger: g/p, needs: [b]", ""),
            ("trigger: g/p, needs: [{job: b, artifacts: true}]", ""),
            (
                "trigger: g/p, needs: [{pipeline: $P, job: b}]",
                "invalid-value",
            ),
            (
                "trigger: g/p, needs: {pipeline: $P, job: b}",
                "invalid-value",
            ),
            (
                "trigger: g/p, needs: [{project: g/p, job: b, ref: main}]",
                "invalid-value",
            ),
            ("needs: {pipeline: g/p}", ""),
            ("needs: [{pipeline: g/p}, b]", ""),
            ("needs: [{pipeline: g/p}, {pipeline: g/q}]", "too-many"),
            ("needs: [{pipeline: ''}]", "blank-value"),
            ("needs: [b]", "job-without-script"),
            (
                "trigger: g/p, environment: prod, resource_group: r, interruptible: true",
                "",
            ),
            (
                "trigger: g/p, variables: {A: {value: b, expand: false}}",
                "",
            ),
            ("trigger: g/p, inherit: {variables: false}", ""),
        ],
        trigger_job,
    );
}

#[test]
fn steps() {
    check(
        &[
            ("run: ''", "wrong-type"),
            ("run: {name: a, script: b}", "wrong-type"),
            ("run: []", ""),
            ("run: [a]", "wrong-type"),
            ("run: [{script: b}]", "missing-key"),
            ("run: [{name: a}]", "missing-key"),
            ("run: [{name: 5, script: b}]", "wrong-type"),
            ("run: [{name: a, script: [b]}]", "wrong-type"),
            ("run: [{name: a, step: 5}]", "wrong-type"),
            (
                "run: [{name: a, step: ./x, inputs: {a: [1]}, env: {A: b}}]",
                "",
            ),
            ("run: [{name: a, step: ./x, script: b}]", "exclusive-keys"),
            ("run: [{name: a, script: b, env: [A]}]", "wrong-type"),
            ("run: [{name: a, script: b, env: {A: 5}}]", "wrong-type"),
            ("run: [{name: a, step: ./x, inputs: [a]}]", "wrong-type"),
            ("run: [{name: a, script: b, foo: c}]", "unknown-key"),
            ("run: [{name: a, action: b}]", "unknown-key missing-key"),
            ("run: [{name: a, step: {git: {url: u, rev: v1}}}]", ""),
            (
                "run: [{name: a, step: {git: {url: u, rev: v1, dir: d, file: f}}}]",
                "",
            ),
            ("run: [{name: a, step: {git: {url: u}}}]", "missing-key"),
            ("run: [{name: a, step: {git: {rev: v1}}}]", "missing-key"),
            (
                "run: [{name: a, step: {oci: {registry: r, repository: p, tag: 1.0.4}}}]",
                "",
            ),
            (
                "run: [{name: a, step: {oci: {registry: r, repository: p}}}]",
                "missing-key",
            ),
            ("run: [{name: a, step: {}}]", "missing-key"),
            (
                "run: [{name: a, script: b}], before_script: c",
                "exclusive-keys",
            ),
            (
                "run: [{name: a, script: b}], after_script: c",
                "exclusive-keys",
            ),
        ],
        |text| format!("a: {{{text}}}\n"),
    );
}

#[test]
fn across_jobs() {
    check(
        &[
            ("a: {script: x, needs: [a]}", "circular-needs"),
            (
                "a: {script: x, needs: [b]}\nb: {script: x, needs: [a]}",
                "circular-needs",
            ),
            ("a: {script: x, needs: [b]}\nb: {script: x}", ""),
            (
                "a: {script: x, needs: [b]}\nb: {stage: deploy, script: x}",
                "need-order",
            ),
            (
                "a: {script: x, needs: [{job: b, optional: true}]}\nb: {stage: deploy, script: x}",
                "need-order",
            ),
            (
                "a: {script: x, dependencies: [b]}\nb: {stage: deploy, script: x}",
                "dependency-order",
            ),
            (
                "a: {script: x, needs: [.b]}\n.b: {script: x}",
                "unknown-need",
            ),
            (
                "a: {script: x, needs: [b]}\nb: {script: x, parallel: 2}",
                "",
            ),
            (
                "a: {script: x, needs: [b 1/2]}\nb: {script: x, parallel: 2}",
                "",
            ),
            (
                "a: {script: x, needs: [b 3/2]}\nb: {script: x, parallel: 2}",
                "unknown-need",
            ),
            (
                "a: {script: x, needs: [b, b 1/2]}\nb: {script: x, parallel: 2}",
                "duplicate-need",
            ),
            (
                "a: {script: x, rules: [{needs: [b]}]}\nb: {script: x, parallel: 2}",
                "unknown-need",
            ),
            (
                "a: {script: x, rules: [{needs: [b 1/2]}]}\nb: {script: x, parallel: 2}",
                "",
            ),
            (
                "a: {script: x, rules: [{needs: [b]}]}\nb: {script: x, rules: [{needs: [a]}]}",
                "",
            ),
            (
                "a: {script: x, environment: {name: e, on_stop: b}}\nb: {script: x, environment: {name: e, action: stop}}",
                "",
            ),
            (
                "a: {script: x, environment: {name: e, on_stop: b}}\nb: {script: x, environment: {name: f, action: stop}}",
                "on-stop-invalid",
            ),
            (
                "a: {script: x, environment: {name: e, on_stop: b}}\nb: {script: x, environment: e}",
                "on-stop-invalid",
            ),
            (
                "a: {script: x, environment: {name: e, on_stop: b}}\nb: {script: x}",
                "on-stop-invalid",
            ),
            (
                "a: {script: x, parallel: {matrix: [{A: [1, 2]}]}}\nb: {script: x, needs: ['a: [1]']}",
                "",
            ),
            (
                "a: {script: x, parallel: {matrix: [{A: [1, 2], B: x}]}}\nb: {script: x, needs: [{job: a, parallel: {matrix: [{B: x, A: 1}]}}]}",
                "unknown-need",
            ),
            (
                "a: {script: x, parallel: {matrix: [{A: [1, 2]}]}}\nb: {script: x, parallel: {matrix: [{A: [1, 2]}]}, needs: ['a: [$[[ matrix.A ]]]']}",
                "",
            ),
            (
                "a: {script: x}\nb: {script: x, parallel: {matrix: [{A: [1, 2]}]}, needs: ['a$[[ matrix.Z ]]']}",
                "matrix-unknown",
            ),
            (
                "a: {stage: nope, script: x}\nb: {stage: neither, script: x}",
                "unknown-stage",
            ),
        ],
        whole,
    );
}
