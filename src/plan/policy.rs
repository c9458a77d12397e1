//! `only` and `except` (configuration reference 6.9).

use std::sync::Arc;

use crate::config::{Changes, Compared, FileProvider, Policy, ReadValue, RefPattern, values_read};
use crate::expr::glob::changes_match;
use crate::expr::{Condition, Lookup, re2};
use crate::source::Span;
use crate::types::{RefKind, Reference};

use super::facts::PipelineFacts;
use super::reason::LeftOutReason;

/// What policies are tested against.
pub(super) struct PolicyFacts<'a> {
    pub(super) pipeline: &'a PipelineFacts,
    pub(super) lookup: &'a dyn Lookup,
    pub(super) files: &'a dyn FileProvider,
    pub(super) compared: &'a Compared,
}

/// An aspect of `only` or `except` that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriedAspect {
    /// `only` or `except`.
    pub keyword: &'static str,
    /// `refs`, `variables`, `changes` or `kubernetes`.
    pub aspect: &'static str,
    /// Whether it is satisfied.
    pub holds: bool,
    /// By what, or why not.
    pub why: String,
    /// The variables that its conditions read.
    pub read: Vec<ReadValue>,
    /// Where the keyword was written; `None` for the implicit `only`.
    pub span: Option<Span>,
}

impl TriedAspect {
    /// Whether it lets the job in: every aspect of `only` has to hold, and none of `except`.
    pub fn lets_in(&self) -> bool {
        self.holds == (self.keyword == "only")
    }
}

/// The verdict on one aspect: `Ok` with what satisfies it, `Err` with why nothing does.
struct Aspect {
    name: &'static str,
    verdict: Result<String, String>,
}

impl PolicyFacts<'_> {
    /// Why the job is left out and by which policy, or `None` when it is in: every aspect of
    /// `only` must be satisfied, and none of `except`.
    pub(super) fn left_out<'p>(
        &self,
        only: Option<&'p Policy>,
        except: Option<&'p Policy>,
    ) -> Option<(LeftOutReason, &'p Policy)> {
        if let Some(only) = only
            && let Some(why) = self.aspects(only).find_map(|aspect| aspect.verdict.err())
        {
            let implicit = only.span.is_none();
            return Some((LeftOutReason::Only { why, implicit }, only));
        }
        let except = except?;
        let why = self
            .aspects(except)
            .find_map(|aspect| aspect.verdict.ok())?;
        Some((LeftOutReason::Except(why), except))
    }

    /// Every aspect of both, with what it read.
    pub(super) fn tried(&self, only: Option<&Policy>, except: Option<&Policy>) -> Vec<TriedAspect> {
        let both = [("only", only), ("except", except)];
        let given = both
            .into_iter()
            .filter_map(|(keyword, policy)| Some((keyword, policy?)));
        given
            .flat_map(|(keyword, policy)| {
                self.aspects(policy).map(move |aspect| TriedAspect {
                    keyword,
                    aspect: aspect.name,
                    holds: aspect.verdict.is_ok(),
                    why: aspect.verdict.unwrap_or_else(|why| why),
                    read: match aspect.name {
                        "variables" => self.read_by(policy),
                        _ => Vec::new(),
                    },
                    span: policy.span,
                })
            })
            .collect()
    }

    /// The variables that the conditions of a policy read, each once.
    fn read_by(&self, policy: &Policy) -> Vec<ReadValue> {
        let mut all: Vec<ReadValue> = Vec::new();
        for one in policy.variables.iter().flatten() {
            let read = values_read(&one.condition, self.lookup).into_iter();
            let new: Vec<_> = read.filter(|value| !all.contains(value)).collect();
            all.extend(new);
        }
        all
    }

    /// The aspects that are given.
    fn aspects<'p>(&'p self, policy: &'p Policy) -> impl Iterator<Item = Aspect> + 'p {
        let refs = policy.refs.as_ref().map(|entries| {
            let matching = entries.iter().find_map(|entry| self.matches(entry));
            let verdict = matching
                .ok_or_else(|| format!("no entry matches {}", self.pipeline.reference.in_words()));
            Aspect {
                name: "refs",
                verdict,
            }
        });
        let kubernetes = policy.kubernetes.then(|| Aspect {
            name: "kubernetes",
            verdict: Err("`kubernetes` is not satisfied".to_owned()),
        });
        let variables = policy.variables.iter().map(|conditions| {
            let mut holding = conditions.iter().filter(|one| self.holds(&one.condition));
            let verdict = match holding.next() {
                Some(condition) => Ok(format!("`{}` is true", condition.text)),
                None => Err("no condition of `variables` is true".to_owned()),
            };
            Aspect {
                name: "variables",
                verdict,
            }
        });
        let changes = policy.changes.iter().map(|globs| Aspect {
            name: "changes",
            verdict: self.changed(globs),
        });
        refs.into_iter()
            .chain(kubernetes)
            .chain(variables)
            .chain(changes)
    }

    /// Whether a condition is true. Past the limit of comparisons none is asked; the pipeline
    /// fails then.
    fn holds(&self, condition: &Condition) -> bool {
        self.compared.count(condition, self.lookup).is_ok() && condition.eval(self.lookup)
    }

    fn changed(&self, globs: &[Arc<str>]) -> Result<String, String> {
        let Ok(Changes::Known(paths)) = self.files.changes(None) else {
            return Ok("`changes` is true, for what changed is not known".to_owned());
        };
        match changes_match(globs, &paths) {
            Ok(false) => Err("no changed file matches `changes`".to_owned()),
            Ok(true) => {
                let one = |glob: &&Arc<str>| {
                    changes_match(std::slice::from_ref(*glob), &paths).unwrap_or(true)
                };
                Ok(match globs.iter().find(one) {
                    Some(glob) => format!("a changed file matches `{glob}`"),
                    None => "`changes` is true".to_owned(),
                })
            }
            Err(_) => Ok("`changes` is true".to_owned()),
        }
    }

    /// What an entry matches, in words.
    fn matches(&self, entry: &RefPattern) -> Option<String> {
        if let Some(project) = &entry.project
            && **project != *self.pipeline.project.path
        {
            return None;
        }
        let Reference { kind, name, .. } = &self.pipeline.reference;
        let merge_request = matches!(kind, RefKind::MergeRequest { .. });
        let pattern = &*entry.pattern;
        let by_ref = || format!("`{pattern}` matches {}", self.pipeline.reference.in_words());
        match pattern {
            "branches" if *kind == RefKind::Branch => return Some(by_ref()),
            "tags" if *kind == RefKind::Tag => return Some(by_ref()),
            pattern if self.is_source(pattern) => {
                let source = self.pipeline.source.as_str();
                return Some(format!("`{pattern}` matches the event `{source}`"));
            }
            _ if merge_request => return None,
            _ => {}
        }
        let matches = match re2::from_slashes(pattern) {
            Some(Ok(regex)) => regex.is_match(name),
            _ => *pattern == **name,
        };
        matches.then(by_ref)
    }

    /// The name of the source, singular or plural, without `_event`.
    fn is_source(&self, pattern: &str) -> bool {
        let source = self.pipeline.source.as_str();
        let source = source.strip_suffix("_event").unwrap_or(source);
        let plural = if source.ends_with("sh") {
            format!("{source}es")
        } else {
            format!("{source}s")
        };
        pattern == source || pattern == plural
    }
}
