//! Whether a job has left certain places as it found them. What a job changes lies in a volume of its own
//! over those that it shares: what is not in there was not touched (design chapter 6).

use std::path::Path;

use super::super::collect::Selection;
use super::super::file_work::in_place;
use super::super::overlay_changes::{Notes, has_none_of};
use super::super::{EnvSpec, ExecError, Globs};
use super::container::Container;
use super::containers::Containers;
use super::download::Place;
use super::layers::{self, PLACE};
use super::volumes;
use super::workspace::{below_builds, is_large};
use super::{changes, run};

/// Whether what the globs take is what one archive brought as a layer: the job has changed nothing of
/// it, the tree has nothing there, and nothing of the user's runner may be mounted over it.
pub(super) async fn is_as_brought(
    containers: &Containers,
    spec: &EnvSpec,
    container: &mut Container,
    globs: &Globs,
) -> Result<bool, ExecError> {
    let project_dir = &spec.layout.project_dir;
    let roots = Selection::new(globs, project_dir).roots();
    let is_one_layer = matches!(spec.workspace.artifacts.as_slice(), [one] if is_large(one));
    // Any place in the project means that all of it would have to be looked at.
    let are_places = !roots.is_empty() && roots.iter().all(|root| !root.is_empty());
    let (Some(image), Ok(below), [_, upper, _], true) = (
        &spec.image,
        below_builds(&spec.layout),
        container.volumes.as_slice(),
        is_one_layer && are_places && !containers.settings.has_mounts(),
    ) else {
        return Ok(false);
    };
    if containers.workspaces.holds(spec, &roots).await? {
        return Ok(false);
    }
    let site = containers.site(spec, image).await?;
    let finding = volumes::find(&site.docker, upper);
    let volume = site.patience.answer("inspect volume", finding).await?;
    let Some(volume) = volume else {
        return Ok(false);
    };
    if let Some(folder) = changes::folder_of(&volume) {
        run::end(container).await?;
        let untouched = in_place(|| has_none_of(&folder, Notes::Trusted, &below, &roots));
        // What can't be looked at is packed.
        return Ok(untouched.unwrap_or(false));
    }
    let job = Place::new(container, project_dir);
    // A root that is gone may have gone with a folder around it.
    let are_there = all_are_there(container, &job, &roots);
    let (beside, are_there) = tokio::join!(layers::container(&site, &volume), are_there);
    let beside = beside?;
    let project_dir = Path::new(PLACE).join(below);
    let project_dir = project_dir.to_string_lossy();
    let looked = match are_there {
        Ok(true) => hold_none_of(&Place::new(&beside, &project_dir), &roots).await,
        other => other,
    };
    container.beside.push(beside);
    looked
}

async fn all_are_there(
    container: &Container,
    job: &Place<'_>,
    roots: &[String],
) -> Result<bool, ExecError> {
    run::end(container).await?;
    for root in roots {
        if !job.is_there(root).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether what the job has changed is at or on the way to none of these roots.
async fn hold_none_of(changes: &Place<'_>, roots: &[String]) -> Result<bool, ExecError> {
    for root in roots {
        // A folder on the way that is in there may have come in the place of another.
        let ends = root.match_indices('/').map(|(at, _)| at);
        for end in ends.chain([root.len()]) {
            if changes.holds(&root[..end]).await? {
                return Ok(false);
            }
        }
    }
    Ok(true)
}
