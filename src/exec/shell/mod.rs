//! The `shell` executor: jobs run as the user, on this machine, without isolation.
//!
//! Only ever by the user's explicit choice, which the caller makes sure of (design chapter 3).
//! Each attempt has a folder of its own with a private copy of the tree; the user's checkout is
//! never touched (runtime reference 10). Layout: `<base>/<run>-<job>-<attempt>/builds/<project>`.

mod executor;
mod kin;
mod process;
mod reap;
mod session;
mod terminal;

pub use executor::{ShellExecutor, ShellSettings};
