//! GitLab's verdicts on whole pipelines, through the dispatcher: statuses as they are shown,
//! attempts, exit codes.

use serde_json::Value;

use crate::sched::tests::reader::{Case, read};

use super::ended::Ended;
use super::story::{Job, Story, job};

fn jobs(case: &Case) -> Vec<Job> {
    let one = |(at, spec): (usize, &crate::sched::JobSpec)| {
        let script = case.scripts[at];
        let lasts = script.lasts.as_millis();
        let text = format!("sleep {lasts}\nexit {}", script.exit_code);
        job(&spec.name, spec.stage, &text).with(|job| job.sched = spec.clone())
    };
    case.specs.iter().enumerate().map(one).collect()
}

/// Whether `got` is the word wanted, or one of them.
fn fits(got: &str, want: &Value) -> bool {
    match want {
        Value::Array(words) => words.iter().any(|word| word == got),
        word => word == got,
    }
}

fn differences(ended: &Ended, verdict: &Value) -> Vec<String> {
    let (status, exit) = ended.end();
    let mut wrong = Vec::new();
    if verdict["status"] != status || verdict["exit"] != exit {
        wrong.push(format!("the run is {status} {exit}"));
    }
    for job in &ended.result.jobs {
        if !fits(job.status.as_str(), &verdict["jobs"][&job.name]) {
            wrong.push(format!("{} is {}", job.name, job.status));
        }
        let attempts = &verdict["attempts"][&job.name];
        if !attempts.is_null() && *attempts != job.attempts {
            wrong.push(format!("{} has {} attempts", job.name, job.attempts));
        }
    }
    wrong
}

#[tokio::test(start_paused = true)]
async fn generated() {
    let text = include_str!("../../../tests/data/processing/generated.json");
    let cases: Vec<Value> = serde_json::from_str(text).expect("sound JSON");
    let mut failures = Vec::new();
    // Exit code 5 is decided before there is a run.
    for case in cases.iter().filter(|case| case["verdict"]["exit"] != 5) {
        let yaml = case["gitlab_ci"].as_str().expect("a configuration");
        let config: Value = serde_yaml::from_str(yaml).expect("sound YAML");
        let manual = case["manual"].as_array().expect("a list");
        let played: Vec<&str> = manual.iter().filter_map(Value::as_str).collect();
        let read = read(&config, &played);
        let ended = Story::new(jobs(&read))
            .with(|spec| {
                spec.pipeline.stages.clone_from(&read.stages);
                spec.pipeline.options = read.options;
                spec.settings.slots = 8;
            })
            .run()
            .await;
        let wrong = differences(&ended, &case["verdict"]);
        if !wrong.is_empty() {
            failures.push(format!("{}: {}", case["name"], wrong.join("; ")));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
