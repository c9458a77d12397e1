//! Making the sandboxes of an attempt: one for its job, and one for each service.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;

use super::super::file_work::{blocking, in_place};
use super::super::temp::temp_files;
use super::super::{Cx, EnvSpec, EnvVariable, ExecError, Image, Layout, names_shell_file};
use super::executor::SandboxExecutor;
use super::extras::Bind;
use super::identity::Identity;
use super::inside::errand::ranges;
use super::inside::link::Link;
use super::inside::wire::{GroupSetup, Order, Program};
use super::limits::{Group, Limits, Place, counts_processes, group_name};
use super::network::job_networks::JobNetwork;
use super::network::service_links::Addresses;
use super::noted::Layering;
use super::plan::{HOSTNAME, Plan, folders, overlays, setup, written_to_builds};
use super::probe;
use super::session::SandboxSession;
use super::trees::base::Base;
use super::trees::brought::Brought;
use super::trees::builds::{NO_ARTIFACTS, NO_FILES};
use super::trees::host;
use super::trees::overlays::{Held, make_places};
use super::undone::Undone;
use crate::images::layer::LayerForm;
use of_services::Shared;

mod of_services;

/// The folder of a job's own sandbox in that of its attempt.
const JOB: &str = "job";

/// A sandbox that is to be made.
struct Wanted<'a> {
    /// To one that has been begun.
    link: Link,
    folder: PathBuf,
    base: &'a Base,
    rights: LayerForm,
    identity: &'a Identity,
    layout: &'a Layout,
    builds: &'a [PathBuf],
    limits: Limits,
    places: &'a [Place],
    temp_files: &'a [String],
    /// To whom the project belongs, where it is not root's and open to all.
    owned_by: Option<&'a str>,
    names: &'a [(String, Ipv4Addr)],
    /// What its machine is called, and the address to which that leads.
    hostname: &'a str,
    address: Ipv4Addr,
    /// What of this machine it has besides.
    binds: &'a [Bind],
    /// How many others have its builds directory too.
    lends_to: usize,
    /// The network that it joins, and for a service the builds directory of its job.
    joins: (&'a JobNetwork, Option<BorrowedFd<'a>>),
}

/// A sandbox that is made.
struct Launched {
    link: Link,
    /// What it lends to others.
    lent: Vec<OwnedFd>,
    /// Those of the run that it has.
    overlays: Held,
    /// What is written to its builds directory; `None` where that is no overlay.
    written: Option<PathBuf>,
}

impl SandboxExecutor {
    /// Makes the sandboxes of an attempt and of its services, and lays artifacts over its builds
    /// directory.
    pub(super) async fn make(&self, spec: &EnvSpec, cx: &Cx) -> Result<SandboxSession, ExecError> {
        let image = spec.image.clone().unwrap_or_default();
        let run_groups = match self.folder.made() {
            Some(groups) => groups,
            None => in_place(|| self.folder.make(&spec.owner, self.places())).map_err(|error| {
                ExecError::file("open", "the run's folder can't be made", error)
            })?,
        };
        let folder = self.folder.attempt(&spec.job, spec.attempt);
        let folder = folder.map_err(|error| {
            ExecError::system("open", "the system gives no random bytes").because(error)
        })?;
        let mut undone = Undone::of(&folder);
        self.overlays.comes();
        let (link, links) = self.begin(spec, &run_groups, &mut undone).await?;
        let rights = self.rights().await?;
        // Files of this machine have no owner that a user could be.
        let images = spec.services.iter().map(|service| &service.image);
        let has_owners = [&image]
            .into_iter()
            .chain(images)
            .any(|it| it.name != host::NAME);
        let ranges = has_owners.then(|| in_place(ranges)).flatten();
        let who = probe::identity(rights, ranges);
        let (base, parts) =
            tokio::try_join!(self.bases.get(&image), self.builds.parts_of(spec, &who))?;
        let extras = &self.settings.extras;
        let binds = if extras.has_binds() {
            in_place(|| extras.binds(spec))?
        } else {
            Vec::new()
        };
        let user = self.user(&base, &image);
        let identity = who.of_program(|| in_place(|| base.ids(user)));
        let mut network = self.networks.take(&identity, self.network()).await?;
        let of_services = self.networks_of_services(spec, &mut network, cx).await?;
        let is_alone = spec.services.is_empty() && self.network().is_own;
        let addresses = Addresses::of(of_services.is_some() || is_alone);
        let names = addresses.names(spec);
        let wanted = Wanted {
            link,
            folder: folder.join(JOB),
            base: &base,
            rights,
            identity: &identity,
            layout: &spec.layout,
            builds: &parts.layers,
            limits: self.settings.limits.effective(),
            places: self.places(),
            temp_files: &temp_files(spec),
            owned_by: spec.owned_files.then_some(user),
            names: &names,
            hostname: HOSTNAME,
            address: addresses.job(),
            binds: &binds,
            lends_to: spec.services.len(),
            joins: (&network, None),
        };
        self.tell_limits(rights, cx).await;
        let Launched {
            link,
            lent,
            overlays,
            written,
        } = self.launch(wanted).await?;
        let brought = Brought::new(spec, &parts, probe::marks(rights));
        // What the user's runner mounts may lie over it.
        let brought = brought.filter(|_| binds.is_empty() && extras.tmpfs.is_empty());
        let groups = undone.keep();
        // From here on dropping the session undoes what was begun.
        let environment = base.environment(pairs(&spec.variables));
        let mut session = SandboxSession {
            link,
            folder,
            layout: spec.layout.clone(),
            written,
            brought,
            builds: Arc::clone(&self.builds),
            identity: who,
            owned_by: spec.owned_files.then(|| user.to_owned()),
            has_entrypoint: base.has_entrypoint(&image),
            begins_as_asked: !base.has_entrypoint(&image)
                && !environment.iter().any(|(name, _)| names_shell_file(name)),
            program: Program {
                words: base.of_job(&image),
                environment,
                folder: base.folder().to_owned(),
                user: user.to_owned(),
                may_be_another: false,
                init: spec.init,
            },
            leads_in: None,
            services: None,
            network: None,
            all_networks: Arc::clone(&self.networks),
            groups,
            overlays,
            gone: false,
        };
        let begun = async {
            session.unpack(&parts.files, NO_FILES).await?;
            session.unpack(&parts.artifacts, NO_ARTIFACTS).await?;
            if !spec.services.is_empty() {
                let before = match of_services {
                    Some(_) => BTreeSet::new(),
                    None => network.ports().await?,
                };
                let shared = Shared {
                    network: &network,
                    before,
                    lent: &lent,
                    names: &names,
                    binds: &binds,
                    identity: &identity,
                };
                self.start_services(spec, links, of_services, &mut session, shared)
                    .await?;
                session.wait_for_services(&mut network, cx).await?;
            }
            Ok(())
        };
        let begun = begun.await;
        session.network = Some(network);
        begun.map(|()| session)
    }

