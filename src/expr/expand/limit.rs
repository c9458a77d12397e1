//! How much text expansion makes at most.

/// Bytes that expansion makes at most. Linux takes no more when a program is started: its
/// arguments and environment together have 2 MiB. Doubling references reach it in twenty lines.
pub(super) const SIZE_LIMIT: usize = 2 << 20;
