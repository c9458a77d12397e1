//! What the types of keywords hold, in words: each row is a form of a keyword.

use std::sync::Arc;

use super::world::Tree;
use crate::config::{ImageConfig, JobConfig, ServiceConfig};

/// The first job of the pipeline, with these keys beside its script.
fn job(keys: &str) -> Arc<JobConfig> {
    let loaded = Tree::of(&format!("a:\n  script: x\n  {keys}\n")).load();
    let config = loaded.config.unwrap_or_else(|| {
        let messages: Vec<_> = loaded.diagnostics.iter().map(|d| &d.message).collect();
        panic!("{keys}: {messages:?}")
    });
    Arc::clone(&config.jobs[0])
}

/// Compares what `describe` says of the job of each row.
fn described(rows: &[(&str, &str)], describe: impl Fn(&JobConfig) -> String) {
    let broken: Vec<String> = rows
        .iter()
        .filter_map(|(keys, expected)| {
            let found = describe(&job(keys));
            (found != *expected)
                .then(|| format!("{keys}\n    expected: {expected}\n    found:    {found}"))
        })
        .collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn image(image: &ImageConfig) -> String {
    let mut words = vec![image.name.to_string()];
    words.extend(image.entrypoint.iter().map(|it| format!("entry {it:?}")));
    words.extend(image.platform.iter().map(|it| format!("platform {it}")));
    words.extend(image.user.iter().map(|it| format!("user {it}")));
    let policies = image.pull_policies.iter();
    words.extend(policies.map(|policy| format!("{policy:?}")));
    words.join(", ")
}

fn service(service: &ServiceConfig) -> String {
    let mut words = vec![image(&service.image)];
    words.extend(service.aliases.iter().map(|it| format!("alias {it}")));
    words.extend(service.command.iter().map(|it| format!("command {it:?}")));
    let variables = service.variables.iter();
    words.extend(variables.map(|it| format!("{}={}", it.key, it.value)));
    words.join(", ")
}

#[test]
fn image_in_its_forms() {
    described(
        &[
            ("image: null", "-"),
            ("image: ruby:$V", "ruby:$V"),
            ("image: {name: ruby}", "ruby"),
            ("image: {name: r, entrypoint: []}", "r, entry []"),
            (
                "image: {name: r, entrypoint: [a, b c]}",
                r#"r, entry ["a", "b c"]"#,
            ),
            ("image: {name: r, entrypoint: null, docker: null}", "r"),
            (
                "image: {name: r, docker: {platform: p, user: u}}",
                "r, platform p, user u",
            ),
            ("image: {name: r, pull_policy: never}", "r, Never"),
            (
                "image: {name: r, pull_policy: [always, if-not-present]}",
                "r, Always, IfNotPresent",
            ),
            ("image: {name: r, kubernetes: {user: 1}}", "r"),
        ],
        |job| job.image.as_ref().map_or_else(|| "-".to_owned(), image),
    );
}

#[test]
fn services_in_their_forms() {
    described(
        &[
            ("services: null", ""),
            ("services: []", ""),
            ("services: [a, [b, [c]]]", "a; b; c"),
            ("services: [{name: a, docker: {user: u}}]", "a, user u"),
            ("services: [{name: a, alias: db}]", "a, alias db"),
            (
                r#"services: [{name: a, alias: " db,, my-1\tx "}]"#,
                "a, alias db, alias my-1, alias x",
            ),
            (
                "services: [{name: a, command: b c}]",
                r#"a, command ["b c"]"#,
            ),
            (
                "services: [{name: a, command: [b, [c]]}]",
                r#"a, command ["b", "c"]"#,
            ),
            (
                "services: [{name: a, variables: {K: v, N: 5}}]",
                "a, K=v, N=5",
            ),
        ],
        |job| {
            let services: Vec<_> = job.services.iter().map(service).collect();
            services.join("; ")
        },
    );
}
