//! The network of a sandbox, and the way out of it.

pub(super) mod devices;
pub(super) mod gate;
pub(super) mod job_networks;
mod netlink;
pub(super) mod service_links;
pub(super) mod sockets;
pub(super) mod way_out;
