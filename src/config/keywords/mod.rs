//! The one table of keywords: what each may hold, where it may stand, what it does in a run.
//!
//! Reading, checking, suggestions and documents all come from here. A row names the chapter of
//! the configuration reference that its rule comes from. A keyword is added by adding a row; a
//! keyword whose value needs a rule of its own gets a function beside the row.

mod artifacts;
mod cache;
mod effects;
mod environment;
mod global;
mod image;
mod job;
mod needs;
mod outside;
mod parallel;
mod policy;
mod rules;
mod steps;
mod trigger;
mod values;
mod variables;

pub use effects::scan as effects_of;
pub(super) use global::{DEFAULT_KEYWORDS, RESERVED, ROOT, WORKFLOW};
pub(super) use job::JOB;
pub(super) use needs::{NeedKind, check_kinds as check_need_kinds, items as need_items};
pub(super) use policy::parsed as parsed_condition;
pub(super) use rules::{INCLUDE_RULE, check_rules};
pub(super) use trigger::include_item as check_include_item;
pub(super) use values::start_in as check_start_in;
pub(super) use variables::check_root as check_root_variables;

use super::shape::Shape;

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
const fn key(name: &'static str, chapter: &'static str, shape: Shape) -> Keyword {
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
    const fn at(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    const fn never_null(mut self) -> Self {
        self.nullable = false;
        self
    }

    const fn inert(mut self) -> Self {
        self.effect = Effect::Inert;
        self
    }

    const fn refused(mut self) -> Self {
        self.effect = Effect::Refused;
        self
    }
}
