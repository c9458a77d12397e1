//! The git repository as plain facts, and the tree that jobs see.
//!
//! Layer 5. git2 stays in here, and it only reads: nothing is ever written into the checkout or
//! its `.git` but one line of `info/exclude`, no `git` program is run, no filter and no hook. Nothing here knows a job; which
//! names belong to which class of ref is handed in.

mod changes;
#[cfg(test)]
mod changes_tests;
mod class;
mod commit;
mod error;
mod exclude;
#[cfg(test)]
mod fixture;
mod git_config;
mod head;
#[cfg(test)]
mod head_tests;
mod index;
mod listing;
mod name;
mod open;
#[cfg(test)]
mod open_tests;
mod origin;
mod plain_file;
mod read;
mod regular;
mod renames;
mod snapshot;
mod stop;
mod tracked;
mod tree;
mod tree_diff;
#[cfg(test)]
mod tree_tests;
mod work_tree;

pub use changes::EventBase;
pub use class::RefRules;
pub use commit::Identity;
pub use error::RepoError;
pub use name::is_ref_name;
pub use open::Repository;
pub use read::FileError;
pub use regular::{RegularError, read_regular_text, read_users_text};
pub use snapshot::{Checkout, CommitPaths, SnapshotOptions};
pub use stop::Stop;
pub use tracked::tracked;
pub use tree::{ProjectTree, TreeSource};
