//! The processes of sandboxes, from their start to their end: what runs in them on `pipe`'s behalf,
//! and the line on which `pipe` talks to it.

pub(super) mod bare;
pub(super) mod capabilities;
pub(super) mod cause;
pub(super) mod entry;
pub(super) mod errand;
pub(super) mod executable;
pub(super) mod identities;
pub(super) mod init;
pub(super) mod keeper;
pub(super) mod kernel;
pub(super) mod link;
pub(super) mod maker;
pub(super) mod mounts;
pub(super) mod program;
pub(super) mod seccomp;
pub(super) mod sys;
pub(super) mod terminal;
/// Test support: the way into a sandbox of a test program, whose `main` is not ours.
#[cfg(test)]
pub(super) mod test_entry;
pub(super) mod united;
pub(super) mod users;
pub(super) mod wire;
pub(super) mod world;
