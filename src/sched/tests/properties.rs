//! What holds for every pipeline, whatever happens to it.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use crate::sched::decide::{Decision, decide};
use crate::sched::{Action, Input, JobIndex, JobSpec, Options, Outcome, Pipeline};
use crate::types::{AllowFailure, FailureReason, Retry, Status, When};

const STAGES: usize = 4;

fn when() -> impl Strategy<Value = When> {
    prop_oneof![
        5 => Just(When::OnSuccess),
        1 => Just(When::OnFailure),
        1 => Just(When::Always),
        1 => Just(When::Manual),
        1 => Just(When::Delayed),
    ]
}

fn allow_failure() -> impl Strategy<Value = AllowFailure> {
    prop_oneof![
        2 => Just(AllowFailure::No),
        1 => Just(AllowFailure::Yes),
        1 => Just(AllowFailure::ExitCodes(vec![2])),
    ]
}

/// One job; the numbers of its needs are brought into range by [`specs`].
fn job() -> impl Strategy<Value = (JobSpec, Option<Vec<usize>>)> {
    let needs = prop::option::of(prop::collection::vec(any::<usize>(), 0..3));
    let flags = (prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    let group = prop::option::weighted(0.3, prop_oneof!["red", "blue"]);
    let parts = (0..STAGES, when(), allow_failure(), 0..2u32, flags, needs);
    (parts, group).prop_map(|(parts, resource_group)| {
        let (stage, when, allow_failure, max, (played, held), needs) = parts;
        let retry = Retry {
            max: Some(max),
            ..Retry::default()
        };
        let spec = JobSpec {
            stage,
            when,
            allow_failure,
            retry,
            played,
            resource_group,
            held,
            ..JobSpec::default()
        };
        (spec, needs)
    })
}

/// Jobs in stage order; each may need those before it.
fn specs() -> impl Strategy<Value = Vec<JobSpec>> {
    prop::collection::vec(job(), 1..12).prop_map(|mut jobs| {
        jobs.sort_by_key(|(spec, _)| spec.stage);
        let finish = |(at, (spec, needs)): (usize, (JobSpec, Option<Vec<usize>>))| {
            let in_range = |need: usize| (at > 0).then(|| JobIndex(need % at));
            JobSpec {
                name: format!("j{at}"),
                needs: needs.map(|list| list.into_iter().filter_map(in_range).collect()),
                ..spec
            }
        };
        jobs.into_iter().enumerate().map(finish).collect()
    })
}

/// Who drives a pipeline: what a person and the jobs do, from a list of random numbers.
struct Driver {
    pipeline: Pipeline,
    specs: Vec<JobSpec>,
    options: Options,
    /// Attempts that were handed out and have not ended.
    open: HashSet<(JobIndex, u32)>,
    newest: HashMap<JobIndex, u32>,
    /// Which attempt has each resource group.
    holders: HashMap<String, (JobIndex, u32)>,
    canceled: bool,
    last: Vec<Action>,
}

impl Driver {
    fn new(specs: Vec<JobSpec>, options: Options) -> Self {
        let stages = (0..STAGES).map(|at| at.to_string()).collect();
        let pipeline = Pipeline::new(stages, specs.clone(), options).expect("sound specs");
        Self {
            pipeline,
            specs,
            options,
            open: HashSet::new(),
            newest: HashMap::new(),
            holders: HashMap::new(),
            canceled: false,
            last: Vec::new(),
        }
    }

    fn feed(&mut self, input: Input) {
        if let Input::Finished { job, attempt, .. } = input {
            assert!(self.open.remove(&(job, attempt)), "an end without a start");
        }
        if let Input::Acquired { job, attempt } = input {
            let held = self.holders.insert(self.group(job), (job, attempt));
            assert_eq!(held, None, "a group is given out twice");
        }
        self.last = self.pipeline.step(input);
        for action in self.last.clone() {
            self.obey(action, input);
        }
        self.check_rest();
    }

    fn group(&self, job: JobIndex) -> String {
        let group = self.specs[job.0].resource_group.clone();
        group.expect("only jobs with a group ask for one")
    }

    fn obey(&mut self, action: Action, input: Input) {
        match action {
            Action::Start { job, attempt } => {
                assert!(!self.canceled, "{job:?} starts after cancel");
                let newest = self.newest.insert(job, attempt);
                assert!(
                    newest.is_none_or(|newest| newest < attempt),
                    "{job:?} starts twice"
                );
                assert!(self.open.insert((job, attempt)));
                let group = self.specs[job.0].resource_group.as_ref();
                let holder = group.map(|group| self.holders.get(group).copied());
                assert!(holder.is_none_or(|holder| holder == Some((job, attempt))));
                let later = matches!(
                    input,
                    Input::Play(_) | Input::DelayOver { .. } | Input::Acquired { .. }
                );
                if !later {
                    self.check_start(job);
                }
            }
            Action::Release { job, attempt } => {
                let held = self.holders.remove(&self.group(job));
                assert_eq!(held, Some((job, attempt)), "released by another");
            }
            Action::Cancel(job) => {
                self.open.retain(|(open, _)| *open != job);
            }
            _ => {}
        }
    }

    /// Written without composite statuses, from the words of the rules.
    fn check_start(&self, job: JobIndex) {
        let spec = &self.specs[job.0];
        let earlier = |other: &JobIndex| self.specs[other.0].stage < spec.stage;
        let before: Vec<JobIndex> = match &spec.needs {
            Some(needs) => needs.clone(),
            None => self.pipeline.jobs().filter(earlier).collect(),
        };
        let status = |job: &JobIndex| self.pipeline.status_of(*job);
        let forgiven = |job: &JobIndex| self.pipeline.is_allowed_to_fail(*job);
        let failed = |job: &JobIndex| status(job) == Status::Failed && !forgiven(job);
        if spec.needs.is_none() {
            let ended = |job: &JobIndex| {
                let optional = forgiven(job) || self.pipeline.is_held(*job);
                status(job).is_completed() || (status(job) == Status::Manual && optional)
            };
            assert!(
                before.iter().all(ended),
                "{job:?} starts before an earlier stage ended"
            );
        }
        match spec.when {
            When::OnFailure => assert!(before.iter().any(failed), "{job:?} without a failure"),
            When::Always => {}
            _ if self.options.keep_going => {}
            _ => assert!(!before.iter().any(failed), "{job:?} after a failure"),
        }
        if spec.needs.is_some() && spec.when == When::OnSuccess {
            let good = |job: &JobIndex| match status(job) {
                Status::Success => true,
                Status::Failed => forgiven(job) || self.options.keep_going,
                Status::Canceled => forgiven(job),
                _ => false,
            };
            assert!(
                before.iter().all(good),
                "{job:?} starts before a need succeeded"
            );
        }
    }

    /// At rest every created job waits for good reason, and `Done` is said when it is so.
    fn check_rest(&self) {
        for job in self.pipeline.jobs() {
            if self.pipeline.status_of(job) == Status::Created {
                let spec = &self.specs[job.0];
                let predecessors = self.pipeline.predecessors(job);
                let decision = decide(spec.when, spec.needs.is_some(), predecessors);
                assert_eq!(decision, Decision::Leave, "{job:?} was forgotten");
                assert!(
                    self.pipeline.waits_for(job).is_some(),
                    "{job:?} waits for nobody"
                );
            }
        }
        let done = self.last.last() == Some(&Action::Done);
        assert_eq!(done, self.pipeline.is_done());
    }

    /// What jobs and timers could report now.
    fn reports(&self, code: i64) -> Vec<Input> {
        let report = |job: JobIndex| {
            let attempt = self.pipeline.attempt_of(job);
            let outcome = match code {
                0 => Outcome::Success,
                code => Outcome::Failed {
                    reason: FailureReason::ScriptFailure,
                    exit_code: Some(code),
                },
            };
            match self.pipeline.status_of(job) {
                Status::Pending => Some(Input::Started { job, attempt }),
                Status::Running | Status::Canceling => Some(Input::Finished {
                    job,
                    attempt,
                    outcome,
                }),
                Status::Scheduled => Some(Input::DelayOver { job, attempt }),
                Status::WaitingForResource if !self.holders.contains_key(&self.group(job)) => {
                    Some(Input::Acquired { job, attempt })
                }
                _ => None,
            }
        };
        self.pipeline.jobs().filter_map(report).collect()
    }

    /// One thing happens: mostly a report, sometimes a person.
    fn happen(&mut self, choice: u16) {
        let pick = usize::from(choice / 64);
        let job = JobIndex(pick % self.specs.len());
        match choice % 64 {
            0 => {
                self.feed(Input::Cancel);
                self.canceled = true;
            }
            1..=8 if !self.canceled => self.feed(Input::Play(job)),
            9..=10 if !self.canceled => self.feed(Input::Retry(job)),
            11 if !self.canceled => self.feed(Input::RetryAll),
            12..=13 => self.feed(Input::CancelJob(job)),
            14 => self.feed(Input::Unschedule(job)),
            kind => {
                let reports = self.reports(i64::from(kind % 4));
                if !reports.is_empty() {
                    self.feed(reports[pick % reports.len()]);
                }
            }
        }
    }

    /// Only reports from now on. Each job has at most two more attempts of five steps.
    fn run_down(&mut self) {
        for _ in 0..self.specs.len() * 20 {
            let reports = self.reports(1);
            let Some(report) = reports.first() else {
                return;
            };
            self.feed(*report);
        }
        panic!("does not come to an end");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]
    #[test]
    fn every_pipeline(
        specs in specs(),
        auto_cancel_on_job_failure in any::<bool>(),
        keep_going in prop::bool::weighted(0.2),
        choices in prop::collection::vec(any::<u16>(), 0..60),
    ) {
        let options = Options { auto_cancel_on_job_failure, keep_going };
        let mut driver = Driver::new(specs, options);
        driver.feed(Input::Begin);
        for choice in choices {
            driver.happen(choice);
        }
        driver.run_down();
        prop_assert!(driver.pipeline.is_done());
        prop_assert!(driver.open.is_empty(), "attempts without an end");
        prop_assert!(driver.holders.is_empty(), "a resource group is kept");
        prop_assert_eq!(driver.last.last(), Some(&Action::Done));
    }
}
