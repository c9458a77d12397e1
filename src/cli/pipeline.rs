//! From a checkout and the options to one pipeline: facts, configuration, plan.

use crate::config::{self, GivenInput, Loaded, Request};
use crate::diag::{Code, Diagnostic, has_errors};
use crate::foreign::{Command, system_words};
use crate::plan::{self, IncludeScope, Outcome, PipelineFacts, Project, Server, User};
use crate::settings::Key;
use crate::types::{PipelineSource, RefKind};

use super::args::EventArgs;
use super::checkout::{Checkout, EventChanges, TreeFiles, repository_failure};
use super::exit::{Exit, Failure};
use super::variables;

/// One pipeline, as far as it can be made.
pub(super) struct Pipeline {
    /// What it is for.
    pub(super) facts: PipelineFacts,
    /// The configuration and what was found in it. Findings of the plan are added.
    pub(super) loaded: Loaded,
    /// The plan; `None` where the configuration is not valid.
    pub(super) outcome: Option<Outcome>,
}

impl Pipeline {
    /// Reads the configuration and decides which jobs there are.
    pub(super) fn make(checkout: &Checkout, event: &EventArgs) -> Result<Self, Failure> {
        let (facts, changes) = facts(checkout, event, true)?;
        let files = TreeFiles::new(checkout, changes);
        Ok(Self::with(checkout, facts, &files, &inputs(event)?))
    }

    /// The same without a look at git's history: every `changes` counts as unknown.
    pub(super) fn at_a_glance(checkout: &Checkout, event: &EventArgs) -> Result<Self, Failure> {
        let (facts, changes) = facts(checkout, event, false)?;
        let files = TreeFiles::new(checkout, changes);
        Ok(Self::with(checkout, facts, &files, &inputs(event)?))
    }

    fn with(
        checkout: &Checkout,
        facts: PipelineFacts,
        files: &TreeFiles<'_>,
        inputs: &[GivenInput],
    ) -> Self {
        let scope = IncludeScope::new(&facts);
        let mut loaded = config::load(&Request {
            path: checkout.file(),
            files,
            lookup: scope.lookup(),
            expand: &|text| scope.path(text),
            expand_known: &|text| scope.known(text),
            inputs,
        });
        let outcome = loaded.config.as_ref().map(|config| {
            let mut outcome = plan::build(config, &facts, files);
            loaded
                .diagnostics
                .append(&mut config::collapse(outcome.diagnostics.clone()));
            loaded.diagnostics.append(&mut plan::effects(&outcome.plan));
            outcome.diagnostics.clear();
            outcome
        });
        Self {
            facts,
            loaded,
            outcome,
        }
    }

    /// Whether GitLab would accept the configuration for this event.
    pub(super) fn is_valid(&self) -> bool {
        !has_errors(&self.loaded.diagnostics)
    }

    /// The failure of an invalid configuration.
    pub(super) fn failure(self) -> Failure {
        Failure {
            exit: super::exit::of_errors(&self.loaded.diagnostics),
            diagnostics: self.loaded.diagnostics,
            sources: self.loaded.sources,
        }
    }
}

/// Everything that is not in the configuration, and the files that the event changed.
fn facts(
    checkout: &Checkout,
    event: &EventArgs,
    with_history: bool,
) -> Result<(PipelineFacts, EventChanges), Failure> {
    let fail = |error: crate::repo::RepoError| repository_failure(&error);
    let head = checkout.repository.head().map_err(fail)?;
    let (kind, name) = reference(checkout, event, &head);
    let mut commit = checkout
        .repository
        .commit_facts(&checkout.tree.sha())
        .map_err(fail)?;
    let source = source(event)?;
    let pushed = matches!(source.as_str(), "push" | "merge_request_event");
    let changes = if pushed && with_history {
        checkout
            .repository
            .changes(&checkout.tree, &kind, &name)
            .map_err(fail)?
    } else {
        crate::repo::Changes::default()
    };
    commit.before_sha = changes.before_sha;
    commit.merge_base = changes.merge_base;
    if kind == RefKind::Tag {
        commit.tag_message = checkout.repository.tag_message(&name);
    }
    let known = pushed && kind != RefKind::Tag;
    let changes = match (known, event.changed.is_empty()) {
        (false, _) => EventChanges::Unknown,
        (true, false) => EventChanges::Given(event.changed.clone()),
        (true, true) => EventChanges::Git(changes.files),
    };
    let reference = checkout.rules.reference(kind, name);
    let project = project(checkout);
    let facts = PipelineFacts {
        settings: variables::read(checkout, &project)?,
        given: given(event)?,
        user: user(checkout),
        config_path: checkout.file().to_owned(),
        created_at: now(),
        iid: 1,
        reference,
        commit,
        source,
        project,
    };
    Ok((facts, changes))
}

