//! The `sandbox` executor: jobs run in namespaces of their own, with no daemon.
//!
//! ```text
//! pipe ── starts itself anew ──▶ entry ── new namespaces ──▶ init ── fork ──▶ shell of a script
//!   │                              │  who is who, waits         │  makes the world, then serves
//!   └───────────── a socket: Setup, Request ▼ Reply ▲ ──────────┘
//! ```
//!
//! `plan` decides what is done, as data; `kernel` does it, first with the rights of `pipe`, then
//! inside. The sandbox lives as long as its socket is open: whatever ends `pipe`, the socket is
//! closed with it, the first process ends, and the kernel ends all others and gives up the mounts.
//!
//! What a job can't do, and by what: `kernel` (capabilities), `seccomp` (system calls), `plan`
//! (what is hidden or read-only). Everything it writes lies in the folder of its attempt.

mod base;
mod bases;
mod builds;
mod entry;
mod executor;
mod host;
mod identity;
mod init;
mod kernel;
mod layers;
mod link;
mod loopback;
mod plan;
mod probe;
mod program;
mod seccomp;
mod services;
mod session;
mod step;
mod sys;
mod users;
mod wire;
mod words;

/// Test support: the way into a sandbox of a test program, whose `main` is not ours.
#[cfg(test)]
mod test_entry;

pub use entry::enter_sandbox;
pub use executor::{SandboxExecutor, SandboxSettings};
