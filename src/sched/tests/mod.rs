//! The scheduler against GitLab's behaviour, step by step, and against its own promises.

mod causes;
mod composite;
mod early;
mod properties;
pub(crate) mod reader;
mod resources;
mod runs;
mod simulation;
mod size;
mod steps;
