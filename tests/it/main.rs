//! The one integration test binary; each module tests `pipe` from outside.

mod conformance;
mod pty;
mod sample;
mod scripts;
mod tidy;
