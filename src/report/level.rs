//! How much is said.

/// `-q`, nothing, `-v`. Ordered: each level says all that the one before says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum OutputLevel {
    /// Failures and a verdict that is not success; no logs, no progress.
    Quiet,
    /// Progress, logs where they don't fight with a board, the final summary.
    #[default]
    Normal,
    /// Every log line and every phase, on a board too.
    Verbose,
}
