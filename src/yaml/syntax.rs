//! What libyaml complains about, in words that help.

use crate::diag::{Code, Diagnostic};

use super::events::Failure;
use super::piece::Piece;

/// The diagnostic for `failure`.
pub(super) fn explain(failure: &Failure, piece: Piece<'_>) -> Diagnostic {
    Diagnostic::new(Code::YamlSyntax, failure.problem.clone())
        .at(piece.span(failure.at, failure.at))
}