fn reference(
    checkout: &Checkout,
    event: &EventArgs,
    head: &crate::repo::Head,
) -> (RefKind, String) {
    if event.merge_request {
        let target = event
            .target_branch
            .clone()
            .unwrap_or_else(|| checkout.rules.default_branch.clone());
        let source = event
            .source_branch
            .clone()
            .unwrap_or_else(|| head.name.clone());
        return (RefKind::MergeRequest { target }, source);
    }
    if let Some(tag) = &event.tag {
        return (RefKind::Tag, tag.clone());
    }
    match &event.branch {
        Some(branch) => (RefKind::Branch, branch.clone()),
        None => (head.kind.clone(), head.name.clone()),
    }
}

fn source(event: &EventArgs) -> Result<PipelineSource, Failure> {
    if event.merge_request {
        return Ok(PipelineSource("merge_request_event".to_owned()));
    }
    let Some(name) = &event.source else {
        return Ok(PipelineSource::push());
    };
    if PipelineSource::KNOWN.contains(&name.as_str()) {
        return Ok(PipelineSource(name.clone()));
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
    Err(Failure::new(Exit::Usage, diagnostic))
}

fn given(event: &EventArgs) -> Result<Vec<(String, String)>, Failure> {
    event
        .var
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
fn var(name: &str, rest: &'static str) -> Command {
    Command::default().option("--var", &format!("{name}{rest}"))
}

fn bad_variable(what: String, remedy: &str) -> Failure {
    Failure::new(
        Exit::Usage,
        Diagnostic::new(Code::InvalidValue, what).help(remedy),
    )
}

/// Values for the inputs of the pipeline's file: files first, so that single values beat them.
fn inputs(event: &EventArgs) -> Result<Vec<GivenInput>, Failure> {
    let mut inputs = Vec::new();
    for path in &event.input_file {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let message = format!("can't read `{}`: {}", path.display(), system_words(&error));
            Failure::new(Exit::Usage, Diagnostic::new(Code::InvalidValue, message))
        })?;
        inputs.push(GivenInput::File {
            name: path.display().to_string(),
            text,
        });
    }
    for text in &event.input {
        let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            return Err(Failure::new(
                Exit::Usage,
                Diagnostic::new(Code::InvalidValue, "`--input` takes `NAME=VALUE`")
                    .help("write `--input NAME=value`"),
            ));
        };
        inputs.push(GivenInput::Value {
            name: name.to_owned(),
            value: value.to_owned(),
        });
    }
    Ok(inputs)
}

fn is_name(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn project(checkout: &Checkout) -> Project {
    let mut origin = checkout.repository.origin();
    if let Some(configured) = checkout.settings.text(Key::ServerUrl).and_then(|url| {
        crate::repo::Origin::parse(&format!("{}/group/project", url.trim_end_matches('/')))
    }) {
        origin = crate::repo::Origin {
            path: origin.path,
            ..configured
        };
    }
    if let Some(path) = checkout.settings.text(Key::ProjectPath) {
        path.clone_into(&mut origin.path);
    }
    let default_port = origin.port == origin.scheme.default_port();
    Project {
        path: origin.path,
        server: Server {
            protocol: origin.scheme.as_str().to_owned(),
            host: origin.host,
            port: (!default_port).then_some(origin.port),
            ssh_port: origin.ssh_port,
        },
    }
}

fn user(checkout: &Checkout) -> User {
    let identity = checkout.repository.identity();
    let login = ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok())
        .filter(|login| !login.is_empty())
        .unwrap_or_else(|| "user".to_owned());
    User {
        name: identity.name.unwrap_or_else(|| login.clone()),
        email: identity.email.unwrap_or_default(),
        login,
    }
}

/// RFC 3339, whole seconds, UTC.
pub(super) fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}
