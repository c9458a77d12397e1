//! A request as it is recorded: plain words, without what no log may show.

use crate::config::GivenInput;
use crate::mask::Masker;
use crate::plan::{PipelineFacts, Release};
use crate::record::{
    GivenText, GivenValue, RecordedRequest, Released, RequestedJobs, RequestedRef, SettingInForce,
};
use crate::settings::{Settings, Source};

use super::request::{RefRequest, RunRequest};
use super::workspace::Workspace;

/// The request for `request.json`. `facts` know what is secret.
pub(super) fn recorded(
    request: &RunRequest,
    workspace: &Workspace,
    facts: &PipelineFacts,
) -> RecordedRequest {
    let secrets = Secrets::of(facts);
    let asked = &request.pipeline;
    RecordedRequest {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        checkout: workspace.repository.root().to_owned(),
        reference: reference(&asked.reference),
        source: asked
            .source
            .as_ref()
            .map(|source| source.as_str().to_owned()),
        changed: asked.changed.clone(),
        variables: (asked.variables.iter())
            .map(|(name, value)| secrets.variable(name, value))
            .collect(),
        inputs: asked.inputs.iter().map(|one| secrets.input(one)).collect(),
        selection: RequestedJobs {
            jobs: request.selection.jobs.clone(),
            stages: request.selection.stages.clone(),
            exclude: request.selection.exclude.clone(),
            manual: request.selection.manual.clone(),
            no_needs: request.selection.no_needs,
        },
        released: released(&request.outside.release),
        offline: request.options.offline,
        no_delay: request.options.no_delay,
        keep_going: request.options.keep_going,
        settings: settings(&workspace.settings, &secrets),
    }
}

fn reference(reference: &RefRequest) -> RequestedRef {
    match reference.clone() {
        RefRequest::CheckedOut => RequestedRef::CheckedOut,
        RefRequest::Branch(name) => RequestedRef::Branch { name },
        RefRequest::Tag(name) => RequestedRef::Tag { name },
        RefRequest::MergeRequest { source, target } => {
            RequestedRef::MergeRequest { source, target }
        }
    }
}

fn released(release: &Release) -> Released {
    match release {
        Release::Nothing => Released::Nothing,
        Release::All => Released::All,
        Release::Environments(names) => Released::Environments(names.clone()),
        Release::Jobs(names) => Released::Jobs(names.clone()),
    }
}

fn settings(settings: &Settings, secrets: &Secrets<'_>) -> Vec<SettingInForce> {
    let made = settings
        .iter()
        .filter(|(_, setting)| setting.source != Source::Default);
    made.filter_map(|(key, setting)| {
        let value = setting.value.as_ref()?.shown();
        Some(SettingInForce {
            key: key.as_str().to_owned(),
            value: secrets.unless_secret(&value),
            from: setting.source.as_str().to_owned(),
        })
    })
    .collect()
}

/// What is kept of nothing but its name.
struct Secrets<'a> {
    facts: &'a PipelineFacts,
    masker: Masker,
}

impl<'a> Secrets<'a> {
    fn of(facts: &'a PipelineFacts) -> Self {
        Self {
            facts,
            masker: Masker::new(facts.secrets()),
        }
    }

    /// A value that a log would show as it is.
    fn unless_secret(&self, value: &str) -> Option<String> {
        (self.masker.text(value) == value).then(|| value.to_owned())
    }

    /// A given variable. One that stands in for a masked one is secret as that is.
    fn variable(&self, name: &str, value: &str) -> GivenValue {
        let mut settings = self.facts.settings.iter();
        let is_masked = settings.any(|setting| setting.masked && &*setting.key == name);
        GivenValue {
            name: name.to_owned(),
            value: self.unless_secret(value).filter(|_| !is_masked),
        }
    }

    fn input(&self, input: &GivenInput) -> GivenText {
        match input {
            GivenInput::Value { name, value } => GivenText::Value(GivenValue {
                name: name.clone(),
                value: self.unless_secret(value),
            }),
            GivenInput::File { name, text } => GivenText::File {
                file: name.clone(),
                text: self.unless_secret(text),
            },
        }
    }
}
