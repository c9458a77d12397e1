//! Child pipelines: what trigger jobs make, and how they end with it.

use std::sync::Arc;

use crate::event::PipelineResult;
use crate::run::{PipelineSpec, Refusal, Trigger, TriggerContext};
use crate::types::{AllowFailure, KeepWhen};

use super::ended::Ended;
use super::story::{Job, Story, job, pipeline};

mod needs;
mod stops;
mod waits;

/// A trigger job whose child `make` makes.
fn trigger<F>(name: &str, stage: usize, depends: bool, make: F) -> Job
where
    F: Fn(&TriggerContext) -> Result<PipelineSpec, Refusal> + Send + Sync + 'static,
{
    job(name, stage, "").with(|job| {
        job.trigger = Some(Trigger {
            child: Arc::new(make),
            depends,
            of_other_project: false,
        });
    })
}

/// A trigger job that waits for a child of those jobs.
fn waiting<const N: usize>(name: &str, jobs: fn() -> [Job; N]) -> Job {
    trigger(name, 0, true, move |_| Ok(pipeline(jobs())))
}

/// One that does not wait.
fn detached<const N: usize>(name: &str, jobs: fn() -> [Job; N]) -> Job {
    trigger(name, 0, false, move |_| Ok(pipeline(jobs())))
}

/// One that is tried again, whose child fails at first.
fn retried(name: &str) -> Job {
    let make = |facts: &TriggerContext| {
        let script = if facts.attempt == 1 { "exit 1" } else { "" };
        Ok(pipeline([job("a", 0, script)]))
    };
    trigger(name, 0, true, make).with(|job| job.sched.retry.max = Some(1))
}

/// Every event with the path of its pipeline in front.
fn told(ended: &Ended) -> Vec<String> {
    ended.told_with_paths()
}

fn child<'a>(pipelines: &'a [PipelineResult], trigger: &str) -> &'a PipelineResult {
    let found = pipelines.iter().find(|child| child.trigger == trigger);
    found.unwrap_or_else(|| panic!("a child of {trigger}"))
}

