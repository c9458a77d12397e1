//! Other projects, and which of them have a checkout on this machine: what the user's setting
//! `projects` says.

use std::path::PathBuf;

use crate::config::ProjectAt;
use crate::fetch::{Place, Places};
use crate::plan::{Job, PipelineFacts, Plan, triggered};
use crate::settings::Key;

use super::facts::project;
use super::folders;
use super::workspace::Workspace;

/// What decides where other projects come from.
pub(super) fn places(workspace: &Workspace) -> Places {
    let server = project(workspace).server;
    Places {
        map: workspace.settings.pairs(Key::Projects).to_vec(),
        origin: workspace.repository.origin_address(),
        host: server.fqdn(),
        server: server.url(),
        home: folders::home().unwrap_or_default(),
    }
}

/// The folder that the user's map has for a project of the same server; `None` where it has none.
pub(super) fn folder_of(workspace: &Workspace, project: &str) -> Option<PathBuf> {
    let places = places(workspace);
    let at = ProjectAt {
        host: places.host.clone(),
        path: project.to_lowercase(),
        revision: "HEAD".to_owned(),
    };
    match places.of(&at) {
        Ok(Place::Folder(folder)) => Some(folder),
        Ok(Place::Git(_)) | Err(_) => None,
    }
}

/// Whether the project whose pipeline a job starts is on this machine. Where variables name it, that
/// is known only when the job begins.
pub(super) fn is_here<'a>(
    workspace: &'a Workspace,
    plan: &'a Plan,
    facts: &'a PipelineFacts,
) -> impl Fn(&Job) -> bool + 'a {
    move |job| match (job.other_project(), triggered(plan, job, facts, 0, &[])) {
        (Some(written), Some(named)) => {
            written.project.contains('$') || folder_of(workspace, &named.project).is_some()
        }
        _ => true,
    }
}
