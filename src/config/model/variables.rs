//! `variables` and `inherit` as types.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::expr::expand::YamlLevel;
use crate::source::Span;

/// A variable as YAML gives it: always text, never a file (configuration reference 5.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlVariable {
    /// Name.
    pub key: Arc<str>,
    /// Unexpanded value.
    pub value: Arc<str>,
    /// `expand: false`.
    pub raw: bool,
    /// Where it was written.
    pub span: Span,
    /// In which `variables`.
    pub level: YamlLevel,
}

/// A root variable with a description: GitLab asks for it when somebody starts a pipeline by hand
/// (configuration reference 5.6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prefilled {
    /// Name.
    pub key: Arc<str>,
    /// Unexpanded value where nobody sets one.
    pub value: Arc<str>,
    /// What it is for.
    pub description: Arc<str>,
    /// The values to choose from, where there is a choice.
    pub options: Vec<Arc<str>>,
}

/// `inherit:variables` (configuration reference 5.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inherit {
    /// All.
    All,
    /// None.
    None,
    /// Those of these names.
    Names(BTreeSet<Arc<str>>),
}

impl Inherit {
    /// Whether the name is inherited.
    pub fn takes(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Names(names) => names.contains(name),
        }
    }
}