fn statuses(child: &PipelineResult) -> Vec<String> {
    let jobs = child.jobs.iter();
    jobs.map(|job| format!("{} {}", job.name, job.status))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_trigger_job_ends_as_its_child_does() {
    let ended = Story::new([
        waiting("go", || [job("a", 0, "say hi\nsleep 10"), job("b", 1, "")]),
        job("after", 1, ""),
    ])
    .run()
    .await;
    let want = [
        "begin",
        "go.1 starts",
        "go: begin",
        "go: a.1 starts",
        "go: a.1| hi",
        "go: a.1 success",
        "go: b.1 starts",
        "go: b.1 success",
        "go.1 success",
        "after.1 starts",
        "after.1 success",
        "end success 0",
    ];
    assert_eq!(told(&ended), want);
    let go = child(&ended.result.pipelines, "go");
    assert_eq!(statuses(go), ["a success", "b success"]);
    assert_eq!(ended.jobs(), ["go success", "after success"]);
    assert_eq!(ended.asked.open, 0);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_fails_fails_its_trigger_job() {
    let ended = Story::new([
        waiting("go", || [job("a", 0, "exit 3"), job("b", 1, "")]),
        job("after", 1, ""),
    ])
    .run()
    .await;
    assert_eq!(ended.end(), ("failed", 1));
    assert_eq!(
        ended.jobs(),
        [
            "go failed: unknown_failure",
            "after skipped: stage one failed"
        ]
    );
    let go = child(&ended.result.pipelines, "go");
    assert_eq!(go.status.as_str(), "failed");
    assert_eq!(statuses(go), ["a failed", "b skipped"]);
    assert!(
        told(&ended).contains(&"go.1 failed: unknown_failure: the child pipeline is failed".into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_failing_child_of_a_job_that_may_fail_is_a_warning() {
    let may_fail = |job: &mut Job| job.sched.allow_failure = AllowFailure::Yes;
    let ended = Story::new([waiting("go", || [job("a", 0, "exit 3")]).with(may_fail)])
        .run()
        .await;
    assert_eq!(ended.end(), ("success", 0));
}

#[tokio::test(start_paused = true)]
async fn without_strategy_the_trigger_job_succeeds_at_once() {
    let ended = Story::new([
        detached("go", || [job("a", 0, "sleep 1000\nexit 1")]),
        job("after", 1, "sleep 10"),
    ])
    .run()
    .await;
    assert_eq!(ended.jobs(), ["go success", "after success"]);
    assert_eq!(ended.started("after"), 0, "it waits for no child");
    assert_eq!(statuses(child(&ended.result.pipelines, "go")), ["a failed"]);
    assert_eq!(ended.end(), ("success", 1), "a job failed for good");
}

#[tokio::test(start_paused = true)]
async fn jobs_of_one_name_in_parent_and_child_are_apart() {
    let ended = Story::new([
        job("same", 0, "say parent").keeping("out", KeepWhen::Always),
        waiting("go", || {
            [
                job("same", 0, "say child").keeping("out", KeepWhen::Always),
                job("next", 1, "").with(|job| job.artifacts_from = vec![0]),
            ]
        }),
        job("next", 1, "").with(|job| job.artifacts_from = vec![0]),
    ])
    .run()
    .await;
    assert_eq!(ended.end(), ("success", 0));
    let gets = |name: &str| {
        let mut opened = ended.asked.opened.iter();
        let spec = opened.find(|spec| spec.job == name).expect("it ran");
        let tars = spec.workspace.artifacts.iter();
        tars.map(|kept| kept.tar.display().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(gets("next"), ["/artifacts/same.1.tar"]);
    assert_eq!(gets("go › next"), ["/artifacts/go+same.1.tar"]);
    let lines = told(&ended);
    assert!(
        lines.contains(&"same.1| parent".into()) && lines.contains(&"go: same.1| child".into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_child_has_children() {
    let ended = Story::new([waiting("go", || {
        [
            waiting("deeper", || [job("a", 0, "exit 1")]),
            job("beside", 0, ""),
        ]
    })])
    .run()
    .await;
    assert_eq!(ended.end(), ("failed", 1));
    let go = child(&ended.result.pipelines, "go");
    assert_eq!(statuses(go), ["deeper failed", "beside success"]);
    assert_eq!(statuses(child(&go.pipelines, "deeper")), ["a failed"]);
    assert!(told(&ended).contains(&"go/deeper: a.1 starts".into()));
}

#[tokio::test(start_paused = true)]
async fn children_go_two_levels_deep() {
    let ended = Story::new([waiting("one", || {
        [waiting("two", || [waiting("three", || [job("a", 0, "")])])]
    })])
    .run()
    .await;
    assert_eq!(ended.end(), ("failed", 1));
    let line = "one/two: three.1 failed: reached_max_descendant_pipelines_depth: \
                child pipelines go no deeper than 2 levels";
    assert!(told(&ended).contains(&line.into()), "{:?}", told(&ended));
}

#[tokio::test(start_paused = true)]
async fn a_child_that_can_not_be_made_fails_its_trigger_job() {
    let refuse = |_: &TriggerContext| {
        Err(Refusal {
            reason: crate::types::FailureReason::ScriptFailure,
            message: "the file is not there\nline 1\nline 2".to_owned(),
            exit_code: None,
        })
    };
    let ended = Story::new([
        trigger("go", 0, false, refuse),
        trigger("break", 0, true, |_| panic!("as the test asked")),
        trigger("bad", 0, true, |_| Ok(pipeline([job("a", 7, "")]))),
    ])
    .run()
    .await;
    assert_eq!(ended.end(), ("failed", 1));
    let failed = |text: &str| told(&ended).iter().any(|line| line.contains(text));
    assert!(failed("go.1 failed: script_failure: the file is not there"));
    assert!(failed("go.1| line 1") && failed("go.1| line 2"));
    assert!(failed(
        "break.1 failed: runner_system_failure: internal error"
    ));
    assert!(failed(
        "bad.1 failed: unknown_failure: job `a` is in stage number 7"
    ));
    assert!(ended.result.pipelines.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_trigger_job_knows_what_jobs_in_front_of_it_made() {
    let make = |facts: &TriggerContext| {
        let tars = facts.artifacts.iter();
        let from: Vec<String> = tars
            .map(|(job, kept)| format!("{} {}", job.0, kept.tar.display()))
            .collect();
        let text = format!("say {:?} {from:?} {}", facts.path, facts.attempt);
        Ok(pipeline([job("a", 0, &text)]))
    };
    let ended = Story::new([
        job("generate", 0, "").keeping("child.yml", KeepWhen::OnSuccess),
        trigger("go", 1, true, make).with(|job| job.artifacts_from = vec![0]),
    ])
    .run()
    .await;
    let want = r#"go: a.1| ["go"] ["0 /artifacts/generate.1.tar"] 1"#;
    assert!(told(&ended).contains(&want.into()), "{:?}", told(&ended));
}

#[tokio::test(start_paused = true)]
async fn a_retried_trigger_job_makes_a_new_child() {
    let ended = Story::new([retried("go")]).run().await;
    assert_eq!(ended.end(), ("success", 0));
    assert_eq!(ended.job("go").attempts, 2);
    assert_eq!(ended.result.pipelines.len(), 1, "only the newest counts");
    assert_eq!(statuses(&ended.result.pipelines[0]), ["a success"]);
}

#[tokio::test(start_paused = true)]
async fn the_child_of_a_retried_trigger_job_has_logs_of_its_own() {
    let ended = Story::new([retried("go")]).run().await;
    let lines = told(&ended);
    for line in ["go: a.1 starts", "go #2: a.1 starts"] {
        assert!(lines.contains(&line.into()), "{line}: {lines:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn held_jobs_of_a_child_are_told_and_fail_nothing() {
    let ended = Story::new([waiting("go", || [job("ship", 0, "").held()])])
        .run()
        .await;
    assert_eq!(ended.end(), ("success", 0));
    let held: Vec<_> = ended.result.held.iter().map(|held| &*held.name).collect();
    assert_eq!(held, ["go › ship"]);
    assert!(!ended.result.complete);
}

#[tokio::test(start_paused = true)]
async fn secrets_of_a_child_are_hidden_from_its_beginning_on() {
    let make = |_: &TriggerContext| {
        let mut child = pipeline([job("a", 0, "")]);
        child.notices.push("the password is secret12".to_owned());
        child.secrets.push("secret12".to_owned());
        Ok(child)
    };
    let ended = Story::new([trigger("go", 0, true, make)]).run().await;
    assert!(told(&ended).contains(&"go: notice: the password is [MASKED]".into()));
}

#[tokio::test(start_paused = true)]
async fn pipelines_of_other_projects_begin_a_level_of_their_own() {
    /// A chain of trigger jobs, each of which waits for the next.
    fn chain(elsewhere: &'static [bool]) -> Job {
        let Some((of_other_project, rest)) = elsewhere.split_first() else {
            return job("end", 0, "");
        };
        let of_other_project = *of_other_project;
        trigger("go", 0, true, move |_| Ok(pipeline([chain(rest)]))).with(|job| {
            if let Some(trigger) = &mut job.trigger {
                trigger.of_other_project = of_other_project;
            }
        })
    }
    for (elsewhere, wanted) in [
        (&[false, false][..], "success"),
        (&[false, false, false], "failed"),
        (&[false, false, true, false, false], "success"),
        (&[true, true, true, true], "success"),
        (&[true, false, false, false], "failed"),
    ] {
        let ended = Story::new([chain(elsewhere)]).run().await;
        assert_eq!(ended.end().0, wanted, "{elsewhere:?}");
    }
}
