//! Errors of glob patterns.

/// What is wrong with a pattern, in words that follow its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GlobError {
    /// A class or alternatives without an end, an empty class, a `\` at the end.
    Syntax,
    /// The alternatives in braces multiply beyond all measure.
    TooMany,
}

impl std::fmt::Display for GlobError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Syntax => "syntax error in pattern",
            Self::TooMany => "the alternatives in `{…}` give too many patterns",
        })
    }
}

impl std::error::Error for GlobError {}
