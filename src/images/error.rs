//! Why an image can't be had, kept or removed.

/// A failure around the image store.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The store has no image of that name.
    #[error("image `{name}` is not on this machine")]
    NotHere {
        /// As it was asked for.
        name: String,
    },
}
