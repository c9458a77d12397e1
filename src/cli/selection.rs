//! When a selection can't be made: what is wrong, and which ref would have the job.

use crate::diag::{Code, Diagnostic};
use crate::foreign::Command;
use crate::plan::{Plan, Selection, SelectionError};

use super::args::EventArgs;
use super::checkout::Checkout;
use super::exit::{Exit, Failure};
use super::pipeline::Pipeline;

/// `--deploy=ENV` names an environment that no job of this pipeline acts on.
pub(super) fn unknown_environment(
    pipeline: &Pipeline,
    plan: &Plan,
    wanted: &[String],
) -> Option<Failure> {
    let mut known: Vec<&str> = plan
        .jobs
        .iter()
        .filter_map(|job| Some(&*job.environment.as_ref()?.name))
        .collect();
    known.sort_unstable();
    known.dedup();
    let name = wanted
        .iter()
        .find(|name| !name.is_empty() && !known.contains(&name.as_str()))?;
    let message = format!(
        "no job of the pipeline for {} deploys to `{name}`",
        describe(pipeline)
    );
    let diagnostic = Diagnostic::new(Code::InvalidValue, message);
    let diagnostic = if known.is_empty() {
        diagnostic.help("it has no environments: leave `--deploy` out")
    } else {
        diagnostic.choose_from(name, "its environments", known)
    };
    Some(fail(pipeline, Exit::Usage, diagnostic))
}

/// There is no pipeline for this ref, or no job in it. A job that was named gets an answer of
/// its own.
pub(super) fn nothing(
    checkout: &Checkout,
    pipeline: &Pipeline,
    wanted: &Selection,
    reason: &str,
) -> Failure {
    let named = wanted.jobs.first();
    if let Some(name) = named
        && let Some(failure) = left_out(checkout, pipeline, &EventArgs::default(), name)
    {
        return failure;
    }
    let message = format!(
        "there is nothing to run for {}: {reason}",
        describe(pipeline)
    );
    fail(pipeline, Exit::Nothing, Diagnostic::new(Code::NothingToRun, message)
        .help("`pipe list` shows why each job is left out; `--branch`, `--tag` and `--merge-request` look at other refs"))
}

/// The words for an error of the selection.
pub(super) fn failure(
    checkout: &Checkout,
    pipeline: &Pipeline,
    event: &EventArgs,
    error: &SelectionError,
) -> Failure {
    match error {
        SelectionError::UnknownJob(name) => {
            left_out(checkout, pipeline, event, name).unwrap_or_else(|| unknown_job(pipeline, name))
        }
        SelectionError::UnknownStage(name) => unknown_stage(pipeline, name),
        SelectionError::NotManual(name) => fail(
            pipeline,
            Exit::Usage,
            Diagnostic::new(
                Code::JobNotStartable,
                format!("job `{name}` is not manual: it starts by itself"),
            )
            .help(format!(
                "to run just this job, name it: `{}`",
                run_job(name)
            )),
        ),
        SelectionError::NotStartable { job, needs } => fail(
            pipeline,
            Exit::Nothing,
            Diagnostic::new(
                Code::JobNotStartable,
                format!("job `{job}` needs `{needs}`, which does not start by itself"),
            )
            .help(format!(
                "name both: `{}`",
                run_job(needs).option("--job", job)
            )),
        ),
    }
}

fn run_job(name: &str) -> Command {
    Command::new("pipe run").option("--job", name)
}

/// A job of the configuration that this pipeline does not have.
fn left_out(
    checkout: &Checkout,
    pipeline: &Pipeline,
    event: &EventArgs,
    name: &str,
) -> Option<Failure> {
    let plan = &pipeline.outcome.as_ref()?.plan;
    let config = pipeline.loaded.config.as_ref()?;
    let job = config
        .jobs
        .iter()
        .find(|job| &*job.name == name || &*job.base_name == name)?;
    let message = format!(
        "job `{name}` is not in the pipeline for {}",
        describe(pipeline)
    );
    let mut diagnostic = Diagnostic::new(Code::JobNotInPipeline, message);
    match plan
        .left_out
        .iter()
        .find(|left_out| left_out.name == job.name)
    {
        Some(left_out) => diagnostic = diagnostic.at(left_out.span).label(left_out.reason.clone()),
        None => {
            if let Some(reason) = pipeline
                .outcome
                .as_ref()
                .and_then(|outcome| outcome.reason.clone())
            {
                diagnostic = diagnostic.note(reason);
            }
        }
    }
    if let Some(options) = elsewhere(checkout, event, &job.name) {
        diagnostic = diagnostic.help(format!(
            "another ref has it: `{}`",
            run_job(name).with(&options)
        ));
    }
    Some(fail(pipeline, Exit::Nothing, diagnostic))
}

