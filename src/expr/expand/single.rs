//! GitLab's single expansion: one pass over one text.

use std::borrow::Cow;

use super::Variables;
use super::limit::SIZE_LIMIT;
use super::scan::{Doubled, Piece, may_refer, pieces};

/// What becomes of a reference to a variable that does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// It vanishes.
    Empty,
    /// It stays as written.
    Keep,
}

/// Replaces every reference once; what was inserted is not read again. Values are inserted as
/// they are, of raw and file variables too. Which keywords use it: configuration reference 10.2.
/// A text stays as it is where the result would be larger than any environment.
pub fn expand<'t>(text: &'t str, variables: &Variables, unknown: Unknown) -> Cow<'t, str> {
    if !may_refer(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text, Doubled::Plain) {
        out.push_str(match piece {
            Piece::Text(text) => text,
            Piece::Reference { name, whole } => match (variables.value(name), unknown) {
                (Some(value), _) => value,
                (None, Unknown::Empty) => "",
                (None, Unknown::Keep) => whole,
            },
        });
        if out.len() > SIZE_LIMIT {
            return Cow::Borrowed(text);
        }
    }
    Cow::Owned(out)
}
