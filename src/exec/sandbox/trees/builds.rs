//! The builds directory of a job: layers that jobs share, the trees of the run first, large artifacts
//! over them. Nothing is copied for a job.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tar::Builder;

use super::super::super::entry::relative;
use super::super::super::file_work::{blocking, in_place};
use super::super::super::keeps::Keeps;
use super::super::super::relocate::{open, relocate};
use super::super::super::{ArtifactRef, EnvSpec, ExecError, LayerSpec, Layout, TreeRef, TreeSpec};
use super::super::identity::Identity;
use super::layers::{self, Layer, Layers, id};
use super::left;

/// Artifacts from this size on become a layer, which several jobs can share. Bytes.
pub(in super::super) const WORTH_A_LAYER: u64 = 4 << 20;

/// Layers below one job, at most: the kernel reads a page of mount options.
const MOST_LAYERS: usize = 12;

/// What is told where the project's own files can't be had.
pub(in super::super) const NO_FILES: &str = "the project files can't be unpacked";

/// The same of artifacts.
pub(in super::super) const NO_ARTIFACTS: &str = "the artifacts can't be unpacked";

/// What the builds directory of a job is made of.
#[derive(Debug, Default)]
pub(in super::super) struct Parts {
    /// Layers, the highest first.
    pub(in super::super) layers: Vec<PathBuf>,
    /// Archives of the project's own files that go over them.
    pub(in super::super) files: Vec<PathBuf>,
    /// Archives of artifacts that go over all of that.
    pub(in super::super) artifacts: Vec<PathBuf>,
}

/// The trees of a run, and the layers that its jobs share.
#[derive(Debug)]
pub(in super::super) struct Builds {
    trees: Mutex<HashMap<String, TreeSpec>>,
    layers: Layers,
    /// Whether all files of an archive belong to root, once that was asked.
    of_root: Mutex<HashMap<PathBuf, bool>>,
    /// Where layers are that outlive their run.
    pub(in super::super) lasting: PathBuf,
    /// Where those of artifacts are, which go with the run.
    of_run: PathBuf,
}

impl Builds {
    /// Those of one run: `of_run` is where layers go with it.
    pub(in super::super) fn new(base: &Path, of_run: PathBuf) -> Self {
        Self {
            trees: Mutex::default(),
            layers: Layers::default(),
            of_root: Mutex::default(),
            lasting: layers::folder(base),
            of_run,
        }
    }

    /// Takes over a tree; it is unpacked when the first job wants it.
    pub(in super::super) fn publish(&self, tree: &TreeSpec) -> TreeRef {
        // The map is whole at any moment, even if another thread came to grief.
        let mut trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        trees.insert(tree.id.clone(), tree.clone());
        TreeRef(tree.id.clone())
    }

    /// Lets go of all.
    pub(in super::super) fn release(&self) {
        self.layers.release();
    }

    /// What the builds directory is made of: archives alone, where it belongs to the job's user, whom the
    /// image alone knows.
    pub(in super::super) async fn parts_of(
        &self,
        spec: &EnvSpec,
        identity: &Identity,
    ) -> Result<Parts, ExecError> {
        let broken = |error| ExecError::system("open", "the project directory").because(error);
        let below = below_builds(&spec.layout).map_err(broken)?;
        let tree = self.layers_of_tree(spec)?;
        let artifacts = &spec.workspace.artifacts;
        let tars = |artifacts: &[ArtifactRef]| -> Vec<PathBuf> {
            artifacts.iter().map(|kept| kept.tar.clone()).collect()
        };
        if spec.owned_files {
            let files = move || tree.iter().map(|layer| layer.content.file()).collect();
            return Ok(Parts {
                layers: Vec::new(),
                files: blocking("open", NO_FILES, files).await?,
                artifacts: tars(artifacts),
            });
        }
        let mut wanted = Vec::new();
        for layer in tree {
            let (content, below) = (layer.content, below.clone());
            wanted.push(Layer {
                id: id(&layer.id, &below),
                folder: self.lasting.clone(),
                keeps: Keeps::Bits,
                content: Arc::new(move |to| content.write(&below, to)),
                trouble: NO_FILES,
            });
        }
        // What comes later goes over what comes before, so that the rest begins behind the last
        // that is a layer.
        let can_be = |kept: &&ArtifactRef| self.can_be_a_layer(kept, identity);
        let first = in_place(|| artifacts.iter().take_while(can_be).count());
        let large = artifacts[..first].iter().rposition(is_large);
        let large = large.map_or(0, |at| at + 1);
        let large = if wanted.len() + large > MOST_LAYERS {
            0
        } else {
            large
        };
        for kept in &artifacts[..large] {
            wanted.push(self.of_artifacts(kept, &below, identity));
        }
        let paths = self.folders_of(wanted).await;
        // What this job wants is held by now. Where it is not, the disk may be full of the others.
        self.layers.begin_pruning(&self.lasting);
        Ok(Parts {
            layers: paths?,
            files: Vec::new(),
            artifacts: tars(&artifacts[large..]),
        })
    }

