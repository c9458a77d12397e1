//! The one integration test binary; each module tests `pipe` from outside.

mod pty;
mod run;
mod sample;
mod scripts;
mod tidy;
