//! The `docker` executor: any engine that speaks the Docker API on a unix socket.
//!
//! One container per attempt of a job. Each script is one start of that container: attach, start,
//! script into stdin, output until the shell says how it ended (runtime reference 7.1). Files travel
//! as tar streams through the archive API, once for all jobs where the daemon can lay volumes over
//! each other; nothing of the host is mounted and no `docker` program is called.

mod connect;
mod container;
mod containers;
mod create;
mod download;
mod ending;
mod executor;
mod fault;
mod forget;
mod image;
mod layer_store;
mod layers;
mod patience;
mod reap;
mod run;
mod session;
mod stop;
mod upload;
mod volumes;
mod workspace;

pub use connect::{Endpoint, Reach};
pub use executor::DockerExecutor;
