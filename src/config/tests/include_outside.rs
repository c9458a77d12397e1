//! `include` of what lies elsewhere: projects, addresses, templates, components.

use super::include::beside;
use super::world::outcomes;
use crate::config::Outside;

#[test]
fn files_from_elsewhere() {
    let project = "project/gitlab.example.com/g/p";
    let remote = Outside::Remote("https://e.org/ci.yml".to_owned()).key();
    let rows = vec![
        (
            "of a project",
            "include: {project: G/p, file: /ci.yml}",
            vec![(format!("{project}/@HEAD/ci.yml"), "a: {script: p}")],
            "a: p",
        ),
        (
            "several of a project at a ref",
            "include: {project: g/p, ref: v1, file: [a.yml, b.yml]}",
            vec![
                (format!("{project}/@v1/a.yml"), "a: {script: p}"),
                (format!("{project}/@v1/b.yml"), "b: {script: p}"),
            ],
            "a: p  b: p",
        ),
        (
            "a file of a project names its own neighbours",
            "include: {project: g/p, file: ci.yml}",
            vec![
                (
                    format!("{project}/@HEAD/ci.yml"),
                    "include: [a.yml, 'x/*.yml']",
                ),
                (format!("{project}/@HEAD/a.yml"), "a: {script: theirs}"),
                (format!("{project}/@HEAD/x/b.yml"), "b: {script: theirs}"),
                (format!("{project}/@HEAD/@paths"), "a.yml\nci.yml\nx/b.yml"),
            ],
            "a: theirs  b: theirs",
        ),
        (
            "a neighbour that was not fetched yet",
            "include: {project: g/p, file: ci.yml}",
            vec![
                (format!("{project}/@HEAD/ci.yml"), "include: 'x/*.yml'"),
                (format!("{project}/@HEAD/@paths"), "ci.yml\nx/b.yml"),
            ],
            "! include-not-fetched",
        ),
        (
            "a file that the project does not have",
            "include: {project: g/p, file: c.yml}",
            vec![(format!("{project}/@HEAD/@paths"), "ci.yml")],
            "! include-missing",
        ),
        (
            "a neighbour that the project does not have",
            "include: {project: g/p, file: ci.yml}",
            vec![
                (format!("{project}/@HEAD/ci.yml"), "include: a.yml"),
                (format!("{project}/@HEAD/@paths"), "ci.yml"),
            ],
            "! include-missing",
        ),
        (
            "a component that the project does not have",
            "include: {component: gitlab.example.com/g/p/lint@1.0}",
            vec![(format!("{project}/@1.0/@paths"), "templates/other.yml")],
            "! include-missing",
        ),
        (
            "a component in a folder that was not fetched yet",
            "include: {component: gitlab.example.com/g/p/lint@1.0}",
            vec![(
                format!("{project}/@1.0/@paths"),
                "templates/lint/template.yml",
            )],
            "! include-not-fetched",
        ),
        (
            "a remote file",
            "include: https://e.org/$DIR.yml",
            vec![(remote.clone(), "a: {script: r}")],
            "a: r",
        ),
        (
            "a remote file with its digest",
            "include: {remote: 'https://e.org/ci.yml', integrity: sha256-k2zRx8uhkMZ6yQWo8vVtW7YHOXDSox7ojnXyLo1hkyU=}",
            vec![(remote.clone(), "a: {script: r}")],
            "a: r",
        ),
        (
            "a remote file that was changed",
            "include: {remote: 'https://e.org/ci.yml', integrity: sha256-k2zRx8uhkMZ6yQWo8vVtW7YHOXDSox7ojnXyLo1hkyU=}",
            vec![(remote.clone(), "a: {script: evil}")],
            "! include-integrity",
        ),
        (
            "a digest that is none",
            "include: {remote: 'https://e.org/ci.yml', integrity: [1]}",
            vec![(remote.clone(), "a: {script: r}")],
            "! include-integrity",
        ),
        (
            "a digest of a file that has none",
            "include: {template: Jobs/T.gitlab-ci.yml, integrity: sha256-abcd}",
            vec![("template/Jobs/T.gitlab-ci.yml".to_owned(), "a: {script: t}")],
            "a: t",
        ),
        (
            "a remote file has no project",
            "include: {remote: 'https://e.org/ci.yml'}",
            vec![(remote.clone(), "include: a.yml")],
            "! include-missing",
        ),
        (
            "a remote file sees no variables",
            "include: {remote: 'https://e.org/ci.yml'}\nz: {script: x}",
            vec![(
                remote.clone(),
                "include: [{template: T.gitlab-ci.yml, rules: [{if: $DIR}]}]\na: {script: r}",
            )],
            "a: r  z: x",
        ),
        (
            "a template",
            "include: {template: Jobs/T.gitlab-ci.yml}",
            vec![("template/Jobs/T.gitlab-ci.yml".to_owned(), "a: {script: t}")],
            "a: t",
        ),
        (
            "a component",
            "include: {component: $CI_SERVER_FQDN/g/p/lint@1.0, inputs: {who: me}}",
            vec![(
                format!("{project}/@1.0/templates/lint.yml"),
                "spec: {component: [name, version], inputs: {who: null}}\n---\na: {script: '$[[ inputs.who ]] $[[ component.name ]] $[[ component.version ]]'}",
            )],
            "a: me lint 1.0",
        ),
        (
            "a component in a folder",
            "include: {component: gitlab.example.com/g/p/lint@1.0}",
            vec![(
                format!("{project}/@1.0/templates/lint/template.yml"),
                "a: {script: c}",
            )],
            "a: c",
        ),
        (
            "a field that the header does not ask for",
            "include: {component: gitlab.example.com/g/p/lint@1.0}",
            vec![(
                format!("{project}/@1.0/templates/lint.yml"),
                "spec: {component: [name]}\n---\na: {script: '$[[ component.version ]]'}",
            )],
            "! interpolation",
        ),
        (
            "a project without file",
            "include: {project: g/p}",
            vec![],
            "! include-invalid",
        ),
        (
            "a template of another name",
            "include: {template: T.yml}",
            vec![],
            "! include-invalid",
        ),
        (
            "no component",
            "include: {component: lint}",
            vec![],
            "! include-invalid",
        ),
        (
            "not fetched",
            "include: {template: T.gitlab-ci.yml}",
            vec![],
            "! include-not-fetched",
        ),
    ];
    let tree = |main: &str, fetched: Vec<(String, &str)>| {
        fetched
            .into_iter()
            .fold(beside(main), |tree, (key, text)| tree.fetched(&key, text))
    };
    outcomes(
        rows.into_iter()
            .map(|(name, main, fetched, expected)| (name, tree(main, fetched), expected))
            .collect(),
    );
}

#[test]
fn all_that_is_missing_is_listed_at_once() {
    let tree = beside(
        "include: [{template: T.gitlab-ci.yml}, {project: g/p, file: [a.yml, b.yml]}, https://e.org/c.yml]",
    );
    let found = tree.load().diagnostics;
    let messages: Vec<&str> = found
        .iter()
        .map(|diagnostic| diagnostic.message.as_str())
        .collect();
    assert_eq!(
        messages,
        [
            "included file template `T.gitlab-ci.yml` is not on this machine",
            "included file `a.yml` of project `g/p` at `HEAD` is not on this machine",
            "included file `b.yml` of project `g/p` at `HEAD` is not on this machine",
            "included file `https://e.org/c.yml` is not on this machine",
        ]
    );
}
