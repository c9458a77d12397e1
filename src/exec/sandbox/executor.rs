//! The executor: what all sandboxes of a run share, and making one for an attempt.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::super::cancel::{check, unless_asked};
use super::super::file_work::{blocking, in_place};
use super::super::{
    Capabilities, Cx, EnvSpec, ExecError, Executor, Fault, Image, Keyring, Layout, Reaped, Session,
    Traits, TreeRef, TreeSpec, owned_folder,
};
use super::extras::Extras;
use super::groups;
use super::identity::Ranges;
use super::inside::errand::ranges;
use super::limits::{Controller, Limits, Place};
use super::network::job_networks::JobNetworks;
use super::network::way_out::{Network, SandboxNetwork};
use super::noted::{self, Layering, Surroundings};
use super::probe;
use super::run_folder::{RunFolder, remove_run};
use super::trees::bases::Bases;
use super::trees::builds::{Builds, WORTH_A_LAYER};
use super::trees::host;
use super::trees::kept;
use super::trees::layers;
use super::trees::overlays::Overlays;
use crate::foreign::system_words;
use crate::images::layer::LayerForm;

/// Where sandboxes keep what they need.
#[derive(Debug, Clone)]
pub struct SandboxSettings {
    /// Holds the folders of all runs of this user. Nobody else may write there.
    pub base: PathBuf,
    /// Where the store of images is.
    pub images: PathBuf,
    /// As whom registries are asked.
    pub keyring: Keyring,
    /// What a job may use.
    pub limits: Limits,
    /// Certificates of authorities that registries may have, in PEM format, besides those of the
    /// system.
    pub certificates: Option<Vec<u8>>,
    /// The network of all jobs.
    pub network: SandboxNetwork,
    /// What the user adds.
    pub extras: Extras,
    /// Id of the run.
    pub run: String,
    /// Whether it is believed that sandboxes are as they were before, where nothing is other that may
    /// decide about it. Else one is tried.
    pub believes: bool,
}

/// Runs jobs in namespaces of their own.
pub struct SandboxExecutor {
    pub(super) settings: SandboxSettings,
    /// What goes with the run.
    pub(super) folder: Arc<RunFolder>,
    pub(super) builds: Arc<Builds>,
    pub(super) bases: Bases,
    pub(super) overlays: Arc<Overlays>,
    pub(super) networks: Arc<JobNetworks>,
    /// What this process may do, and where groups for the limits can be made; found out when the
    /// first job comes.
    rights: OnceCell<LayerForm>,
    places: OnceLock<Vec<Place>>,
    /// Found out where sandboxes are tried.
    layering: OnceLock<Layering>,
    network: OnceLock<Network>,
}

impl SandboxExecutor {
    /// An executor for one run. Nothing is made yet.
    pub fn new(settings: SandboxSettings) -> Self {
        let folder = RunFolder::new(&settings.base.join("jobs"), &settings.run);
        Self {
            builds: Arc::new(Builds::new(&settings.base, folder.layers())),
            overlays: Arc::new(Overlays::new(folder.overlays())),
            networks: Arc::new(JobNetworks::new(folder.networks())),
            folder: Arc::new(folder),
            bases: Bases::new(
                &settings.base,
                &settings.images,
                settings.keyring.clone(),
                settings.certificates.clone(),
            ),
            settings,
            rights: OnceCell::new(),
            places: OnceLock::new(),
            layering: OnceLock::new(),
            network: OnceLock::new(),
        }
    }

    /// Test support: copies layers, as where the kernel lays them over each other for root alone.
    #[cfg(test)]
    pub(in crate::exec) fn copying(self) -> Self {
        self.with(Layering::Copied)
    }

    /// Test support: lays layers over each other, each tree of this machine apart.
    #[cfg(test)]
    pub(in crate::exec) fn laying(self) -> Self {
        self.with(Layering::Laid)
    }

    /// Test support: puts the trees of this machine together, as for root.
    #[cfg(test)]
    pub(in crate::exec) fn uniting(self) -> Self {
        self.with(Layering::United)
    }

    /// Test support: joins no networks, as where the kernel can't.
    #[cfg(test)]
    pub(in crate::exec) fn joining_none(mut self) -> Self {
        if let Some(networks) = Arc::get_mut(&mut self.networks) {
            networks.joins_none = true;
        }
        self
    }

