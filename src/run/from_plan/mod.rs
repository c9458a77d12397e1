//! A plan as a run: which executor, image, sources, scripts and artifacts each of its jobs has.

mod jobs;
mod refusal;
mod scripts;
mod sources;
mod surroundings;

pub use jobs::jobs;
pub use surroundings::Surroundings;
