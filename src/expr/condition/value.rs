//! Values of a condition's parts: text, null, booleans, patterns.

use std::borrow::Cow;

use regex::Regex;

/// Where a condition finds its variables and inputs.
pub trait Lookup {
    /// The raw value of a variable; `None` when it is not defined. References in the value are
    /// not followed.
    fn variable(&self, name: &str) -> Option<&str>;

    /// The value of `$[[ inputs.name ]]`; only the rules of inputs know any.
    fn input(&self, name: &str) -> Option<InputValue> {
        let _ = name;
        None
    }
}

/// The value of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputValue {
    /// Type `string`.
    Text(String),
    /// Type `boolean`.
    Bool(bool),
    /// Type `number`, as GitLab prints it.
    Number(String),
    /// Type `array`, as GitLab prints it; empty text for an empty one.
    List(String),
}

/// The value of a condition or a part of it.
#[derive(Debug, Clone)]
pub enum ConditionValue<'a> {
    /// A variable that is not defined, or `null`.
    Null,
    /// A comparison, or `true` and `false`.
    Bool(bool),
    /// The text of a variable or of quotes.
    Text(Cow<'a, str>),
    /// A number or list, which equals no text.
    Other(String),
    /// A regular expression.
    Pattern(&'a Regex),
}

impl ConditionValue<'_> {
    /// Whether a rule with this condition matches: anything but null, false and blank text.
    pub fn is_truthy(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(bool) => *bool,
            Self::Text(text) => !text.trim().is_empty(),
            Self::Other(text) => !text.is_empty(),
            Self::Pattern(_) => true,
        }
    }

    /// Whether `&&` and `||` take it for true: there, blank text is true.
    pub(super) fn is_set(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    /// The text in which `=~` searches.
    pub(super) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Null => Cow::Borrowed(""),
            Self::Bool(bool) => Cow::Borrowed(if *bool { "true" } else { "false" }),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Other(text) => Cow::Borrowed(text),
            // GitLab searches in the name of its internal object, which no sane text contains.
            Self::Pattern(_) => Cow::Borrowed("#<regular expression>"),
        }
    }

    /// `==`, for anything but a pattern on the left.
    pub(super) fn equals(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(_), Self::Bool(_) | Self::Text(_)) | (Self::Text(_), Self::Bool(_)) => {
                self.to_text() == other.to_text()
            }
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Other(a), Self::Other(b)) => a == b,
            _ => false,
        }
    }
}
