//! Arguments as requests: what was typed, checked and made plain values.

use crate::app::{Failure, FailureKind, PipelineRequest, RefRequest, WorkspaceRequest};
use crate::config::GivenInput;
use crate::diag::{Code, Diagnostic};
use crate::foreign::{Command, system_words};
use crate::repo::is_ref_name;
use crate::settings::Key;
use crate::types::{PipelineSource, RefKind};

use super::args::{EventArgs, Global};

/// Which checkout; `settings` are those that other options give.
pub(super) fn workspace(global: &Global, mut settings: Vec<(Key, String)>) -> WorkspaceRequest {
    if let Some(file) = &global.file {
        settings.push((Key::File, file.clone()));
    }
    WorkspaceRequest {
        folder: global.cwd.clone(),
        settings,
    }
}

/// Which pipeline.
pub(super) fn pipeline(event: &EventArgs) -> Result<PipelineRequest, Failure> {
    check_names(event)?;
    Ok(PipelineRequest {
        reference: reference(event),
        source: source(event)?,
        changed: event.changed.clone(),
        variables: variables(&event.var)?,
        inputs: inputs(event)?,
    })
}

/// A name that git refuses can be no ref, on GitLab neither.
fn check_names(event: &EventArgs) -> Result<(), Failure> {
    let given = [
        (&event.branch, RefKind::Branch),
        (&event.tag, RefKind::Tag),
        (&event.source_branch, RefKind::Branch),
        (&event.target_branch, RefKind::Branch),
    ];
    for (name, kind) in given {
        let Some(name) = name.as_ref().filter(|name| !is_ref_name(&kind, name)) else {
            continue;
        };
        let message = format!("`{name}` is no name of a {} for git", kind.as_str());
        let diagnostic = Diagnostic::new(Code::InvalidValue, message)
            .help("`git help check-ref-format` says what a name may have");
        return Err(Failure::new(FailureKind::Usage, diagnostic));
    }
    Ok(())
}

fn reference(event: &EventArgs) -> RefRequest {
    if event.merge_request {
        return RefRequest::MergeRequest {
            source: event.source_branch.clone(),
            target: event.target_branch.clone(),
        };
    }
    match (&event.tag, &event.branch) {
        (Some(tag), _) => RefRequest::Tag(tag.clone()),
        (None, Some(branch)) => RefRequest::Branch(branch.clone()),
        (None, None) => RefRequest::CheckedOut,
    }
}

fn source(event: &EventArgs) -> Result<Option<PipelineSource>, Failure> {
    let Some(name) = &event.source else {
        return Ok(None);
    };
    if PipelineSource::KNOWN.contains(&name.as_str()) {
        return Ok(Some(PipelineSource(name.clone())));
    }
    let diagnostic = Diagnostic::new(
        Code::InvalidValue,
        format!(
            "`{}` is no event of GitLab",
            Command::default().option("--source", name)
        ),
    )
    .choose_from(
        name,
        "GitLab's events",
        PipelineSource::KNOWN.iter().copied(),
    );
    Err(Failure::new(FailureKind::Usage, diagnostic))
}

/// What `--var` gives.
pub(super) fn variables(given: &[String]) -> Result<Vec<(String, String)>, Failure> {
    given
        .iter()
        .map(|text| match text.split_once('=') {
            Some((key, value)) if is_name(key) => Ok((key.to_owned(), value.to_owned())),
            Some((key, _)) => Err(bad_variable(
                format!("`{}` names no variable", var(key, "=…")),
                "a name has letters, digits and underscores",
            )),
            None if is_name(text) => Err(bad_variable(
                format!("`{}` has no value", var(text, "")),
                &format!(
                    "write `{}`; for an empty value, `{}`",
                    var(text, "=VALUE"),
                    var(text, "=")
                ),
            )),
            // What it says is not repeated: it may be a secret.
            None => Err(bad_variable(
                "`--var` needs a name and a value".to_owned(),
                "write `--var NAME=VALUE`",
            )),
        })
        .collect()
}

/// The option as it is written on a command line.
fn var(name: &str, rest: &str) -> Command {
    Command::default().option("--var", &format!("{name}{rest}"))
}

fn bad_variable(what: String, remedy: &str) -> Failure {
    Failure::new(
        FailureKind::Usage,
        Diagnostic::new(Code::InvalidValue, what).help(remedy),
    )
}

/// Values for the inputs of the pipeline's file: files first, so that single values beat them.
fn inputs(event: &EventArgs) -> Result<Vec<GivenInput>, Failure> {
    let mut inputs = Vec::new();
    for path in &event.input_file {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let message = format!("can't read `{}`: {}", path.display(), system_words(&error));
            Failure::new(
                FailureKind::Usage,
                Diagnostic::new(Code::InvalidValue, message),
            )
        })?;
        inputs.push(GivenInput::File {
            name: path.display().to_string(),
            text,
        });
    }
    let values = values_of_inputs(&event.input)?.into_iter();
    inputs.extend(values.map(|(name, value)| GivenInput::Value { name, value }));
    Ok(inputs)
}

/// What `--input` gives.
pub(super) fn values_of_inputs(given: &[String]) -> Result<Vec<(String, String)>, Failure> {
    let value = |text: &String| match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(Failure::new(
            FailureKind::Usage,
            Diagnostic::new(Code::InvalidValue, "`--input` takes `NAME=VALUE`")
                .help("write `--input NAME=value`"),
        )),
    };
    given.iter().map(value).collect()
}

fn is_name(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}
