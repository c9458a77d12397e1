//! What completes on the command line: jobs, stages, refs, environments, events.
//!
//! A shell asks for it between two keys. So nothing is fetched, no git history is walked, nothing
//! is written, and whatever goes wrong means no candidates.

use clap::{Arg, ArgMatches, FromArgMatches};
use clap_complete::CompletionCandidate;
use clap_complete::engine::ArgValueCandidates;

use crate::app::{History, PastRuns, Pipeline, Workspace};
use crate::foreign::{is_hidden, visible};
use crate::mask::Masker;
use crate::plan::Plan;
use crate::record::PastRun;
use crate::types::{PipelineSource, When};

use super::args::{EventArgs, Global, command};
use super::request;

type Candidates = fn() -> Vec<CompletionCandidate>;

/// What completes the values of arguments, by their ids.
const CANDIDATES: &[(&str, Candidates)] = &[
    ("names", jobs),
    ("job", jobs),
    ("exclude", jobs),
    ("manual", manual_jobs),
    ("stage", stages),
    ("deploy", environments),
    ("branch", branches),
    ("source_branch", branches),
    ("target_branch", branches),
    ("tag", tags),
    ("source", events),
    ("past_job", recorded_jobs),
    ("past_run", recorded_runs),
    ("stored_images", stored_images),
];

/// The command line, whose values complete.
pub(super) fn completing_command() -> clap::Command {
    command().mut_subcommands(completing)
}

fn completing(command: clap::Command) -> clap::Command {
    command
        .mut_args(with_candidates)
        .mut_subcommands(completing)
}

fn with_candidates(argument: Arg) -> Arg {
    let id = argument.get_id().as_str();
    match CANDIDATES.iter().find(|(name, _)| *name == id) {
        Some((_, candidates)) => argument.add(ArgValueCandidates::new(*candidates)),
        None => argument,
    }
}

/// Jobs of the pipeline that the options so far choose.
fn jobs() -> Vec<CompletionCandidate> {
    named(|plan| {
        let mut names: Vec<(String, String)> = Vec::new();
        for job in &plan.jobs {
            let base = (
                job.config.base_name.to_string(),
                format!("{}, in parallel", job.config.stage),
            );
            if job.config.instance.is_some() && !names.contains(&base) {
                names.push(base);
            }
            names.push((job.name().to_owned(), about(job)));
        }
        names
    })
}

/// Images of the store.
#[cfg(target_os = "linux")]
fn stored_images() -> Vec<CompletionCandidate> {
    plain(crate::app::stored_image_names())
}

#[cfg(not(target_os = "linux"))]
fn stored_images() -> Vec<CompletionCandidate> {
    Vec::new()
}

/// Jobs that a person can start.
fn manual_jobs() -> Vec<CompletionCandidate> {
    named(|plan| {
        let manual = plan.jobs.iter().filter(|job| job.can_be_played());
        manual
            .map(|job| (job.name().to_owned(), about(job)))
            .collect()
    })
}

/// Stages that have a job.
fn stages() -> Vec<CompletionCandidate> {
    named(|plan| {
        let used = (0..plan.stages.len()).filter(|at| plan.jobs.iter().any(|job| job.stage == *at));
        used.map(|at| (plan.stages[at].to_string(), String::new()))
            .collect()
    })
}

/// Environments that a job of the pipeline acts on.
fn environments() -> Vec<CompletionCandidate> {
    named(|plan| {
        let jobs = plan.jobs.iter();
        jobs.filter_map(|job| {
            Some((
                job.environment.as_ref()?.name.clone(),
                format!("job {}", job.name()),
            ))
        })
        .collect()
    })
}

/// Branches, here and at `origin`.
fn branches() -> Vec<CompletionCandidate> {
    let workspace = typed()
        .and_then(|typed| Workspace::open(&request::workspace(&typed.global, Vec::new())).ok());
    plain(
        workspace
            .map(|workspace| workspace.repository.branches())
            .unwrap_or_default(),
    )
}

/// Tags.
fn tags() -> Vec<CompletionCandidate> {
    let workspace = typed()
        .and_then(|typed| Workspace::open(&request::workspace(&typed.global, Vec::new())).ok());
    plain(
        workspace
            .map(|workspace| workspace.repository.tags())
            .unwrap_or_default(),
    )
}

/// Jobs of the runs on record.
fn recorded_jobs() -> Vec<CompletionCandidate> {
    let past = past_runs();
    plain(past.map(|past| past.jobs()).unwrap_or_default())
}

/// Runs on record, the newest first.
fn recorded_runs() -> Vec<CompletionCandidate> {
    let runs = past_runs().map(|past| past.runs()).unwrap_or_default();
    let about = |run: &PastRun| {
        let started = run.started.as_ref();
        let name = started.map_or("", |started| &started.ref_name);
        format!("{name}, {}", PastRuns::status(run))
    };
    runs.iter()
        .map(|run| {
            CompletionCandidate::new(&run.id).help(Some(visible(&about(run)).into_owned().into()))
        })
        .collect()
}

