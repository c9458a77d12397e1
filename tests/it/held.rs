//! Held jobs end to end: what waits for the user's word, all ways to give it, and the environments
//! that come of it (design chapter 3, *Held jobs*).

use std::fs;

use serde_json::Value;

use crate::env::{PIPE, TestEnv};
use crate::pty::Session;
use crate::result;

/// Two jobs that act outside, one that needs such a job, one that comes after them.
const PIPELINE: &str = r#"
stages: [build, ship, late]
build: {stage: build, script: [echo built]}
staging:
  stage: ship
  script: [echo shipped]
  environment: {name: staging, url: "https://staging.example"}
site: {stage: ship, script: [echo online], environment: www}
smoke: {stage: late, script: [echo smoke], needs: [staging]}
late: {stage: late, script: [echo late]}
"#;

const SHELL: &str = "default: {before_script: []}\n";

fn project(pipeline: &str) -> TestEnv {
    let env = TestEnv::empty();
    env.write(".gitlab-ci.yml", &format!("{SHELL}{pipeline}"));
    env.commit();
    env
}

/// The user's own settings.
fn settings(env: &TestEnv, text: &str) {
    let folder = env.home().join("config/pipe");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("config.toml"), text).expect("settings");
}

/// The exit code, `job status` of each job, names of held jobs, and whether all was done.
fn ended(env: &TestEnv, arguments: &[&str]) -> (i32, Vec<String>, Vec<String>, bool) {
    let run = ["run", "--executor", "shell", "--format", "json"];
    let output = env.output(&[&run, arguments].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    let last = text.lines().last().unwrap_or_default();
    let last: Value = serde_json::from_str(last).unwrap_or_default();
    (
        output.status.code().unwrap_or(-1),
        result::jobs(&last),
        result::held(&last),
        last["complete"] == true,
    )
}

/// A name, arguments, the user's settings; the jobs with their status, and those that are held.
type Release = (
    &'static str,
    &'static [&'static str],
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const ALL: &[&str] = &[
    "build success",
    "staging success",
    "site success",
    "late success",
    "smoke success",
];
const ONE: &[&str] = &[
    "build success",
    "staging success",
    "site manual",
    "late success",
    "smoke success",
];
const NONE: &[&str] = &[
    "build success",
    "staging manual",
    "site manual",
    "late success",
    "smoke skipped",
];

#[test]
fn every_way_to_release_a_job() {
    let both = &["staging", "site"][..];
    let rows: [Release; 8] = [
        ("nothing said", &[], "", NONE, both),
        ("all", &["--deploy"], "", ALL, &[]),
        ("an environment", &["--deploy=staging"], "", ONE, &["site"]),
        ("the key", &[], "deploy = 'run'", ALL, &[]),
        (
            "the key that never asks",
            &[],
            "deploy = 'hold'",
            NONE,
            both,
        ),
        (
            "the option beside the key",
            &["--deploy"],
            "deploy = 'hold'",
            ALL,
            &[],
        ),
        ("a name", &["staging"], "", &["staging success"], &[]),
        (
            "a name and what needs it",
            &["staging", "smoke"],
            "",
            &["staging success", "smoke success"],
            &[],
        ),
    ];
    for (name, arguments, user, jobs, held) in rows {
        let env = project(PIPELINE);
        settings(&env, user);
        let (code, mut found, waiting, complete) = ended(&env, arguments);
        let mut jobs: Vec<String> = jobs.iter().map(ToString::to_string).collect();
        jobs.sort();
        found.sort();
        assert_eq!((code, found), (0, jobs), "{name}");
        assert_eq!(waiting, held, "{name}");
        let is_whole = held.is_empty() && arguments.iter().all(|word| word.starts_with('-'));
        assert_eq!(complete, is_whole, "{name}");
    }
}

#[test]
fn a_repository_releases_nothing_and_may_hold_more() {
    let env = project(PIPELINE);
    env.write(".pipe/config.toml", "held = ['late']\n");
    let (code, _, held, _) = ended(&env, &["--deploy=staging"]);
    assert_eq!(
        (code, held),
        (0, vec!["site".to_owned(), "late".to_owned()])
    );

    env.write(".pipe/config.toml", "deploy = 'run'\n");
    let output = env.output(&["run", "--executor", "shell"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(
        text.contains("a repository can't set `deploy`, only the user can"),
        "{text}"
    );
}

#[test]
fn a_job_that_needs_a_held_one_is_told_to_name_both() {
    let env = project(PIPELINE);
    let output = env.output(&["run", "smoke", "--executor", "shell"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{text}");
    assert!(text.contains("job `smoke` needs `staging`"), "{text}");
    assert!(
        text.contains("`pipe run --job staging --job smoke`"),
        "{text}"
    );
}

fn at_a_terminal(env: &TestEnv, arguments: &[&str]) -> Session {
    let run = ["run", "--executor", "shell"];
    env.terminal(90, 40)
        .spawn(PIPE, &[&run, arguments].concat())
}

const QUESTION: &str = "Run them now? [y/N]";

#[test]
fn one_question_is_asked_at_a_terminal() {
    let rows = [
        ("yes", "y\r", 0, true),
        ("no", "n\r", 0, false),
        ("return", "\r", 0, false),
        ("end of input", "\x04", 0, false),
        ("Ctrl-C", "\x03", 130, false),
    ];
    for (name, keys, code, is_run) in rows {
        let env = project(PIPELINE);
        let mut session = at_a_terminal(&env, &[]);
        let shown = session.wait_for(QUESTION);
        for line in [
            "held: `staging` deploys to staging",
            "      `site` deploys to www",
        ] {
            assert!(shown.contains(line), "{name}: {shown}");
        }
        assert_eq!(env.records(), [""; 0], "{name}: nothing has begun");
        session.type_keys(keys);
        assert_eq!(session.wait(), code, "{name}: {}", session.screen());
        let screen = session.screen();
        assert_eq!(
            screen.contains("✓ passed    staging"),
            is_run,
            "{name}: {screen}"
        );
        assert_eq!(screen.matches("[y/N]").count(), 1, "{name}: {screen}");
    }
}

#[test]
fn nobody_is_asked_who_has_said_it_or_can_not_answer() {
    let rows: [(&str, &[&str], &str); 6] = [
        ("released", &["--deploy=staging"], ""),
        ("named", &["staging"], ""),
        ("the key", &[], "deploy = 'hold'"),
        ("JSON is for programs", &["--format", "json"], ""),
        ("quiet", &["-q"], ""),
        ("nothing is held", &["--stage", "build"], ""),
    ];
    for (name, arguments, user) in rows {
        let env = project(PIPELINE);
        settings(&env, user);
        let mut session = at_a_terminal(&env, arguments);
        assert_eq!(session.wait(), 0, "{name}: {}", session.screen());
        assert!(
            !session.raw().contains("[y/N]"),
            "{name}: {}",
            session.raw()
        );
    }
}

#[test]
fn manual_jobs_that_block_are_asked_for_at_a_terminal() {
    let jobs = "stages: [build, go, late]\n\
        build: {stage: build, script: [echo built]}\n\
        approve: {stage: go, script: [echo yes], when: manual, allow_failure: false}\n\
        extra: {stage: go, script: [echo extra], when: manual}\n\
        late: {stage: late, script: [echo late]}\n";
    for (keys, code, status) in [("y\r", 0, "✓ passed    late"), ("n\r", 7, "skipped   late")] {
        let env = project(jobs);
        let mut session = at_a_terminal(&env, &[]);
        let shown = session.wait_for("Play it now? [y/N]");
        let told = "manual: `approve` waits to be played";
        assert!(shown.contains(told), "{shown}");
        assert!(!shown.contains("extra"), "{shown}");
        session.type_keys(keys);
        assert_eq!(session.wait(), code, "{keys}: {}", session.screen());
        let screen = session.screen();
        assert!(screen.contains(status), "{keys}: {screen}");
    }
    let env = project(jobs);
    let mut session = at_a_terminal(&env, &["--manual", "approve"]);
    assert_eq!(session.wait(), 0, "{}", session.screen());
    assert!(!session.raw().contains("[y/N]"), "{}", session.raw());
}

#[test]
fn an_answer_counts_for_the_jobs_that_were_named_alone() {
    let env = TestEnv::empty();
    env.write(
        ".gitlab-ci.yml",
        "ship: {script: [echo shipped], environment: production}\n\
         go: {trigger: {include: child.yml, strategy: depend}}\n",
    );
    env.write(
        "child.yml",
        "ship: {script: [echo child], environment: production}\n",
    );
    env.commit();
    let mut session = at_a_terminal(&env, &[]);
    let shown = session.wait_for("Run it now? [y/N]");
    assert!(
        shown.contains("held: `ship` deploys to production"),
        "{shown}"
    );
    session.type_keys("yes\r");
    assert_eq!(session.wait(), 0, "{}", session.screen());
    let screen = session.screen();
    assert!(
        screen.contains("held: `go › ship` deploys to production"),
        "{screen}"
    );

    // `retry` makes the request again, the answer included.
    let mut session = env.terminal(90, 40).spawn(PIPE, &["retry"]);
    assert_eq!(session.wait(), 0, "{}", session.screen());
    assert!(!session.raw().contains("[y/N]"), "{}", session.raw());
}

/// A review application as GitLab's pages describe it: its name is made of the ref, its address is
/// reported by the job, and another job takes it down.
const REVIEW: &str = r#"
review:
  script: [echo "URL=https://$CI_ENVIRONMENT_SLUG.example/$CI_COMMIT_SHORT_SHA" >deploy.env]
  environment: {name: "review/$CI_COMMIT_REF_NAME", url: $URL, on_stop: end_review, auto_stop_in: 1 day}
  artifacts: {reports: {dotenv: deploy.env}}
end_review:
  needs: []
  script: [echo "down with $CI_ENVIRONMENT_NAME"]
  environment: {name: "review/$CI_COMMIT_REF_NAME", action: stop}
  when: manual
check:
  needs: [review]
  script: [test "$URL" = "https://$CI_COMMIT_REF_SLUG.example"]
  environment: {name: "review/$CI_COMMIT_REF_NAME", action: verify}
  allow_failure: true
broken:
  script: ["false"]
  environment: production
  allow_failure: true
"#;

fn environments(env: &TestEnv) -> Vec<Value> {
    let output = env.output(&["runs", "--environments", "--format", "json"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let document: Value = serde_json::from_str(&text).unwrap_or_default();
    document["environments"]
        .as_array()
        .cloned()
        .unwrap_or_default()
}

#[test]
fn environments_are_listed_with_their_last_deployment() {
    let env = project(REVIEW);
    assert_eq!(environments(&env), [Value::Null; 0]);
    let nothing = env.output(&["runs", "--environments"]);
    let text = String::from_utf8_lossy(&nothing.stdout);
    assert_eq!(text, "no job on record deployed to an environment\n");

    ended(&env, &[]);
    assert_eq!(environments(&env), [Value::Null; 0], "all of it was held");

    let (code, ..) = ended(&env, &["--deploy", "--branch", "issue-12"]);
    assert_eq!(code, 0);
    let found = environments(&env);
    assert_eq!(
        found.len(),
        1,
        "a job that failed has not deployed: {found:?}"
    );
    assert_eq!(found[0]["name"], "review/issue-12");
    assert_eq!(found[0]["state"], "available");
    let last = &found[0]["deployment"];
    let url = last["url"].as_str().unwrap_or_default();
    assert!(url.starts_with("https://review-issue-12-"), "{url}");
    for (key, value) in [
        ("job", "review"),
        ("ref", "issue-12"),
        ("on_stop", "end_review"),
    ] {
        assert_eq!(last[key], value, "{last}");
    }

    let table = env.output(&["runs", "--environments"]);
    let table = String::from_utf8_lossy(&table.stdout);
    let row = table.lines().nth(1).unwrap_or_default();
    for part in ["review/issue-12", "available", "just now", url] {
        assert!(row.contains(part), "{part}: {table}");
    }

    let (code, jobs, ..) = ended(&env, &["end_review", "--branch", "issue-12"]);
    assert_eq!((code, jobs), (0, vec!["end_review success".to_owned()]));
    let found = environments(&env);
    assert_eq!(found[0]["state"], "stopped");
    assert_eq!(
        found[0]["deployment"]["url"], url,
        "it is known what was there"
    );
}
