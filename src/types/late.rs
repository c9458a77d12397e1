//! A text that is found out only when somebody asks.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, LazyLock};

type Find = Box<dyn FnOnce() -> String + Send>;

/// A text that it takes a moment to find out, and that few ask for. It is found out once; copies
/// share it.
#[derive(Clone)]
pub struct Late(Arc<LazyLock<String, Find>>);

impl Late {
    /// The text that `find` will return.
    pub fn new(find: impl FnOnce() -> String + Send + 'static) -> Self {
        Self(Arc::new(LazyLock::new(Box::new(find))))
    }
}

impl From<String> for Late {
    fn from(text: String) -> Self {
        Self::new(move || text)
    }
}

/// Asks for it.
impl Deref for Late {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Does not ask for it.
impl fmt::Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Late(..)")
    }
}

impl PartialEq for Late {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || **self == **other
    }
}

impl Eq for Late {}
