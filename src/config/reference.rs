//! `!reference [a, b]` over the whole merged document (configuration reference 2.6).

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::yaml::{Entry, Kind, Mapping, Value};

/// The document with every `!reference` replaced by what it points at. The first mistake ends
/// the processing, as in GitLab.
pub(super) fn resolve(document: &Arc<Mapping>) -> Result<Arc<Mapping>, Diagnostic> {
    let resolver = Resolver { document };
    Ok(match resolver.mapping(document, &mut Vec::new())? {
        Some(changed) => Arc::new(changed),
        None => Arc::clone(document),
    })
}

struct Resolver<'a> {
    document: &'a Mapping,
}

/// The references being followed, so that a circle is found.
type Chain = Vec<Vec<String>>;

impl Resolver<'_> {
    /// The value with references replaced, or `None` where there is none in it: an untouched
    /// subtree stays shared.
    fn value(&self, value: &Value, chain: &mut Chain) -> Result<Option<Value>, Diagnostic> {
        let kind = match &value.kind {
            Kind::Seq(items) => match self.list(items, chain)? {
                Some(items) => Kind::Seq(items),
                None => return Ok(None),
            },
            Kind::Map(mapping) => match self.mapping(mapping, chain)? {
                Some(mapping) => Kind::Map(Arc::new(mapping)),
                None => return Ok(None),
            },
            Kind::Reference(path) => return self.follow(value, path, chain).map(Some),
            _ => return Ok(None),
        };
        Ok(Some(Value::new(kind, value.span)))
    }

    fn list(
        &self,
        items: &Arc<[Value]>,
        chain: &mut Chain,
    ) -> Result<Option<Arc<[Value]>>, Diagnostic> {
        let mut changed = None::<Vec<Value>>;
        for (at, item) in items.iter().enumerate() {
            if let Some(resolved) = self.value(item, chain)? {
                changed.get_or_insert_with(|| items.to_vec())[at] = resolved;
            }
        }
        Ok(changed.map(Into::into))
    }

    fn mapping(&self, mapping: &Mapping, chain: &mut Chain) -> Result<Option<Mapping>, Diagnostic> {
        let mut changed = None::<Mapping>;
        for entry in mapping.entries() {
            if let Some(value) = self.value(&entry.value, chain)? {
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

    fn follow(&self, at: &Value, path: &Value, chain: &mut Chain) -> Result<Value, Diagnostic> {
        let names = names(path).ok_or_else(|| invalid(at))?;
        if chain.contains(&names) {
            return Err(Diagnostic::new(
                Code::ReferenceCircular,
                format!("`{}` leads back to itself", written(&names)),
            )
            .at(at.span)
            .help("take one of the references out of the circle"));
        }
        let found = self.find(&names).ok_or_else(|| self.missing(at, &names))?;
        chain.push(names);
        let resolved = self.value(found, chain)?.unwrap_or_else(|| found.clone());
        chain.pop();
        Ok(resolved)
    }

    /// Walks mappings only; null and false count as not found.
    fn find(&self, names: &[String]) -> Option<&Value> {
        let (first, rest) = names.split_first()?;
        let mut value = &self.document.get(first)?.value;
        for name in rest {
            value = &value.as_map()?.get(name)?.value;
        }
        (!matches!(value.kind, Kind::Null | Kind::Bool(false))).then_some(value)
    }

    fn missing(&self, at: &Value, names: &[String]) -> Diagnostic {
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
fn names(path: &Value) -> Option<Vec<String>> {
    let items = path.as_seq().filter(|items| !items.is_empty())?;
    items
        .iter()
        .map(|item| item.as_str().map(str::to_owned))
        .collect()
}

fn invalid(at: &Value) -> Diagnostic {
    Diagnostic::new(
        Code::ReferenceInvalid,
        "`!reference` needs a list of names, and each of them a string",
    )
    .at(at.span)
    .help("write `!reference [.template, script]`")
}

fn written(names: &[String]) -> String {
    format!("!reference [{}]", names.join(", "))
}
