//! Resource groups (runtime reference 6.7).

use crate::sched::{Action, Input, JobIndex, JobSpec, Options, Outcome, Pipeline};
use crate::types::{FailureReason, Retry, Status, When};

const JOB: JobIndex = JobIndex(0);
const START: Action = Action::Start {
    job: JOB,
    attempt: 1,
};
const ACQUIRE: Action = Action::Acquire {
    job: JOB,
    attempt: 1,
};
const RELEASE: Action = Action::Release {
    job: JOB,
    attempt: 1,
};
const ACQUIRED: Input = Input::Acquired {
    job: JOB,
    attempt: 1,
};
const STARTED: Input = Input::Started {
    job: JOB,
    attempt: 1,
};

fn finished(outcome: Outcome) -> Input {
    Input::Finished {
        job: JOB,
        attempt: 1,
        outcome,
    }
}

fn failure() -> Outcome {
    Outcome::Failed {
        reason: FailureReason::ScriptFailure,
        exit_code: Some(1),
    }
}

fn pipeline(spec: JobSpec) -> Pipeline {
    let spec = JobSpec {
        resource_group: Some("production".to_owned()),
        ..spec
    };
    Pipeline::new(vec!["deploy".to_owned()], vec![spec], Options::default()).expect("sound")
}

/// The actions of each input in turn.
fn actions(spec: JobSpec, inputs: &[Input]) -> Vec<Vec<Action>> {
    let mut pipeline = pipeline(spec);
    inputs.iter().map(|input| pipeline.step(*input)).collect()
}

#[test]
fn a_job_has_its_group_from_pending_until_it_has_ended() {
    let rows: &[(&str, Input, &[Action])] = &[
        ("ready", Input::Begin, &[ACQUIRE]),
        ("acquired", ACQUIRED, &[START]),
        ("started", STARTED, &[]),
        (
            "ended",
            finished(Outcome::Success),
            &[RELEASE, Action::Done],
        ),
    ];
    let inputs: Vec<Input> = rows.iter().map(|(_, input, _)| *input).collect();
    for (row, got) in rows.iter().zip(actions(JobSpec::default(), &inputs)) {
        assert_eq!(got, row.2, "{}", row.0);
    }
}

#[test]
fn while_the_group_is_busy_the_job_waits_for_it() {
    let mut pipeline = pipeline(JobSpec::default());
    pipeline.step(Input::Begin);
    assert_eq!(pipeline.status_of(JOB), Status::WaitingForResource);
    assert_eq!(pipeline.status(), Status::WaitingForResource);
    assert!(!pipeline.is_done());
    let reason = pipeline.reason(JOB);
    assert_eq!(
        reason.as_deref(),
        Some("waits for resource group production")
    );
}

#[test]
fn a_job_that_is_canceled_takes_no_group_along() {
    let begin = Input::Begin;
    let cancel = Input::CancelJob(JOB);
    for (row, inputs, wanted) in [
        (
            "while it waits",
            vec![begin, cancel],
            vec![Action::Cancel(JOB), Action::Done],
        ),
        (
            "while it waits, and the group comes too late",
            vec![begin, cancel, ACQUIRED],
            vec![RELEASE, Action::Done],
        ),
        (
            "while it is pending",
            vec![begin, ACQUIRED, cancel],
            vec![RELEASE, Action::Cancel(JOB), Action::Done],
        ),
        (
            "while it runs",
            vec![
                begin,
                ACQUIRED,
                STARTED,
                cancel,
                finished(Outcome::Canceled),
            ],
            vec![RELEASE, Action::Done],
        ),
    ] {
        let last = actions(JobSpec::default(), &inputs).pop();
        assert_eq!(last, Some(wanted), "{row}");
    }
}

#[test]
fn another_attempt_waits_again() {
    let spec = JobSpec {
        retry: Retry {
            max: Some(1),
            ..Retry::default()
        },
        ..JobSpec::default()
    };
    let inputs = [Input::Begin, ACQUIRED, STARTED, finished(failure())];
    let last = actions(spec, &inputs).pop().expect("four inputs");
    let wanted = [
        RELEASE,
        Action::Retry {
            job: JOB,
            attempt: 1,
        },
        Action::Acquire {
            job: JOB,
            attempt: 2,
        },
    ];
    assert_eq!(last, wanted);
}

#[test]
fn a_manual_job_asks_for_its_group_when_it_is_played() {
    let spec = JobSpec {
        when: When::Manual,
        ..JobSpec::default()
    };
    let got = actions(spec, &[Input::Begin, Input::Play(JOB), ACQUIRED]);
    assert_eq!(
        got,
        [
            vec![Action::Wait(JOB), Action::Done],
            vec![ACQUIRE],
            vec![START]
        ]
    );
}
