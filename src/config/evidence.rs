//! What was tried when rules were evaluated: each clause's place, its verdict, what it looked at.
//!
//! The verdicts are those of [`ClauseFacts`] itself; only who asks for evidence pays for it.

use std::cell::RefCell;
use std::sync::Arc;

use crate::expr::glob::{changes_match, exists_match};
use crate::expr::{Condition, InputValue, Lookup};
use crate::source::Span;

use super::clauses::{ClauseFacts, RuleError};
use super::model::{Changed, Clause, Exists, Rule};
use super::provider::Changes;

/// A rule that was tried.
#[derive(Debug, Clone)]
pub struct TriedRule {
    /// The rule.
    pub rule: Rule,
    /// Its clauses up to the first false one.
    pub clauses: Vec<TriedClause>,
    /// Whether all of them are true.
    pub matches: bool,
}

/// A clause that was tried.
#[derive(Debug, Clone)]
pub struct TriedClause {
    /// Where it was written.
    pub span: Span,
    /// Whether it is true.
    pub holds: bool,
    /// What it looked at.
    pub seen: Seen,
}

/// What a clause looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// `if`: the condition as written, and the variables that decided.
    If(Arc<str>, Vec<ReadValue>),
    /// `changes`: the patterns, expanded.
    Changes(Vec<String>, Matched),
    /// `exists`: the patterns, expanded.
    Exists(Vec<String>, Matched),
}

/// A variable that a condition read, and its value; none where it is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadValue {
    /// Its name.
    pub name: Arc<str>,
    /// Its value, unexpanded as conditions see it.
    pub value: Option<Arc<str>>,
}

/// What patterns found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Matched {
    /// What there is to compare with is not known, which counts as true.
    Unknown,
    /// Nothing.
    Nothing,
    /// The first pattern that fits, and a path that it fits.
    Path(String, String),
    /// There are so many patterns and paths that GitLab takes it for true without looking.
    TooMany,
}

impl ClauseFacts<'_> {
    /// All rules up to the first that matches, with what each clause looked at.
    pub fn tried(&self, rules: &[Rule]) -> Result<Vec<TriedRule>, RuleError> {
        let mut tried = Vec::new();
        for rule in rules {
            let one = self.tried_rule(rule)?;
            let matches = one.matches;
            tried.push(one);
            if matches {
                break;
            }
        }
        Ok(tried)
    }

    fn tried_rule(&self, rule: &Rule) -> Result<TriedRule, RuleError> {
        let mut clauses = Vec::new();
        for clause in &rule.clauses {
            let tried = self.tried_clause(clause)?;
            let holds = tried.holds;
            clauses.push(tried);
            if !holds {
                break;
            }
        }
        Ok(TriedRule {
            rule: rule.clone(),
            matches: clauses.iter().all(|clause| clause.holds),
            clauses,
        })
    }

    fn tried_clause(&self, clause: &Clause) -> Result<TriedClause, RuleError> {
        let holds = self.clause(clause)?;
        let (span, seen) = match clause {
            Clause::If {
                condition,
                text,
                span,
            } => {
                let read = values_read(condition, self.lookup);
                (*span, Seen::If(Arc::clone(text), read))
            }
            Clause::Changes(changed) => (changed.span, self.seen_changes(changed, holds)),
            Clause::Exists(exists) => (exists.span, self.seen_files(exists, holds)?),
        };
        Ok(TriedClause { span, holds, seen })
    }

    fn seen_changes(&self, changed: &Changed, holds: bool) -> Seen {
        let globs = self.expanded(&changed.paths);
        let revision = changed.compare_to.as_deref().map(self.expand);
        let matched = match self.files.changes(revision.as_deref()) {
            Ok(Changes::Known(paths)) => matched(&globs, &paths, holds, &|glob, path| {
                changes_match(&[glob], &[path]).unwrap_or(false)
            }),
            _ => Matched::Unknown,
        };
        Seen::Changes(globs, matched)
    }

    fn seen_files(&self, exists: &Exists, holds: bool) -> Result<Seen, RuleError> {
        let globs = self.expanded(&exists.paths);
        let paths = self.paths_for(exists)?;
        let matched = matched(&globs, &paths, holds, &|glob, path| {
            exists_match(&[glob], &[path]).unwrap_or(false)
        });
        Ok(Seen::Exists(globs, matched))
    }
}

/// The first pattern that fits a path, with that path.
fn matched(
    globs: &[String],
    paths: &[String],
    holds: bool,
    fits: &dyn Fn(&str, &str) -> bool,
) -> Matched {
    if !holds {
        return Matched::Nothing;
    }
    let path_of = |glob: &String| {
        let path = paths.iter().find(|path| fits(glob, path))?;
        Some(Matched::Path(glob.clone(), path.clone()))
    };
    // Each pair is looked at once more, of which there may be too many.
    if globs.len().saturating_mul(paths.len()) > MAX_PAIRS {
        return Matched::TooMany;
    }
    globs.iter().find_map(path_of).unwrap_or(Matched::TooMany)
}

/// Pairs of a pattern and a path that are looked at for the one that fits.
const MAX_PAIRS: usize = 200_000;

/// The variables that decide about a condition, each once, in the order in which it asks.
pub fn values_read(condition: &Condition, lookup: &dyn Lookup) -> Vec<ReadValue> {
    let noting = Noting {
        lookup,
        read: RefCell::default(),
    };
    let _ = condition.eval(&noting);
    noting.read.into_inner()
}

/// Variables that note who asks for them.
struct Noting<'a> {
    lookup: &'a dyn Lookup,
    read: RefCell<Vec<ReadValue>>,
}

impl Lookup for Noting<'_> {
    fn variable(&self, name: &str) -> Option<&str> {
        let value = self.lookup.variable(name);
        let mut read = self.read.borrow_mut();
        if read.iter().all(|one| *one.name != *name) {
            read.push(ReadValue {
                name: name.into(),
                value: value.map(Into::into),
            });
        }
        value
    }

    fn input(&self, name: &str) -> Option<InputValue> {
        self.lookup.input(name)
    }
}
