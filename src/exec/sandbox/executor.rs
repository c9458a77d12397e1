//! The executor: what all sandboxes of a run share, and making one for an attempt.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::super::cancel::{check, unless_asked};
use super::super::file_work::{blocking, in_place};
use super::super::names::{slug, unique_slug};
use super::super::temp::temp_files;
use super::super::{
    Capabilities, Cx, EnvSpec, EnvVariable, ExecError, Executor, Image, Keyring, Layout, Owner,
    Reaped, Session, Traits, TreeRef, TreeSpec, names_shell_file, owned_folder,
};
use super::extras::{Bind, Extras};
use super::groups;
use super::identity::{Identity, Ranges};
use super::inside::errand::ranges;
use super::inside::link::Link;
use super::inside::wire::Program;
use super::limits::{Controller, Limits, Place, counts_processes, group_name};
use super::network::way_out::{Network, SandboxNetwork};
use super::plan::{Plan, folders, setup};
use super::probe;
use super::services::Services;
use super::session::SandboxSession;
use super::trees::base::Base;
use super::trees::bases::Bases;
use super::trees::builds::{Builds, WORTH_A_LAYER};
use super::trees::copies::{Copies, TreeCopy};
use super::trees::host;
use super::trees::kept;
use super::trees::layers;
use crate::foreign::{MAKE_ROOM, is_disk_full, system_words};
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
}

/// Runs jobs in namespaces of their own.
pub struct SandboxExecutor {
    settings: SandboxSettings,
    builds: Arc<Builds>,
    bases: Bases,
    copies: Arc<Copies>,
    /// What this process may do, and where groups for the limits can be made; found out when the
    /// first job comes.
    rights: OnceCell<LayerForm>,
    places: OnceLock<Vec<Place>>,
    /// Whether layers have to be copied; found out where sandboxes are tried.
    copies_layers: OnceLock<bool>,
    network: OnceLock<Network>,
}

/// A sandbox that is to be made.
struct Wanted<'a> {
    folder: PathBuf,
    owner: &'a Owner,
    base: &'a Base,
    rights: LayerForm,
    ranges: Option<Ranges>,
    copies_layers: bool,
    user: &'a str,
    layout: &'a Layout,
    builds: &'a [PathBuf],
    limits: Limits,
    places: &'a [Place],
    temp_files: &'a [String],
    names: &'a [String],
    /// What of this machine it has besides.
    binds: &'a [Bind],
    /// How many others join it.
    joined_by: usize,
    /// The users, the network and the builds directory of the one that it joins.
    joins: Option<[BorrowedFd<'a>; 3]>,
}

impl SandboxExecutor {
    /// An executor for one run. Nothing is made yet.
    pub fn new(settings: SandboxSettings) -> Self {
        Self {
            builds: Arc::new(Builds::new(&settings.base, &settings.run)),
            copies: Arc::new(Copies::new(&settings.base.join("jobs"), &settings.run)),
            bases: Bases::new(
                &settings.base,
                &settings.images,
                settings.keyring.clone(),
                settings.certificates.clone(),
            ),
            settings,
            rights: OnceCell::new(),
            places: OnceLock::new(),
            copies_layers: OnceLock::new(),
            network: OnceLock::new(),
        }
    }

    /// Test support: copies layers, as where the kernel lays them over each other for root alone.
    #[cfg(test)]
    pub(in crate::exec) fn copying(self) -> Self {
        let _ = self.copies_layers.set(true);
        self
    }

    fn copies_layers(&self) -> bool {
        self.copies_layers.get().copied().unwrap_or(false)
    }

    async fn rights(&self) -> Result<LayerForm, ExecError> {
        let finding = || {
            let base = self.settings.base.clone();
            let what = "no folder for sandboxes can be made";
            blocking("open", what, move || probe::rights(&base))
        };
        self.rights.get_or_try_init(finding).await.copied()
    }

    fn network(&self) -> &Network {
        let wanted = self.settings.network;
        self.network
            .get_or_init(|| in_place(|| Network::of(wanted)))
    }

