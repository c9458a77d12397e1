//! Feeds `bodies/expr.rs` with whatever libFuzzer thinks of.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../bodies/expr.rs"]
mod body;

fuzz_target!(|input: (&str, &str, &str)| body::feed(input.0, input.1, input.2));
