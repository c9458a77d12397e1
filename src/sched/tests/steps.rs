//! Cases told step by step: after each event, the status of every job, stage and the pipeline.

use serde_json::Value;

use crate::sched::{Input, JobIndex, Outcome, Pipeline};
use crate::types::{FailureReason, Status};

use super::reader::{Case, beside, read};
use super::simulation::outcome_of;

/// Sends one event of a case to one job.
fn send(pipeline: &mut Pipeline, event: &str, job: JobIndex, exit_code: Option<i64>) {
    let attempt = pipeline.attempt_of(job);
    let finished = |outcome| Input::Finished {
        job,
        attempt,
        outcome,
    };
    let input = match event {
        "run" => Input::Started { job, attempt },
        "success" => finished(Outcome::Success),
        "drop" => finished(Outcome::Failed {
            reason: FailureReason::ScriptFailure,
            exit_code,
        }),
        "cancel" => Input::CancelJob(job),
        "play" => Input::Play(job),
        "retry" => Input::Retry(job),
        "unschedule" => Input::Unschedule(job),
        "enqueue_scheduled" => Input::DelayOver { job, attempt },
        other => panic!("an unknown event: {other}"),
    };
    pipeline.step(input);
}

/// In the cases a canceled job stops at once.
fn stop_canceling(pipeline: &mut Pipeline) {
    for job in pipeline.jobs() {
        if pipeline.status_of(job) == Status::Canceling {
            let attempt = pipeline.attempt_of(job);
            let outcome = outcome_of(1);
            pipeline.step(Input::Finished {
                job,
                attempt,
                outcome,
            });
        }
    }
}

fn advance(pipeline: &mut Pipeline, case: &Case, transition: &Value) {
    let event = transition["event"].as_str().expect("an event");
    match transition["jobs"].as_array() {
        Some(jobs) => {
            for name in jobs.iter().filter_map(Value::as_str) {
                send(
                    pipeline,
                    event,
                    case.job(name),
                    transition["exit_code"].as_i64(),
                );
            }
        }
        None if event == "cancel" => drop(pipeline.step(Input::Cancel)),
        None if event == "retry" => drop(pipeline.step(Input::RetryAll)),
        None => panic!("an unknown event of the pipeline: {event}"),
    }
    stop_canceling(pipeline);
}

/// What is not as expected.
fn differences(pipeline: &Pipeline, case: &Case, expect: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut compare = |what: &str, got: Status, want: &Value| {
        if !want.is_null() && *want != got.as_str() {
            wrong.push(format!("{what} is {got}, not {want}"));
        }
    };
    compare("pipeline", pipeline.status(), &expect["pipeline"]);
    for (name, want) in expect["stages"].as_object().into_iter().flatten() {
        compare(
            &format!("stage {name}"),
            pipeline.stage_status(case.stage(name)),
            want,
        );
    }
    let listed = expect["jobs"].as_object();
    for (name, want) in listed.into_iter().flatten() {
        compare(name, pipeline.status_of(case.job(name)), want);
    }
    let Some(others) = expect["others"].as_array() else {
        return wrong;
    };
    for (at, spec) in case.specs.iter().enumerate() {
        let got = pipeline.status_of(JobIndex(at));
        let is_listed = listed.is_some_and(|jobs| jobs.contains_key(&spec.name));
        if !is_listed && !others.iter().any(|word| *word == got.as_str()) {
            wrong.push(format!("{} is {got}, not one of {others:?}", spec.name));
        }
    }
    wrong
}

/// The first step that goes wrong.
fn check(case: &Value) -> Option<String> {
    let read = read(&case["config"], &[]);
    let mut pipeline = read.pipeline();
    pipeline.step(Input::Begin);
    let mut wrong = differences(&pipeline, &read, &case["expect"]);
    let mut step = 0;
    for transition in case["transitions"].as_array().into_iter().flatten() {
        if !wrong.is_empty() {
            break;
        }
        step += 1;
        advance(&mut pipeline, &read, transition);
        wrong = differences(&pipeline, &read, &transition["expect"]);
    }
    (!wrong.is_empty()).then(|| format!("{} step {step}: {}", case["name"], wrong.join("; ")))
}

fn check_all(cases: impl Iterator<Item = Value>) {
    let failures: Vec<String> = cases.filter_map(|case| check(&case)).collect();
    assert!(
        failures.is_empty(),
        "{}:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[test]
fn random_steps() {
    let text = include_str!("../../../tests/data/processing/steps.jsonl");
    let cases = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("sound JSON"));
    check_all(cases);
}

#[test]
fn gitlabs_own_steps() {
    let Ok(files) = std::fs::read_dir(beside("")) else {
        return;
    };
    let cases = files
        .filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok())
        .filter_map(|text| serde_json::from_str::<Value>(&text).ok())
        .filter(|case| case["transitions"].is_array());
    check_all(cases);
}
