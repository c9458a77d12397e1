//! Why an image can't be had, kept or removed.

use std::io;
use std::path::PathBuf;

use crate::foreign::{is_disk_full, system_words};
use crate::web::TRUST;

use super::layer::LayerError;

/// A failure around the image store.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The store has no image of that name.
    #[error("image `{name}` is not on this machine")]
    NotHere {
        /// As it was asked for.
        name: String,
    },
    /// No name that an image can have.
    #[error("`{text}` is no name of an image")]
    Name {
        /// What was given.
        text: String,
    },
    /// The image is not made for the platform that is wanted.
    #[error("image `{name}` is not made for {wanted}: {}", offered(offered_for))]
    Platform {
        /// The image.
        name: String,
        /// What is wanted.
        wanted: String,
        /// What there is.
        offered_for: Vec<String>,
    },
    /// What should hold an image does not, or not a sound one.
    #[error("{what}")]
    Unsound {
        /// One line, lower case.
        what: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// A layer can't be unpacked.
    #[error("a layer of {of} can't be unpacked: {source}")]
    Layer {
        /// The image or the archive, in backquotes.
        of: String,
        /// Why.
        source: LayerError,
    },
    /// A layer can't be removed.
    #[error("a layer can't be removed: {0}")]
    Removal(LayerError),
    /// A file or folder of the store, or one that is imported.
    #[error("can't {doing} `{}`: {}", path.display(), system_words(source))]
    Io {
        /// `write`, `read`, `remove`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// A run uses the image.
    #[error("image `{name}` is in use by a run")]
    InUse {
        /// The image.
        name: String,
    },
    /// Another `pipe` brings an image.
    #[error("another `pipe` is bringing an image right now")]
    Busy,
    /// The store would lie where another user can change it.
    #[error("`{}` belongs to another user, who could change what root keeps there", path.display())]
    ForeignFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The registry does not have the image.
    #[error("image `{name}` can't be pulled: {message}")]
    Refused {
        /// The image.
        name: String,
        /// The registry's words.
        message: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// The registry can't be reached, or the connection breaks again and again.
    #[error("registry `{registry}` can't be reached: {message}")]
    Unreachable {
        /// Its host.
        registry: String,
        /// What happened.
        message: String,
    },
    /// The registry does not prove who it is.
    #[error("registry `{registry}` can't be trusted: {message}")]
    Untrusted {
        /// Its host.
        registry: String,
        /// In the words of TLS.
        message: String,
    },
    /// Whoever asked does not want it any more.
    #[error("stopped")]
    Stopped,
}

fn offered(platforms: &[String]) -> String {
    match platforms {
        [] => "it is made for nothing".to_owned(),
        some => format!("it is made for {}", some.join(", ")),
    }
}

impl ImageError {
    /// For `map_err`.
    pub(super) fn at(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            doing,
            path: path.into(),
            source,
        }
    }

    pub(super) fn unsound(what: impl Into<String>) -> Self {
        Self::Unsound {
            what: what.into(),
            help: None,
        }
    }

    /// Adds what to do about something unsound.
    pub(super) fn advise(self, advice: &str) -> Self {
        match self {
            Self::Unsound { what, .. } => Self::Unsound {
                what,
                help: Some(advice.to_owned()),
            },
            other => other,
        }
    }

    /// Whether the image itself is at fault, and not this machine or its network: the jobs that
    /// name it fail as they do under the runner (runtime reference 4.3).
    pub const fn is_of_the_image(&self) -> bool {
        match self {
            Self::Refused { .. }
            | Self::Platform { .. }
            | Self::Unsound { .. }
            | Self::Name { .. } => true,
            Self::Layer { source, .. } => !source.disk_full,
            _ => false,
        }
    }

    /// Whether the disk of the store is full.
    pub fn is_full_disk(&self) -> bool {
        match self {
            Self::Layer { source, .. } | Self::Removal(source) => source.disk_full,
            Self::Io { source, .. } => is_disk_full(source),
            _ => false,
        }
    }

    /// The error of somebody who asked with credentials from `source`: those were not enough.
    #[must_use]
    pub fn asked_as(mut self, source: Option<&str>) -> Self {
        if let (Self::Refused { help, .. }, Some(source)) = (&mut self, source) {
            let text = format!("is its name right? The credentials are those of {source}");
            *help = Some(text);
        }
        self
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&str> {
        const MAKE_ROOM: &str = "make room, or name another place with `XDG_CACHE_HOME`";
        match self {
            Self::NotHere { .. } => Some("`pipe image pull` or `pipe image import` brings it"),
            Self::Name { .. } => Some("a name is as in `registry.example.com/group/tool:1.2`"),
            Self::Unsound { help, .. } | Self::Refused { help, .. } => help.as_deref(),
            _ if self.is_full_disk() => Some(MAKE_ROOM),
            Self::InUse { .. } => Some("wait until the run has ended"),
            Self::Busy => Some("try again when it has ended"),
            Self::ForeignFolder { .. } => {
                Some("name a folder of root's own with `XDG_CACHE_HOME`, or do it without root")
            }
            Self::Unreachable { .. } => Some(
                "is the network up, and is the name of the registry right? What a Docker daemon here has, `pipe image import docker-daemon:NAME` brings",
            ),
            Self::Untrusted { .. } => Some(TRUST),
            _ => None,
        }
    }
}
