//! `!reference [a, b]` over the whole merged document (configuration reference 2.6).

use std::collections::HashMap;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::yaml::{Entry, Kind, Mapping, Value};

use super::budget::{Budget, MAX_LEVELS};
use super::trail::Trail;

/// The document with every `!reference` replaced by what it points at. The first mistake ends
/// the processing, as in GitLab.
pub(super) fn resolve(
    document: &Arc<Mapping>,
    trail: &mut Trail,
) -> Result<Arc<Mapping>, Diagnostic> {
    let mut resolver = Resolver {
        document,
        budget: Budget::new(),
        done: HashMap::new(),
        chain: Vec::new(),
        level: 0,
        deepest: 0,
        trail,
    };
    Ok(match resolver.mapping(document)? {
        Some(changed) => Arc::new(changed),
        None => Arc::clone(document),
    })
}

struct Resolver<'a> {
    document: &'a Mapping,
    budget: Budget,
    /// What references point at, resolved, by their names, with the levels that it took: those
    /// of lists, mappings and references on the way.
    done: HashMap<Names, (Value, usize)>,
    /// The references being followed, so that a circle is found.
    chain: Vec<Names>,
    /// The level of the value that is being looked at, and the deepest that was.
    level: usize,
    deepest: usize,
    trail: &'a mut Trail,
}

/// The path of a reference.
type Names = Vec<Arc<str>>;

impl Resolver<'_> {
    /// The value with references replaced, or `None` where there is none in it: an untouched
    /// subtree stays shared.
    fn value(&mut self, value: &Value) -> Result<Option<Value>, Diagnostic> {
        let kind = match &value.kind {
            Kind::Seq(items) => match self.deeper(value, |inner| inner.list(items))? {
                Some(items) => Kind::Seq(items),
                None => return Ok(None),
            },
            Kind::Map(mapping) => match self.deeper(value, |inner| inner.mapping(mapping))? {
                Some(mapping) => Kind::Map(Arc::new(mapping)),
                None => return Ok(None),
            },
            Kind::Reference(path) => return self.follow(value, path).map(Some),
            _ => return Ok(None),
        };
        Ok(Some(Value::new(kind, value.span)))
    }

    /// Works one level below `at`, as long as the levels have an end.
    fn deeper<T>(
        &mut self,
        at: &Value,
        work: impl FnOnce(&mut Self) -> Result<T, Diagnostic>,
    ) -> Result<T, Diagnostic> {
        self.level += 1;
        self.reach(self.level, at)?;
        let made = work(self)?;
        self.level -= 1;
        Ok(made)
    }

    fn reach(&mut self, level: usize, at: &Value) -> Result<(), Diagnostic> {
        self.deepest = self.deepest.max(level);
        if level > MAX_LEVELS {
            return Err(too_deep(at));
        }
        Ok(())
    }

    fn list(&mut self, items: &Arc<[Value]>) -> Result<Option<Arc<[Value]>>, Diagnostic> {
        let mut changed = None::<Vec<Value>>;
        for (at, item) in items.iter().enumerate() {
            if let Some(resolved) = self.value(item)? {
                changed.get_or_insert_with(|| items.to_vec())[at] = resolved;
            }
        }
        Ok(changed.map(Into::into))
    }

    fn mapping(&mut self, mapping: &Mapping) -> Result<Option<Mapping>, Diagnostic> {
        let mut changed = None::<Mapping>;
        for entry in mapping.entries() {
            if let Some(value) = self.value(&entry.value)? {
                changed
                    .get_or_insert_with(|| mapping.clone())
                    .insert(Entry {
                        value,
                        ..entry.clone()
                    });
            }
        }
        Ok(changed)
    }

    fn follow(&mut self, at: &Value, path: &Value) -> Result<Value, Diagnostic> {
        let names = names(path).ok_or_else(|| invalid(at))?;
        let (resolved, levels) = match self.done.get(&names) {
            Some(done) => done.clone(),
            None => self.resolved(at, names)?,
        };
        self.reach(self.level + levels, at)?;
        let weight = self.budget.scales.value(&resolved);
        self.budget.spend(weight, at.span, "this `!reference`")?;
        self.trail.references.push((at.span, resolved.span));
        Ok(resolved)
    }

    /// What the names point at, with its own references resolved, and the levels below.
    fn resolved(&mut self, at: &Value, names: Names) -> Result<(Value, usize), Diagnostic> {
        if self.chain.contains(&names) {
            return Err(Diagnostic::new(
                Code::ReferenceCircular,
                format!("`{}` leads back to itself", written(&names)),
            )
            .at(at.span)
            .help("take one of the references out of the circle"));
        }
        let found = self.find(&names).ok_or_else(|| self.missing(at, &names))?;
        let found = found.clone();
        let outside = std::mem::replace(&mut self.deepest, self.level);
        self.chain.push(names.clone());
        let resolved = self.deeper(at, |inner| inner.value(&found))?;
        self.chain.pop();
        let done = (resolved.unwrap_or(found), self.deepest - self.level);
        self.deepest = self.deepest.max(outside);
        self.done.insert(names, done.clone());
        Ok(done)
    }

    /// Walks mappings only; null and false count as not found.
    fn find(&self, names: &[Arc<str>]) -> Option<&Value> {
        let (first, rest) = names.split_first()?;
        let mut value = &self.document.get(first)?.value;
        for name in rest {
            value = &value.as_map()?.get(name)?.value;
        }
        (!matches!(value.kind, Kind::Null | Kind::Bool(false))).then_some(value)
    }

    fn missing(&self, at: &Value, names: &[Arc<str>]) -> Diagnostic {
        let diagnostic = Diagnostic::new(
            Code::ReferenceMissing,
            format!("`{}` points at nothing", written(names)),
        )
        .at(at.span);
        let mut level = self.document;
        for name in names {
            let Some(entry) = level.get(name) else {
                return diagnostic
                    .label(format!("there is no `{name}`"))
                    .choose_from(
                        name,
                        "what is there",
                        level.entries().iter().map(|e| e.key.text()),
                    );
            };
            match entry.value.as_map() {
                Some(next) => level = next,
                None => {
                    return diagnostic.with(
                        entry.key_span,
                        format!("`{name}` is {}", entry.value.type_name()),
                    );
                }
            }
        }
        diagnostic
    }
}

/// The path of a well-formed reference: a list of at least one text.
fn names(path: &Value) -> Option<Names> {
    let items = path.as_seq().filter(|items| !items.is_empty())?;
    items
        .iter()
        .map(|item| match &item.kind {
            Kind::Str(text) => Some(Arc::clone(text)),
            _ => None,
        })
        .collect()
}

fn too_deep(at: &Value) -> Diagnostic {
    let message = format!("references lead more than {MAX_LEVELS} levels deep");
    Diagnostic::new(Code::ConfigTooBig, message)
        .at(at.span)
        .help("let fewer of them point at each other")
}

fn invalid(at: &Value) -> Diagnostic {
    Diagnostic::new(
        Code::ReferenceInvalid,
        "`!reference` needs a list of names, and each of them a string",
    )
    .at(at.span)
    .help("write `!reference [.template, script]`")
}

fn written(names: &[Arc<str>]) -> String {
    format!("!reference [{}]", names.join(", "))
}
