//! The one integration test binary; each module tests `pipe` from outside.

mod badinput;
mod cli;
mod completion;
mod conformance;
mod fixtures;
mod generated;
mod pty;
mod run;
mod sample;
mod scripts;
mod tidy;
