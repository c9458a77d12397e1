//! CI/CD variables: what GitLab keeps on its server for a project (design chapter 7).
//!
//! Files are parsed to [`Entry`]s; which of them a job gets is decided by pure functions over
//! its environment, its ref and the project. Values never go into a message.

mod entry;
mod flat;
mod mask;
mod select;
mod user;

pub use entry::{Content, Entry};
pub use flat::{Trust, parse_peer, parse_project};
pub use mask::{NotMaskable, maskable};
pub use select::{Project, in_force};
pub use user::{UserVariables, parse_user};
