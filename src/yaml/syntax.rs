//! What libyaml complains about, in words that help.
//!
//! libyaml knows where it stopped and what it was reading. What the user did is guessed from the
//! bytes at that place: each explanation below takes the failures it understands.

mod block;
mod characters;
mod flow;
mod quotes;
mod trouble;

use std::ops::Range;

use crate::diag::{Code, Diagnostic};

use super::events::Failure;
use super::piece::Piece;

use trouble::Trouble;

/// In this order: the more telling signs first.
const EXPLANATIONS: [fn(&Trouble<'_>) -> Option<Diagnostic>; 20] = [
    characters::control,
    characters::tab,
    flow::quote_inside,
    flow::reference,
    quotes::not_closed,
    quotes::escape,
    quotes::text_behind,
    flow::text_behind,
    flow::not_closed,
    characters::reserved,
    characters::directive,
    characters::tag,
    characters::alias_or_anchor,
    block::list_on_key_line,
    block::second_colon,
    block::missing_colon,
    block::header,
    block::key_in_list,
    block::indentation,
    flow::unexpected,
];

/// The diagnostic for `failure`; `last_scalar` is the place of the last scalar that was read.
pub(super) fn explain(
    failure: &Failure,
    last_scalar: Option<Range<usize>>,
    piece: Piece<'_>,
) -> Diagnostic {
    let trouble = Trouble {
        failure,
        last_scalar,
        piece,
    };
    let known = EXPLANATIONS.iter().find_map(|explain| explain(&trouble));
    known.unwrap_or_else(|| in_libyamls_words(&trouble))
}

fn in_libyamls_words(trouble: &Trouble<'_>) -> Diagnostic {
    let problem = &trouble.failure.problem;
    let diagnostic = Diagnostic::new(
        Code::YamlSyntax,
        format!("the YAML does not parse: {problem}"),
    )
    .at(trouble.char_span(trouble.at()));
    trouble
        .with_context(diagnostic)
        .help("quote the value if it is text")
}
