//! CI/CD variables: what GitLab keeps on its server for a project (design chapter 7).
//!
//! Files are parsed to [`Entry`]s; which of them concern a project is decided here, which of those
//! a job gets in `plan`, by its environment and ref. Values never go into a message.

mod entry;
mod flat;
mod mask;
mod places;
mod project_key;
mod select;
mod user;

pub use entry::{Content, Entry};
pub use flat::{Trust, parse_peer, parse_project};
pub use select::{Chosen, Project};
pub use user::{UserVariables, parse_peer_user, parse_user};
