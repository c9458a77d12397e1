//! `only` and `except` (configuration reference 6.9).

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
            && let Some((aspect, _)) = self
                .aspects(only)
                .into_iter()
                .find(|(_, satisfied)| !satisfied)
        {
            let implicit = if only.span.is_none() {
                " (the default)"
            } else {
                ""
            };
            let reason = match aspect {
                "refs" => format!("only: no entry matches {}{implicit}", self.describe()),
                _ => format!("only: `{aspect}` is not satisfied{implicit}"),
            };
            return Some((reason, only));
        }
        let except = except?;
        let (aspect, _) = self
            .aspects(except)
            .into_iter()
            .find(|(_, satisfied)| *satisfied)?;
        let reason = match aspect {
            "refs" => format!("except: an entry matches {}", self.describe()),
            _ => format!("except: `{aspect}` is satisfied"),
        };
        Some((reason, except))
    }

    fn describe(&self) -> String {
        let reference = &self.pipeline.reference;
        match &reference.kind {
            RefKind::Branch => format!("branch `{}`", reference.name),
            RefKind::Tag => format!("tag `{}`", reference.name),
            RefKind::MergeRequest { .. } => "a merge request".to_owned(),
        }
    }

    /// The aspects that are given, and whether each is satisfied.
    fn aspects(&self, policy: &Policy) -> Vec<(&'static str, bool)> {
        let mut aspects = Vec::new();
        if let Some(refs) = &policy.refs {
            aspects.push(("refs", refs.iter().any(|entry| self.matches(entry))));
        }
        if policy.kubernetes {
            aspects.push(("kubernetes", false));
        }
        if let Some(conditions) = &policy.variables {
            let any = conditions.iter().any(|condition| self.holds(condition));
            aspects.push(("variables", any));
        }
        if let Some(globs) = &policy.changes {
            aspects.push(("changes", self.changed(globs)));
        }
        aspects
    }

    /// Whether a condition is true. Past the limit of comparisons none is asked; the pipeline
    /// fails then.
    fn holds(&self, condition: &Condition) -> bool {
        self.compared.count(condition, self.lookup).is_ok() && condition.eval(self.lookup)
    }

    fn changed(&self, globs: &[std::sync::Arc<str>]) -> bool {
        match self.files.changes(None) {
            Ok(Changes::Known(paths)) => changes_match(globs, &paths).unwrap_or(true),
            Ok(Changes::Unknown) | Err(_) => true,
        }
    }

    fn matches(&self, entry: &RefPattern) -> bool {
        if let Some(project) = &entry.project
            && **project != *self.pipeline.project.path
        {
            return false;
        }
        let Reference { kind, name, .. } = &self.pipeline.reference;
        let merge_request = matches!(kind, RefKind::MergeRequest { .. });
        match &*entry.pattern {
            "branches" if *kind == RefKind::Branch => return true,
            "tags" if *kind == RefKind::Tag => return true,
            pattern if self.is_source(pattern) => return true,
            _ if merge_request => return false,
            _ => {}
        }
        match re2::from_slashes(&entry.pattern) {
            Some(Ok(regex)) => regex.is_match(name),
            _ => *entry.pattern == **name,
        }
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