    fn places(&self) -> &[Place] {
        self.places.get_or_init(|| {
            let wanted = self.settings.limits.effective().controllers();
            in_place(|| groups::tried_places(&wanted))
        })
    }

    /// Tells which of the limits that the user set nothing holds.
    async fn tell_limits(&self, rights: LayerForm, cx: &Cx) {
        let set = Limits {
            processes: self.settings.limits.processes.filter(|most| *most > 0),
            ..self.settings.limits
        };
        for name in set.not_held(self.places(), probe::counts_processes(rights)) {
            let text = format!(
                "WARNING: nothing holds `{name}` in a sandbox here, for no control group is delegated: \
                 where it has to hold, use `--executor docker`\n"
            );
            let _ = cx.output.send(text.into_bytes()).await;
        }
    }

    /// The user of a job.
    fn user<'a>(&'a self, base: &'a Base, image: &'a Image) -> &'a str {
        let given = self.settings.extras.user.as_deref();
        given.unwrap_or_else(|| base.user(image))
    }

    fn jobs(&self) -> PathBuf {
        self.settings.base.join("jobs")
    }

    /// Makes the sandboxes of an attempt and of its services, and lays artifacts over its builds
    /// directory.
    async fn make(&self, spec: &EnvSpec, cx: &Cx) -> Result<SandboxSession, ExecError> {
        let image = spec.image.clone().unwrap_or_default();
        let (base, (builds, over)) =
            tokio::try_join!(self.bases.get(&image), self.builds.layers_of(spec))?;
        let rights = self.rights().await?;
        // Files of this machine have no owner that a user could be.
        let services = spec.services.iter().map(|service| &service.image);
        let has_owners = [&image]
            .into_iter()
            .chain(services)
            .any(|it| it.name != host::NAME);
        let ranges = has_owners.then(|| in_place(ranges)).flatten();
        let folder = self.folder(&spec.job, spec.attempt)?;
        let (made, owner) = (folder.clone(), spec.owner.clone());
        blocking("open", "the job's folder can't be made", move || {
            owned_folder::make(&made, &owner)
        })
        .await
        .map_err(with_room)?;
        let mut undone = Undone(Some(folder.clone()));
        let binds = in_place(|| self.settings.extras.binds(spec))?;
        let names: Vec<String> = (spec.services.iter())
            .flat_map(|service| service.aliases.clone())
            .collect();
        let wanted = Wanted {
            folder: folder.join("job"),
            owner: &spec.owner,
            base: &base,
            rights,
            ranges,
            copies_layers: self.copies_layers(),
            user: self.user(&base, &image),
            layout: &spec.layout,
            builds: &builds,
            limits: self.settings.limits.effective(),
            places: self.places(),
            temp_files: &temp_files(spec),
            names: &names,
            binds: &binds,
            joined_by: spec.services.len(),
            joins: None,
        };
        self.tell_limits(rights, cx).await;
        let (link, lent, copies) = self.launch(wanted).await?;
        undone.0 = None;
        // From here on dropping the session undoes what was begun.
        let environment = base.environment(pairs(&spec.variables));
        let mut session = SandboxSession {
            link,
            folder,
            project_dir: PathBuf::from(&spec.layout.project_dir),
            begins_as_asked: !base.has_entrypoint(&image)
                && !environment.iter().any(|(name, _)| names_shell_file(name)),
            program: Program {
                words: base.of_job(&image),
                environment,
                folder: base.folder().to_owned(),
                user: self.user(&base, &image).to_owned(),
            },
            services: None,
            copies,
            all_copies: Arc::clone(&self.copies),
            gone: false,
        };
        let tars: Vec<PathBuf> = over.into_iter().map(|kept| kept.tar).collect();
        session.unpack(&tars).await?;
        if !spec.services.is_empty() {
            self.start_services(spec, &mut session, &lent, (&names, &binds), ranges)
                .await?;
            session.wait_for_services(cx).await?;
        }
        Ok(session)
    }

    /// Makes the sandboxes of the services and starts their programs.
    async fn start_services(
        &self,
        spec: &EnvSpec,
        session: &mut SandboxSession,
        lent: &[OwnedFd],
        (names, binds): (&[String], &[Bind]),
        ranges: Option<Ranges>,
    ) -> Result<(), ExecError> {
        let [users, network, builds @ ..] = lent else {
            return Err(ExecError::system(
                "open",
                "the job's network can't be shared",
            ));
        };
        for (number, service) in spec.services.iter().enumerate() {
            let base = self.bases.get(&service.image).await?;
            let Some(builds) = builds.get(number) else {
                break;
            };
            let wanted = Wanted {
                folder: session.folder.join(format!("service-{number}")),
                owner: &spec.owner,
                base: &base,
                rights: self.rights().await?,
                ranges,
                copies_layers: self.copies_layers(),
                user: base.user(&service.image),
                layout: &spec.layout,
                builds: &[],
                limits: self.settings.limits.effective().of_service(),
                places: self.places(),
                temp_files: &[],
                names,
                binds,
                joined_by: 0,
                joins: Some([users.as_fd(), network.as_fd(), builds.as_fd()]),
            };
            let (link, _, copies) = self.launch(wanted).await?;
            session.copies.extend(copies);
            let environment = base.environment(pairs(&service.variables));
            let ports = base.ports(&environment);
            let program = Program {
                words: base.of_service(&service.image, service.command.as_deref()),
                environment,
                folder: base.folder().to_owned(),
                user: base.user(&service.image).to_owned(),
            };
            let services = session.services.get_or_insert_with(Services::none);
            services.start(link, service, program, ports).await?;
        }
        Ok(())
    }

    /// Makes one sandbox, in a folder of its own: with it, what it lends and what it has borrowed.
    async fn launch(
        &self,
        wanted: Wanted<'_>,
    ) -> Result<(Link, Vec<OwnedFd>, Vec<TreeCopy>), ExecError> {
        let identity = probe::identity(wanted.user, wanted.rights, wanted.ranges);
        let groups = (wanted.limits).groups(wanted.places, &group_name(&wanted.folder));
        // Where no group counts them, the kernel does, but for root.
        let by_user = !counts_processes(wanted.places) && probe::counts_processes(wanted.rights);
        let mut copies = match identity {
            Identity::Same if !wanted.copies_layers => {
                self.copies_of(wanted.base, wanted.owner).await?
            }
            _ => Vec::new(),
        };
        let places: Vec<PathBuf> = copies.iter().map(|copy| copy.folder.clone()).collect();
        let network = self.network();
        let plan = Plan {
            folder: &wanted.folder,
            root: &wanted.base.root,
            layout: wanted.layout,
            copies: &places,
            builds: wanted.builds,
            temp_files: wanted.temp_files,
            identity: &identity,
            marks: probe::marks(wanted.rights),
            copies_layers: wanted.copies_layers,
            own_network: network.is_own,
            way_out: network.way_out.as_ref(),
            joins: wanted.joins.is_some(),
            joined_by: wanted.joined_by,
            names: wanted.names,
            resolver: network.resolver.as_deref(),
            extras: &self.settings.extras,
            is_job: wanted.joins.is_none(),
            binds: wanted.binds,
            groups: &groups,
            processes: wanted.limits.processes.filter(|_| by_user),
            // An image's own programs may have to run as their owners; this machine's never do.
            no_new_privileges: wanted.base.is_host || !identity.has_many(),
        };
        let (setup, folders) = (setup(&plan), folders(&plan));
        let attempt = wanted.folder.parent().map(PathBuf::from);
        blocking("open", "the job's folder can't be made", move || {
            if let Some(attempt) = attempt {
                groups::note(&attempt, groups.iter().map(|group| &*group.at))?;
            }
            folders.iter().try_for_each(std::fs::create_dir_all)
        })
        .await
        .map_err(with_room)?;
        let files = wanted.joins.as_ref().map_or(&[][..], |files| &files[..]);
        let (link, lent) = Link::launch(&setup, files).await?;
        copies.iter_mut().for_each(TreeCopy::mounted);
        Ok((link, lent, copies))
    }

    /// Copies of the trees that jobs write to, in their order.
    async fn copies_of(&self, base: &Base, owner: &Owner) -> Result<Vec<TreeCopy>, ExecError> {
        let trees = base.root.trees.iter().filter(|tree| tree.writable);
        let trees: Vec<PathBuf> = trees.map(|tree| tree.at.clone()).collect();
        if trees.is_empty() {
            return Ok(Vec::new());
        }
        let (copies, owner) = (Arc::clone(&self.copies), owner.clone());
        let taking = blocking("open", "the job's folder can't be made", move || {
            trees.iter().map(|tree| copies.take(tree, &owner)).collect()
        });
        taking.await.map_err(with_room)
    }

    fn folder(&self, job: &str, attempt: u32) -> Result<PathBuf, ExecError> {
        let mut bytes = [0; 4];
        getrandom::fill(&mut bytes).map_err(|error| {
            ExecError::system("open", "the system gives no random bytes").because(error)
        })?;
        let token = u32::from_le_bytes(bytes);
        let (run, job) = (slug(&self.settings.run), unique_slug(job));
        Ok(self
            .jobs()
            .join(format!("{run}-{job}-{attempt}-{token:08x}")))
    }
}

