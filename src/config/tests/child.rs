//! What a child pipeline is read from (configuration reference 6.25).

use std::fmt::Write as _;

use super::world::Tree;

/// A trigger job with that `include`, beside files to include.
fn tree(include: &str) -> Tree {
    let main = format!("make: {{script: x}}\ngo: {{trigger: {{include: {include}}}}}\n");
    Tree::of(&main)
        .with("a.yml", "a: {script: one}")
        .with("b.yml", "a: {script: two}\nb: {script: b}")
        .with(
            "inputs.yml",
            "spec: {inputs: {who: {}}}\n---\na: {script: '$[[ inputs.who ]]'}",
        )
        .with("nested.yml", "include: [{artifact: gen.yml, job: make}]")
        .with("bad.yml", "a:\n  script: x\n  scirpt: [x]\n")
        .with("hidden.yml", ".a: {script: x}")
        .kept("make", "gen.yml", "include: [b.yml]\na: {script: made}")
        .kept("make", "empty.yml", " \n")
        .kept("make", "wrong.yml", "a: {script: [x], needs: [none]}")
        .variable("WHICH", "b")
}

/// The jobs with their scripts, or each mistake with its place.
fn child(tree: &Tree) -> String {
    let loaded = tree.child();
    let mut text = String::new();
    if let Some(config) = &loaded.config {
        for job in &config.jobs {
            let _ = write!(text, "{}: {}  ", job.name, job.script.join("; "));
        }
    }
    for diagnostic in &loaded.diagnostics {
        let code = diagnostic.code.as_str();
        let place = diagnostic.primary;
        let _ = match place.and_then(|span| loaded.sources.locate(span)) {
            Some((file, at)) => write!(text, "{file}:{}:{} {code}  ", at.line, at.column),
            None => write!(text, "{code}  "),
        };
    }
    text.trim_end().to_owned()
}

#[test]
fn a_child_begins_with_what_its_trigger_includes() {
    let broken: Vec<String> = [
        ("a file", "a.yml", "a: one"),
        ("a file in a mapping", "[{local: /a.yml}]", "a: one"),
        ("the later counts", "[a.yml, b.yml]", "a: two  b: b"),
        ("a variable in its name", "$WHICH.yml", "a: two  b: b"),
        (
            "inputs",
            "[{local: inputs.yml, inputs: {who: me}}]",
            "a: me",
        ),
        (
            "inputs that lack",
            "inputs.yml",
            "inputs.yml:1:17 input-missing",
        ),
        (
            "an artifact",
            "[{artifact: gen.yml, job: make}]",
            "a: made  b: b",
        ),
        (
            "beside a file",
            "[{artifact: gen.yml, job: make}, a.yml]",
            "a: one  b: b",
        ),
        (
            "an artifact of an included file",
            "nested.yml",
            "a: made  b: b",
        ),
        (
            "rules that leave nothing",
            "[{local: a.yml, rules: [{if: $NO}]}]",
            "no-visible-job",
        ),
        (
            "no such file",
            "none.yml",
            ".gitlab-ci.yml:2:25 include-missing",
        ),
        (
            "no such artifact",
            "[{artifact: none.yml, job: make}]",
            ".gitlab-ci.yml:2:26 include-missing",
        ),
        (
            "an empty artifact",
            "[{artifact: empty.yml, job: make}]",
            ".gitlab-ci.yml:2:26 include-empty",
        ),
        (
            "an artifact that is no YAML file",
            "[{artifact: gen.txt, job: make}]",
            ".gitlab-ci.yml:2:26 include-extension",
        ),
        ("a mistake", "bad.yml", "bad.yml:3:3 unknown-key"),
        (
            "a mistake in an artifact",
            "[{artifact: wrong.yml, job: make}]",
            "wrong.yml@make:1:26 unknown-need",
        ),
    ]
    .into_iter()
    .filter_map(|(name, include, expected)| {
        let found = child(&tree(include));
        (found != expected).then(|| format!("{name}\n  expected: {expected}\n  found:    {found}"))
    })
    .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn a_job_that_has_kept_nothing_has_no_file() {
    let tree =
        Tree::of("make: {script: x}\ngo: {trigger: {include: [{artifact: a.yml, job: make}]}}");
    assert_eq!(child(&tree), ".gitlab-ci.yml:2:26 include-missing");
}
