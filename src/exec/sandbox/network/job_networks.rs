//! The networks of a run's jobs. One by which nothing was ever sent is as new for the next job, which
//! saves making it and taking it down.

use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::super::identity::Identity;
use super::super::inside::link::Link;
use super::super::inside::wire::{IsUsed, NetworkSetup, Order, Reply};
use super::super::plan::network_steps;
use super::gate::Outside;
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
}

impl JobNetworks {
    /// Those of one run: notes lie in that folder, which goes with the run.
    pub(in super::super) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            next: AtomicUsize::new(0),
            free: Mutex::default(),
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
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let setup = NetworkSetup {
            identity: identity.clone(),
            is_own: wanted.is_own,
            outside_of_gate: wanted.way_out.as_ref().map(|way| Outside {
                way: way.clone(),
                folder: self.folder.join(number.to_string()),
            }),
            inside: network_steps(identity, wanted),
        };
        let (link, files) = Link::launch(&Order::Network(setup), &[]).await?;
        let [users, network] = <[OwnedFd; 2]>::try_from(files)
            .map_err(|_| ExecError::system("open", "the job's network can't be shared"))?;
        Ok(JobNetwork {
            identity: identity.clone(),
            users,
            network,
            link,
        })
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
        let link = &mut network.link;
        let asking = async {
            link.ask(&IsUsed, &[]).await?;
            link.receive().await
        };
        match asking.await {
            Ok(Reply::Used(false)) => {
                self.put(network);
                Ok(())
            }
            Ok(_) => network.link.end().await,
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
    /// Ends it where nobody can wait for that but a moment.
    pub(in super::super) fn abandon(&mut self) {
        self.link.abandon();
    }
}