/// Options of an event whose pipeline has the job.
fn elsewhere(checkout: &Checkout, event: &EventArgs, name: &str) -> Option<Command> {
    let rules = &checkout.rules;
    let sample = |patterns: &[String]| patterns.first().map(|pattern| pattern.replace('*', "1"));
    let branches = [
        Some(rules.default_branch.clone()),
        sample(&rules.develop),
        sample(&rules.release),
        sample(&rules.issue),
    ];
    let branch = |name: String| EventArgs {
        branch: Some(name),
        ..event_base(event)
    };
    let mut events: Vec<(Command, EventArgs)> = branches
        .into_iter()
        .flatten()
        .map(|name| (Command::default().option("--branch", &name), branch(name)))
        .collect();
    events.push((
        Command::new("--tag v1.0.0"),
        EventArgs {
            tag: Some("v1.0.0".to_owned()),
            ..event_base(event)
        },
    ));
    for target in [rules.default_branch.clone()]
        .into_iter()
        .chain(sample(&rules.develop))
    {
        events.push((
            Command::new("--merge-request").option("--target-branch", &target),
            EventArgs {
                merge_request: true,
                target_branch: Some(target),
                ..event_base(event)
            },
        ));
    }
    for source in ["schedule", "web"] {
        events.push((
            Command::default().option("--source", source),
            EventArgs {
                source: Some(source.to_owned()),
                ..event_base(event)
            },
        ));
    }
    events.into_iter().find_map(|(options, event)| {
        let pipeline = Pipeline::make(checkout, &event).ok()?;
        let plan = &pipeline.outcome.as_ref()?.plan;
        plan.jobs
            .iter()
            .any(|job| job.name() == name)
            .then_some(options)
    })
}

/// Variables and changed files stay, the ref and the event are replaced.
fn event_base(event: &EventArgs) -> EventArgs {
    EventArgs {
        var: event.var.clone(),
        changed: event.changed.clone(),
        ..EventArgs::default()
    }
}

fn unknown_job(pipeline: &Pipeline, name: &str) -> Failure {
    let jobs = pipeline
        .loaded
        .config
        .iter()
        .flat_map(|config| &config.jobs);
    let diagnostic = Diagnostic::new(Code::JobUnknown, format!("there is no job `{name}`"))
        .did_you_mean(name, jobs.map(|job| &*job.name));
    let diagnostic = if diagnostic.help.is_empty() {
        diagnostic.help("`pipe list` shows the jobs")
    } else {
        diagnostic
    };
    fail(pipeline, Exit::Usage, diagnostic)
}

fn unknown_stage(pipeline: &Pipeline, name: &str) -> Failure {
    let stages = pipeline
        .loaded
        .config
        .iter()
        .flat_map(|config| &config.stages);
    let names: Vec<&str> = stages.map(|stage| &**stage).collect();
    fail(
        pipeline,
        Exit::Usage,
        Diagnostic::new(Code::UnknownStage, format!("there is no stage `{name}`"))
            .note(format!("the stages are {}", names.join(", ")))
            .did_you_mean(name, names.iter().copied()),
    )
}

fn describe(pipeline: &Pipeline) -> String {
    let reference = &pipeline.facts.reference;
    match reference.kind {
        crate::types::RefKind::Branch => format!("branch `{}`", reference.name),
        crate::types::RefKind::Tag => format!("tag `{}`", reference.name),
        crate::types::RefKind::MergeRequest { .. } => {
            format!("a merge request of `{}`", reference.name)
        }
    }
}

fn fail(pipeline: &Pipeline, exit: Exit, diagnostic: Diagnostic) -> Failure {
    Failure {
        exit,
        diagnostics: vec![diagnostic],
        sources: pipeline.loaded.sources.clone(),
    }
}
