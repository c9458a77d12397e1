//! Entries of `include` with variables that have no value: whatever comes of them, that is why.

use crate::diag::{Code, Diagnostic};
use crate::expr::Lookup;
use crate::expr::expand::names;
use crate::source::Span;
use crate::yaml::{Mapping, Value};

use super::errors;
use super::home::Home;
use super::outside::Outside;

/// Keys whose text is expanded (configuration reference 4.4).
const NAMING: [&str; 7] = [
    "local",
    "remote",
    "project",
    "file",
    "ref",
    "template",
    "component",
];

/// The variables without a value that the name of an entry asks for.
pub(super) struct Unset<'i> {
    span: Span,
    written: &'i str,
    names: Vec<&'i str>,
}

impl<'i> Unset<'i> {
    /// Those of an entry; `None` where all have a value, or none could have one.
    pub(super) fn of(item: &'i Value, home: &Home, lookup: &dyn Lookup) -> Option<Self> {
        if !home.sees_variables() {
            return None;
        }
        let texts = match (item.as_map(), item.as_str()) {
            (Some(mapping), _) => texts(mapping),
            (None, Some(text)) => vec![text],
            (None, None) => Vec::new(),
        };
        let mut unset = Self {
            span: item.span,
            written: texts.first()?,
            names: Vec::new(),
        };
        for text in texts {
            let missing: Vec<&str> = names(text)
                .filter(|name| lookup.variable(name).is_none())
                .collect();
            if unset.names.is_empty() && !missing.is_empty() {
                unset.written = text;
            }
            for name in missing {
                if !unset.names.contains(&name) {
                    unset.names.push(name);
                }
            }
        }
        (!unset.names.is_empty()).then_some(unset)
    }

    /// Puts what was found from there on down to the variables.
    pub(super) fn explain(&self, found: &mut Vec<Diagnostic>, since: usize) {
        let mine = |one: &Diagnostic| {
            is_about_names(one.code) && one.primary.is_some_and(|span| self.is_mine(span))
        };
        let Some(first) = found[since..].iter().position(mine) else {
            return;
        };
        let told = errors::unset(&found[since + first], self.written, &self.names);
        let mut later = found.split_off(since);
        later.retain(|one| !mine(one));
        later.insert(0, told);
        found.append(&mut later);
    }

    /// The same for files that were not fetched; true where there was one.
    pub(super) fn explain_missing(
        &self,
        missing: &mut Vec<(Outside, Span)>,
        since: usize,
        found: &mut Vec<Diagnostic>,
    ) -> bool {
        let before = missing.len();
        let mut later = missing.split_off(since);
        later.retain(|(_, span)| !self.is_mine(*span));
        missing.append(&mut later);
        let explained = missing.len() < before;
        if explained {
            let cause = Diagnostic::new(Code::IncludeNotFetched, "").at(self.span);
            found.push(errors::unset(&cause, self.written, &self.names));
        }
        explained
    }

    fn is_mine(&self, span: Span) -> bool {
        span.file == self.span.file && span.start >= self.span.start && span.end <= self.span.end
    }
}

/// Whether it is about what an entry names, and not about what the file holds.
fn is_about_names(code: Code) -> bool {
    matches!(
        code,
        Code::IncludeInvalid | Code::IncludeMissing | Code::IncludeOutside | Code::IncludeExtension
    )
}

fn texts(mapping: &Mapping) -> Vec<&str> {
    let values = NAMING.iter().filter_map(|key| mapping.get(key));
    values
        .flat_map(|entry| match entry.value.as_seq() {
            Some(items) => items.iter().filter_map(Value::as_str).collect(),
            None => entry.value.as_str().into_iter().collect::<Vec<_>>(),
        })
        .collect()
}
