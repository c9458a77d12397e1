//! When the machinery fails.

use std::io;

use crate::foreign::{is_disk_full, system_words, without_number};

/// What to do when a disk under one of `pipe`'s own folders is full.
const MAKE_ROOM: &str =
    "make room, or name other places with `XDG_STATE_HOME` (runs) and `XDG_CACHE_HOME` (sandboxes)";

/// Whose fault it is; `run` maps it to GitLab's failure reasons (runtime reference 4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The job's own words: an image that does not exist, a bad entrypoint.
    User,
    /// Daemon, disk, network.
    System,
    /// As `System`; the machine is as it is, and the same would come of another try.
    Lasting,
    /// The executor can't do what the job asks.
    Unsupported,
    /// As `System`; what the executor works with gives no answer any more.
    Silence,
    /// As `System`; the host that the environment was on can't be reached any more, and with it
    /// all that was there. Nothing is known of the script's end: another host may do it again.
    HostGone,
}

/// A failure of the machinery around a script.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ExecError {
    /// What was being done: `create container`.
    pub phase: &'static str,
    /// Whose fault it is.
    pub fault: Fault,
    /// One line for people, lower case.
    pub message: String,
    /// What to do about it, where there is something.
    pub help: Option<String>,
    /// The cause.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ExecError {
    /// A failure of the system around the job.
    pub fn system(phase: &'static str, message: impl Into<String>) -> Self {
        Self {
            phase,
            fault: Fault::System,
            message: without_number(&message.into()),
            help: None,
            source: None,
        }
    }

    /// No answer within the time that one should take.
    pub fn silence(phase: &'static str, message: impl Into<String>) -> Self {
        Self {
            fault: Fault::Silence,
            ..Self::system(phase, message)
        }
    }

    /// Whether an answer was waited for in vain.
    pub fn is_silence(&self) -> bool {
        self.fault == Fault::Silence
    }

    /// A failure that the job's own words brought about.
    pub fn user(phase: &'static str, message: impl Into<String>) -> Self {
        Self {
            fault: Fault::User,
            ..Self::system(phase, message)
        }
    }

    /// A failure of the system that another try would meet again.
    pub fn lasting(phase: &'static str, message: impl Into<String>) -> Self {
        Self {
            fault: Fault::Lasting,
            ..Self::system(phase, message)
        }
    }

    /// `what` went wrong with a file on a disk of `pipe`'s own. One that is full stays so.
    pub fn file(phase: &'static str, what: &str, error: io::Error) -> Self {
        let text = format!("{what}: {}", system_words(&error));
        let failed = if is_disk_full(&error) {
            Self::full_disk(phase, text)
        } else {
            Self::system(phase, text)
        };
        failed.because(error)
    }

    /// A disk of `pipe`'s own is full, and stays so.
    pub fn full_disk(phase: &'static str, message: impl Into<String>) -> Self {
        let full = io::Error::from(io::ErrorKind::StorageFull);
        Self::lasting(phase, message).help(MAKE_ROOM).because(full)
    }

    /// Whether it is a disk that is full.
    pub fn is_full_disk(&self) -> bool {
        let source = self.source.as_ref();
        let error = source.and_then(|source| source.downcast_ref::<io::Error>());
        error.is_some_and(is_disk_full)
    }

    /// Something the executor can't do.
    pub fn unsupported(phase: &'static str, message: impl Into<String>) -> Self {
        Self {
            fault: Fault::Unsupported,
            ..Self::system(phase, message)
        }
    }

    /// The same failure, for another who meets it; its cause is with the first.
    pub(super) fn again(&self) -> Self {
        Self {
            message: self.message.clone(),
            help: self.help.clone(),
            source: None,
            ..*self
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, remedy: impl Into<String>) -> Self {
        self.help = Some(remedy.into());
        self
    }

    /// What is wrong and what to do, where both must stand in one line: a job's log, a notice.
    pub fn in_one_line(&self) -> String {
        match &self.help {
            Some(help) => format!("{}: {help}", self.message),
            None => self.message.clone(),
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::ExecError;

    #[test]
    fn the_remedy_stands_behind_the_message_where_there_is_one_line() {
        let error = ExecError::system("connect", "no daemon: none");
        assert_eq!(error.in_one_line(), "no daemon: none");
        let error = error.help("start it");
        assert_eq!(error.to_string(), "no daemon: none");
        assert_eq!(error.in_one_line(), "no daemon: none: start it");
    }

    #[test]
    fn a_message_has_no_number_of_the_system() {
        let full = std::io::Error::from_raw_os_error(28);
        let error = ExecError::system("upload", format!("`a` can't be written: {full}"));
        assert_eq!(
            error.message,
            "`a` can't be written: No space left on device"
        );
    }
}
