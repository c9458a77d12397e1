//! What a pipeline is made for: everything that is not in the configuration.

use crate::plan::{GivenVariable, PipelineFacts, Project, Server, User};
use crate::repo::{EventBase, Identity, RepoError};
use crate::settings::Key;
use crate::types::{Origin, PipelineSource, RefKind, ZEROS};

use super::failure::Failure;
use super::request::{PipelineRequest, RefRequest};
use super::tree_files::EventChanges;
use super::variables::Variables;
use super::workspace::Workspace;

/// Whether git's history is looked at for what changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// As GitLab does.
    Read,
    /// Every `changes` counts as unknown: for shells that complete between two keys.
    Skip,
}

/// The facts, and the files that the event changed.
pub(super) fn facts(
    workspace: &Workspace,
    request: &PipelineRequest,
    history: History,
    variables: &Variables,
) -> Result<(PipelineFacts, EventChanges), Failure> {
    let repository = &workspace.repository;
    let (kind, name) = reference(workspace, request)?;
    let source = source(request);
    let is_pushed = source.brings_commits();
    let base = if is_pushed && history == History::Read {
        repository.event_base(&workspace.tree, &kind, &name)?
    } else {
        EventBase::default()
    };
    let mut commit = repository.commit_facts(&workspace.tree.sha())?;
    if kind == RefKind::Branch && is_pushed {
        // A push whose changes are known had something to compare with.
        let otherwise = if request.changed.is_empty() {
            ZEROS.to_owned()
        } else {
            repository.before(&workspace.tree.sha())?
        };
        commit.before_sha = Some(base.before_sha(&workspace.tree, otherwise));
    }
    commit.merge_base.clone_from(&base.merge_base);
    if kind == RefKind::Tag {
        commit.tag_message = repository.tag_message(&name);
    }
    let has_changes = is_pushed && kind != RefKind::Tag;
    let changes = match (has_changes, request.changed.is_empty()) {
        (false, _) => EventChanges::Unknown,
        (true, false) => EventChanges::Given(request.changed.clone()),
        (true, true) => EventChanges::Git(base),
    };
    let facts = PipelineFacts {
        settings: variables.all.clone(),
        given: (request.variables.iter())
            .map(|(key, value)| GivenVariable::new(key, value))
            .collect(),
        user: user(workspace),
        config_path: workspace.file().to_owned(),
        created_at: now(),
        iid: 1,
        reference: workspace.rules.reference(kind, name),
        commit,
        source,
        project: project(workspace),
    };
    Ok((facts, changes))
}

/// Kind and name of the ref; the name of a merge request's is its source branch.
fn reference(
    workspace: &Workspace,
    request: &PipelineRequest,
) -> Result<(RefKind, String), RepoError> {
    let head = workspace.repository.head()?;
    Ok(match request.reference.clone() {
        RefRequest::CheckedOut => (head.kind, head.name),
        RefRequest::Branch(name) => (RefKind::Branch, name),
        RefRequest::Tag(name) => (RefKind::Tag, name),
        RefRequest::MergeRequest { source, target } => {
            let target = target.unwrap_or_else(|| workspace.rules.default_branch.clone());
            let kind = RefKind::MergeRequest { target };
            (kind, source.unwrap_or(head.name))
        }
    })
}

fn source(request: &PipelineRequest) -> PipelineSource {
    match &request.reference {
        RefRequest::MergeRequest { .. } => PipelineSource::merge_request(),
        _ => request.source.clone().unwrap_or_else(PipelineSource::push),
    }
}

/// The project of the checkout, by its path on the server.
pub(super) fn project(workspace: &Workspace) -> Project {
    let mut origin = workspace.repository.origin();
    if let Some(configured) = workspace.server() {
        origin = Origin {
            path: origin.path,
            ..configured
        };
    }
    if let Some(path) = workspace.settings.text(Key::ProjectPath) {
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

fn user(workspace: &Workspace) -> User {
    let Identity { name, email } = workspace.repository.identity();
    let email = email.unwrap_or_default();
    let login = login_of_email(&email)
        .or_else(|| name.as_deref().and_then(login_of_name))
        .or_else(|| ["USER", "LOGNAME"].iter().find_map(variable))
        .unwrap_or_else(|| "user".to_owned());
    User {
        name: name.unwrap_or_else(|| login.clone()),
        email,
        login,
    }
}

fn variable(name: &&str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// What stands before the `@`, where it could be the name of a user. The private addresses that
/// servers give out have a number before it.
fn login_of_email(email: &str) -> Option<String> {
    let (local, host) = email.split_once('@')?;
    let after_number = || {
        let (number, rest) = local.split_once(['-', '+'])?;
        number.bytes().all(|b| b.is_ascii_digit()).then_some(rest)
    };
    let local = if host.starts_with("users.noreply.") {
        after_number().unwrap_or(local)
    } else {
        local.split('+').next().unwrap_or(local)
    };
    is_login(local).then(|| local.to_owned())
}

/// A name as GitLab proposes it for a user: its words in lower case, with points between them.
fn login_of_name(name: &str) -> Option<String> {
    let words: Vec<String> = name.split_whitespace().map(str::to_lowercase).collect();
    let login = words.join(".");
    is_login(&login).then_some(login)
}

/// Letters, digits, `_`, `-` and `.`, as GitLab wants it.
fn is_login(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}

/// RFC 3339, whole seconds, UTC.
pub fn now() -> String {
    jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%SZ")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_somebody_is_comes_from_the_address() {
        for (email, expected) in [
            ("ann@example.com", Some("ann")),
            ("ann.lee+git@example.com", Some("ann.lee")),
            ("1234-ann@users.noreply.gitlab.com", Some("ann")),
            ("1234+ann-lee@users.noreply.example.com", Some("ann-lee")),
            ("\"a b\"@example.com", None),
            ("ann", None),
            ("", None),
            ("@example.com", None),
        ] {
            assert_eq!(login_of_email(email).as_deref(), expected, "{email}");
        }
        for (name, expected) in [
            ("Ann Lee", Some("ann.lee")),
            ("ann", Some("ann")),
            ("Zoë", None),
            ("", None),
        ] {
            assert_eq!(login_of_name(name).as_deref(), expected, "{name}");
        }
    }
}
