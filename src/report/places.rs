//! Where logs are kept, as a person can open them.
//!
//! The reporters know no files: who records the run says where each log lies.

use std::sync::Arc;

type Place = dyn Fn(&[String], &str, u32) -> String + Send + Sync;

/// Pipeline, job and attempt → the path of the log, ready to be pasted into a shell.
#[derive(Clone)]
pub struct LogPlaces(Arc<Place>);

impl LogPlaces {
    /// Places that `place` knows.
    pub fn new(place: impl Fn(&[String], &str, u32) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(place))
    }

    /// Where the log of that attempt is.
    pub fn of(&self, pipeline: &[String], job: &str, attempt: u32) -> String {
        (self.0)(pipeline, job, attempt)
    }
}

impl PartialEq for LogPlaces {
    /// The same source of places.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl std::fmt::Debug for LogPlaces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("LogPlaces").finish()
    }
}
