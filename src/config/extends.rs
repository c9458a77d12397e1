//! `extends` on every top-level key of the merged document (configuration reference 6.6).

use std::collections::HashMap;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::yaml::{Entry, Key, Kind, Mapping, Value};

use super::budget::Budget;
use super::merge::merge_into;
use super::trail::Trail;

/// GitLab accepts this many levels of ancestors.
const MAX_LEVELS: usize = 11;

/// The document with every `extends` applied; the key itself stays in the job for information.
/// The first mistake ends the processing, as in GitLab.
pub(super) fn apply(document: &Mapping, trail: &mut Trail) -> Result<Mapping, Diagnostic> {
    let mut resolver = Resolver {
        document,
        budget: Budget::new(),
        done: HashMap::new(),
        trail,
    };
    document
        .entries()
        .iter()
        .map(|entry| {
            let value = match resolver.resolve(entry, &mut Vec::new())? {
                Some(mapping) => Value::new(Kind::Map(mapping), entry.value.span),
                None => entry.value.clone(),
            };
            Ok(Entry {
                value,
                ..entry.clone()
            })
        })
        .collect()
}

struct Resolver<'a> {
    document: &'a Mapping,
    budget: Budget,
    done: HashMap<Key, (Arc<Mapping>, usize)>,
    trail: &'a mut Trail,
}

impl<'a> Resolver<'a> {
    /// The merged mapping of `entry`, or `None` when it does not extend anything.
    fn resolve(
        &mut self,
        entry: &Entry,
        path: &mut Vec<Key>,
    ) -> Result<Option<Arc<Mapping>>, Diagnostic> {
        Ok(self.levels(entry, path)?.map(|(mapping, _)| mapping))
    }

    /// The merged mapping and how many levels of ancestors it has.
    fn levels(
        &mut self,
        entry: &Entry,
        path: &mut Vec<Key>,
    ) -> Result<Option<(Arc<Mapping>, usize)>, Diagnostic> {
        let Kind::Map(own) = &entry.value.kind else {
            return Ok(None);
        };
        let Some(extends) = own.get("extends") else {
            return Ok(None);
        };
        if let Some(done) = self.done.get(&entry.key) {
            return Ok(Some(done.clone()));
        }
        if path.contains(&entry.key) {
            return Err(self.circular(entry, extends, path));
        }
        if path.len() > MAX_LEVELS {
            return Err(too_deep(entry, extends));
        }
        path.push(entry.key.clone());
        let mut merged = Mapping::default();
        let mut deepest = 0;
        let bases = self.bases(entry, extends)?;
        let names = bases.iter().map(|(base, span)| (base.key.clone(), *span));
        let names = names.collect();
        self.trail.extended.insert(entry.key.clone(), names);
        for (base, _) in bases {
            let resolved = self.levels(base, path)?;
            let (mapping, levels) = match (&resolved, &base.value.kind) {
                (Some((mapping, levels)), _) => (mapping, levels + 1),
                (None, Kind::Map(mapping)) => (mapping, 1),
                (None, _) => return Err(invalid_base(entry, extends, base)),
            };
            deepest = deepest.max(levels);
            let weight = self.budget.scales.entries(mapping);
            self.budget
                .spend(weight, extends.value.span, "this `extends`")?;
            merge_into(&mut merged, mapping);
        }
        path.pop();
        if deepest > MAX_LEVELS {
            return Err(too_deep(entry, extends));
        }
        merge_into(&mut merged, own);
        merged.shrink();
        let merged = Arc::new(merged);
        self.done
            .insert(entry.key.clone(), (Arc::clone(&merged), deepest));
        Ok(Some((merged, deepest)))
    }

    /// The entries that `extends` names, in order, with the places of the names.
    fn bases(&self, entry: &Entry, extends: &Entry) -> Result<Vec<(&'a Entry, Span)>, Diagnostic> {
        let items: Vec<&Value> = match &extends.value.kind {
            Kind::Null => Vec::new(),
            Kind::Seq(items) => items.iter().collect(),
            _ => vec![&extends.value],
        };
        items
            .into_iter()
            .map(|item| {
                let name = item.scalar_text().unwrap_or_default();
                let base = self.document.get(&name);
                base.map(|base| (base, item.span))
                    .ok_or_else(|| self.unknown(entry, item, &name))
            })
            .collect()
    }

    /// The circle that ends with `entry`, with the place of each step.
    fn circular(&self, entry: &Entry, extends: &Entry, path: &[Key]) -> Diagnostic {
        let start = path.iter().position(|key| *key == entry.key).unwrap_or(0);
        let circle = &path[start..];
        let names: Vec<String> = circle
            .iter()
            .chain([&entry.key])
            .map(|key| format!("`{}`", key.text()))
            .collect();
        let message = format!("`extends` leads in a circle: {}", names.join(" extends "));
        let mut diagnostic = Diagnostic::new(Code::ExtendsCircular, message).at(extends.value.span);
        for key in circle.iter().skip(1) {
            let step = self
                .document
                .get(key.text())
                .and_then(|entry| entry.value.as_map()?.get("extends"));
            if let Some(step) = step {
                diagnostic =
                    diagnostic.with(step.value.span, format!("`{}` extends this", key.text()));
            }
        }
        diagnostic.help("take one of the names out of the circle")
    }

    fn unknown(&self, entry: &Entry, item: &Value, name: &str) -> Diagnostic {
        let message = match &item.kind {
            Kind::Map(_) | Kind::Seq(_) | Kind::Reference(_) => format!(
                "`extends` of `{}` should be a name or a list of names, not {}",
                entry.key.text(),
                item.type_name()
            ),
            _ => format!(
                "`{}` extends `{name}`, which does not exist",
                entry.key.text()
            ),
        };
        Diagnostic::new(Code::ExtendsUnknown, message)
            .at(item.span)
            .did_you_mean(name, self.document.entries().iter().map(|e| e.key.text()))
    }
}

fn too_deep(entry: &Entry, extends: &Entry) -> Diagnostic {
    Diagnostic::new(
        Code::ExtendsTooDeep,
        format!(
            "`{}` has more than {MAX_LEVELS} levels of `extends`",
            entry.key.text()
        ),
    )
    .at(extends.value.span)
    .help("merge some of the templates")
}

fn invalid_base(entry: &Entry, extends: &Entry, base: &Entry) -> Diagnostic {
    Diagnostic::new(
        Code::ExtendsInvalid,
        format!(
            "`{}` extends `{}`, which is {} and not a mapping",
            entry.key.text(),
            base.key.text(),
            base.value.type_name()
        ),
    )
    .at(extends.value.span)
    .with(base.key_span, "defined here")
    .help("extend a job or a template")
}
