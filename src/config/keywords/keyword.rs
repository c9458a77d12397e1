//! A row of the table of keywords.

use super::super::model::Effect;
use super::super::shape::Shape;

/// One keyword at one kind of place.
pub(crate) struct Keyword {
    /// GitLab's word.
    pub(crate) name: &'static str,
    /// Where it may stand.
    pub(crate) scope: Scope,
    /// Chapter of the configuration reference; a test looks the keyword up there.
    #[cfg_attr(not(test), expect(dead_code))]
    pub(crate) chapter: &'static str,
    /// What it may hold.
    pub(crate) shape: Shape,
    /// Whether null counts as absent; else it is a value of the wrong type.
    pub(crate) nullable: bool,
    /// What it does in a run.
    pub(crate) effect: Effect,
}

/// The places a keyword may stand at, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scope(u8);

impl Scope {
    /// A job with a script.
    pub(crate) const JOB: Self = Self(1);
    /// A trigger job.
    pub(crate) const TRIGGER: Self = Self(2);
    /// The section `default`.
    pub(crate) const DEFAULT: Self = Self(4);
    /// Everywhere.
    pub(crate) const ANY: Self = Self(0xff);

    /// Both sets.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the sets have a place in common.
    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// A row for a key inside a keyword's mapping.
pub(super) const fn key(name: &'static str, chapter: &'static str, shape: Shape) -> Keyword {
    Keyword {
        name,
        scope: Scope::ANY,
        chapter,
        shape,
        nullable: true,
        effect: Effect::Honoured,
    }
}

impl Keyword {
    pub(super) const fn at(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    pub(super) const fn never_null(mut self) -> Self {
        self.nullable = false;
        self
    }

    pub(super) const fn inert(mut self) -> Self {
        self.effect = Effect::Inert;
        self
    }

    pub(super) const fn refused(mut self) -> Self {
        self.effect = Effect::Refused;
        self
    }
}