    /// What the tree of a job is made of, the lowest first.
    fn layers_of_tree(&self, spec: &EnvSpec) -> Result<Vec<LayerSpec>, ExecError> {
        let Some(TreeRef(tree)) = &spec.workspace.tree else {
            return Ok(Vec::new());
        };
        // The map is whole at any moment, even if another thread came to grief.
        let trees = self.trees.lock().unwrap_or_else(PoisonError::into_inner);
        let unknown = || ExecError::system("open", format!("tree `{tree}` was not published"));
        Ok(trees.get(tree).ok_or_else(unknown)?.layers.clone())
    }

    /// The folders of layers, the last one's first.
    async fn folders_of(&self, layers: Vec<Layer>) -> Result<Vec<PathBuf>, ExecError> {
        let mut folders = Vec::new();
        for layer in layers {
            folders.push(self.layers.get(layer).await?);
        }
        folders.reverse();
        Ok(folders)
    }

    /// Makes the layer of artifacts out of what their job has written to its builds directory. It is
    /// unpacked where that fails, or where nobody did it. Blocks.
    pub(in super::super) fn keep(
        &self,
        kept: &ArtifactRef,
        layout: &Layout,
        written: &Path,
        identity: &Identity,
    ) -> io::Result<()> {
        if !is_large(kept) || !self.can_be_a_layer(kept, identity) {
            return Ok(());
        }
        let below = below_builds(layout)?;
        let layer = self.of_artifacts(kept, &below, identity);
        let fill = |into: &Path| left::fill(&kept.tar, &below, written, into, layer.keeps);
        self.layers.make(&layer, fill)
    }

    /// Whether a layer of these artifacts can be as they are. Whoever has ids in a sandbox alone can't
    /// give them to files out of it. Blocks.
    fn can_be_a_layer(&self, kept: &ArtifactRef, identity: &Identity) -> bool {
        if !matches!(identity, Identity::Ranges(_)) {
            return true;
        }
        // The map is whole at any moment, even if another thread came to grief.
        let mut known = self.of_root.lock().unwrap_or_else(PoisonError::into_inner);
        let is_of_root = known.entry(kept.tar.clone());
        // What can't be read tells why where it is unpacked.
        *is_of_root.or_insert_with(|| is_of_root_alone(&kept.tar).unwrap_or(false))
    }

    fn of_artifacts(&self, kept: &ArtifactRef, below: &Path, identity: &Identity) -> Layer {
        let keeps = Keeps::of(matches!(identity, Identity::Same));
        let (tar, below) = (kept.tar.clone(), below.to_owned());
        let content = kept
            .digest
            .clone()
            .unwrap_or_else(|| tar.display().to_string());
        let lasts = kept.lasts && kept.digest.is_some();
        let folder = if lasts {
            self.lasting.clone()
        } else {
            self.of_run.clone()
        };
        Layer {
            id: id(&format!("artifacts {keeps:?} {content}"), &below),
            folder,
            keeps,
            content: Arc::new(move |to| {
                let mut to = Builder::new(to);
                relocate(&below, open(&tar)?, &mut to)?;
                to.finish()
            }),
            trouble: NO_ARTIFACTS,
        }
    }
}

/// Whether all files of an archive belong to root.
fn is_of_root_alone(tar: &Path) -> io::Result<bool> {
    for entry in tar::Archive::new(File::open(tar)?).entries_with_seek()? {
        let entry = entry?;
        if (entry.header().uid()?, entry.header().gid()?) != (0, 0) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether these artifacts are worth a layer.
fn is_large(kept: &ArtifactRef) -> bool {
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
