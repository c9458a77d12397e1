//! Whether the clauses of a rule are true (configuration reference 8, 9).
//!
//! Includes, the workflow and jobs share these rules; they differ in the variables they see.

use std::cell::Cell;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::expr::glob::{GlobError, changes_match, exists_match};
use crate::expr::{Condition, Lookup};
use crate::source::Span;

use super::model::{Changed, Clause, Exists, Rule};
use super::own_project::{is_checked_out, is_this_project};
use super::provider::{Changes, FileProvider};

/// Bytes of text that conditions may look at in all. Regular expressions take linear time, of
/// which a hostile configuration could ask for hours.
const MAX_COMPARED: u64 = 64 << 20;

/// How much text conditions have looked at.
#[derive(Debug, Default)]
pub struct Compared(Cell<u64>);

/// What clauses are tested against.
pub struct ClauseFacts<'a> {
    /// Raw values for conditions.
    pub lookup: &'a dyn Lookup,
    /// Expansion of paths and revisions; unknown references stay.
    pub expand: &'a dyn Fn(&str) -> String,
    /// The tree.
    pub files: &'a dyn FileProvider,
    /// Shared by all rules of a configuration.
    pub compared: &'a Compared,
}

/// A clause that can't be decided, which fails the pipeline (configuration reference 11.3).
#[derive(Debug, Clone)]
pub struct RuleError(pub Diagnostic);

impl ClauseFacts<'_> {
    /// The first rule whose clauses are all true.
    pub fn first_match<'r>(&self, rules: &'r [Rule]) -> Result<Option<&'r Rule>, RuleError> {
        for rule in rules {
            if self.matches(rule)? {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }

    /// Whether all clauses are true, tested up to the first false one.
    pub fn matches(&self, rule: &Rule) -> Result<bool, RuleError> {
        for clause in &rule.clauses {
            if !self.clause(clause)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn clause(&self, clause: &Clause) -> Result<bool, RuleError> {
        match clause {
            Clause::If {
                condition, span, ..
            } => {
                let counted = self.compared.count(condition, self.lookup);
                counted.map_err(|too_much| too_much.at(*span))?;
                condition.try_eval(self.lookup).map_err(|error| {
                    RuleError(
                        Diagnostic::new(
                            Code::RuleFailed,
                            format!("the condition makes GitLab fail: {}", error.message),
                        )
                        .at(*span),
                    )
                })
            }
            Clause::Changes(changed) => self.changes(changed),
            Clause::Exists(exists) => self.exists(exists),
        }
    }

    fn changes(&self, changed: &Changed) -> Result<bool, RuleError> {
        let revision = changed.compare_to.as_deref().map(self.expand);
        let files = self.files.changes(revision.as_deref()).map_err(|bad| {
            RuleError(
                Diagnostic::new(
                    Code::RuleFailed,
                    format!(
                        "`rules:changes:compare_to` names `{}`, which is no ref",
                        bad.0
                    ),
                )
                .at(changed.span)
                .help("name a branch, a tag or a commit that exists here"),
            )
        })?;
        match files {
            Changes::Unknown => Ok(true),
            Changes::Known(paths) => changes_match(&self.expanded(&changed.paths), &paths)
                .map_err(|error| bad_glob(error, changed.span)),
        }
    }

    fn exists(&self, exists: &Exists) -> Result<bool, RuleError> {
        let paths = self.paths_for(exists)?;
        exists_match(&self.expanded(&exists.paths), &paths)
            .map_err(|error| bad_glob(error, exists.span))
    }

    /// The files that a clause looks into.
    pub(super) fn paths_for(&self, exists: &Exists) -> Result<Arc<[String]>, RuleError> {
        match &exists.project {
            None => Ok(self.files.paths()),
            Some(project) => self.paths_of(project, exists),
        }
    }

    /// The files of a project that a rule names. Only those of this one are here.
    fn paths_of(&self, project: &str, exists: &Exists) -> Result<Arc<[String]>, RuleError> {
        let project = (self.expand)(project);
        let revision = exists.reference.as_deref().map(self.expand);
        let revision = revision.as_deref().unwrap_or("HEAD");
        let is_own = is_this_project(&project, self.lookup);
        if is_own && is_checked_out(revision, self.lookup) {
            return Ok(self.files.paths());
        }
        if is_own && self.files.commit_at(revision).is_some() {
            return Ok(self.files.paths_at(revision));
        }
        let what = if is_own {
            format!("`rules:exists:ref` names `{revision}`, which is no ref")
        } else {
            format!("`rules:exists:project` names `{project}`, which is not on this machine")
        };
        let diagnostic = Diagnostic::new(Code::RuleFailed, what);
        Err(RuleError(diagnostic.at(exists.span)))
    }

    pub(super) fn expanded(&self, globs: &[Arc<str>]) -> Vec<String> {
        globs.iter().map(|glob| (self.expand)(glob)).collect()
    }
}

impl Compared {
    /// Counts what a condition is about to compare; an error when it is too much.
    pub fn count(&self, condition: &Condition, lookup: &dyn Lookup) -> Result<(), RuleError> {
        let bytes = condition.cost(lookup);
        self.0.set(self.0.get().saturating_add(bytes));
        self.check()
    }

    /// Whether no more than the limit was compared.
    pub fn check(&self) -> Result<(), RuleError> {
        if self.0.get() <= MAX_COMPARED {
            return Ok(());
        }
        let message = format!(
            "the conditions of this pipeline compare more than {} MiB of text",
            MAX_COMPARED >> 20
        );
        Err(RuleError(
            Diagnostic::new(Code::ConfigTooBig, message)
                .help("compare shorter variables, or compare them in fewer jobs"),
        ))
    }
}

impl RuleError {
    /// The same with a place.
    #[must_use]
    pub fn at(self, span: Span) -> Self {
        Self(self.0.at(span))
    }
}

fn bad_glob(error: GlobError, span: Span) -> RuleError {
    RuleError(Diagnostic::new(Code::RuleFailed, error.to_string()).at(span))
}
