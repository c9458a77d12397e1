//! Values of settings and where they come from.

use super::key::Kind;
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
    /// Of [`Kind::Text`] and [`Kind::Choice`].
    Text(String),
    /// Of [`Kind::Number`].
    Number(u32),
    /// Of [`Kind::List`].
    List(Vec<String>),
    /// Of [`Kind::Map`], in the order of the file.
    Map(Vec<(String, String)>),
}

impl Value {
    /// Reads what an option or a variable says. `None` when it does not fit.
    pub(super) fn from_text(kind: Kind, text: &str) -> Option<Self> {
        let text = text.trim();
        match kind {
            Kind::Text => (!text.is_empty()).then(|| Self::Text(text.to_owned())),
            Kind::Number { .. } => Self::from_number(kind, text.parse().ok()?),
            Kind::List => {
                let items = text.split(',').map(str::trim);
                let items = items.filter(|item| !item.is_empty());
                Some(Self::List(items.map(str::to_owned).collect()))
            }
            Kind::Map => {
                let items = text.split(',').map(str::trim);
                let items = items.filter(|item| !item.is_empty());
                let pairs = items.map(|item| {
                    let (name, text) = item.split_once('=')?;
                    pair(name.trim(), text.trim())
                });
                pairs.collect::<Option<_>>().map(Self::Map)
            }
            Kind::Choice(words) => words.contains(&text).then(|| Self::Text(text.to_owned())),
        }
    }

    /// Reads a number. `None` when it is out of bounds.
    pub(super) fn from_number(kind: Kind, number: u32) -> Option<Self> {
        let Kind::Number { min, max } = kind else {
            return None;
        };
        (min..=max)
            .contains(&number)
            .then_some(Self::Number(number))
    }
}

impl Value {
    /// As it may be shown and recorded: addresses lose user, password and tokens.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) => without_secrets(text),
            Self::Map(pairs) => {
                let pairs = pairs.iter();
                let shown = pairs.map(|(name, text)| (name.clone(), without_secrets(text)));
                Self::Map(shown.collect()).to_string()
            }
            Self::Number(_) | Self::List(_) => self.to_string(),
        }
    }
}

impl std::fmt::Display for Value {
    /// As it would stand in the environment.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::List(items) => f.write_str(&items.join(",")),
            Self::Map(pairs) => {
                let items: Vec<String> = (pairs.iter())
                    .map(|(name, text)| format!("{name}={text}"))
                    .collect();
                f.write_str(&items.join(","))
            }
        }
    }
}

/// A name with its text, neither of them empty.
pub(super) fn pair(name: &str, text: &str) -> Option<(String, String)> {
    let complete = !name.is_empty() && !text.is_empty();
    complete.then(|| (name.to_owned(), text.to_owned()))
}
