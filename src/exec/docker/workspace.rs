//! The builds directory of a job as one volume of the daemon: layers that jobs share, and over them
//! what this job changes. Nothing is copied for a job, and nothing of the host is mounted.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::try_join_all;
use tar::{Builder, EntryType};

use super::super::entry::relative;
use super::super::owned::{Owned, Owner};
use super::super::relocate::{append_empty, open, relocate};
use super::super::temp::temp_files;
use super::super::{ArtifactRef, EnvSpec, ExecError, Layout, TreeRef, TreeSpec};
use super::adopted;
use super::layers::{Layer, Layers, Site, id};
use super::volumes::{self, Volume};

/// Artifacts from this size on become a layer, which several jobs can share. Smaller ones reach a
/// container faster as they are. Bytes.
pub(super) const WORTH_A_LAYER: u64 = 4 << 20;

/// Layers below one job, at most: the kernel reads a page of mount options.
const MOST_LAYERS: usize = 12;

/// The trees of a run, and the layers that its jobs share.
pub(super) struct Workspaces {
    trees: Mutex<HashMap<String, TreeSpec>>,
    pub(super) layers: Layers,
}

/// The volumes of one job.
#[derive(Debug, Default)]
pub(super) struct Volumes {
    /// To be mounted at the builds directory.
    pub(super) overlay: String,
    /// Where the daemon has that.
    pub(super) place: String,
    /// All to remove, the overlay first.
    pub(super) names: Vec<String>,
}

impl Volumes {
    /// An empty one, for a daemon that can't lay volumes over each other.
    pub(super) async fn plain(site: &Site, name: String) -> Result<Self, ExecError> {
        let making = volumes::make(&site.docker, name, site.labels(), HashMap::new());
        let made = site.patience.answer("create volume", making).await?;
        Ok(Self {
            names: vec![made.name.clone()],
            overlay: made.name,
            place: made.mountpoint,
        })
    }
}

impl Workspaces {
    pub(super) fn new(layers: Layers) -> Self {
        Self {
            trees: Mutex::default(),
            layers,
        }
    }

    /// Takes over a tree; it is filled in when the first job wants it.
    pub(super) fn publish(&self, tree: &TreeSpec) -> TreeRef {
        self.trees().insert(tree.id.clone(), tree.clone());
        TreeRef(tree.id.clone())
    }

    /// What was published as that tree.
    pub(super) fn tree(&self, TreeRef(id): &TreeRef) -> Result<TreeSpec, ExecError> {
        let unknown = || ExecError::system("open", format!("tree `{id}` was not published"));
        self.trees().get(id).cloned().ok_or_else(unknown)
    }

    /// Makes the volumes of a job; returns them with the artifacts that are not in them. When it
    /// fails it has undone what it began.
    pub(super) async fn make(
        &self,
        site: &Site,
        name: String,
        spec: &EnvSpec,
        owner: Option<Owner>,
    ) -> Result<(Volumes, Vec<ArtifactRef>), ExecError> {
        let lower = Box::pin(self.lower(site, spec, owner));
        let empty = |part: &str| {
            let name = format!("{name}-{part}");
            volumes::make(&site.docker, name, site.labels(), HashMap::new())
        };
        let own = async { tokio::try_join!(empty("upper"), empty("work")) };
        let own = site.patience.answer("create volume", own);
        let (lower, own) = tokio::join!(lower, own);
        let mut made = Volumes::default();
        if let Ok((upper, work)) = &own {
            made.names = vec![upper.name.clone(), work.name.clone()];
        }
        let overlay = async {
            let ((lower, rest), (upper, work)) = (lower?, own?);
            let options = options(&lower, &upper, &work)?;
            let making = volumes::make(&site.docker, name.clone(), site.labels(), options);
            let overlay = site.patience.answer("create volume", making).await?;
            Ok((overlay, rest))
        };
        match overlay.await {
            Ok((overlay, rest)) => {
                made.names.insert(0, overlay.name.clone());
                made.overlay = overlay.name;
                made.place = overlay.mountpoint;
                Ok((made, rest))
            }
            Err(error) => {
                // The first error tells more than one of cleaning up.
                for name in &made.names {
                    let _ = volumes::remove(&site.docker, name).await;
                }
                Err(error)
            }
        }
    }

