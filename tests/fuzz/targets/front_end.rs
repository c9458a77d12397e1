//! Feeds `bodies/front_end.rs` with whatever libFuzzer thinks of.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../bodies/front_end.rs"]
mod body;

fuzz_target!(|text: &str| body::feed(text));