    /// Begins the sandboxes of an attempt, which get their limits while what they are made of is
    /// looked for: that of the job, and those of its services.
    async fn begin(
        &self,
        spec: &EnvSpec,
        run_groups: &str,
        undone: &mut Undone,
    ) -> Result<(Link, Vec<Link>), ExecError> {
        let folder = undone.folder.clone();
        let mut begin = async |name: &str, limits: Limits| {
            let name = group_name(run_groups, &folder.join(name));
            let groups = limits.groups(self.places(), &name);
            let all = groups.iter().map(|group| group.at.clone());
            undone.groups.extend(all);
            let link = Link::begin(GroupSetup {
                steps: groups.iter().map(Group::step).collect(),
                entrances: groups.iter().map(Group::entrance).collect(),
            });
            let link = link.await?;
            undone.holds.push(link.hold()?);
            Ok::<_, ExecError>(link)
        };
        let limits = self.settings.limits.effective();
        let job = begin(JOB, limits).await?;
        let mut services = Vec::new();
        for number in 0..spec.services.len() {
            services.push(begin(&service_folder(number), limits.of_service()).await?);
        }
        Ok((job, services))
    }

    /// Makes one sandbox.
    async fn launch(&self, wanted: Wanted<'_>) -> Result<Launched, ExecError> {
        // Where no group counts them, the kernel does, but for root.
        let by_user = !counts_processes(wanted.places) && probe::counts_processes(wanted.rights);
        let network = self.network();
        let (layering, united) = (self.layering(), self.folder.united());
        let (joined, builds) = wanted.joins;
        let own = Plan {
            folder: &wanted.folder,
            root: &wanted.base.root,
            layout: wanted.layout,
            overlays: &[],
            builds: wanted.builds,
            temp_files: wanted.temp_files,
            owned_by: wanted.owned_by,
            volumes: &wanted.base.config.volumes,
            identity: wanted.identity,
            marks: probe::marks(wanted.rights),
            copies_layers: layering == Layering::Copied,
            united: (layering == Layering::United).then_some(&united),
            own_network: network.is_own,
            lends_to: wanted.lends_to,
            names: wanted.names,
            hostname: wanted.hostname,
            address: wanted.address,
            resolver: network.resolver.as_deref(),
            extras: &self.settings.extras,
            is_job: builds.is_none(),
            binds: wanted.binds,
            processes: wanted.limits.processes.filter(|_| by_user),
            // An image's own programs may have to run as their owners; this machine's never do.
            no_new_privileges: wanted.base.is_host || !wanted.identity.has_many(),
        };
        let mut held = match wanted.identity {
            Identity::Same if layering != Layering::Copied => self.hold(&own).await?,
            _ => Held::none(&self.overlays),
        };
        let places = held.folders();
        let plan = Plan {
            overlays: &places,
            ..own
        };
        let written = written_to_builds(&plan);
        let (setup, folders) = (setup(&plan), folders(&plan));
        if !folders.is_empty() {
            let what = "the job's folder can't be made";
            let making = move || make_places(folders);
            blocking("open", what, making).await?;
        }
        let mut files = vec![joined.users.as_fd(), joined.network.as_fd()];
        files.extend(builds);
        let mut link = wanted.link;
        let lent = link.make(&Order::Sandbox(setup), &files).await?;
        if !held.is_noted() {
            in_place(|| held.note());
        }
        Ok(Launched {
            link,
            lent,
            overlays: held,
            written,
        })
    }

    /// Takes overlays of the run for what a sandbox is to have.
    async fn hold(&self, plan: &Plan<'_>) -> Result<Held, ExecError> {
        let (wanted, mut held) = (overlays(plan), Held::none(&self.overlays));
        if held.take_free(&wanted) {
            return Ok(held);
        }
        let what = "the job's folder can't be made";
        blocking("open", what, move || held.take(wanted).map(|()| held)).await
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
}

fn service_folder(number: usize) -> String {
    format!("service-{number}")
}

fn pairs(variables: &[EnvVariable]) -> impl Iterator<Item = (&str, &str)> {
    let variables = variables.iter();
    variables.map(|variable| (variable.name.as_str(), variable.value.as_str()))
}
