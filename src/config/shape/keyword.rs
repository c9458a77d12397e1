//! The forms of the table of keywords: rows, the keys of a mapping, the shapes of values.

use crate::yaml::Value;

use super::super::model::Effect;
use super::check::Check;

/// What a value must look like. Null counts as absent unless a shape says otherwise.
pub(crate) enum Shape {
    /// Anything.
    Any,
    /// `true` or `false`.
    Boolean,
    /// Text, perhaps empty.
    Text,
    /// Text that is not blank.
    NonBlank,
    /// A flat list of strings.
    Texts,
    /// A string or a flat list of strings.
    TextOrTexts,
    /// A string, or strings in lists up to ten levels deep.
    Script,
    /// An integer or a list of integers.
    Integers,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A mapping with these keys.
    Map(&'static Keys),
    /// A mapping from any name to this shape.
    Named(&'static Shape),
    /// A rule of its own.
    Rule(fn(&Value, &mut Check<'_>)),
}

/// The keys that a mapping may have.
pub(crate) struct Keys {
    /// Rows for the keys.
    pub(crate) rows: &'static [Keyword],
    /// Keys that must be there.
    pub(crate) required: &'static [&'static str],
    /// Pairs that can't be used together.
    pub(crate) exclusive: &'static [(&'static str, &'static str)],
}

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
pub(crate) const fn key(name: &'static str, chapter: &'static str, shape: Shape) -> Keyword {
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
    pub(crate) const fn at(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    pub(crate) const fn never_null(mut self) -> Self {
        self.nullable = false;
        self
    }

    pub(crate) const fn inert(mut self) -> Self {
        self.effect = Effect::Inert;
        self
    }

    pub(crate) const fn refused(mut self) -> Self {
        self.effect = Effect::Refused;
        self
    }
}
