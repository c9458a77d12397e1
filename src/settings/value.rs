//! Values of settings and where they come from.

use crate::foreign::without_secrets;

/// Who set it, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Nobody.
    Default,
    /// `.pipe/config.toml` of the checkout.
    Repository,
    /// `config.toml` in the user's configuration folder.
    User,
    /// A `PIPE_…` variable.
    Environment,
    /// An option on the command line.
    Flag,
}

impl Source {
    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Repository => "repository",
            Self::User => "user",
            Self::Environment => "environment",
            Self::Flag => "option",
        }
    }
}

/// A checked value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text or a word.
    Text(String),
    /// A number.
    Number(u32),
    /// Yes or no.
    Switch(bool),
    /// Bytes.
    Size(u64),
    /// A list.
    List(Vec<String>),
    /// A table.
    Pairs(Vec<(String, String)>),
}

impl Value {
    /// As it may be shown and recorded: addresses lose user, password and tokens.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) => without_secrets(text),
            Self::Pairs(pairs) => {
                let pairs = pairs.iter();
                let shown = pairs.map(|(name, text)| (name.clone(), without_secrets(text)));
                Self::Pairs(shown.collect()).to_string()
            }
            _ => self.to_string(),
        }
    }
}

impl std::fmt::Display for Value {
    /// As it would stand in the environment.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Switch(on) => on.fmt(f),
            Self::Size(bytes) => bytes.fmt(f),
            Self::List(items) => f.write_str(&items.join(",")),
            Self::Pairs(pairs) => {
                let pairs: Vec<_> = pairs
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                f.write_str(&pairs.join(";"))
            }
        }
    }
}
