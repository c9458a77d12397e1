//! What GitLab tells apart in a key: not there, null, a value.

/// A key of which it matters whether it is there at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Given<T> {
    /// The key is not there.
    #[default]
    Absent,
    /// The key is there, with null.
    Null,
    /// The key has a value.
    Set(T),
}

impl<T> Given<T> {
    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Whether the key is not there.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl<T> Given<Vec<T>> {
    /// The entries of a list; none without one.
    pub fn entries(&self) -> &[T] {
        self.value().map_or(&[], Vec::as_slice)
    }
}
