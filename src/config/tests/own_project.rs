//! Includes of the project itself: its files are in the checkout (configuration reference 4.1).

use super::world::{Tree, outcomes};

const SHA: &str = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d";

/// The project `Group/Project` on the branch `issue-12`.
fn tree(text: &str) -> Tree {
    Tree::of(text)
        .variable("CI_SERVER_FQDN", "gitlab.example.com")
        .variable("CI_PROJECT_PATH", "Group/Project")
        .variable("CI_COMMIT_SHA", SHA)
        .variable("CI_COMMIT_REF_NAME", "issue-12")
        .variable("CI_DEFAULT_BRANCH", "main")
        .with(
            "templates/lint.yml",
            "spec: {component: [name, version, sha], inputs: {who: {default: me}}}\n---\na: {script: '$[[ inputs.who ]] $[[ component.name ]] $[[ component.version ]] $[[ component.sha ]]'}",
        )
        .with("templates/deep/template.yml", "include: /ci/b.yml\nd: {script: deep}")
        .with("ci/b.yml", "b: {script: ours}")
}

#[test]
fn a_component_or_file_of_the_project_itself_is_in_the_checkout() {
    let lint = |version: &str| format!("a: me lint {version} {SHA}");
    outcomes(vec![
        (
            "a component at the commit",
            tree("include: {component: $CI_SERVER_FQDN/$CI_PROJECT_PATH/lint@$CI_COMMIT_SHA}"),
            &lint(SHA),
        ),
        (
            "at the beginning of its id",
            tree("include: {component: gitlab.example.com/group/project/lint@1a2b3c4d}"),
            &lint("1a2b3c4d"),
        ),
        (
            "at its branch",
            tree("include: {component: gitlab.example.com/group/project/lint@issue-12}"),
            &lint("issue-12"),
        ),
        (
            "with inputs",
            tree(
                "include: {component: $CI_SERVER_FQDN/group/project/lint@issue-12, inputs: {who: you}}",
            ),
            &format!("a: you lint issue-12 {SHA}"),
        ),
        (
            "a component in a folder includes its neighbours",
            tree("include: {component: $CI_SERVER_FQDN/group/project/deep@$CI_COMMIT_SHA}"),
            "b: ours  d: deep",
        ),
        (
            "files of the project",
            tree(
                "include: {project: $CI_PROJECT_PATH, ref: $CI_COMMIT_REF_NAME, file: [/ci/b.yml]}",
            ),
            "b: ours",
        ),
        (
            "the default branch, where that is checked out",
            tree("include: {project: group/project, file: ci/b.yml}")
                .variable("CI_COMMIT_REF_NAME", "main"),
            "b: ours",
        ),
    ]);
}

#[test]
fn what_is_not_the_checkout_has_to_be_fetched() {
    outcomes(vec![
        (
            "the default branch",
            tree("include: {project: group/project, file: ci/b.yml}"),
            "! include-not-fetched",
        ),
        (
            "another revision",
            tree("include: {component: $CI_SERVER_FQDN/group/project/lint@1.0}"),
            "! include-not-fetched",
        ),
        (
            "three digits are no id",
            tree("include: {component: $CI_SERVER_FQDN/group/project/lint@1a2}"),
            "! include-not-fetched",
        ),
        (
            "another server",
            tree("include: {component: gitlab.com/group/project/lint@$CI_COMMIT_SHA}"),
            "! include-not-fetched",
        ),
        (
            "another project",
            tree("include: {project: group/projects, ref: issue-12, file: ci/b.yml}"),
            "! include-not-fetched",
        ),
    ]);
}

#[test]
fn at_another_revision_git_has_the_files() {
    let other = |text: &str| {
        tree(text)
            .at("HEAD", "ci/b.yml", "include: ci/*.yaml\nb: {script: theirs}")
            .at("HEAD", "ci/c.yaml", "c: {script: theirs}")
            .at(
                "1.0",
                "templates/lint.yml",
                "spec: {component: [version, sha]}\n---\na: {script: '$[[ component.version ]] $[[ component.sha ]]'}",
            )
    };
    outcomes(vec![
        (
            "the default branch, with its own neighbours",
            other("include: {project: group/project, file: ci/b.yml}"),
            "c: theirs  b: theirs",
        ),
        (
            "a component at a tag",
            other("include: {component: $CI_SERVER_FQDN/group/project/lint@1.0}"),
            "a: 1.0 commit of 1.0",
        ),
        (
            "a file that is not there",
            other("include: {project: group/project, file: ci/d.yml}"),
            "! include-missing",
        ),
        (
            "another server",
            other("include: {component: gitlab.com/group/project/lint@1.0}"),
            "! include-not-fetched",
        ),
    ]);
}

#[test]
fn exists_in_the_project_itself() {
    for (exists, included) in [
        (
            "{paths: [ci/b.yml], project: $CI_PROJECT_PATH, ref: $CI_COMMIT_SHA}",
            true,
        ),
        (
            "{paths: [ci/b.yml], project: Group/Project, ref: issue-12}",
            true,
        ),
        (
            "{paths: [ci/none], project: group/project, ref: issue-12}",
            false,
        ),
        ("{paths: [only-main], project: group/project}", true),
        ("{paths: [ci/b.yml], project: group/project}", false),
    ] {
        let text = format!(
            "include: [{{local: ci/b.yml, rules: [{{exists: {exists}}}]}}]\nz: {{script: x}}"
        );
        let found = tree(&text).at("HEAD", "only-main", "").outcome();
        let expected = if included { "b: ours  z: x" } else { "z: x" };
        assert_eq!(found, expected, "{exists}");
    }
    for exists in [
        "{paths: [a], project: other/project}",
        "{paths: [a], project: group/project, ref: none}",
    ] {
        let text = format!(
            "include: [{{local: ci/b.yml, rules: [{{exists: {exists}}}]}}]\nz: {{script: x}}"
        );
        assert_eq!(tree(&text).errors(), "rule-failed", "{exists}");
    }
}

#[test]
fn a_file_that_the_checkout_does_not_have_is_missing() {
    for include in [
        "{component: $CI_SERVER_FQDN/group/project/nothing@$CI_COMMIT_SHA}",
        "{project: group/project, ref: issue-12, file: ci/c.yml}",
    ] {
        let found = tree(&format!("include: {include}")).errors();
        assert_eq!(found, "include-missing", "{include}");
    }
}
