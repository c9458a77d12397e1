//! What `pipe` says of configurations that people really write: one golden file each.

use super::Project;
use crate::golden::golden;

/// What a command says of a configuration.
fn said(arguments: &[&str], configuration: &str) -> String {
    Project::new(configuration).pipe(arguments)
}

#[test]
fn includes_with_a_variable_that_has_no_value() {
    let shown = said(
        &["lint"],
        r#"include:
  - remote: "$REMOTE_URL"
  - "$ADDRESS"
  - local: "$DIR/a.yml"
  - local: "$DIR/$NAME"
  - template: "$TEMPLATE"
  - component: $CI_SERVER_FQDN/$GROUP/comp@1
a: {script: x}
"#,
    );
    golden!("include_unset", &shown);
    let shown = said(
        &["lint"],
        "include:\n  - {project: $TOOLS, file: /a.yml}\n  - {project: g/p, ref: $REF, file: [a.yml, b.yml]}\na: {script: x}\n",
    );
    golden!("include_unset_elsewhere", &shown);
    let configuration = "include: [{local: \"$DIR/a.yml\"}]\n";
    let project = Project::new(configuration);
    project.write("ci/a.yml", "a: {script: x}\n");
    project.commit();
    let shown = project.pipe(&["list", "--var", "DIR=ci"]);
    assert!(shown.contains("1 job"), "{shown}");
    let shown = project.pipe(&["lint", "--var", "DIR=no"]);
    assert!(shown.contains("`no/a.yml` does not exist"), "{shown}");
}

#[test]
fn many_missing_includes_are_a_line_each() {
    let configuration = "include:\n  - {project: g/p, ref: v1, file: [a.yml, b.yml, c.yml]}\n  - {project: g/p, ref: v1, file: a.yml}\n  - template: Jobs/Build.gitlab-ci.yml\n  - https://e.org/c.yml\na: {script: x}\n";
    golden!("include_missing_many", &said(&["lint"], configuration));
    let each = said(&["lint", "--format", "concise"], configuration);
    golden!("include_missing_concise", &each);
    let shown = said(&["lint", "-v"], configuration);
    assert_eq!(shown.matches("error[").count(), 5, "{shown}");
}

#[test]
fn keywords_that_change_nothing_are_one_line() {
    let configuration = "a: {script: x, tags: [x], interruptible: true, artifacts: {paths: [a], expire_in: 1 day}}\nb: {script: x, tags: [y], identity: google_cloud, services: [{name: x, pull_policy: never}]}\n";
    golden!("keywords_ignored", &said(&["list"], configuration));
    golden!(
        "keywords_ignored_each",
        &said(&["list", "-v"], configuration),
    );
    let shown = said(&["lint"], configuration);
    assert!(!shown.contains("keyword-not-run"), "{shown}");
    let kept = "a: {script: x, artifacts: {reports: {sast: a, lsif: b, coverage_report: {coverage_format: jacoco, path: c}}}}\n";
    let shown = said(&["lint"], kept);
    assert!(!shown.contains("keyword-ignored"), "{shown}");
}

#[test]
fn a_job_with_needs_and_no_script() {
    let shown = said(
        &["lint"],
        "a: {script: x}\nc: {needs: [a], image: x, tags: [y], parallel: 2, retry: 1, alow_failure: true}\n",
    );
    golden!("needs_without_script", &shown);
}

#[test]
fn keywords_that_gitlab_took_away() {
    let shown = said(
        &["lint"],
        "types: [a]\na: {script: x, type: test, artifacts: {reports: {cobertura: cov.xml, license_management: l.json}}}\n",
    );
    golden!("keywords_taken_away", &shown);
}

#[test]
fn keys_that_yaml_reads_as_something_else() {
    let shown = said(
        &["lint"],
        "variables: {NO: x, ~: q, 1.5: z}\na:\n  script: x\n  on: x\n  variables: {OFF: x}\n  parallel: {matrix: [{OFF: x}, {yes: [a, on]}]}\nb:\n  script: x\n  rules: [{if: $A, variables: {ON: x}}]\noff: {script: x}\nyes: 3\n",
    );
    golden!("keys_read_as_words", &shown);
    let shown = said(
        &["lint"],
        "spec: {inputs: {on: {}}}\n---\na: {script: x, needs: [off], stage: on}\n",
    );
    golden!("inputs_read_as_words", &shown);
    let shown = said(&["lint"], "a: {script: x, needs: [off], stage: on}\n");
    golden!("values_read_as_words", &shown);
}

