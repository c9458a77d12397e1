//! GitLab's nested expansion: the values of a whole collection, each expanded once over those
//! before.

use std::borrow::Cow;
use std::collections::HashMap;

use super::limit::SIZE_LIMIT;
use super::scan::{Doubled, Piece, may_refer, names, pieces};
use super::sort::sorted;
use super::{Unknown, Variable, Variables};

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
    /// With this variable the expanded values are larger than any environment.
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
                "with variable `{key}` the expanded values are larger than {} MiB",
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
            if !variable.may_refer() {
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

    /// Whether [`sort_and_expand_all`](Self::sort_and_expand_all) would fail, without expanding
    /// anything: only values with references can make it fail, and most have none.
    pub fn check_references(&self) -> Result<(), ExpandError> {
        let refers = |variable: &&Variable| names(&variable.value).next().is_some();
        let referring: Self = self.referring().filter(refers).cloned().collect();
        if referring.is_empty() {
            return Ok(());
        }
        let mut lengths: HashMap<&str, usize> = HashMap::new();
        let mut size = 0_usize;
        for variable in sorted(&referring).map_err(ExpandError::Circular)? {
            let length = pieces(&variable.value, Doubled::Escape)
                .map(|piece| match piece {
                    Piece::Text(text) => text.len(),
                    Piece::Reference { name, whole } => match lengths.get(name) {
                        Some(length) => *length,
                        None => self.value(name).unwrap_or(whole).len(),
                    },
                })
                .fold(0, usize::saturating_add);
            lengths.insert(&variable.key, length);
            size = size.saturating_add(length);
            if size > SIZE_LIMIT {
                return Err(ExpandError::TooLarge(variable.key.to_string()));
            }
        }
        Ok(())
    }

    /// Expands one text over this collection, which has been expanded itself, with the rules of
    /// the nested pass. It stays as it is where the result would be larger than any environment.
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
