//! A run that goes on with the last one: the request of that run, made again from its record.

use crate::config::GivenInput;
use crate::diag::{Code, Diagnostic};
use crate::foreign::Command;
use crate::plan::{Outside, Release, Selection};
use crate::record::{
    GivenText, GivenValue, PastRun, RecordedRequest, Released, RequestedRef, SettingInForce,
};
use crate::settings::{Key, Source};
use crate::types::PipelineSource;

use super::failure::{Failure, FailureKind};
use super::past::PastRuns;
use super::request::{LaunchOptions, PipelineRequest, RefRequest, RunRequest, WorkspaceRequest};
use super::workspace::Workspace;

/// What is given again, because the record does not keep it or because it is to differ.
#[derive(Debug, Clone, Default)]
pub struct GivenAgain {
    /// Variables.
    pub variables: Vec<(String, String)>,
    /// Inputs.
    pub inputs: Vec<(String, String)>,
    /// Whether nothing may be brought, whatever the last run might.
    pub offline: bool,
}

/// A run that is to go on.
#[derive(Debug)]
pub struct Retry {
    /// The checkout, with the settings that options gave then.
    pub workspace: Workspace,
    /// What was asked for.
    pub request: RunRequest,
}

impl Retry {
    /// The last run of the work tree, or the run `id`, as it is to go on. `request` says where,
    /// and which settings beat those of then.
    pub fn of(
        request: &WorkspaceRequest,
        id: Option<&str>,
        given: GivenAgain,
    ) -> Result<Self, Failure> {
        let past = PastRuns::of(request)?;
        let run = match id {
            Some(_) => past.run(id)?,
            None => past.newest_here()?,
        };
        if run.alive {
            let message = format!("run {} is still under way", run.id);
            return Err(usage(message, "wait for its end, or stop it"));
        }
        let Some(recorded) = run.request() else {
            let message = format!(
                "the record of run {} does not say what was asked for",
                run.id
            );
            return Err(usage(message, "begin a new one with `pipe run`"));
        };
        let mut settings = settings(&recorded.settings)?;
        settings.extend(request.settings.iter().cloned());
        let workspace = Workspace::open(&WorkspaceRequest {
            folder: request.folder.clone(),
            settings,
        })?;
        let request = RunRequest {
            options: LaunchOptions {
                offline: recorded.offline || given.offline,
                no_delay: recorded.no_delay,
                keep_going: recorded.keep_going,
            },
            pipeline: pipeline(&run, &recorded, given)?,
            selection: selection(&recorded),
            outside: Outside {
                held: workspace.settings.list(Key::Held).to_vec(),
                release: release(recorded.released),
            },
            resumes: Some(run.id),
            shell_on: None,
        };
        Ok(Self { workspace, request })
    }
}

/// Settings that options gave; all others are as they are now.
fn settings(recorded: &[SettingInForce]) -> Result<Vec<(Key, String)>, Failure> {
    let by_option = |setting: &&SettingInForce| setting.from == Source::Flag.as_str();
    let mut settings = Vec::new();
    for setting in recorded.iter().filter(by_option) {
        let Some(key) = Key::parse(&setting.key) else {
            continue;
        };
        let Some(value) = &setting.value else {
            let what = format!("the value of the setting `{}`", setting.key);
            return Err(not_kept(&what, "begin a new run with `pipe run`"));
        };
        settings.push((key, value.clone()));
    }
    Ok(settings)
}

fn pipeline(
    run: &PastRun,
    recorded: &RecordedRequest,
    given: GivenAgain,
) -> Result<PipelineRequest, Failure> {
    let mut variables = Vec::new();
    for GivenValue { name, value } in &recorded.variables {
        if given.variables.iter().any(|(again, _)| again == name) {
            continue;
        }
        let Some(value) = value else {
            return Err(ask_for("variable", "--var", name));
        };
        variables.push((name.clone(), value.clone()));
    }
    variables.extend(given.variables);
    let mut inputs = Vec::new();
    for input in &recorded.inputs {
        match input {
            GivenText::Value(GivenValue { name, value }) => {
                if given.inputs.iter().any(|(again, _)| again == name) {
                    continue;
                }
                let Some(value) = value.clone() else {
                    return Err(ask_for("input", "--input", name));
                };
                let name = name.clone();
                inputs.push(GivenInput::Value { name, value });
            }
            GivenText::File { file, text } => {
                let Some(text) = text.clone() else {
                    let what = format!("what `{file}` said about inputs");
                    return Err(not_kept(&what, "begin a new run with `pipe run`"));
                };
                let name = file.clone();
                inputs.push(GivenInput::File { name, text });
            }
        }
    }
    let again = given.inputs.into_iter();
    inputs.extend(again.map(|(name, value)| GivenInput::Value { name, value }));
    Ok(PipelineRequest {
        reference: reference(run, &recorded.reference),
        source: recorded.source.clone().map(PipelineSource),
        changed: recorded.changed.clone(),
        variables,
        inputs,
    })
}

/// The ref of then, whatever is checked out now.
fn reference(run: &PastRun, asked: &RequestedRef) -> RefRequest {
    match asked.clone() {
        RequestedRef::CheckedOut => match &run.started {
            Some(head) if head.ref_kind == "branch" => RefRequest::Branch(head.ref_name.clone()),
            Some(head) if head.ref_kind == "tag" => RefRequest::Tag(head.ref_name.clone()),
            _ => RefRequest::CheckedOut,
        },
        RequestedRef::Branch { name } => RefRequest::Branch(name),
        RequestedRef::Tag { name } => RefRequest::Tag(name),
        RequestedRef::MergeRequest { source, target } => {
            RefRequest::MergeRequest { source, target }
        }
    }
}

fn selection(recorded: &RecordedRequest) -> Selection {
    let asked = recorded.selection.clone();
    Selection {
        jobs: asked.jobs,
        stages: asked.stages,
        exclude: asked.exclude,
        manual: asked.manual,
        no_needs: asked.no_needs,
    }
}

fn release(released: Released) -> Release {
    match released {
        Released::Nothing => Release::Nothing,
        Released::All => Release::All,
        Released::Environments(names) => Release::Environments(names),
        Released::Jobs(names) => Release::Jobs(names),
    }
}

fn ask_for(what: &str, option: &'static str, name: &str) -> Failure {
    let command = Command::new("pipe retry").option(option, &format!("{name}=VALUE"));
    let help = format!("give it again: `{command}`");
    not_kept(&format!("the value of the {what} `{name}`"), &help)
}

/// Values that a log would hide are in no record.
fn not_kept(what: &str, help: &str) -> Failure {
    let message = format!("{what} was not kept, for it is secret");
    usage(message, help)
}

fn usage(message: String, help: &str) -> Failure {
    let diagnostic = Diagnostic::new(Code::InvalidValue, message).help(help);
    Failure::new(FailureKind::Usage, diagnostic)
}
