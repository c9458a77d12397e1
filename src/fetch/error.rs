//! Why something can't be brought.

use crate::web::WebError;

/// What went wrong, in words that fit behind `can't be fetched: `, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct FetchError {
    /// What went wrong.
    pub why: String,
    /// What to do.
    pub help: Option<String>,
}

impl FetchError {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            help: None,
        }
    }

    pub(super) fn help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }
}

impl From<WebError> for FetchError {
    fn from(error: WebError) -> Self {
        Self {
            why: error.to_string(),
            help: error.help(),
        }
    }
}
