//! Whole runs: which jobs ran, were skipped, wait, and how the pipeline ended.

use serde_json::Value;

use crate::sched::Input;
use crate::types::Status;

use super::reader::read;
use super::simulation::{Simulation, outcome_of};

/// GitLab's status, or `skipped` for a job that never got its turn.
fn shown(status: Status) -> &'static str {
    match status {
        Status::Created => "skipped",
        status => status.as_str(),
    }
}

fn one_of(got: &str, want: &Value) -> bool {
    match want {
        Value::Array(list) => list.iter().any(|word| word == got),
        word => word == got,
    }
}

fn check(case: &Value) -> Vec<String> {
    let yaml = case["gitlab_ci"].as_str().expect("a configuration");
    let config: Value = serde_yaml::from_str(yaml).expect("sound YAML");
    let manual = case["manual"].as_array().expect("a list");
    let played: Vec<&str> = manual.iter().filter_map(Value::as_str).collect();
    let read = read(&config, &played);
    let verdict = &case["verdict"];
    if verdict["exit"] == 5 {
        return nothing_runs(&read);
    }
    let mut run = Simulation::new(read.pipeline());
    let script = |job: crate::sched::JobIndex| {
        let script = read.scripts[job.0];
        (script.lasts, outcome_of(script.exit_code))
    };
    run.feed(Input::Begin, &script);
    run.run(&script);

    let mut wrong = Vec::new();
    let mut note = |what: &str, got: String, good: bool| {
        if !good {
            wrong.push(format!("{what} is {got}"));
        }
    };
    let status = run.pipeline.status().as_str();
    note("run", status.to_owned(), verdict["status"] == status);
    let failed = run.pipeline.has_failure();
    let exit = if failed {
        1
    } else if status == "manual" {
        7
    } else {
        0
    };
    note("exit", exit.to_string(), verdict["exit"] == exit);
    for (name, want) in verdict["jobs"].as_object().expect("a mapping") {
        let got = shown(run.pipeline.status_of(read.job(name)));
        note(name, got.to_owned(), one_of(got, want));
    }
    for (name, want) in verdict["attempts"].as_object().into_iter().flatten() {
        let job = read.job(name);
        let ran = !matches!(
            run.pipeline.status_of(job),
            Status::Skipped | Status::Created
        );
        let attempts = if ran { run.pipeline.attempt_of(job) } else { 0 };
        note(name, format!("{attempts} attempts"), *want == attempts);
    }
    wrong
}

/// A pipeline without jobs outside `.pre` and `.post` is not made at all.
fn nothing_runs(case: &super::reader::Case) -> Vec<String> {
    let last = case.stages.len() - 1;
    let real = case
        .specs
        .iter()
        .filter(|spec| spec.stage != 0 && spec.stage != last);
    real.map(|spec| format!("{} would run", spec.name))
        .collect()
}

#[test]
fn generated() {
    let text = include_str!("../../../tests/data/processing/generated.json");
    let cases: Vec<Value> = serde_json::from_str(text).expect("sound JSON");
    let mut failures = Vec::new();
    for case in &cases {
        let wrong = check(case);
        if !wrong.is_empty() {
            failures.push(format!("{}: {}", case["name"], wrong.join("; ")));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {}:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}