    /// What lies below a job, the lowest first, and the artifacts that go over it.
    async fn lower(
        &self,
        site: &Site,
        spec: &EnvSpec,
        owner: Option<Owner>,
    ) -> Result<(Vec<Volume>, Vec<ArtifactRef>), ExecError> {
        let adopted = match owner {
            None => adopted::below(self, site, spec).await?,
            Some(_) => None,
        };
        let artifacts = &spec.workspace.artifacts[usize::from(adopted.is_some())..];
        let (layers, rest) = self.layers_of(spec, artifacts)?;
        let layers = layers.into_iter().map(|layer| match owner {
            Some(owner) => owned(&layer, owner),
            None => layer,
        });
        let filled = try_join_all(layers.map(|layer| self.layers.get(site, layer))).await?;
        Ok((adopted.into_iter().chain(filled).collect(), rest))
    }

    /// Whether the tree of a job has something at or below one of these paths.
    pub(super) async fn holds(&self, spec: &EnvSpec, paths: &[String]) -> Result<bool, ExecError> {
        let Some(tree) = &spec.workspace.tree else {
            return Ok(false);
        };
        let (layers, paths) = (self.tree(tree)?.layers, paths.to_vec());
        let looking = tokio::task::spawn_blocking(move || {
            let holds = |path: &String| {
                let mut layers = layers.iter();
                // What can't be looked at counts as there.
                layers.any(|layer| layer.content.holds(Path::new(path)).unwrap_or(true))
            };
            paths.iter().any(holds)
        });
        Ok(looking.await.unwrap_or(true))
    }

    /// The layers of a job with these artifacts, the lowest first, and the artifacts that go over them.
    fn layers_of(
        &self,
        spec: &EnvSpec,
        artifacts: &[ArtifactRef],
    ) -> Result<(Vec<Layer>, Vec<ArtifactRef>), ExecError> {
        let broken = |error| ExecError::system("open", "the project directory").because(error);
        let below = below_builds(&spec.layout).map_err(broken)?;
        let mut layers = vec![skeleton(&spec.layout, &below, temp_files(spec))];
        if let Some(tree) = &spec.workspace.tree {
            for layer in self.tree(tree)?.layers {
                let (content, below) = (layer.content, below.clone());
                layers.push(Layer {
                    id: id(&layer.id, &below),
                    lasts: true,
                    content: Arc::new(move |at, to| content.write(&at.join(&below), to)),
                });
            }
        }
        // What comes later goes over what comes before, so that the rest begins behind the last
        // that is a layer.
        let large = artifacts.iter().rposition(is_large).map_or(0, |at| at + 1);
        // One more may lie below all of them.
        let large = if layers.len() + large >= MOST_LAYERS {
            0
        } else {
            large
        };
        layers.extend(
            artifacts[..large]
                .iter()
                .map(|kept| of_artifacts(kept, &below)),
        );
        Ok((layers, artifacts[large..].to_vec()))
    }

