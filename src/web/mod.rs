//! https and http: one client for all that `pipe` itself asks of servers.
//!
//! Layer 3. Foreign types stop here. What a server answers is hostile input: it gets a limited
//! time, a limited size, and can lead only to other web addresses. No error holds an address with
//! a secret in it.

mod address;
mod client;
mod error;
mod names;
mod provider;

pub use client::{Answer, Client, ClientOptions, Question};
pub use error::{TRUST, WebError, is_about_certificate};
pub use provider::install_provider;
