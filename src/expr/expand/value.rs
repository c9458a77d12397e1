//! What a variable is set to.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::types::Late;

use super::scan::may_refer;

/// A variable's value. Copies share it.
#[derive(Debug, Clone)]
pub enum Value {
    /// It is known.
    Known(Arc<str>),
    /// It is found out when somebody asks for it. It refers to nothing.
    Late(Late),
}

impl Value {
    /// Whether there can be a reference in it.
    pub(super) fn may_refer(&self) -> bool {
        match self {
            Self::Known(text) => may_refer(text),
            Self::Late(_) => false,
        }
    }

    /// Bytes of memory that are its own.
    pub fn size(&self) -> usize {
        match self {
            Self::Known(text) => text.len(),
            Self::Late(_) => 0,
        }
    }
}

impl Deref for Value {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Known(text) => text,
            Self::Late(text) => text,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Value {}

impl<T: Into<Arc<str>>> From<T> for Value {
    fn from(text: T) -> Self {
        Self::Known(text.into())
    }
}

impl From<Late> for Value {
    fn from(text: Late) -> Self {
        Self::Late(text)
    }
}