    fn trees(&self) -> std::sync::MutexGuard<'_, HashMap<String, TreeSpec>> {
        // The map is whole at any moment, even if another task came to grief.
        self.trees.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A layer whose files belong to that owner.
fn owned(layer: &Layer, owner: Owner) -> Layer {
    let Owner { uid, gid } = owner;
    let content = Arc::clone(&layer.content);
    Layer {
        id: id(&format!("{} of {uid}:{gid}", layer.id), Path::new("")),
        lasts: layer.lasts,
        content: Arc::new(move |at, to| content(at, &mut Owned::new(owner, to))),
    }
}

/// Whether these artifacts are worth a layer.
pub(super) fn is_large(kept: &ArtifactRef) -> bool {
    kept.tar
        .metadata()
        .is_ok_and(|about| about.len() >= WORTH_A_LAYER)
}

/// The project directory, as a name in the builds directory.
pub(super) fn below_builds(layout: &Layout) -> io::Result<PathBuf> {
    let (builds, project) = (
        Path::new(&layout.builds_dir),
        Path::new(&layout.project_dir),
    );
    relative(project.strip_prefix(builds).unwrap_or(project))
}

/// The folders and the files of the temporary folder that each job has.
fn skeleton(layout: &Layout, below: &Path, temp_files: Vec<String>) -> Layer {
    let temp = layout.temp_dir();
    let name = Path::new(&temp).file_name().unwrap_or_default().to_owned();
    let id = id(
        &format!("skeleton {} {temp_files:?}", name.display()),
        below,
    );
    let below = below.to_owned();
    let content = move |at: &Path, to: &mut dyn io::Write| {
        let mut tar = Builder::new(to);
        let mut folders: Vec<&Path> = below.ancestors().collect();
        folders.pop();
        for folder in folders.into_iter().rev() {
            append_empty(&mut tar, &at.join(folder), EntryType::Directory, 0o777)?;
        }
        let temp = at.join(below.with_file_name(&name));
        append_empty(&mut tar, &temp, EntryType::Directory, 0o777)?;
        for file in &temp_files {
            append_empty(&mut tar, &temp.join(file), EntryType::Regular, 0o666)?;
        }
        tar.finish()
    };
    Layer {
        id,
        lasts: true,
        content: Arc::new(content),
    }
}

fn of_artifacts(kept: &ArtifactRef, below: &Path) -> Layer {
    let (tar, below) = (kept.tar.clone(), below.to_owned());
    let content = kept
        .digest
        .clone()
        .unwrap_or_else(|| tar.display().to_string());
    Layer {
        id: id(&format!("artifacts {content}"), &below),
        lasts: kept.lasts && kept.digest.is_some(),
        content: Arc::new(move |at, to| {
            let mut to = Builder::new(to);
            relocate(&at.join(&below), open(&tar)?, &mut to)?;
            to.finish()
        }),
    }
}

/// What the daemon hands on to the kernel. Renaming a folder of a lower layer works as on a plain
/// file system.
pub(super) fn options(
    lower: &[Volume],
    upper: &Volume,
    work: &Volume,
) -> Result<HashMap<String, String>, ExecError> {
    let places = lower.iter().chain([upper, work]);
    let is_plain = |volume: &Volume| !volume.mountpoint.contains([',', ':', '\\']);
    if !places.clone().all(is_plain) {
        let message = "the daemon's folder has a character that mount options can't have";
        return Err(ExecError::unsupported("create volume", message));
    }
    let lower: Vec<&str> = (lower.iter().rev())
        .map(|volume| volume.mountpoint.as_str())
        .collect();
    let options = format!(
        "lowerdir={},upperdir={},workdir={},redirect_dir=on",
        lower.join(":"),
        upper.mountpoint,
        work.mountpoint
    );
    let options = [("type", "overlay"), ("device", "overlay"), ("o", &options)];
    let options = options.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Ok(options.into())
}

#[cfg(test)]
mod tests {
    use super::{Volume, below_builds, options};
    use crate::exec::Layout;

    fn volume(name: &str) -> Volume {
        Volume {
            name: name.to_owned(),
            mountpoint: format!("/v/{name}"),
        }
    }

    #[test]
    fn the_highest_layer_is_named_first() {
        let lower = ["base", "edits"].map(volume);
        let made = options(&lower, &volume("up"), &volume("work")).expect("options");
        assert_eq!(
            made["o"],
            "lowerdir=/v/edits:/v/base,upperdir=/v/up,workdir=/v/work,redirect_dir=on"
        );
        assert!(options(&[volume("a:b")], &volume("up"), &volume("work")).is_err());
    }

    #[test]
    fn where_a_project_is_in_its_builds_directory() {
        for (builds, project, wanted) in [
            ("/builds", "/builds/g/p", "g/p"),
            ("/builds", "/builds/other", "other"),
        ] {
            let layout = Layout {
                builds_dir: builds.to_owned(),
                project_dir: project.to_owned(),
            };
            let below = below_builds(&layout).expect("below");
            assert_eq!(below, std::path::Path::new(wanted));
        }
    }
}
