//! The choice of the jobs to run; when it can't be made: what is wrong, and which ref would have
//! the job.

use crate::diag::{Code, Diagnostic};
use crate::foreign::Command;
use crate::plan::{self, Chosen, Plan, Selection, SelectionError};

use super::children;
use super::elsewhere;
use super::failure::{Failure, FailureKind};
use super::pipeline::Pipeline;
use super::projects::is_here;
use super::request::RunRequest;
use super::shell::one_with_script;
use super::workspace::Workspace;

/// Between a trigger job and a job of its child.
const BELOW: &str = " › ";

/// Chooses the jobs to run of a valid pipeline, which was made for that request.
pub fn choose(
    workspace: &Workspace,
    pipeline: &Pipeline,
    request: &RunRequest,
) -> Result<Chosen, Failure> {
    let selection = &request.selection;
    let Some(outcome) = &pipeline.outcome else {
        let message = "a valid configuration gave no plan";
        let diagnostic = Diagnostic::new(Code::NothingToRun, message);
        return Err(Failure::new(FailureKind::Internal, diagnostic));
    };
    let refusal = Refusal {
        workspace,
        pipeline,
        request,
        plan: &outcome.plan,
    };
    if let Some(reason) = &outcome.reason {
        return Err(refusal.nothing(selection, &reason.to_string()));
    }
    let chosen = plan::choose(&outcome.plan, selection, &request.outside)
        .map_err(|error| refusal.of(&error, selection))?;
    if request.shell_on.is_some() {
        one_with_script(&chosen, selection)?;
    }
    let refused = {
        let is_here = is_here(workspace, &chosen.plan, &pipeline.facts);
        plan::refusals(&chosen.plan, &is_here)
    };
    match refused {
        None => Ok(chosen),
        Some(refused) => {
            Err(Failure::new(FailureKind::Environment, refused).within(&pipeline.loaded.sources))
        }
    }
}

/// What the words of a refusal are made from.
struct Refusal<'a> {
    workspace: &'a Workspace,
    pipeline: &'a Pipeline,
    request: &'a RunRequest,
    plan: &'a Plan,
}

