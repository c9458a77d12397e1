//! Causes in words, and what held and played jobs do.

use crate::sched::{Action, Input, JobIndex, JobSpec, Options, Outcome, Pipeline, SpecError};
use crate::types::{AllowFailure, FailureReason, Status, When};

use super::simulation::{Simulation, outcome_of};

fn job(name: &str, stage: usize) -> JobSpec {
    JobSpec {
        name: name.to_owned(),
        stage,
        ..JobSpec::default()
    }
}

fn needing(name: &str, stage: usize, needs: &[usize]) -> JobSpec {
    JobSpec {
        needs: Some(needs.iter().copied().map(JobIndex).collect()),
        ..job(name, stage)
    }
}

fn with(spec: JobSpec, change: impl FnOnce(&mut JobSpec)) -> JobSpec {
    let mut spec = spec;
    change(&mut spec);
    spec
}

fn manual(name: &str, stage: usize, allow_failure: AllowFailure) -> JobSpec {
    with(job(name, stage), |spec| {
        spec.when = When::Manual;
        spec.allow_failure = allow_failure;
    })
}

fn held(name: &str, stage: usize) -> JobSpec {
    with(job(name, stage), |spec| spec.held = true)
}

fn pipeline(specs: &[JobSpec], options: Options) -> Pipeline {
    let stages = ["build", "test", "deploy"].map(str::to_owned).to_vec();
    Pipeline::new(stages, specs.to_vec(), options).expect("sound specs")
}

/// Runs it whole; jobs named in `failing` fail.
fn run(specs: &[JobSpec], options: Options, failing: &[&str]) -> Pipeline {
    let mut run = Simulation::new(pipeline(specs, options));
    let script = |job: JobIndex| {
        let fails = failing.contains(&specs[job.0].name.as_str());
        (std::time::Duration::ZERO, outcome_of(i64::from(fails)))
    };
    run.feed(Input::Begin, &script);
    run.run(&script);
    run.pipeline
}

fn state(pipeline: &Pipeline, at: usize) -> (Status, Option<String>) {
    let job = JobIndex(at);
    (pipeline.status_of(job), pipeline.reason(job))
}

#[test]
fn reasons_of_the_last_job() {
    let on_failure = |spec| with(spec, |spec: &mut JobSpec| spec.when = When::OnFailure);
    let blocking = || manual("m", 0, AllowFailure::No);
    let optional = || manual("m", 0, AllowFailure::Yes);
    let rows: Vec<(&str, Vec<JobSpec>, &str, &str)> = vec![
        (
            "stage",
            vec![job("bad", 1), job("x", 2)],
            "skipped",
            "stage test failed",
        ),
        (
            "two stages on",
            vec![job("bad", 0), job("a", 1), job("x", 2)],
            "skipped",
            "stage build failed",
        ),
        (
            "on_failure",
            vec![job("a", 0), on_failure(job("x", 1))],
            "skipped",
            "no earlier job failed",
        ),
        (
            "need failed",
            vec![job("bad", 0), needing("x", 1, &[0])],
            "skipped",
            "needs failed job bad",
        ),
        (
            "need skipped",
            vec![job("bad", 0), job("b1", 1), needing("x", 2, &[1])],
            "skipped",
            "needs skipped job b1",
        ),
        (
            "need skipped and failed",
            vec![job("bad", 0), job("b1", 1), needing("x", 2, &[0, 1])],
            "skipped",
            "needs skipped job b1",
        ),
        (
            "need manual",
            vec![optional(), needing("x", 1, &[0])],
            "skipped",
            "needs manual job m, which was not played",
        ),
        (
            "need held and failed",
            vec![
                job("bad", 0),
                job("ok", 0),
                with(needing("h", 0, &[1]), |spec| spec.held = true),
                needing("x", 1, &[0, 2]),
            ],
            "skipped",
            "needs held job h",
        ),
        (
            "need held",
            vec![held("h", 0), needing("x", 1, &[0])],
            "skipped",
            "needs held job h",
        ),
        (
            "blocked",
            vec![blocking(), job("x", 1)],
            "created",
            "waits for m",
        ),
        (
            "blocked need",
            vec![blocking(), needing("x", 1, &[0])],
            "created",
            "waits for m",
        ),
        (
            "blocked through others",
            vec![blocking(), job("a", 1), needing("x", 2, &[1])],
            "created",
            "waits for m",
        ),
    ];
    for (row, specs, status, reason) in rows {
        let ended = run(&specs, Options::default(), &["bad"]);
        let (got, why) = state(&ended, specs.len() - 1);
        assert_eq!(
            (got.as_str(), why.as_deref()),
            (status, Some(reason)),
            "{row}"
        );
    }
}

#[test]
fn canceled_stage_is_a_cause() {
    let mut pipeline = pipeline(&[job("a", 0), job("x", 1)], Options::default());
    pipeline.step(Input::Begin);
    pipeline.step(Input::CancelJob(JobIndex(0)));
    let want = (Status::Skipped, Some("stage build was canceled".to_owned()));
    assert_eq!(state(&pipeline, 1), want);
}

