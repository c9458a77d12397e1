//! Hides secrets in a text, and in a stream of bytes also where one lies across two chunks
//! (runtime reference 15.2).
//!
//! Layer 0. PURE. Three filters one behind the other: the exact values, then what follows the prefix of a
//! GitLab token, then the values of URL parameters that carry tokens.

mod follower;
mod masker;
mod phrases;

pub use masker::Masker;
