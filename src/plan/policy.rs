//! `only` and `except` (configuration reference 6.9).

use std::sync::Arc;

use crate::config::{Changes, Compared, FileProvider, Policy, RefPattern};
use crate::expr::glob::changes_match;
use crate::expr::{Condition, Lookup, re2};
use crate::types::{RefKind, Reference};

use super::facts::PipelineFacts;

/// What policies are tested against.
pub(super) struct PolicyFacts<'a> {
    pub(super) pipeline: &'a PipelineFacts,
    pub(super) lookup: &'a dyn Lookup,
    pub(super) files: &'a dyn FileProvider,
    pub(super) compared: &'a Compared,
}

impl PolicyFacts<'_> {
    /// Why the job is left out and by which policy, or `None` when it is in: every aspect of
    /// `only` must be satisfied, and none of `except`.
    pub(super) fn left_out<'p>(
        &self,
        only: Option<&'p Policy>,
        except: Option<&'p Policy>,
    ) -> Option<(String, &'p Policy)> {
        if let Some(only) = only
            && let Some(why) = self.aspects(only).find_map(Result::err)
        {
            let implicit = if only.span.is_none() {
                " (the default)"
            } else {
                ""
            };
            return Some((format!("only: {why}{implicit}"), only));
        }
        let except = except?;
        let why = self.aspects(except).find_map(Result::ok)?;
        Some((format!("except: {why}"), except))
    }

    /// The aspects that are given: `Ok` with the entry that satisfies one, `Err` with the words
    /// for none.
    fn aspects<'p>(&'p self, policy: &'p Policy) -> impl Iterator<Item = Result<String, String>> {
        let refs = policy.refs.as_ref().map(|entries| {
            let matching = entries.iter().find_map(|entry| self.matches(entry));
            matching
                .ok_or_else(|| format!("no entry matches {}", self.pipeline.reference.in_words()))
        });
        let kubernetes = policy
            .kubernetes
            .then(|| Err("`kubernetes` is not satisfied".to_owned()));
        let variables = policy.variables.iter().map(|conditions| {
            let mut holding = conditions.iter().filter(|one| self.holds(&one.condition));
            match holding.next() {
                Some(condition) => Ok(format!("`{}` is true", condition.text)),
                None => Err("no condition of `variables` is true".to_owned()),
            }
        });
        let changes = policy.changes.iter().map(|globs| self.changed(globs));
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
