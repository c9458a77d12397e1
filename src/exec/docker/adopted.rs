//! Volumes of jobs that become layers: where a job's changes are just what is kept of it, the volume
//! that has them is below the jobs that get that, and nothing is copied (design chapter 6).
//!
//! Such a layer lies below all others, the tree's too. There it does not matter what the kernel has
//! noted in its folders about those that it once lay over.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::super::collect::{Selection, begin, cannot_pack, keep};
use super::super::entry::relative;
use super::super::file_work::Stop;
use super::super::{ArtifactRef, EnvSpec, ExecError, Globs};
use super::changes::{self, Changed};
use super::container::Container;
use super::containers::Containers;
use super::download::Place;
use super::layers::{self, PLACE, Site};
use super::leavings::Leavings;
use super::run;
use super::volumes::{self, Volume};
use super::workspace::{Workspaces, below_builds, is_large};

/// The layer that an earlier job has left, where the first of a job's artifacts is one. Only that has
/// nothing below it, and only where the tree has nothing in its place it need not lie over the tree.
pub(super) async fn below(
    workspaces: &Workspaces,
    site: &Site,
    spec: &EnvSpec,
) -> Result<Option<Volume>, ExecError> {
    let first = spec.workspace.artifacts.first();
    let Some(first) = first.filter(|first| is_large(first)) else {
        return Ok(None);
    };
    let Some(id) = id(spec, first) else {
        return Ok(None);
    };
    let Some(volume) = workspaces.layers.adopted(site, &id).await? else {
        return Ok(None);
    };
    let store = workspaces.layers.store();
    // To read a whole archive for them takes longer than all else on the way to the container.
    let names = match store.and_then(|store| store.tops(&id)) {
        Some(noted) => noted,
        None => match names_in(vec![first.tar.clone()]).await {
            Some(names) => {
                if let Some(store) = store {
                    store.note_tops(&id, &names);
                }
                names
            }
            None => return Ok(None),
        },
    };
    let is_hidden = workspaces.holds(spec, &names).await?;
    Ok((!is_hidden).then_some(volume))
}

/// Packs what the globs take into `into`, as [`Place::collect`] does, where that is all that the job
/// has changed; the volume with its changes is a layer then. `None` where it is not, or where that
/// can't be seen.
pub(super) async fn collect(
    containers: &Containers,
    spec: &EnvSpec,
    container: &mut Container,
    globs: &Globs,
    into: &Path,
) -> Result<Option<ArtifactRef>, ExecError> {
    let roots = Selection::new(globs, &spec.layout.project_dir).roots();
    let (Some(image), Ok(below), [_, upper, _], true) = (
        &spec.image,
        below_builds(&spec.layout),
        container.volumes.as_slice(),
        may_be_all(containers, spec, globs, &roots),
    ) else {
        return Ok(None);
    };
    let upper = upper.clone();
    let store = containers.layers().store();
    let known = format!("{} {} {:?}", spec.volumes_of, spec.job, globs.paths);
    let known = layers::id(&known, &below);
    if store.is_some_and(|store| store.is_no_layer(&known))
        || holds(containers, spec, &roots).await?
    {
        return Ok(None);
    }
    let site = containers.site(spec, image).await?;
    let finding = volumes::find(&site.docker, &upper);
    let volume = site.patience.answer("inspect volume", finding).await?;
    let leavings = || {
        let selection = Selection::new(globs, &spec.layout.project_dir);
        let archive = begin(selection, globs, into).map_err(cannot_pack)?;
        Ok::<_, ExecError>(Leavings::new(below.clone(), roots.clone(), archive))
    };
    let mut changed = Changed::Unseen;
    let folder = volume.as_ref().and_then(changes::folder_of);
    if let Some(folder) = folder {
        let (ended, labels) = tokio::join!(run::end(container), containers.labels_files());
        ended?;
        if !labels? {
            changed = pack_here(folder, leavings()?).await?;
        }
    }
    if let Changed::Unseen = changed {
        let shown = show(containers, &site, spec, container, &upper, &below).await?;
        changed = match shown {
            Ok(place) => {
                let leavings = leavings()?;
                let packing = place.archive(PLACE, |from| leavings.pack(from));
                let packed = packing.await?.map_err(cannot_pack)?;
                packed.map_or(Changed::More, |archive| Changed::Kept(Box::new(archive)))
            }
            Err(none) => none,
        };
    }
    let is_seen = !matches!(changed, Changed::Unseen);
    let packed = match changed {
        Changed::Kept(archive) => Some(keep(*archive, into).map_err(cannot_pack)?),
        Changed::More | Changed::Unseen => None,
    };
    let large = packed.as_ref().filter(|kept| is_large(kept));
    let Some(id) = large.and_then(|kept| id(spec, kept)) else {
        // What could not be seen this time may be the next.
        if let Some(store) = store.filter(|_| is_seen) {
            store.remember_no_layer(&known);
        }
        return Ok(packed);
    };
    if volume.is_some_and(|volume| containers.layers().adopt(&id, volume, globs.lasts)) {
        container.volumes.retain(|name| *name != upper);
    }
    Ok(packed)
}

