//! Names of hosts looked up, without those that lead back to this machine.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::{LocalHosts, is_near};
use super::error::WebError;

/// Looks names up as the system does, and leaves out this machine's own addresses unless the user
/// allows the name. `localhost` itself is no secret path: addresses that name it are checked before.
pub(super) struct Names(pub(super) LocalHosts);

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let host = name.as_str().to_owned();
        let allowed = host == "localhost" || self.0.allows(&host);
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let known = !found.is_empty();
            let far = |address: &SocketAddr| allowed || !is_near(address.ip());
            let usable: Vec<SocketAddr> = found.into_iter().filter(far).collect();
            if known && usable.is_empty() {
                return Err(WebError::Local(host).into());
            }
            Ok(Box::new(usable.into_iter()) as Addrs)
        })
    }
}