    #[cfg(test)]
    fn with(self, layering: Layering) -> Self {
        Self {
            layering: OnceLock::from(layering),
            ..self
        }
    }

    /// How trees come about here.
    pub(super) fn layering(&self) -> Layering {
        self.layering.get().copied().unwrap_or(Layering::Laid)
    }

    pub(super) async fn rights(&self) -> Result<LayerForm, ExecError> {
        let finding = || {
            let base = self.settings.base.clone();
            let what = "no folder for sandboxes can be made";
            blocking("open", what, move || probe::rights(&base))
        };
        self.rights.get_or_try_init(finding).await.copied()
    }

    pub(super) fn network(&self) -> &Network {
        let wanted = self.settings.network;
        self.network
            .get_or_init(|| in_place(|| Network::of(wanted)))
    }

    pub(super) fn places(&self) -> &[Place] {
        self.places.get_or_init(|| {
            let wanted = self.settings.limits.effective().controllers();
            in_place(|| groups::tried_places(&wanted))
        })
    }

    /// What sandboxes are like here; the first job's network is made with that.
    async fn known(
        &self,
        rights: LayerForm,
        ranges: Option<Ranges>,
    ) -> Result<Layering, ExecError> {
        let base = &self.settings.base;
        let network = self.network();
        let surroundings = in_place(|| Surroundings::here(base, rights, network.is_own));
        if self.settings.believes
            && let Some(known) = in_place(|| surroundings.known(base))
        {
            // The first job need not look for them.
            self.places();
            let identity = probe::identity(rights, ranges);
            // Where that fails, it is told what is wrong with sandboxes.
            if self.networks.prepare(&identity, network).await.is_ok() {
                return Ok(known);
            }
        }
        in_place(|| noted::forget(base));
        let known = probe::probe(base, rights, ranges, (&*self.networks, network)).await?;
        in_place(|| surroundings.keep(base, known));
        Ok(known)
    }
}

#[async_trait]
impl Executor for SandboxExecutor {
    fn name(&self) -> &'static str {
        "sandbox"
    }

    fn traits(&self) -> Traits {
        Traits {
            images: true,
            services: true,
            disposable: true,
            moves_project_dir: true,
            own_image: Some(host::NAME),
            opens_ahead: true,
            early_artifacts: Some(WORTH_A_LAYER),
            brings_by: "`pipe image pull` or `pipe image import`",
            ..Traits::default()
        }
    }

    fn layout(&self, project_path: &str, _job: &str, _attempt: u32) -> Layout {
        Layout {
            builds_dir: "/builds".to_owned(),
            project_dir: format!("/builds/{project_path}"),
        }
    }

    async fn probe(&self, cx: &Cx) -> Result<Capabilities, ExecError> {
        let rights = self.rights().await?;
        let ranges = in_place(ranges);
        let known = unless_asked(&cx.cancel, "probe", self.known(rights, ranges)).await?;
        // Sandboxes are as the first that was tried.
        let _ = self.layering.set(known);
        let places = groups::places(&Controller::ALL);
        let held = |it: &Controller| {
            places.iter().any(|place| place.controllers.contains(it))
                || (*it == Controller::Pids && probe::counts_processes(rights))
        };
        let held = Controller::ALL.into_iter().filter(held);
        let held: Vec<&str> = held.map(Controller::what).collect();
        Ok(Capabilities {
            description: probe::describe(rights, ranges, known, &held),
        })
    }

    async fn missing(&self, images: &[Image], cx: &Cx) -> Result<Vec<Image>, ExecError> {
        check(&cx.cancel, "missing")?;
        let mut missing: Vec<Image> = Vec::new();
        for image in images {
            if !missing.contains(image) && !self.bases.has(image).await? {
                missing.push(image.clone());
            }
        }
        Ok(missing)
    }

    async fn pull(
        &self,
        image: &Image,
        progress: &(dyn for<'a> Fn(u64, u64) + Send + Sync),
        cx: &Cx,
    ) -> Result<(), ExecError> {
        unless_asked(
            &cx.cancel,
            "pull image",
            self.bases.pull(image, progress, cx),
        )
        .await
    }

    async fn publish_tree(&self, tree: &TreeSpec, cx: &Cx) -> Result<TreeRef, ExecError> {
        check(&cx.cancel, "publish tree")?;
        Ok(self.builds.publish(tree))
    }

    fn expect(&self, environments: usize) {
        self.overlays.expect(environments);
    }

    async fn open(&self, spec: EnvSpec, cx: &Cx) -> Result<Box<dyn Session>, ExecError> {
        let session = unless_asked(&cx.cancel, "open", self.make(&spec, cx)).await;
        let session = session.inspect_err(|error| {
            if error.fault == Fault::Lasting {
                in_place(|| noted::forget(&self.settings.base));
            }
        });
        Ok(Box::new(session?))
    }

    async fn release(&self, budget: Duration) -> Result<(), ExecError> {
        let what = "layers of artifacts were not removed";
        let (builds, folder) = (Arc::clone(&self.builds), Arc::clone(&self.folder));
        let overlays = Arc::clone(&self.overlays);
        self.networks.release();
        let removing = blocking("release", what, move || {
            builds.release();
            overlays.release()?;
            folder.release()
        });
        tokio::time::timeout(budget, removing)
            .await
            .unwrap_or_else(|late| Err(ExecError::system("release", what).because(late)))
    }

    async fn reap(
        &self,
        owner: &str,
        alive: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
        cx: &Cx,
    ) -> Result<Reaped, ExecError> {
        check(&cx.cancel, "reap")?;
        let reaping = || reap_sandboxes(&self.settings.base, owner, &|run| alive(run));
        in_place(reaping).map_err(|error: io::Error| {
            let words = system_words(&error);
            ExecError::system(
                "reap",
                format!("leftover sandboxes can't be removed: {words}"),
            )
            .because(error)
        })
    }

    async fn kept(&self, _owner: &str, _cx: &Cx) -> Result<Vec<String>, ExecError> {
        Ok(in_place(|| lasting(&self.settings.base).0))
    }

    async fn forget(&self, _owner: &str, _cx: &Cx) -> Result<Vec<String>, ExecError> {
        in_place(|| forget_lasting(&self.settings.base)).map_err(|error| {
            let text = format!("layers can't be removed: {}", system_words(&error));
            ExecError::system("forget", text).because(error)
        })
    }
}