fn past_runs() -> Option<PastRuns> {
    PastRuns::of(&request::workspace(&typed()?.global, Vec::new())).ok()
}

/// GitLab's events.
fn events() -> Vec<CompletionCandidate> {
    plain(
        PipelineSource::KNOWN
            .iter()
            .map(ToString::to_string)
            .collect(),
    )
}

fn plain(names: Vec<String>) -> Vec<CompletionCandidate> {
    let names = names.into_iter().filter(|name| can_be_typed(name));
    names.map(CompletionCandidate::new).collect()
}

/// Whether a name is what it looks like. One with a line break would come apart into two, others
/// would act on the terminal or mislead; none of them is offered.
fn can_be_typed(name: &str) -> bool {
    !name.contains(is_hidden)
}

/// The stage, and how the job starts where that is not by itself.
fn about(job: &crate::plan::Job) -> String {
    match job.when {
        When::OnSuccess => job.config.stage.to_string(),
        when => format!("{}, {}", job.config.stage, when.as_str()),
    }
}

/// Candidates with a line on each, from the plan.
fn named(read: impl Fn(&Plan) -> Vec<(String, String)>) -> Vec<CompletionCandidate> {
    let Some((plan, masker)) = plan() else {
        return Vec::new();
    };
    let shown = |name: &str| can_be_typed(name) && masker.text(name) == name;
    read(&plan)
        .into_iter()
        .filter(|(name, _)| shown(name))
        .map(|(name, about)| {
            let about = masker.text(&visible(&about));
            let help = (!about.is_empty()).then(|| about.into());
            CompletionCandidate::new(name).help(help)
        })
        .collect()
}

/// The plan, and what hides the secrets in its names.
fn plan() -> Option<(Plan, Masker)> {
    let typed = typed()?;
    let workspace = Workspace::open(&request::workspace(&typed.global, Vec::new())).ok()?;
    let request = request::pipeline(&typed.event).ok()?;
    let pipeline = Pipeline::make(&workspace, &request, History::Skip).ok()?;
    let masker = Masker::new(pipeline.facts.secrets());
    pipeline.outcome.map(|outcome| (outcome.plan, masker))
}

/// What stands on the command line before the word that is being completed.
struct Typed {
    global: Global,
    event: EventArgs,
}

fn typed() -> Option<Typed> {
    let words: Vec<_> = std::env::args_os()
        .skip_while(|word| word != "--")
        .skip(1)
        .collect();
    let index = std::env::var("_CLAP_COMPLETE_INDEX")
        .ok()
        .and_then(|index| index.parse().ok());
    let before = words
        .iter()
        .take(index.unwrap_or(words.len().saturating_sub(1)));
    let matches = command()
        .ignore_errors(true)
        .try_get_matches_from(before)
        .ok()?;
    read(&matches)
}

fn read(matches: &ArgMatches) -> Option<Typed> {
    let below = matches.subcommand().map_or(matches, |(_, below)| below);
    Some(Typed {
        global: Global::from_arg_matches(below).ok()?,
        event: event(below),
    })
}

/// Which pipeline; commands on past runs have no say about it.
fn event(matches: &ArgMatches) -> EventArgs {
    let chooses = matches.try_contains_id("merge_request").is_ok();
    let event = chooses.then(|| EventArgs::from_arg_matches(matches).ok());
    event.flatten().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_completes_is_an_argument() {
        let command = command();
        for (id, _) in CANDIDATES {
            fn has(command: &clap::Command, id: &str) -> bool {
                command.get_arguments().any(|arg| arg.get_id() == id)
                    || command.get_subcommands().any(|sub| has(sub, id))
            }
            assert!(has(&command, id), "{id}");
        }
    }

    #[test]
    fn an_unfinished_line_says_what_it_is_about() {
        let rows: &[(&str, Option<&str>, Option<&str>)] = &[
            ("pipe run", None, None),
            ("pipe -C a run", Some("a"), None),
            ("pipe run -C a --branch b", Some("a"), Some("b")),
            ("pipe list --branch=b --nonsense", None, Some("b")),
            ("pipe run x y --branch b --job", None, Some("b")),
            ("pipe lint --branch b --tag t", None, Some("b")),
        ];
        for (line, cwd, branch) in rows {
            let matches = command()
                .ignore_errors(true)
                .try_get_matches_from(line.split(' '));
            let typed = read(&matches.expect("errors are ignored")).expect("the options are known");
            let found = (
                typed.global.cwd.as_deref().and_then(|cwd| cwd.to_str()),
                typed.event.branch.as_deref(),
            );
            assert_eq!(found, (*cwd, *branch), "{line}");
        }
    }
}