#[test]
fn held_jobs_block_nobody_but_who_needs_them() {
    let specs = [
        held("deploy", 0),
        job("later", 1),
        needing("smoke", 1, &[0]),
    ];
    let ended = run(&specs, Options::default(), &[]);
    assert_eq!(ended.status(), Status::Success);
    assert!(ended.is_held(JobIndex(0)));
    assert_eq!(state(&ended, 0), (Status::Manual, None));
    assert_eq!(state(&ended, 1).0, Status::Success);
}

#[test]
fn held_only_where_it_would_start() {
    let specs = [
        job("bad", 0),
        held("deploy", 1),
        with(held("rollback", 1), |spec| spec.when = When::OnFailure),
    ];
    let ended = run(&specs, Options::default(), &["bad"]);
    assert_eq!(state(&ended, 1).0, Status::Skipped);
    assert!(!ended.is_held(JobIndex(1)));
    assert!(ended.is_held(JobIndex(2)));
}

#[test]
fn manual_job_is_not_held() {
    let specs = [with(manual("deploy", 0, AllowFailure::No), |spec| {
        spec.held = true;
    })];
    let ended = run(&specs, Options::default(), &[]);
    assert_eq!(ended.status(), Status::Manual);
    assert!(!ended.is_held(JobIndex(0)));
}

#[test]
fn released_held_job_counts_in_full() {
    let specs = [held("deploy", 0), needing("smoke", 1, &[0])];
    let mut pipeline = pipeline(&specs, Options::default());
    pipeline.step(Input::Begin);
    let actions = pipeline.step(Input::Play(JobIndex(0)));
    let start = Action::Start {
        job: JobIndex(0),
        attempt: 1,
    };
    assert_eq!(actions, [start]);
    assert_eq!(state(&pipeline, 1).0, Status::Created);
    let reason = FailureReason::ScriptFailure;
    pipeline.step(Input::Finished {
        job: JobIndex(0),
        attempt: 1,
        outcome: Outcome::Failed {
            reason,
            exit_code: Some(1),
        },
    });
    assert_eq!(pipeline.status(), Status::Failed);
}

#[test]
fn played_before_the_run() {
    let specs = [
        job("a", 0),
        with(manual("m", 1, AllowFailure::No), |spec| spec.played = true),
        job("x", 2),
    ];
    let ended = run(&specs, Options::default(), &[]);
    assert_eq!(ended.status(), Status::Success);
    let ended = run(&specs, Options::default(), &["a"]);
    assert_eq!(
        state(&ended, 1).0,
        Status::Skipped,
        "predecessors decide all the same"
    );
}

#[test]
fn keep_going_forgives_for_successors_only() {
    let options = Options {
        keep_going: true,
        auto_cancel_on_job_failure: true,
    };
    let specs = [
        job("bad", 0),
        job("x", 1),
        needing("y", 1, &[0]),
        with(job("z", 1), |spec| spec.when = When::OnFailure),
    ];
    let ended = run(&specs, options, &["bad"]);
    assert_eq!(ended.status(), Status::Failed);
    assert!(ended.has_failure());
    assert_eq!(state(&ended, 1).0, Status::Success);
    assert_eq!(state(&ended, 2).0, Status::Success);
    assert_eq!(state(&ended, 3).0, Status::Skipped);
}

#[test]
fn a_skip_is_told_once() {
    let specs = [
        manual("m", 0, AllowFailure::Yes),
        with(job("r", 0), |spec| spec.retry.max = Some(1)),
        needing("x", 1, &[0]),
    ];
    let mut run = Simulation::new(pipeline(&specs, Options::default()));
    let script = |_| (std::time::Duration::ZERO, outcome_of(1));
    run.feed(Input::Begin, &script);
    run.run(&script);
    let skips = run
        .log
        .iter()
        .filter(|action| matches!(action, Action::Skip { .. }));
    assert_eq!(skips.count(), 1, "{:?}", run.log);
    assert_eq!(run.pipeline.attempt_of(JobIndex(1)), 2);
}

#[test]
fn stale_reports_change_nothing() {
    let mut pipeline = pipeline(&[job("a", 0)], Options::default());
    pipeline.step(Input::Begin);
    let (job, outcome) = (JobIndex(0), Outcome::Success);
    for attempt in [0, 2] {
        pipeline.step(Input::Finished {
            job,
            attempt,
            outcome,
        });
        assert_eq!(pipeline.status_of(job), Status::Pending);
    }
    pipeline.step(Input::Play(JobIndex(9)));
    assert_eq!(pipeline.status(), Status::Pending);
}

#[test]
fn no_jobs_at_all() {
    let mut pipeline = Pipeline::new(Vec::new(), Vec::new(), Options::default()).expect("sound");
    assert_eq!(pipeline.step(Input::Begin), [Action::Done]);
    assert_eq!(pipeline.status(), Status::Success);
}

#[test]
fn unsound_specs() {
    let rows = [
        (
            vec![job("a", 9)],
            "job `a` is in stage number 9, which does not exist",
        ),
        (
            vec![needing("a", 0, &[7])],
            "job `a` needs job number 7, which does not exist",
        ),
        (
            vec![needing("a", 0, &[1]), needing("b", 0, &[0])],
            "job `a` needs itself, directly or through other jobs",
        ),
    ];
    for (specs, want) in rows {
        let error: Result<_, SpecError> =
            Pipeline::new(vec!["s".to_owned()], specs, Options::default());
        assert_eq!(
            error.map(drop).map_err(|error| error.to_string()),
            Err(want.to_owned())
        );
    }
}