/// Where the folders of runs lie.
fn jobs(base: &Path) -> PathBuf {
    base.join("jobs")
}

/// Removes what dead runs of `owner` left in `base`.
pub fn reap_sandboxes(
    base: &Path,
    owner: &str,
    alive: &dyn Fn(&str) -> bool,
) -> io::Result<Reaped> {
    let jobs = jobs(base);
    let mut reaped = Reaped::default();
    owned_folder::sweep(&jobs);
    for folder in [base.to_owned(), layers::folder(base), host::folder(base)] {
        kept::sweep(&folder);
    }
    let mut failed = None;
    for (folder, run) in owned_folder::dead(&jobs, owner, alive)? {
        if let Err(error) = remove_run(&folder) {
            // The others go all the same.
            failed.get_or_insert(error);
            continue;
        }
        let folder = folder.display();
        reaped
            .removed
            .push(format!("folder `{folder}` of run {run}"));
    }
    failed.map_or(Ok(reaped), Err)
}

/// What sandboxes keep in `base` for later runs, trees of projects and pictures of this machine: their
/// names, and how many bytes they take.
fn lasting(base: &Path) -> (Vec<String>, u64) {
    let folders = [layers::folder(base), host::folder(base)];
    let names = folders.iter().flat_map(|folder| layers::names(folder));
    let places = folders.iter().flat_map(|folder| kept::all(folder));
    let bytes = places.map(|place| kept::size(&place)).sum();
    (names.collect(), bytes)
}

/// Removes of that what no run uses; the names.
fn forget_lasting(base: &Path) -> io::Result<Vec<String>> {
    let mut gone = layers::remove_unused(&layers::folder(base))?;
    gone.extend(layers::remove_unused(&host::folder(base))?);
    Ok(gone)
}

/// How many folders sandboxes keep in `base` for later runs, and how many bytes they take.
pub fn sandbox_layers(base: &Path) -> (usize, u64) {
    let (names, bytes) = lasting(base);
    (names.len(), bytes)
}

/// Removes of them what no run uses; how many.
pub fn forget_sandbox_layers(base: &Path) -> io::Result<usize> {
    Ok(forget_lasting(base)?.len())
}