/// Packs the folder of a volume.
async fn pack_here(folder: PathBuf, leavings: Leavings) -> Result<Changed, ExecError> {
    let stop = Stop::default();
    let _given_up = stop.when_dropped();
    let packing = tokio::task::spawn_blocking(move || changes::pack(&folder, leavings, &stop));
    let broken = |error| ExecError::system("collect artifacts", "packing broke off").because(error);
    packing.await.map_err(broken)?.map_err(cannot_pack)
}

/// Whether nothing but the job's own changes may be at those places when it has ended.
fn may_be_all(containers: &Containers, spec: &EnvSpec, globs: &Globs, roots: &[String]) -> bool {
    let settings = &containers.settings;
    let has_own_files = spec.workspace.tree.is_some() && !spec.owned_files;
    // They go on when the job has ended.
    let is_alone = spec.services.is_empty() && !settings.host_socket;
    // All of the project is never only what is kept.
    let are_places = !roots.is_empty() && roots.iter().all(|root| !root.is_empty());
    has_own_files && is_alone && !settings.has_mounts() && are_places && globs.untracked.is_none()
}

/// Whether the tree, or what was brought, has something where the roots begin.
async fn holds(
    containers: &Containers,
    spec: &EnvSpec,
    roots: &[String],
) -> Result<bool, ExecError> {
    let first = |root: &String| root.split('/').next().unwrap_or_default().to_owned();
    let tops: Vec<String> = roots.iter().map(first).collect();
    if containers.workspaces.holds(spec, &tops).await? {
        return Ok(true);
    }
    let brought = spec.workspace.artifacts.iter();
    let names = names_in(brought.map(|kept| kept.tar.clone()).collect()).await;
    Ok(names.is_none_or(|names| names.iter().any(|name| tops.contains(name))))
}

/// A container beside the job's own that shows what the job has changed; none where what it shows is
/// not all, or more than is kept.
async fn show<'a>(
    containers: &Containers,
    site: &Site,
    spec: &EnvSpec,
    container: &'a mut Container,
    upper: &str,
    below: &Path,
) -> Result<Result<Place<'a>, Changed>, ExecError> {
    let temp = spec.layout.temp_dir();
    let (around, temp) = temp.rsplit_once('/').unwrap_or_default();
    let volume = Volume::named(upper);
    let seen = async {
        run::end(container).await?;
        let project = Place::new(container, &spec.layout.project_dir);
        let around = Place::new(container, around);
        // Folders that were moved and made anew hide what lies below them, and what was moved has
        // its files only there. Then these are hidden too, or among the changes.
        tokio::try_join!(project.is_there(".git"), around.is_there(temp))
    };
    let (beside, seen, labels) = tokio::join!(
        layers::container(site, &volume),
        seen,
        containers.labels_files()
    );
    // Without it the files are packed as they are seen in the job's own.
    container.beside.extend(beside.ok());
    let (Some(beside), Ok(false)) = (container.beside.last(), labels) else {
        return Ok(Err(Changed::Unseen));
    };
    let around = Path::new(PLACE).join(below.parent().unwrap_or(Path::new("")));
    let around = around.to_string_lossy();
    let changes = Place::new(beside, &around);
    // What is there is never kept, and comes last.
    let is_all = seen? == (true, true) && !changes.holds(temp).await?;
    Ok(if is_all {
        Ok(Place::new(beside, PLACE))
    } else {
        Err(Changed::More)
    })
}

/// The name of the layer that has what was kept, in place of one that is filled with it.
fn id(spec: &EnvSpec, kept: &ArtifactRef) -> Option<String> {
    let below = below_builds(&spec.layout).ok()?;
    let digest = kept.digest.as_ref()?;
    Some(layers::id(&format!("left {digest}"), &below))
}

/// What archives have at their top; `None` where they can't be read.
async fn names_in(tars: Vec<PathBuf>) -> Option<Vec<String>> {
    let reading = tokio::task::spawn_blocking(move || {
        let mut names = BTreeSet::new();
        for tar in tars {
            add_names(&tar, &mut names)?;
        }
        io::Result::Ok(names.into_iter().collect())
    });
    reading.await.ok()?.ok()
}

fn add_names(tar: &Path, names: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in tar::Archive::new(File::open(tar)?).entries_with_seek()? {
        let path = relative(&entry?.path()?)?;
        if let Some(Component::Normal(first)) = path.components().next() {
            names.insert(first.to_string_lossy().into_owned());
        }
    }
    Ok(())
}