impl Refusal<'_> {
    /// There is no pipeline for this ref, or no job in it. A job that was named gets an answer
    /// of its own.
    fn nothing(&self, selection: &Selection, reason: &str) -> Failure {
        let named = selection.jobs.first();
        if let Some(failure) = named.and_then(|name| self.left_out(name)) {
            return failure;
        }
        let message = format!(
            "there is nothing to run for {}: {reason}",
            self.pipeline.facts.reference.in_words()
        );
        self.fail(FailureKind::Nothing, Diagnostic::new(Code::NothingToRun, message)
            .help("`pipe list` shows why each job is left out; `--branch`, `--tag` and `--merge-request` look at other refs"))
    }

    fn of(&self, error: &SelectionError, selection: &Selection) -> Failure {
        match error {
            SelectionError::UnknownJob(name) => self
                .left_out(name)
                .unwrap_or_else(|| self.unknown_job(name)),
            SelectionError::UnknownStage(name) => self.unknown_stage(name),
            SelectionError::UnknownEnvironment(name) => self.unknown_environment(name),
            SelectionError::Excluded(name) => self.excluded(name),
            SelectionError::NotManual(name) => self.not_manual(name),
            SelectionError::NotStartable { job, needs } => self.not_startable(job, needs),
            SelectionError::NoJob => self.nothing(selection, "no job is chosen"),
        }
    }

    fn excluded(&self, name: &str) -> Failure {
        let message = format!("job `{name}` is chosen and excluded at once");
        let diagnostic =
            Diagnostic::new(Code::JobNotStartable, message).help("leave one of the two out");
        self.fail(FailureKind::Usage, diagnostic)
    }

    fn not_manual(&self, name: &str) -> Failure {
        let message = format!("job `{name}` is not manual: it starts by itself");
        let diagnostic = Diagnostic::new(Code::JobNotStartable, message).help(format!(
            "to run just this job, name it: `{}`",
            run_job(name)
        ));
        self.fail(FailureKind::Usage, diagnostic)
    }

    fn not_startable(&self, job: &str, needs: &str) -> Failure {
        let message = format!("job `{job}` needs `{needs}`, which does not start by itself");
        let diagnostic = Diagnostic::new(Code::JobNotStartable, message).help(format!(
            "name both: `{}`",
            run_job(needs).option("--job", job)
        ));
        self.fail(FailureKind::Nothing, diagnostic)
    }

    /// `--deploy=ENV` names an environment that no job of this pipeline acts on.
    fn unknown_environment(&self, name: &str) -> Failure {
        let message = format!(
            "no job of the pipeline for {} deploys to `{name}`",
            self.pipeline.facts.reference.in_words()
        );
        let diagnostic = Diagnostic::new(Code::InvalidValue, message);
        let known = self.plan.environments();
        let diagnostic = if known.is_empty() {
            diagnostic.help("it has no environments: leave `--deploy` out")
        } else {
            diagnostic.choose_from(name, "its environments", known)
        };
        self.fail(FailureKind::Usage, diagnostic)
    }

    /// A job of the configuration that this pipeline does not have.
    fn left_out(&self, name: &str) -> Option<Failure> {
        let config = self.pipeline.loaded.config.as_ref()?;
        let job = config
            .jobs
            .iter()
            .find(|job| &*job.name == name || &*job.base_name == name)?;
        let message = format!(
            "job `{name}` is not in the pipeline for {}",
            self.pipeline.facts.reference.in_words()
        );
        let mut diagnostic = Diagnostic::new(Code::JobNotInPipeline, message);
        let mut left_out = self.plan.left_out.iter();
        let reason = self
            .pipeline
            .outcome
            .as_ref()
            .and_then(|it| it.reason.as_ref());
        if let Some(left_out) = left_out.find(|left_out| left_out.name == job.name) {
            diagnostic = diagnostic
                .at(left_out.span)
                .label(left_out.reason.to_string());
        } else if let Some(reason) = reason {
            diagnostic = diagnostic.note(reason.to_string());
        }
        if let Some(options) =
            elsewhere::options(self.workspace, self.pipeline, &self.request.pipeline, job)
        {
            let command = if self.request.shell_on.is_some() {
                Command::new("pipe shell").with(&options).arg(name)
            } else {
                run_job(name).with(&options)
            };
            diagnostic = diagnostic.help(format!("another ref has it: `{command}`"));
        }
        Some(self.fail(FailureKind::Nothing, diagnostic))
    }

    fn unknown_job(&self, name: &str) -> Failure {
        self.fail(
            FailureKind::Usage,
            unknown_job(self.workspace, self.pipeline, name),
        )
    }

    fn unknown_stage(&self, name: &str) -> Failure {
        let config = self.pipeline.loaded.config.iter();
        let stages = config.flat_map(|config| &config.stages);
        let names: Vec<&str> = stages.map(|stage| &**stage).collect();
        let message = format!("there is no stage `{name}`");
        let diagnostic = Diagnostic::new(Code::UnknownStage, message)
            .note(format!("the stages are {}", names.join(", ")))
            .did_you_mean(name, names.iter().copied());
        self.fail(FailureKind::Usage, diagnostic)
    }

    fn fail(&self, kind: FailureKind, diagnostic: Diagnostic) -> Failure {
        Failure::new(kind, diagnostic).within(&self.pipeline.loaded.sources)
    }
}

/// The configuration has no job of that name; a child pipeline may have one.
pub fn unknown_job(workspace: &Workspace, pipeline: &Pipeline, name: &str) -> Diagnostic {
    // With the trigger jobs that lead to it, as boards have it, or without.
    let (above, bare) = name.rsplit_once(BELOW).unwrap_or(("", name));
    let way = children::way_to(workspace, pipeline, bare);
    if let Some(way) = way.filter(|way| above.is_empty() || way.join(BELOW) == above) {
        let message = format!(
            "there is no job `{bare}` in this pipeline: it is in the child pipeline of trigger job `{}`",
            way.join(BELOW)
        );
        return Diagnostic::new(Code::JobUnknown, message).help(format!(
            "`{}` runs that pipeline as a whole",
            run_job(&way[0])
        ));
    }
    let config = pipeline.loaded.config.iter();
    let jobs = config.flat_map(|config| &config.jobs);
    let diagnostic = Diagnostic::new(Code::JobUnknown, format!("there is no job `{name}`"))
        .did_you_mean(name, jobs.map(|job| &*job.name));
    if diagnostic.help.is_empty() {
        diagnostic.help("`pipe list` shows the jobs")
    } else {
        diagnostic
    }
}

fn run_job(name: &str) -> Command {
    Command::new("pipe run").option("--job", name)
}
