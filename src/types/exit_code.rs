//! The exit codes of `pipe`: the numbers stand here and nowhere else (design chapter 2).

/// All went well, perhaps with warnings.
pub const PASSED: u8 = 0;
/// A job failed.
pub const FAILED: u8 = 1;
/// The command line is wrong.
pub const USAGE: u8 = 2;
/// The configuration is not valid.
pub const INVALID: u8 = 3;
/// Something of this machine is missing.
pub const ENVIRONMENT: u8 = 4;
/// There is nothing to run for this ref.
pub const NOTHING: u8 = 5;
/// The pipeline waits for a manual job that blocks, and no job failed.
pub const WAITS: u8 = 7;
/// `pipe` itself is broken.
pub const INTERNAL: u8 = 70;

/// Codes above this one name a signal.
const SIGNALS: u8 = 128;

/// Ended by the signal of that number.
pub const fn signal(number: u8) -> u8 {
    SIGNALS.saturating_add(number)
}

/// Whether a signal ended what exits with `code`.
pub const fn is_signal(code: u8) -> bool {
    code > SIGNALS
}
