//! More types of keywords in words: environment, what reaches outside, needs, rules.

use super::typed::described;
use super::world::Tree;
use crate::config::model::{Given, JobConfig, NeedConfig, NeedTarget, PagesConfig};

#[test]
fn environment_in_its_forms() {
    let describe = |job: &JobConfig| {
        let Some(environment) = &job.environment else {
            return "-".to_owned();
        };
        let mut words = vec![
            environment.name.to_string(),
            environment.action.as_str().to_owned(),
        ];
        words.extend(environment.url.iter().map(|it| format!("url {it}")));
        words.extend(
            environment
                .on_stop
                .iter()
                .map(|it| format!("on_stop {}", it.text)),
        );
        words.extend(
            environment
                .tier
                .iter()
                .map(|it| format!("tier {}", it.text)),
        );
        words.extend(
            environment
                .auto_stop_in
                .iter()
                .map(|it| format!("until {it}")),
        );
        words.extend(
            environment
                .kubernetes
                .iter()
                .map(|it| format!("agent {:?}", it.agent)),
        );
        words.join(", ")
    };
    described(
        &[
            ("environment: null", "-"),
            ("environment: a/$B", "a/$B, start"),
            ("environment: {name: e, action: null}", "e, start"),
            (
                "environment: {name: e, action: stop, url: u}",
                "e, stop, url u",
            ),
            (
                "environment: {name: e, deployment_tier: t, auto_stop_in: 1 day}",
                "e, start, tier t, until 1 day",
            ),
            (
                "environment: {name: e, kubernetes: {agent: a, namespace: n}}",
                r#"e, start, agent Some("a")"#,
            ),
            (
                "environment: {name: e, on_stop: b}\nb:\n  script: x\n  environment: {name: e, action: stop}",
                "e, start, on_stop b",
            ),
        ],
        describe,
    );
}

#[test]
fn release_in_its_forms() {
    let describe = |job: &JobConfig| {
        let Some(release) = &job.release else {
            return "-".to_owned();
        };
        let mut words = vec![format!("{}: {}", release.tag_name, release.description)];
        let texts = [
            ("message", &release.tag_message),
            ("name", &release.name),
            ("ref", &release.reference),
            ("at", &release.released_at),
        ];
        words.extend(
            texts
                .iter()
                .filter_map(|(key, it)| Some(format!("{key} {}", it.as_ref()?))),
        );
        words.extend(
            release
                .milestones
                .iter()
                .map(|it| format!("milestone {it}")),
        );
        words.extend(
            release
                .links
                .iter()
                .map(|it| format!("link {:?} {:?}", it.name, it.url)),
        );
        words.join(", ")
    };
    described(
        &[
            ("release: null", "-"),
            ("release: {tag_name: $T, description: d}", "$T: d"),
            (
                "release: {tag_name: t, description: d, tag_message: m, name: n, ref: r}",
                "t: d, message m, name n, ref r",
            ),
            (
                "release: {tag_name: t, description: d, milestones: m, released_at: '2026-01-02'}",
                "t: d, at 2026-01-02, milestone m",
            ),
            (
                "release: {tag_name: t, description: d, milestones: [m, n]}",
                "t: d, milestone m, milestone n",
            ),
            (
                "release: {tag_name: t, description: d, assets: {links: [{name: n, url: u}, {}]}}",
                r#"t: d, link Some("n") Some("u"), link None None"#,
            ),
        ],
        describe,
    );
}

#[test]
fn pages_in_their_forms() {
    let describe = |job: &JobConfig| match &job.pages {
        None => "-".to_owned(),
        Some(PagesConfig {
            publish,
            path_prefix,
            expire_in,
        }) => format!("{publish:?} {path_prefix:?} {expire_in:?}"),
    };
    described(
        &[
            ("pages: null", "-"),
            ("pages: false", "-"),
            ("pages: true", "None None None"),
            ("pages: {publish: p}", r#"Some("p") None None"#),
            ("pages: true\n  publish: p", r#"Some("p") None None"#),
            (
                "pages: {path_prefix: $X, expire_in: 1 day}",
                r#"None Some("$X") Some("1 day")"#,
            ),
        ],
        describe,
    );
}

#[test]
fn tokens_and_secrets_in_their_forms() {
    let describe = |job: &JobConfig| {
        let tokens = job.id_tokens.iter();
        let tokens = tokens.map(|it| format!("{} {:?}", it.name, it.audience));
        let secrets = job.secrets.iter().map(|it| {
            let kind = if it.file { "file" } else { "value" };
            let token = it.token.as_deref().unwrap_or("-");
            format!("{} {kind} {} {token}", it.name, it.provider.as_str())
        });
        tokens.chain(secrets).collect::<Vec<_>>().join("; ")
    };
    described(
        &[
            ("id_tokens: null", ""),
            (
                "id_tokens: {A: {aud: a}, B: {aud: [b, c]}}",
                r#"A ["a"]; B ["b", "c"]"#,
            ),
            ("secrets: {S: {vault: a/b@c}}", "S file vault -"),
            (
                "secrets: {S: {gcp_secret_manager: {name: n}, token: $T, file: false}}",
                "S value gcp_secret_manager $T",
            ),
            (
                "secrets: {S: {azure_key_vault: {name: n}}, T: {aws_secrets_manager: a}}",
                "S file azure_key_vault -; T file aws_secrets_manager -",
            ),
        ],
        describe,
    );
}

#[test]
fn needs_in_their_forms() {
    let describe = |job: &JobConfig| {
        let need = |need: &NeedConfig| {
            let what = match &need.target {
                NeedTarget::Job { name, optional, .. } => {
                    format!("{name}{}", if *optional { "?" } else { "" })
                }
                NeedTarget::Elsewhere(foreign) => format!("{:?}", foreign.source),
            };
            format!("{what}{}", if need.artifacts { "" } else { " bare" })
        };
        match &job.needs {
            None => "-".to_owned(),
            Some(needs) => needs.iter().map(need).collect::<Vec<_>>().join("; "),
        }
    };
    described(
        &[
            ("needs: null", "-"),
            ("needs: []", ""),
            (
                "needs: [{job: b, optional: true, artifacts: false}]",
                "b? bare",
            ),
            ("needs: {job: b, optional: true}", "b?"),
            (
                "needs: [{pipeline: $P, job: b}]",
                r#"Pipeline { pipeline: "$P", job: "b" }"#,
            ),
            (
                "needs: [{project: g/p, job: b, ref: main, artifacts: false}]",
                r#"Project { project: "g/p", job: "b", reference: "main" } bare"#,
            ),
        ],
        describe,
    );
    let mirror = Tree::of("a: {script: x}\nb: {needs: [{pipeline: g/p}]}").load();
    let mirror = describe(&mirror.config.expect("it is sound").jobs[1]);
    assert_eq!(mirror, r#"Mirror { project: "g/p" }"#);
}

#[test]
fn rules_of_null_are_not_the_same_as_none() {
    let describe = |job: &JobConfig| match &job.rules {
        Given::Absent => "absent".to_owned(),
        Given::Null => "null".to_owned(),
        Given::Set(rules) => rules.len().to_string(),
    };
    let rows = [
        ("when: always", "absent"),
        ("rules: null", "null"),
        ("rules: [{when: always}, [{when: never}]]", "2"),
    ];
    described(&rows, describe);
}
