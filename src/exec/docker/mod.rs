//! The `docker` executor: any engine that speaks the Docker API on a unix socket.
//!
//! One container per attempt of a job. Each script is one start of that container: attach, start,
//! script into stdin, output until the shell says how it ended (runtime reference 7.1). Files travel
//! as tar streams through the archive API, once for all jobs where the daemon can lay volumes over
//! each other; nothing of the host is mounted and no `docker` program is called. Services are
//! containers beside it, on a network of their own (runtime reference 8).

mod adopted;
mod attach;
mod beside;
mod changes;
mod connect;
mod container;
mod containers;
mod create;
mod download;
mod early;
mod ending;
mod executor;
mod fault;
mod forget;
mod host;
mod host_builds;
mod image;
mod images;
mod job_container;
mod job_network;
mod kept_networks;
mod layer_store;
mod layers;
mod leavings;
mod log_fifo;
mod log_fifos;
mod mounts;
mod networks;
mod overlays;
mod ownership;
mod patience;
mod probe;
mod ready;
mod reap;
mod run;
mod services;
mod session;
mod settings;
mod stop;
mod untouched;
mod upload;
mod user;
mod volumes;
mod workspace;

pub use connect::{Endpoint, Reach};
pub use early::expect_docker;
pub use executor::DockerExecutor;
pub use settings::DockerSettings;
