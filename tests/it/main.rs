//! The one integration test binary; each module tests `pipe` from outside.

mod engine;
mod env;
mod leftovers;
mod pty;
mod sample;
mod screen;
mod scripts;
mod signals;
mod tidy;
