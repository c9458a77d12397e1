//! Includes of the project itself: nothing has to be fetched.

use super::Project;

#[test]
fn a_project_that_includes_its_own_component() {
    let project = Project::new(
        "include:\n  - component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/lint@$CI_COMMIT_SHA\n",
    );
    let url = "git@gitlab.example.com:Group/project.git";
    project.git(&["remote", "add", "origin", url]);
    let template = |job: &str| format!("spec: {{}}\n---\n{job}: {{script: make}}\n");
    project.write("templates/lint.yml", &template("committed"));
    project.commit();
    project.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    project.git(&["checkout", "-q", "-b", "issue-12"]);
    // Edits count, as they do for local files.
    project.write("templates/lint.yml", &template("edited"));
    let shown = project.pipe(&["list"]);
    assert!(shown.contains("edited"), "{shown}");

    project.write(
        ".gitlab-ci.yml",
        "include:\n  - component: gitlab.example.com/group/project/lint@main\n  - project: group/project\n    file: templates/none.yml\n    rules:\n      - exists: {paths: [templates/none.yml], project: group/project}\n",
    );
    let shown = project.pipe(&["list"]);
    assert!(
        shown.contains("committed") && shown.contains("1 job\n"),
        "{shown}"
    );
}
