//! Jobs that fail when the pipeline is made.

use crate::sched::{Action, Input, JobIndex, JobSpec, Options, Pipeline};
use crate::types::{AllowFailure, Retry, RetryWhen, Status, When};

use super::simulation::{Simulation, outcome_of};

fn job(name: &str, stage: usize) -> JobSpec {
    JobSpec {
        name: name.to_owned(),
        stage,
        ..JobSpec::default()
    }
}

fn doomed(name: &str, stage: usize) -> JobSpec {
    JobSpec {
        fails_at_once: true,
        ..job(name, stage)
    }
}

fn pipeline(specs: Vec<JobSpec>, options: Options) -> Pipeline {
    let stages = ["build", "test", "deploy"].map(str::to_owned).to_vec();
    Pipeline::new(stages, specs, options).expect("sound specs")
}

/// Runs it whole, and everything that can succeed does: the statuses of the jobs, then of the
/// pipeline.
fn statuses(specs: Vec<JobSpec>, options: Options) -> String {
    let mut run = Simulation::new(pipeline(specs, options));
    let script = |_: JobIndex| (std::time::Duration::ZERO, outcome_of(0));
    run.feed(Input::Begin, &script);
    run.run(&script);
    let jobs = run.pipeline.jobs();
    let mut all: Vec<&str> = jobs
        .map(|job| run.pipeline.status_of(job).as_str())
        .collect();
    all.push(run.pipeline.status().as_str());
    all.join(" ")
}

#[test]
fn what_becomes_of_the_others() {
    let of = |when: When| JobSpec {
        when,
        ..job("other", 2)
    };
    let optional = JobSpec {
        when: When::Manual,
        allow_failure: AllowFailure::Yes,
        ..doomed("b", 1)
    };
    let needing = |at: usize| JobSpec {
        needs: Some(vec![JobIndex(at)]),
        ..job("needing", 2)
    };
    for (situation, specs, expected) in [
        (
            "beside it and before it they run",
            vec![job("a", 0), doomed("b", 1), job("beside", 1), job("c", 2)],
            "success failed success skipped failed",
        ),
        (
            "a cleanup runs",
            vec![job("a", 0), doomed("b", 1), of(When::OnFailure)],
            "success failed success failed",
        ),
        (
            "a job that needs it is skipped",
            vec![doomed("a", 0), job("b", 1), needing(0)],
            "failed skipped skipped failed",
        ),
        (
            "a job that needs another one runs",
            vec![job("a", 0), doomed("b", 1), needing(0)],
            "success failed success failed",
        ),
        (
            "an optional manual job has failed too, and is allowed to",
            vec![job("a", 0), optional, job("c", 2)],
            "success failed success success",
        ),
        (
            "in the first stage nothing else comes",
            vec![doomed("a", 0), job("c", 2)],
            "failed skipped failed",
        ),
    ] {
        assert_eq!(statuses(specs, Options::default()), expected, "{situation}");
    }
}

#[test]
fn it_is_neither_retried_nor_does_it_cancel_the_pipeline() {
    let cancels = Options {
        auto_cancel_on_job_failure: true,
        ..Options::default()
    };
    let retried = JobSpec {
        retry: Retry {
            max: Some(2),
            when: Some(vec![RetryWhen::Always]),
            exit_codes: Vec::new(),
        },
        ..doomed("b", 1)
    };
    let specs = vec![job("a", 0), retried, job("c", 1)];
    let expected = "success failed success failed";
    assert_eq!(statuses(specs, cancels), expected);
}

#[test]
fn it_is_told_once_and_first() {
    let (a, b) = (JobIndex(0), JobIndex(1));
    let mut pipeline = pipeline(vec![job("a", 0), doomed("b", 1)], Options::default());
    assert_eq!(
        pipeline.status_of(b),
        Status::Created,
        "not before it begins"
    );
    let begun = [
        Action::Fail { job: b, attempt: 1 },
        Action::Start { job: a, attempt: 1 },
    ];
    assert_eq!(pipeline.step(Input::Begin), begun);
    // By hand it can be tried again, and fails again.
    let again = [Action::Fail { job: b, attempt: 2 }];
    assert_eq!(pipeline.step(Input::Retry(b)), again);
    assert_eq!(pipeline.status_of(b), Status::Failed);
}
