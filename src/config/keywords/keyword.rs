//! A row of the table of keywords.

use super::super::shape::Shape;

/// One keyword at one kind of place.
pub struct Keyword {
    /// GitLab's word.
    pub name: &'static str,
    /// Where it may stand.
    pub scope: Scope,
    /// Chapter of the configuration reference.
    pub chapter: &'static str,
    /// What it may hold.
    pub shape: Shape,
    /// Whether null counts as absent; else it is a value of the wrong type.
    pub nullable: bool,
    /// What it does in a run.
    pub effect: Effect,
}

/// What a keyword does in a local run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It is honoured.
    Honoured,
    /// It changes nothing on one machine; a warning says so.
    Inert,
    /// It changes what a job does, and a run does not do that yet: `run` refuses the job.
    Refused,
}

/// The places a keyword may stand at, as a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope(u8);

impl Scope {
    /// A job with a script.
    pub const JOB: Self = Self(1);
    /// A trigger job.
    pub const TRIGGER: Self = Self(2);
    /// The section `default`.
    pub const DEFAULT: Self = Self(4);
    /// Everywhere.
    pub const ANY: Self = Self(0xff);

    /// Both sets.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the sets have a place in common.
    pub const fn meets(self, other: Self) -> bool {
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
