//! The one integration test binary; each module tests `pipe` from outside.

mod badinput;
mod caches;
mod children;
mod cli;
mod completion;
mod conformance;
mod engine;
mod env;
mod faults;
mod fetch;
mod fixtures;
mod generated;
mod hostile;
mod leftovers;
mod past;
mod pty;
mod run;
mod sample;
mod screen;
mod scripts;
mod services;
mod settings;
mod signals;
mod tidy;