/// Removes a folder unless the sandbox for it came about.
struct Undone(Option<PathBuf>);

impl Drop for Undone {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            // The error that led here tells more.
            let _ = in_place(|| groups::remove_attempt(folder));
        }
    }
}

fn pairs(variables: &[EnvVariable]) -> impl Iterator<Item = (&str, &str)> {
    let variables = variables.iter();
    variables.map(|variable| (variable.name.as_str(), variable.value.as_str()))
}

fn with_room(error: ExecError) -> ExecError {
    let cause = error.source.as_ref();
    let is_full = cause
        .and_then(|it| it.downcast_ref::<io::Error>())
        .is_some_and(is_disk_full);
    if is_full {
        error.help(MAKE_ROOM)
    } else {
        error
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
        let places = groups::places(&Controller::ALL);
        let held = |it: &Controller| {
            places.iter().any(|place| place.controllers.contains(it))
                || (*it == Controller::Pids && probe::counts_processes(rights))
        };
        let held = Controller::ALL.into_iter().filter(held);
        let held: Vec<&str> = held.map(Controller::what).collect();
        let probing = probe::probe(&self.settings.base, rights, &held);
        let found = unless_asked(&cx.cancel, "probe", probing).await?;
        // Sandboxes are as the first that was tried.
        let _ = self.copies_layers.set(found.copies_layers);
        Ok(Capabilities {
            description: found.description,
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
        unless_asked(&cx.cancel, "pull image", self.bases.pull(image, progress)).await
    }

    async fn publish_tree(&self, tree: &TreeSpec, cx: &Cx) -> Result<TreeRef, ExecError> {
        check(&cx.cancel, "publish tree")?;
        Ok(self.builds.publish(tree))
    }

    async fn open(&self, spec: EnvSpec, cx: &Cx) -> Result<Box<dyn Session>, ExecError> {
        let session = unless_asked(&cx.cancel, "open", self.make(&spec, cx)).await?;
        Ok(Box::new(session))
    }

    async fn release(&self, budget: Duration) -> Result<(), ExecError> {
        let what = "layers of artifacts were not removed";
        let (builds, copies) = (Arc::clone(&self.builds), Arc::clone(&self.copies));
        let removing = blocking("release", what, move || {
            copies.release().and(builds.release())
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
        let reaping = || {
            let mut reaped = Reaped::default();
            owned_folder::sweep(&self.jobs());
            kept::sweep(&self.settings.base);
            let mut failed = None;
            for (folder, run) in owned_folder::dead(&self.jobs(), owner, &|run| alive(run))? {
                if let Err(error) = groups::remove_attempt(&folder) {
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
        };
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
