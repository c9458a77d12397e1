//! The `sandbox` executor: jobs run in namespaces of their own, with no daemon.
//!
//! ```text
//! pipe ── starts itself anew, once ──▶ maker ── fork ──▶ keeper: a network and its users, answers at its gate
//!   │                                    │                  ▲ joins
//!   │                                    └── fork ──▶ entry ── new namespaces ──▶ init ── fork ──▶ shell of a script
//!   │                                                  │  waits for the end         │  makes the world, then serves
//!   └───────────── a socket for each: Order, Request ▼ Reply ▲ ─────────────────────┘
//! ```
//!
//! `plan` decides what is done, as data; `kernel` does it, first with the rights of `pipe`, then
//! inside. The sandbox lives as long as its socket is open: whatever ends `pipe`, the socket is
//! closed with it, the first process ends, and the kernel ends all others and gives up the mounts.
//! Each script's shell is process 1 of its own, as in a container, and sees nothing of `init`.
//!
//! Everything that a job writes lies in the folder of its run, where no device can be.
//!
//! # Docker's protections, and ours
//!
//! | what | here |
//! |---|---|
//! | namespaces | all of Docker's with that of control groups, and one of users, as root too: rights count inside alone |
//! | processes of the runtime | `init`, which keeps its rights inside, is in no program's namespace of processes, and can't be looked into |
//! | capabilities | Docker's default ones without MKNOD, less those of `docker.cap_drop` |
//! | system calls | `seccomp`: what Docker's default filter refuses; 32-bit programs run not at all |
//! | hidden and read-only parts of `/proc` and `/sys` | the same, and control groups are hidden |
//! | `no_new_privileges` | where no program has to run as another: one id, or the image `host` |
//! | devices | the six that every program wants, as mounts of their own; all else is `nodev` |
//! | keyrings | no call reaches them |
//! | network | its own, with a way out where `pasta` or `slirp4netns` is installed, opened when a job first asks for it; each service has one too, joined with that of its job |
//! | limits of memory, processors, processes | by `groups` where they are delegated; of processes there is one by default, where Docker has none |
//! | memory that runs out | the kernel ends what a job runs before what others do |
//! | the host's files | the image `host` shows root's jobs what root may read of `/usr` and `/opt`; Docker shows none |
//! | profiles of `AppArmor` or `SELinux` | none: the namespace of users has to do |
//!
//! Files of other ids than one's own, which a user may have for images, are written and removed by
//! `errand`: outside of a namespace with these ids only root could.
//!
//! Steps that look up names in an image are done when nothing of this machine can be reached any
//! more, however its links lead. The program of the first process is a mount that nobody writes to or
//! a sealed copy in memory, so that nobody who gets hold of it can change the one on disk.

mod attach;
mod early;
mod executor;
mod extras;
mod groups;
mod identity;
mod inside;
mod limits;
mod making;
mod network;
mod noted;
mod plan;
mod probe;
mod run_folder;
mod script;
mod services;
mod session;
mod step;
mod trees;
mod undone;
mod words;

pub use early::expect_sandboxes;
pub use executor::{
    SandboxExecutor, SandboxSettings, forget_sandbox_layers, reap_sandboxes, sandbox_layers,
};
pub use extras::Extras as SandboxExtras;
pub use inside::entry::enter_sandbox;
pub use inside::errand::{image_store, image_stores};
pub use limits::Limits as SandboxLimits;
pub use network::way_out::{SandboxNetwork, sandbox_way_out};
