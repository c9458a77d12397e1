//! Making the sandboxes of the services of an attempt.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, OwnedFd};

use super::super::super::{Cx, EnvSpec, ExecError, Fault};
use super::super::executor::SandboxExecutor;
use super::super::extras::Bind;
use super::super::identity::Identity;
use super::super::inside::link::Link;
use super::super::inside::wire::Program;
use super::super::network::job_networks::JobNetwork;
use super::super::network::service_links::{Addresses, hostname};
use super::super::plan::HOSTNAME;
use super::super::services::Services;
use super::super::session::SandboxSession;
use super::{Launched, Wanted, pairs, service_folder};

/// What the sandboxes of services have of that of their job.
pub(super) struct Shared<'a> {
    /// Where services have no network of their own.
    pub(super) network: &'a JobNetwork,
    /// Ports that are open on it already.
    pub(super) before: BTreeSet<u16>,
    /// The builds directory, once for each.
    pub(super) lent: &'a [OwnedFd],
    pub(super) names: &'a [(String, Ipv4Addr)],
    pub(super) binds: &'a [Bind],
    /// Where there is one id alone, it is that of the job.
    pub(super) identity: &'a Identity,
}

impl SandboxExecutor {
    /// A network for each service of a job. `None` where all have the job's: that of this machine, or one
    /// that the kernel can't join with others, which is told.
    pub(super) async fn networks_of_services(
        &self,
        spec: &EnvSpec,
        job: &mut JobNetwork,
        cx: &Cx,
    ) -> Result<Option<Vec<JobNetwork>>, ExecError> {
        let (wanted, services) = (self.network(), spec.services.len());
        if !wanted.is_own || services == 0 {
            return Ok(None);
        }
        match self.networks.make_beside(job, services, wanted).await {
            Ok(made) => Ok(Some(made)),
            Err(error) if error.fault == Fault::Lasting => {
                let text = format!(
                    "WARNING: {}: the job and its services share one network, so that `localhost` is the same for \
                     all, and no two can have one port\n",
                    error.message
                );
                let _ = cx.output.send(text.into_bytes()).await;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Makes the sandboxes of the services and starts their programs.
    pub(super) async fn start_services(
        &self,
        spec: &EnvSpec,
        links: Vec<Link>,
        networks: Option<Vec<JobNetwork>>,
        session: &mut SandboxSession,
        shared: Shared<'_>,
    ) -> Result<(), ExecError> {
        let addresses = Addresses::of(networks.is_some());
        let mut networks = networks.unwrap_or_default().into_iter();
        let services = session.services.insert(Services::none(shared.before));
        for ((number, service), link) in spec.services.iter().enumerate().zip(links) {
            let network = networks.next();
            let base = self.bases.get(&service.image).await?;
            let wanted = Wanted {
                link,
                folder: session.folder.join(service_folder(number)),
                base: &base,
                rights: self.rights().await?,
                identity: shared.identity,
                layout: &spec.layout,
                builds: &[],
                limits: self.settings.limits.effective().of_service(),
                places: self.places(),
                temp_files: &[],
                owned_by: None,
                names: shared.names,
                hostname: hostname(service).unwrap_or(HOSTNAME),
                address: addresses.service(number),
                binds: shared.binds,
                lends_to: 0,
                joins: (
                    network.as_ref().unwrap_or(shared.network),
                    shared.lent.get(number).map(AsFd::as_fd),
                ),
            };
            let Launched { link, overlays, .. } = self.launch(wanted).await?;
            session.overlays.append(overlays);
            let environment = base.environment(pairs(&service.variables));
            let ports = base.ports(&environment);
            let program = Program {
                words: base.of_service(&service.image, service.command.as_deref())?,
                environment,
                folder: base.folder().to_owned(),
                user: base.user(&service.image).to_owned(),
                may_be_another: true,
                init: false,
            };
            services
                .start((link, network), service, program, ports)
                .await?;
        }
        Ok(())
    }
}
