//! GitLab's nested expansion: the values of a whole collection, each expanded once over those
//! before.

use std::borrow::Cow;

use super::scan::{Doubled, Piece, may_refer, pieces};
use super::sort::sorted;
use super::{Unknown, Variable, Variables};

/// Memory that expanded values may take in all. Doubling references reach it in thirty lines.
const SIZE_LIMIT: usize = 16 << 20;

/// What becomes of the references in values (configuration reference 10.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct References {
    /// References to variables that don't exist.
    pub unknown: Unknown,
    /// Whether the content of a file variable is inserted, or the reference kept for the runner.
    pub insert_files: bool,
    /// Whether the value of a raw variable is inserted, or the reference kept for the runner.
    pub insert_raw: bool,
}

impl References {
    /// For a keyword that GitLab itself uses: all are inserted, unknown ones vanish.
    pub const KEYWORD: Self = Self {
        unknown: Unknown::Empty,
        insert_files: true,
        insert_raw: true,
    };

    /// For the environment of a job: unknown, file and raw ones are kept for the runner.
    pub const JOB: Self = Self {
        unknown: Unknown::Keep,
        insert_files: false,
        insert_raw: false,
    };
}

/// Why a collection can't be expanded. Its values stay as they are then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpandError {
    /// Variables that refer to each other in a circle; the names of each circle.
    Circular(Vec<Vec<String>>),
    /// The value of this variable is beyond all measure.
    TooLarge(String),
}

impl std::fmt::Display for ExpandError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Circular(cycles) => {
                let cycles: Vec<String> = cycles.iter().map(|keys| format!("{keys:?}")).collect();
                write!(
                    f,
                    "circular variable reference detected: {}",
                    cycles.join(", ")
                )
            }
            Self::TooLarge(key) => write!(
                f,
                "the value of variable `{key}` expands to more than {} MiB",
                SIZE_LIMIT >> 20
            ),
        }
    }
}

impl std::error::Error for ExpandError {}

impl Variables {
    /// All entries with their values expanded, those that are referred to before those that
    /// refer to them. `$$` and `%%` stay for the runner.
    pub fn sort_and_expand_all(&self, references: References) -> Result<Self, ExpandError> {
        let mut expanded = Self::new();
        let mut size = 0;
        for variable in sorted(self).map_err(ExpandError::Circular)? {
            if variable.raw || !may_refer(&variable.value) {
                expanded.push(variable.clone());
                continue;
            }
            let room = SIZE_LIMIT - size;
            let value = expand_value(&variable.value, &expanded, references, room)
                .ok_or_else(|| ExpandError::TooLarge(variable.key.to_string()))?;
            size += value.len();
            expanded.push(Variable {
                value: value.into(),
                ..variable.clone()
            });
        }
        Ok(expanded)
    }

    /// Expands one text over this collection, which has been expanded itself, with the rules of
    /// the nested pass.
    pub fn expand_nested<'t>(&self, text: &'t str, references: References) -> Cow<'t, str> {
        if !may_refer(text) {
            return Cow::Borrowed(text);
        }
        match expand_value(text, self, references, SIZE_LIMIT) {
            Some(value) => Cow::Owned(value),
            None => Cow::Borrowed(text),
        }
    }
}

/// `None` when the result would be longer than `room`.
fn expand_value(
    text: &str,
    variables: &Variables,
    references: References,
    room: usize,
) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for piece in pieces(text, Doubled::Escape) {
        let part = match piece {
            Piece::Text(text) => text,
            Piece::Reference { name, whole } => replacement(variables.get(name), whole, references),
        };
        if out.len() + part.len() > room {
            return None;
        }
        out.push_str(part);
    }
    Some(out)
}

fn replacement<'v>(
    variable: Option<&'v Variable>,
    whole: &'v str,
    references: References,
) -> &'v str {
    match variable {
        Some(variable) if variable.file && !references.insert_files => whole,
        Some(variable) if variable.raw && !variable.file && !references.insert_raw => whole,
        Some(variable) => &variable.value,
        None if references.unknown == Unknown::Keep => whole,
        None => "",
    }
}
