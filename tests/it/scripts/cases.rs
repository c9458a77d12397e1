//! Jobs, with what the genuine runner made of such.

mod containers;
mod endings;
mod log;
mod variables;

pub(super) use containers::CONTAINERS;
use endings::ENDINGS;
use log::LOG;
use variables::VARIABLES;

const DEBIAN: &str = "pipe-test-debian:1";
const BUSYBOX: &str = "pipe-test-busybox:1";

/// One job.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) image: &'static str,
    pub(super) entrypoint: &'static [&'static str],
    pub(super) variables: &'static [(&'static str, &'static str)],
    pub(super) files: &'static [(&'static str, &'static str)],
    pub(super) script: &'static [&'static str],
    pub(super) after: &'static [&'static str],
    pub(super) exit: i64,
    pub(super) log: &'static [&'static str],
}

/// Cases that end the same in a container with bash and in the shell of this machine.
pub(super) fn everywhere() -> impl Iterator<Item = &'static Case> {
    [ENDINGS, LOG, VARIABLES].into_iter().flatten()
}

/// A job in Debian that succeeds and says nothing.
const NEW: Case = Case {
    name: "",
    image: DEBIAN,
    entrypoint: &[],
    variables: &[],
    files: &[],
    script: &[],
    after: &[],
    exit: 0,
    log: &[],
};
