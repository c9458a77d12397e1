//! The one integration test binary; each module tests `pipe` from outside.

mod acceptance;
mod ahead;
mod badinput;
mod caches;
mod children;
mod cli;
mod completion;
mod conformance;
mod docker_settings;
mod dockerd;
mod downstream;
mod endurance;
mod engine;
mod env;
mod faults;
mod fetch;
mod files;
mod fixtures;
mod fuzzed;
mod generated;
mod golden;
mod held;
mod hostile;
#[cfg(target_os = "linux")]
mod images;
mod leftovers;
mod outages;
mod past;
mod pty;
mod registry;
mod result;
mod run;
mod sample;
#[cfg(target_os = "linux")]
mod sandbox;
mod screen;
mod scripts;
mod services;
mod settings;
mod shell;
mod signals;
mod store;
mod submodules;
mod system;
mod tidy;
mod under_way;