#[test]
fn a_reason_names_the_entry_that_decided() {
    let project = Project::new(
        r#"a: {script: x, except: [schedules]}
b: {script: x, except: [tags, main, /^x/]}
c: {script: x, except: {refs: [tags], variables: [$NO, $CI_COMMIT_BRANCH == "main"]}}
d: {script: x, only: {variables: [$NO, $Z == "1"]}}
e: {script: x, except: {changes: [src/b, "src/**/*"]}}
f: {script: x, except: [/^ma/]}
g: {script: x, only: [tags]}
h: {script: x, only: {changes: [docs/x]}}
i: {script: x, except: [branches@other/project, pushes]}
z: {script: x}
"#,
    );
    let changed = project.pipe(&["list", "--changed", "src/a"]);
    golden!("reasons_of_a_push", &changed);
    let schedule = project.pipe(&["list", "--source", "schedule"]);
    golden!("reasons_of_a_schedule", &schedule);
}

#[test]
fn a_reason_names_all_clauses_of_the_rule() {
    let shown = said(
        &["list", "--changed", "src/a"],
        r"a: {script: x, rules: [{if: $NO, when: always}, {if: $CI_COMMIT_BRANCH, changes: [src/*], when: never}]}
b: {script: x, rules: [{exists: [.gitlab-ci.yml], when: never}]}
c: {script: x, rules: [{when: never}]}
d: {script: x}
",
    );
    golden!("reasons_of_rules", &shown);
}

#[test]
fn what_is_written_in_brackets_without_quotes() {
    for (name, configuration) in [
        (
            "flow_interpolation",
            "spec: {inputs: {x: {default: a}}}\n---\na: {stage: $[[ inputs.x ]], script: x}\n",
        ),
        (
            "flow_interpolation_inside",
            "spec: {inputs: {x: {default: a}}}\n---\na: {script: [ls, echo $[[ inputs.x ]]]}\n",
        ),
        ("flow_variable", "a: {script: x, tags: [${TAG}]}\n"),
        ("flow_quote", "a:\n  script: [ls, echo \"[$X]\"]\n"),
        (
            "flow_quote_below",
            "a:\n  script: [\n    ls,\n    echo \"[$X]\",\n  ]\n",
        ),
        ("flow_quote_single", "a: {script: [echo '{a}', ls]}\n"),
    ] {
        golden!(name, &said(&["lint"], configuration));
    }
}

#[test]
fn all_that_is_wrong_with_the_inputs_of_an_include() {
    let project = Project::new("include: [{local: c.yml, inputs: {typo: 1, flag: maybe}}]\n");
    project.write(
        "c.yml",
        "spec: {inputs: {name: {}, flag: {type: boolean, default: true}}}\n---\na: {script: x}\n",
    );
    project.commit();
    golden!("inputs_all_mistakes", &project.pipe(&["lint"]));
}

#[test]
fn keywords_that_run_refuses_are_one_message() {
    let shown = said(
        &["run", "--executor", "shell"],
        "a: {script: x, identity: google_cloud, cache: {paths: [x]}, parallel: {matrix: [{A: [b, c]}]}}\nb: {trigger: x/y}\nc: {script: x, resource_group: z}\nd: {script: echo}\n",
    );
    golden!("refused_in_one", &shown);
}

#[test]
fn jobs_that_may_run_twice_are_one_warning() {
    let job = |name: &str| {
        format!("{name}: {{script: x, rules: [{{if: $CI_COMMIT_TAG}}, {{when: always}}]}}\n")
    };
    let configuration: String = ["a", "b", "c"].map(job).concat();
    golden!("may_run_twice", &said(&["lint"], &configuration));
    golden!("may_run_twice_alone", &said(&["lint"], &job("a")));
}
