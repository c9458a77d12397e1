//! Hides secrets in a stream of bytes, also where one lies across two chunks (runtime reference
//! 15.2).
//!
//! Three filters one behind the other: the exact values, then what follows the prefix of a
//! GitLab token, then the values of URL parameters that carry tokens. PURE.

mod follower;
mod masker;
mod phrases;

pub use masker::Masker;
