//! The networks of a run's jobs. One by which nothing was ever sent is as new for the next job, which
//! saves making it and taking it down.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use futures_util::future::try_join_all;

use super::super::identity::Identity;
use super::super::inside::link::{Link, unexpected};
use super::super::inside::wire::{NetworkSetup, Order, Question, Reply};
use super::super::plan::{network_steps, service_link_steps};
use super::gate::Outside;
use super::service_links::{JOB, MOST, of_service};
use super::way_out::Network;
use crate::exec::ExecError;

/// Those of one run.
#[derive(Debug)]
pub(in super::super) struct JobNetworks {
    /// Where gates keep notes.
    folder: PathBuf,
    next: AtomicUsize,
    /// Those that no job has.
    free: Mutex<Vec<JobNetwork>>,
    /// Test support: whether this kernel is to be one that joins no networks.
    #[cfg(test)]
    pub(in super::super) joins_none: bool,
}

/// A network, and the users that it belongs to.
#[derive(Debug)]
pub(in super::super) struct JobNetwork {
    identity: Identity,
    pub(in super::super) users: OwnedFd,
    /// Perhaps that of this machine.
    pub(in super::super) network: OwnedFd,
    /// The line to its keeper.
    link: Link,
    /// Whether networks of services were ever joined with it.
    is_joined: bool,
}

impl JobNetworks {
    /// Those of one run: notes lie in that folder, which goes with the run.
    pub(in super::super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            next: AtomicUsize::new(0),
            free: Mutex::default(),
            #[cfg(test)]
            joins_none: false,
        }
    }

    /// One by which nothing was sent yet.
    pub(in super::super) async fn take(
        &self,
        identity: &Identity,
        wanted: &Network,
    ) -> Result<JobNetwork, ExecError> {
        let known = {
            // The list is whole at any moment, even if another thread came to grief.
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            let known = free.iter().rposition(|it| it.identity == *identity);
            known.map(|number| free.swap_remove(number))
        };
        if let Some(network) = known {
            return Ok(network);
        }
        let setup = self.setup(identity, wanted, JOB);
        JobNetwork::launch(setup, &[]).await
    }

    /// New ones for the services of a job, joined with the job's.
    pub(in super::super) async fn make_beside(
        &self,
        job: &mut JobNetwork,
        services: usize,
        wanted: &Network,
    ) -> Result<Vec<JobNetwork>, ExecError> {
        if services > MOST {
            let text =
                format!("a job in a sandbox can have {MOST} services, and this one has more");
            return Err(ExecError::user("open", text).help("use `--executor docker`"));
        }
        #[cfg(test)]
        if self.joins_none {
            return Err(ExecError::lasting("open", "no networks can be joined"));
        }
        job.is_joined |= services > 0;
        let files = [job.users.as_fd(), job.network.as_fd()];
        let making = (0..services).map(|number| {
            let (in_service, in_job) = service_link_steps(number, wanted);
            let mut setup = self.setup(&job.identity, wanted, of_service(number));
            setup.inside.extend(in_service);
            setup.in_job = in_job;
            JobNetwork::launch(setup, &files)
        });
        try_join_all(making).await
    }

    fn setup(&self, identity: &Identity, wanted: &Network, address: Ipv4Addr) -> NetworkSetup {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        NetworkSetup {
            identity: identity.clone(),
            is_own: wanted.is_own,
            outside_of_gate: wanted.way_out.as_ref().map(|way| Outside {
                way: way.clone(),
                address,
                folder: self.folder.join(number.to_string()),
            }),
            inside: network_steps(identity, wanted, address),
            in_job: Vec::new(),
        }
    }

    /// Makes one for the first job, which then need not wait for it.
    pub(in super::super) async fn prepare(
        &self,
        identity: &Identity,
        wanted: &Network,
    ) -> Result<(), ExecError> {
        let network = self.take(identity, wanted).await?;
        self.put(network);
        Ok(())
    }

    fn put(&self, network: JobNetwork) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(network);
    }

    /// Takes back that of a job that has ended, or ends it.
    pub(in super::super) async fn give_back(
        &self,
        mut network: JobNetwork,
    ) -> Result<(), ExecError> {
        if network.is_joined {
            return network.end().await;
        }
        let link = &mut network.link;
        let asking = async {
            link.ask(&Question::IsUsed, &[]).await?;
            link.receive().await
        };
        match asking.await {
            Ok(Reply::Used(false)) => {
                self.put(network);
                Ok(())
            }
            Ok(_) => network.end().await,
            // Its keeper is gone, and nobody needs it any more.
            Err(_) => Ok(()),
        }
    }

    /// Ends those that no job has. Nothing was sent by them, so that their keepers leave nothing behind,
    /// and are not waited for.
    pub(in super::super) fn release(&self) {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.clear();
    }
}

impl JobNetwork {
    async fn launch(setup: NetworkSetup, beside: &[BorrowedFd<'_>]) -> Result<Self, ExecError> {
        let identity = setup.identity.clone();
        let (link, files) = Link::launch(&Order::Network(setup), beside).await?;
        let [users, network] = <[OwnedFd; 2]>::try_from(files)
            .map_err(|_| ExecError::system("open", "the job's network can't be shared"))?;
        Ok(Self {
            identity,
            users,
            network,
            link,
            is_joined: false,
        })
    }

    /// The ports on which others can connect.
    pub(in super::super) async fn ports(&mut self) -> Result<BTreeSet<u16>, ExecError> {
        self.link.ask(&Question::Ports, &[]).await?;
        match self.link.receive().await? {
            Reply::Ports(ports) => Ok(ports),
            other => Err(unexpected("start service", other)),
        }
    }

    /// Ends it.
    pub(in super::super) async fn end(&mut self) -> Result<(), ExecError> {
        self.link.end().await
    }

    /// Ends it where nobody can wait for that but a moment.
    pub(in super::super) fn abandon(&mut self) {
        self.link.abandon();
    }
}
