//! What the types of keywords hold, in words: each row is a form of a keyword.

use std::sync::Arc;

use super::world::Tree;
use crate::config::model::{
    ArtifactsConfig, CacheConfig, CacheKey, CachePolicy, ChildInclude, Forward, ImageConfig,
    JobConfig, ServiceConfig, TriggerConfig, TriggerTarget,
};
use crate::types::KeepWhen;

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
pub(super) fn described(rows: &[(&str, &str)], describe: impl Fn(&JobConfig) -> String) {
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

fn cache(cache: &CacheConfig) -> String {
    let mut words = vec![match &cache.key {
        CacheKey::Default => "-".to_owned(),
        CacheKey::Text(text) => text.to_string(),
        CacheKey::Files(files) => {
            let prefix = files.prefix.as_deref().unwrap_or_default();
            format!("{prefix}{:?}{:?}", files.digest_of, files.paths)
        }
    }];
    let listed = [("paths", &cache.paths), ("else", &cache.fallback_keys)];
    let listed = listed.into_iter().filter(|(_, list)| !list.is_empty());
    words.extend(listed.map(|(name, list)| format!("{name} {list:?}")));
    if cache.policy != CachePolicy::PullPush {
        words.push(format!("{:?}", cache.policy));
    }
    if cache.when != KeepWhen::OnSuccess {
        words.push(cache.when.as_str().to_owned());
    }
    let flags = [
        ("untracked", cache.untracked),
        ("unprotect", cache.unprotect),
    ];
    words.extend(
        flags
            .iter()
            .filter(|(_, on)| *on)
            .map(|(name, _)| (*name).to_owned()),
    );
    words.join(", ")
}

#[test]
fn cache_in_its_forms() {
    described(
        &[
            ("cache: null", ""),
            ("cache: []", ""),
            ("cache: {}", "-"),
            (
                "cache: {key: null, paths: [a, b]}",
                r#"-, paths ["a", "b"]"#,
            ),
            ("cache: {key: $CI_COMMIT_REF_SLUG}", "$CI_COMMIT_REF_SLUG"),
            ("cache:\n    key: :sym", "sym"),
            ("cache: {key: {files: [a]}}", r#"Content["a"]"#),
            (
                "cache: {key: {files_commits: [a, b], prefix: p}}",
                r#"pCommits["a", "b"]"#,
            ),
            ("cache: {fallback_keys: [a, b]}", r#"-, else ["a", "b"]"#),
            ("cache: {policy: pull-push}", "-"),
            ("cache: {policy: ''}", "-"),
            ("cache: {policy: pull}", "-, Pull"),
            ("cache: {policy: push}", "-, Push"),
            ("cache: {policy: $P}", r#"-, Unexpanded("$P")"#),
            ("cache: {when: always}", "-, always"),
            (
                "cache: {untracked: true, unprotect: true}",
                "-, untracked, unprotect",
            ),
            ("cache: [{key: a}, [{key: b}]]", "a; b"),
            ("cache: [null, {key: b}]", "-; b"),
        ],
        |job| job.caches.iter().map(cache).collect::<Vec<_>>().join("; "),
    );
}

fn artifacts(artifacts: &ArtifactsConfig) -> String {
    let (files, reports) = (&artifacts.files, &artifacts.reports);
    let mut words = vec![files.when.as_str().to_owned()];
    words.extend(artifacts.name.iter().map(|it| format!("name {it}")));
    let lists = [
        ("paths", &files.paths),
        ("exclude", &files.exclude),
        ("dotenv", &reports.dotenv),
    ];
    let lists = lists.into_iter().filter(|(_, list)| !list.is_empty());
    words.extend(lists.map(|(name, list)| format!("{name} {list:?}")));
    words.extend(files.untracked.then(|| "untracked".to_owned()));
    let others = reports.others.iter();
    words.extend(others.map(|(kind, list)| format!("{kind} {list:?}")));
    let coverage = reports.coverage.iter();
    words.extend(coverage.map(|it| format!("{} {}", it.format, it.path)));
    words.join(", ")
}

#[test]
fn artifacts_in_their_forms() {
    described(
        &[
            ("artifacts: null", "-"),
            ("artifacts: {}", "on_success"),
            (
                "artifacts: {paths: [a], exclude: [b], when: always, name: $N}",
                r#"always, name $N, paths ["a"], exclude ["b"]"#,
            ),
            (
                "artifacts: {untracked: true, when: on_failure}",
                "on_failure, untracked",
            ),
            ("artifacts: {reports: null}", "on_success"),
            (
                "artifacts: {reports: {dotenv: a, junit: [b, c], sast: null}}",
                r#"on_success, dotenv ["a"], junit ["b", "c"]"#,
            ),
            (
                "artifacts: {reports: {coverage_report: {coverage_format: jacoco, path: p}}}",
                "on_success, jacoco p",
            ),
        ],
        |job| {
            job.artifacts
                .as_ref()
                .map_or_else(|| "-".to_owned(), artifacts)
        },
    );
}

fn trigger(trigger: &TriggerConfig) -> String {
    let mut words = match &trigger.target {
        TriggerTarget::Project(project) => {
            let mut words = vec![format!("project {}", project.project)];
            words.extend(project.branch.iter().map(|it| format!("branch {it}")));
            let inputs = project.inputs.entries().iter();
            words.extend(inputs.map(|input| format!("input {}", input.key.text())));
            words
        }
        TriggerTarget::Child(includes) => {
            let include = |include: &ChildInclude| match (&include.artifact, &include.job) {
                (Some(artifact), Some(job)) => format!("{artifact} of {}", job.text),
                (None, None) => include.entry.as_str().unwrap_or("entry").to_owned(),
                odd => format!("{odd:?}"),
            };
            includes.iter().map(include).collect()
        }
    };
    words.extend(trigger.strategy.iter().map(|it| format!("{it:?}")));
    if trigger.forward != Forward::default() {
        words.push(format!("{:?}", trigger.forward));
    }
    words.join(", ")
}

#[test]
fn trigger_in_its_forms() {
    let rows = [
        ("g/p", "project g/p"),
        ("{project: g/p, branch: b}", "project g/p, branch b"),
        ("{project: g/p, inputs: {a: [1]}}", "project g/p, input a"),
        ("{project: g/p, strategy: mirror}", "project g/p, Mirror"),
        ("{include: a.yml, strategy: depend}", "a.yml, Depend"),
        ("{include: [a.yml, null, {local: b.yml}]}", "a.yml, entry"),
        ("{include: [{artifact: c.yml, job: a}]}", "c.yml of a"),
        (
            "{include: a.yml, forward: {pipeline_variables: true}}",
            "a.yml, Forward { yaml_variables: true, pipeline_variables: true }",
        ),
        (
            "{include: a.yml, forward: {yaml_variables: false}}",
            "a.yml, Forward { yaml_variables: false, pipeline_variables: false }",
        ),
    ];
    for (text, expected) in rows {
        let config = Tree::of(&format!("a: {{script: x}}\nb: {{trigger: {text}}}")).load();
        let config = config.config.expect(text);
        let found = config.jobs[1].trigger.as_ref().map(trigger);
        assert_eq!(found.as_deref(), Some(expected), "{text}");
    }
}
