//! Top-level keys → jobs: which key is a job, whether it is sound, and its typed form
//! (configuration reference 2.5, 2.7, 2.8, 5.2, 6).

mod build;
mod check;
mod classify;

pub(super) use build::{Built, Surroundings, build, with_defaults};
pub(super) use classify::{Class, NAME_LIMIT, check_hidden, classify, report_unknown};
