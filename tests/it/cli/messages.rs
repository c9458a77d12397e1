//! What `pipe` says of configurations that people really write: one golden file each.

use super::Project;

#[track_caller]
fn golden(name: &str, shown: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, shown));
}

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
    golden("include_unset", &shown);
    let shown = said(
        &["lint"],
        "include:\n  - {project: $TOOLS, file: /a.yml}\n  - {project: g/p, ref: $REF, file: [a.yml, b.yml]}\na: {script: x}\n",
    );
    golden("include_unset_elsewhere", &shown);
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
    golden("include_missing_many", &said(&["lint"], configuration));
    let each = said(&["lint", "--format", "concise"], configuration);
    golden("include_missing_concise", &each);
    let shown = said(&["lint", "-v"], configuration);
    assert_eq!(shown.matches("error[").count(), 5, "{shown}");
}

#[test]
fn keywords_that_change_nothing_are_one_line() {
    let configuration = "a: {script: x, tags: [x], interruptible: true, artifacts: {paths: [a], expire_in: 1 day}}\nb: {script: x, tags: [y], services: [postgres]}\n";
    golden("keywords_ignored", &said(&["list"], configuration));
    golden(
        "keywords_ignored_each",
        &said(&["list", "-v"], configuration),
    );
    let shown = said(&["lint"], configuration);
    assert!(!shown.contains("keyword-not-run"), "{shown}");
}

#[test]
fn a_job_with_needs_and_no_script() {
    let shown = said(
        &["lint"],
        "a: {script: x}\nc: {needs: [a], image: x, tags: [y], parallel: 2, retry: 1, alow_failure: true}\n",
    );
    golden("needs_without_script", &shown);
}

#[test]
fn keywords_that_gitlab_took_away() {
    let shown = said(
        &["lint"],
        "types: [a]\na: {script: x, type: test, artifacts: {reports: {cobertura: cov.xml, license_management: l.json}}}\n",
    );
    golden("keywords_taken_away", &shown);
}
