//! What comes from elsewhere, brought onto this machine: files that are included from other
//! projects, addresses and GitLab's templates, and what GitLab's API tells.
//!
//! ```text
//! what is missing ─▶ where it comes from ─▶ folder, git, https ─▶ store
//! ```
//!
//! Layer 6. Nothing of it runs in the user's checkout. Other projects come by the user's own `git`
//! in bare repositories of `pipe`'s cache, so that ssh settings and credential helpers work; all
//! else comes by [`web`](crate::web). No secret stands in an argument of a process, in a message or
//! in the store.

mod api;
mod bring;
mod brought;
mod error;
mod folder;
mod git;
mod kept;
mod listing;
mod place;
mod project;
mod revision;
mod store;
mod template;

pub use api::{Api, ServerLint, ServerVariable, VariableOwner};
pub use bring::Bring;
pub use brought::Brought;
pub use error::FetchError;
pub use kept::FetchedFiles;
pub use place::{Place, Places};
pub use store::{Entry, Store, private_folder};
