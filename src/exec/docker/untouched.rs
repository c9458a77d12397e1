//! Whether a job has left certain places as it found them. What a job changes lies in a volume of its own
//! over those that it shares: what is not in there was not touched (design chapter 6).

use std::path::Path;

use super::super::collect::Selection;
use super::super::{EnvSpec, ExecError, Globs};
use super::containers::Containers;
use super::download::Place;
use super::layers::{self, PLACE, Site};
use super::volumes::Volume;
use super::workspace::{below_builds, is_large};

/// Whether what the globs take is what one archive brought as a layer: the job has changed nothing of
/// it, and the tree has nothing there. `volumes` are those of the job, which is at `job`.
pub(super) async fn is_as_brought(
    containers: &Containers,
    spec: &EnvSpec,
    volumes: &[String],
    job: &Place<'_>,
    globs: &Globs,
) -> Result<bool, ExecError> {
    let roots = Selection::new(globs, job.project_dir).roots();
    let is_one_layer = matches!(spec.workspace.artifacts.as_slice(), [one] if is_large(one));
    // Any place in the project means that all of it would have to be looked at.
    let are_places = !roots.is_empty() && roots.iter().all(|root| !root.is_empty());
    let (Some(image), [_, upper, _], true) = (&spec.image, volumes, is_one_layer && are_places)
    else {
        return Ok(false);
    };
    let Ok(below) = below_builds(&spec.layout) else {
        return Ok(false);
    };
    if containers.tree_holds(spec, &roots).await? {
        return Ok(false);
    }
    for root in &roots {
        // A root that is gone may have gone with a folder around it.
        if !job.is_there(root).await? {
            return Ok(false);
        }
    }
    let site = containers.site(spec, image).await?;
    are_untouched(&site, upper, &below, &roots).await
}

/// Whether a volume with the changes of a job, in which the project directory is at `below`, has
/// nothing at or on the way to these roots.
async fn are_untouched(
    site: &Site,
    upper: &str,
    below: &Path,
    roots: &[String],
) -> Result<bool, ExecError> {
    let volume = Volume {
        name: upper.to_owned(),
        mountpoint: String::new(),
    };
    let mut container = layers::container(site, &volume).await?;
    let looked = {
        let project_dir = Path::new(PLACE).join(below);
        let changes = Place {
            docker: &site.docker,
            id: &container.id,
            project_dir: &project_dir.to_string_lossy(),
            patience: &site.patience,
        };
        hold_none_of(&changes, roots).await
    };
    let removed = container.remove().await;
    looked.and_then(|untouched| removed.map(|()| untouched))
}

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
