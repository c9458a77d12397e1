//! How large a configuration may become when everything in it is written out.
//!
//! `!reference`, `extends`, inputs and `parallel` say in a few bytes what takes gigabytes once it
//! is written out. Values are shared, so holding them costs little; each later step walks them in
//! full, and that is what is counted here. GitLab's server stops such a configuration by its
//! limits of time and memory.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::yaml::{Key, Kind, Mapping, Value};

/// Values of a whole configuration, scalars, lists, mappings and inherited variables alike.
const MAX_VALUES: u64 = 1_000_000;
/// Bytes of text in them.
const MAX_TEXT: u64 = 256 << 20;
/// Bytes of all names that matrices make of jobs.
const MAX_TEXT_OF_NAMES: u64 = 16 << 20;
/// Values that inputs may make of one file (configuration reference 3.3).
const MAX_VALUES_OF_FILE: u64 = 500_000;
/// Levels of lists and mappings, twice what one file may have.
pub(super) const MAX_LEVELS: usize = 200;

/// What a value takes when it is written out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Weight {
    /// Values in it, itself counted.
    pub(super) values: u64,
    /// Bytes of text in it, of keys too.
    pub(super) text: u64,
    /// Levels of lists and mappings.
    pub(super) levels: usize,
}

impl Weight {
    /// What a job takes beside its values: more memory than some of them.
    pub(super) const JOB: Self = Self {
        values: 20,
        text: 0,
        levels: 0,
    };

    /// Of `count` things that weigh the same.
    pub(super) fn times(self, count: usize) -> Self {
        let count = count as u64;
        Self {
            values: self.values.saturating_mul(count),
            text: self.text.saturating_mul(count),
            levels: self.levels,
        }
    }

    /// Of both side by side.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            values: self.values.saturating_add(other.values),
            text: self.text.saturating_add(other.text),
            levels: self.levels.max(other.levels),
        }
    }

    /// Of texts that stand for themselves.
    pub(super) fn of_texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        texts.into_iter().fold(Self::default(), |all, text| {
            all.and(Self {
                values: 1,
                text: text.len() as u64,
                levels: 0,
            })
        })
    }
}

/// Weighs values. What is shared is weighed once, so a bomb costs no more time than its text.
#[derive(Debug, Default)]
pub(super) struct Scales {
    /// By address. The value is kept, so that no other one can come to lie there.
    known: HashMap<usize, (Value, Weight)>,
}

impl Scales {
    pub(super) fn value(&mut self, value: &Value) -> Weight {
        let text = match &value.kind {
            Kind::Seq(items) => {
                let place = Arc::as_ptr(items).addr();
                return self.shared(place, Arc::strong_count(items), value, |scales| {
                    let weigh = |all: Weight, item| all.and(scales.value(item));
                    items.iter().fold(Weight::default(), weigh)
                });
            }
            Kind::Map(mapping) => {
                let place = Arc::as_ptr(mapping).addr();
                return self.shared(place, Arc::strong_count(mapping), value, |scales| {
                    scales.entries(mapping)
                });
            }
            Kind::Str(text) | Kind::Symbol(text) => text.len() as u64,
            _ => 0,
        };
        Weight {
            values: 1,
            text,
            levels: 0,
        }
    }

    /// What stands in a mapping: keys and values.
    pub(super) fn entries(&mut self, mapping: &Mapping) -> Weight {
        let mut all = Weight::default();
        for entry in mapping.entries() {
            let (Key::Str(key) | Key::Other(key)) = &entry.key;
            all = all.and(self.value(&entry.value));
            all.text = all.text.saturating_add(key.len() as u64);
        }
        all
    }

    fn shared(
        &mut self,
        place: usize,
        owners: usize,
        value: &Value,
        weigh: impl FnOnce(&mut Self) -> Weight,
    ) -> Weight {
        if let Some((_, known)) = self.known.get(&place) {
            return *known;
        }
        let mut weight = weigh(self);
        weight.values = weight.values.saturating_add(1);
        weight.levels += 1;
        if owners > 1 {
            self.known.insert(place, (value.clone(), weight));
        }
        weight
    }
}

/// What one step of the processing may still make.
#[derive(Debug)]
pub(super) struct Budget {
    pub(super) scales: Scales,
    max_values: u64,
    max_text: u64,
    spent: Weight,
}

impl Budget {
    /// For a step that works on the whole configuration.
    pub(super) fn new() -> Self {
        Self {
            scales: Scales::default(),
            max_values: MAX_VALUES,
            max_text: MAX_TEXT,
            spent: Weight::default(),
        }
    }

    /// For the names of the instances of parallel jobs.
    pub(super) fn of_names() -> Self {
        Self {
            max_text: MAX_TEXT_OF_NAMES,
            ..Self::new()
        }
    }

    /// For the inputs of one file.
    pub(super) fn of_file() -> Self {
        Self {
            max_values: MAX_VALUES_OF_FILE,
            ..Self::new()
        }
    }

    /// A new one for the next step, which walks the same values.
    pub(super) fn next_step(self) -> Self {
        Self {
            scales: self.scales,
            ..Self::new()
        }
    }

    /// Takes `weight` off; an error at `span` when there is not so much left. `what` is what
    /// stands there: `` this `!reference` ``.
    pub(super) fn spend(
        &mut self,
        weight: Weight,
        span: Span,
        what: &str,
    ) -> Result<(), Diagnostic> {
        self.spent = self.spent.and(weight);
        let limit = if self.spent.levels > MAX_LEVELS {
            format!("{MAX_LEVELS} levels of lists and mappings")
        } else if self.spent.values > self.max_values {
            format!("{} values", grouped(self.max_values))
        } else if self.spent.text > self.max_text {
            format!("{} MiB of text", self.max_text >> 20)
        } else {
            return Ok(());
        };
        let message = format!("with {what} the configuration grows beyond {limit}");
        Err(Diagnostic::new(Code::ConfigTooBig, message)
            .at(span)
            .note("everything counts as often as it is used: by references, `extends`, inputs, defaults and `parallel`")
            .help("repeat less, or make several pipelines of it"))
    }
}

/// `1,000,000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;
    use crate::yaml::parse_document;

    fn weight(text: &str) -> Weight {
        let (value, _) = parse_document(FileId(0), text);
        Scales::default().value(&value.expect("a document"))
    }

    #[test]
    fn what_is_shared_counts_as_often_as_it_is_used() {
        let rows = [
            ("a: b\n", 2, 2, 1),
            ("a: [b, c]\n", 4, 3, 2),
            ("a: &a [b, c]\nd: *a\n", 7, 6, 2),
            ("a: 1\nb: ~\n", 3, 2, 1),
        ];
        for (text, values, bytes, levels) in rows {
            let want = Weight {
                values,
                text: bytes,
                levels,
            };
            assert_eq!(weight(text), want, "{text}");
        }
    }

    #[test]
    fn a_budget_ends() {
        let mut budget = Budget::of_file();
        let span = Span::new(FileId(0), 0, 1);
        let half = Weight {
            values: MAX_VALUES_OF_FILE / 2,
            ..Weight::default()
        };
        assert!(budget.spend(half, span, "this").is_ok());
        assert!(budget.spend(half, span, "this").is_ok());
        let error = budget.spend(weight("a"), span, "this");
        let message = error.expect_err("one value too many").message;
        assert_eq!(
            message,
            "with this the configuration grows beyond 500,000 values"
        );
    }
}
