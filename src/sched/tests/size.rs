//! Large pipelines: a step must not look at every job.

use std::time::{Duration, Instant};

use crate::sched::{Input, JobIndex, JobSpec, Options, Outcome, Pipeline};
use crate::types::Status;

use super::simulation::Simulation;

/// Far more than any machine takes; looking at every job in every step takes minutes. What a run
/// costs is for the benchmarks.
const BUDGET: Duration = Duration::from_secs(30);
const JOBS: usize = 3000;

/// `shape` gives stage and needs of each job.
fn pipeline(stages: usize, shape: impl Fn(usize) -> (usize, Option<Vec<usize>>)) -> Pipeline {
    let spec = |at: usize| {
        let (stage, needs) = shape(at);
        JobSpec {
            name: format!("job {at}"),
            stage,
            needs: needs.map(|list| list.into_iter().map(JobIndex).collect()),
            ..JobSpec::default()
        }
    };
    let stages = (0..stages).map(|at| format!("stage {at}")).collect();
    Pipeline::new(stages, (0..JOBS).map(spec).collect(), Options::default()).expect("sound specs")
}

fn run_whole(name: &str, pipeline: Pipeline) {
    let began = Instant::now();
    let mut run = Simulation::new(pipeline);
    let script = |job: JobIndex| {
        let lasts = Duration::from_millis(job.0 as u64 * 7919 % 1000 + 1);
        (lasts, Outcome::Success)
    };
    run.feed(Input::Begin, &script);
    run.run(&script);
    let took = began.elapsed();
    assert!(took < BUDGET, "{name}: {took:?}");
    assert_eq!(run.pipeline.status(), Status::Success, "{name}");
    let all = run
        .pipeline
        .jobs()
        .all(|job| run.pipeline.status_of(job) == Status::Success);
    assert!(all, "{name}: every job ran");
}

#[test]
fn three_thousand_jobs() {
    let before = |at: usize| Some(at.checked_sub(1).into_iter().collect());
    run_whole("ten stages", pipeline(10, |at| (at / 300, None)));
    run_whole("a stage for each job", pipeline(JOBS, |at| (at, None)));
    run_whole("one chain of needs", pipeline(1, |at| (0, before(at))));
    run_whole(
        "a chain with a stage behind it",
        pipeline(2, |at| {
            if at < JOBS / 2 {
                (0, before(at))
            } else {
                (1, None)
            }
        }),
    );
    run_whole(
        "fifty needs each",
        pipeline(1, |at| (0, Some((at.saturating_sub(50)..at).collect()))),
    );
}
