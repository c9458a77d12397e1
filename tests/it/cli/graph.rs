//! `pipe graph`: pictures of a pipeline.

use super::Project;
use crate::golden::golden;

fn project() -> Project {
    let project = Project::new(
        r#"
stages: [build, test, deploy]
build: {stage: build, script: x}
assets: {stage: build, script: x}
"unit \"<1>\" & more":
  stage: test
  script: x
  needs: [build]
  parallel: 3
lint: {stage: test, script: x, needs: []}
slow: {stage: test, script: x}
report: {stage: test, script: x, needs: ["unit \"<1>\" & more", assets]}
review:
  stage: deploy
  script: x
  when: manual
  environment: review/$CI_COMMIT_REF_SLUG
child:
  stage: deploy
  needs: [report]
  trigger: {include: ci/child.yml}
left out: {stage: deploy, script: x, rules: [{if: $CI_COMMIT_TAG}]}
"#,
    );
    project.write("ci/child.yml", "a: {script: x}\n");
    project.commit();
    project
}

#[test]
fn each_form_shows_stages_and_needs() {
    let project = project();
    for (name, format) in [
        ("graph_tree", "tree"),
        ("graph_mermaid", "mermaid"),
        ("graph_dot", "dot"),
        ("graph_svg", "svg"),
    ] {
        golden!(name, &project.pipe(&["graph", "--format", format]));
    }
}

#[test]
fn without_a_pipeline_there_is_nothing_to_draw() {
    let project = Project::new("a: {script: x, rules: [{if: $CI_COMMIT_TAG}]}\n");
    for format in ["tree", "mermaid", "dot", "svg"] {
        let shown = project.pipe(&["graph", "--format", format]);
        assert!(shown.contains("no pipeline: no job is left"), "{shown}");
        assert!(shown.ends_with("--- exit 0\n"), "{shown}");
    }
    let broken = Project::new("a: {script: x, stage: nowhere}\n");
    assert!(broken.pipe(&["graph"]).ends_with("--- exit 3\n"));
}
