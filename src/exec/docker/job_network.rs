//! The network of a job's container: that of its services, one that other jobs had before it, or one of
//! its own.

use super::super::ExecError;
use super::connect;
use super::containers::{Containers, Plan};
use super::kept_networks::KeptNetwork;
use super::services::Services;

/// What a new container is on. Without either it has a network of its own.
pub(super) struct JobNetwork {
    /// None where there are no services.
    pub(super) services: Option<Services>,
    pub(super) kept: Option<KeptNetwork>,
}

impl JobNetwork {
    pub(super) async fn of(containers: &Containers, plan: &Plan<'_>) -> Result<Self, ExecError> {
        let (site, spec, settings) = (&plan.site, plan.spec, &containers.settings);
        let services = Services::network(site, spec, settings).await?;
        // With other engines nobody has tried it.
        let kept = if connect::is_dockers(&containers.daemon().await?.1) {
            // Not broken off: it takes a moment, and what is looked at would be lost.
            let joining = (containers.networks).join(site, spec, settings, plan.turn.clone());
            joining.await
        } else {
            None
        };
        Ok(Self { services, kept })
    }
}
