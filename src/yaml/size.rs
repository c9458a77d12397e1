//! How large GitLab finds the parsed document.
//!
//! GitLab adds up what Ruby says each object occupies, every alias counted in full, and refuses
//! more than 2 MiB (configuration reference 2.1). These are the sizes of Ruby 3.3 on 64 bits.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diag::{Code, Diagnostic};

use super::{Key, Kind, Mapping, Value};

/// GitLab's limit for one parsed document, in bytes of Ruby's memory.
const MAX_SIZE: u64 = 2 * 1024 * 1024;

/// An object with up to three fields: a symbol, a large number, GitLab's `!reference`.
const SMALL_OBJECT: u64 = 40;

/// Fails when the document is larger than GitLab accepts.
pub(super) fn check(root: &Value) -> Result<(), Box<Diagnostic>> {
    let mut meter = Meter::default();
    if meter.value(root) <= MAX_SIZE {
        return Ok(());
    }
    let message = "the parsed YAML is larger than GitLab accepts";
    let diagnostic = Diagnostic::new(Code::YamlTooBig, message)
        .note("GitLab counts at most 2 MiB of parsed data per file, and every alias in full")
        .help("repeat less through aliases, or split the file with `include`");
    let entries = root.as_map().map_or(&[][..], Mapping::entries);
    let largest = entries.iter().max_by_key(|entry| meter.value(&entry.value));
    Err(Box::new(match largest {
        Some(entry) => diagnostic
            .at(entry.key_span)
            .label("the largest part of it"),
        None => diagnostic.at(root.span.part(0, 0)),
    }))
}

/// Adds sizes up. What is shared is measured once, so a bomb of aliases costs no more time than
/// its text.
#[derive(Default)]
struct Meter {
    /// By the address of a shared list or mapping, which lives as long as the document.
    known: HashMap<usize, u64>,
}

impl Meter {
    fn value(&mut self, value: &Value) -> u64 {
        match &value.kind {
            Kind::Null | Kind::Bool(_) | Kind::Int(_) | Kind::Float(_) => 0,
            Kind::Str(text) => string(text.len()),
            Kind::Symbol(_) | Kind::Reference(_) => SMALL_OBJECT,
            Kind::Seq(items) => self.shared(
                Arc::as_ptr(items).addr(),
                Arc::strong_count(items),
                |meter| {
                    let sizes = items.iter().map(|item| meter.value(item));
                    sizes.fold(array(items.len()), u64::saturating_add)
                },
            ),
            Kind::Map(map) => {
                self.shared(Arc::as_ptr(map).addr(), Arc::strong_count(map), |meter| {
                    meter.mapping(map)
                })
            }
        }
    }

    fn mapping(&mut self, mapping: &Mapping) -> u64 {
        let mut size = hash(mapping.len());
        for entry in mapping.entries() {
            let key = match &entry.key {
                Key::Str(text) => string(text.len()),
                Key::Other(_) => 0,
            };
            size = size
                .saturating_add(key)
                .saturating_add(self.value(&entry.value));
        }
        size
    }

    fn shared(
        &mut self,
        address: usize,
        owners: usize,
        measure: impl FnOnce(&mut Self) -> u64,
    ) -> u64 {
        if owners == 1 {
            return measure(self);
        }
        if let Some(size) = self.known.get(&address) {
            return *size;
        }
        let size = measure(self);
        self.known.insert(address, size);
        size
    }
}

/// A text of `length` bytes: header, bytes and a zero in the smallest slot, else on the heap.
fn string(length: usize) -> u64 {
    let length = length as u64;
    let embedded = length + 25;
    let slot = [40, 80, 160, 320, 640]
        .into_iter()
        .find(|slot| embedded <= *slot);
    slot.unwrap_or(SMALL_OBJECT + length + 1)
}

/// A list that grew item by item: three fit into its slot; for each item that does not fit, Ruby
/// adds half of the capacity, at least 16, and one.
fn array(length: usize) -> u64 {
    let length = length as u64;
    let mut capacity = 3;
    if length <= capacity {
        return SMALL_OBJECT;
    }
    while capacity < length {
        capacity += (capacity / 2).max(16) + 1;
    }
    SMALL_OBJECT + capacity * 8
}

/// A hash: up to eight entries in its slot, then a table of a power of two and an index.
fn hash(length: usize) -> u64 {
    const SLOT: u64 = 160;
    if length <= 8 {
        return SLOT;
    }
    let entries = (length as u64).next_power_of_two().max(16);
    let bins = match entries {
        16 => 0,
        // One byte, two, then four per bin, with twice as many bins as entries.
        32..=128 => entries * 2,
        256..=16384 => entries * 4,
        _ => entries * 8,
    };
    SLOT + entries * 24 + bins
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;
    use crate::yaml::parse_document;

    #[test]
    fn objects_have_the_size_they_have_in_ruby() {
        let strings = [
            (0, 40),
            (15, 40),
            (16, 80),
            (55, 80),
            (56, 160),
            (615, 640),
            (616, 657),
        ];
        for (length, size) in strings {
            assert_eq!(string(length), size, "a text of {length} bytes");
        }
        let arrays = [
            (0, 40),
            (3, 40),
            (4, 200),
            (20, 200),
            (21, 336),
            (37, 336),
            (38, 488),
        ];
        for (length, size) in arrays {
            assert_eq!(array(length), size, "a list of {length} items");
        }
        let hashes = [
            (0, 160),
            (8, 160),
            (9, 544),
            (16, 544),
            (17, 992),
            (33, 1824),
            (200, 7328),
        ];
        for (length, size) in hashes {
            assert_eq!(hash(length), size, "a mapping of {length} keys");
        }
    }

    #[test]
    fn aliases_count_in_full_and_are_measured_once() {
        let size = |text: &str| {
            let (value, _) = parse_document(FileId(0), text);
            Meter::default().value(&value.expect("a document"))
        };
        let once = size("a: &a [x, y]\n");
        assert_eq!(once, 160 + 40 + 40 + 2 * 40);
        assert_eq!(size("a: &a [x, y]\nb: *a\n"), once + 40 + 40 + 2 * 40);
        assert_eq!(
            size("a: 1\nb: :c\nc: !reference [x, y, z, zz]\n"),
            160 + 3 * 40 + 40 + 40
        );
    }

    #[test]
    fn two_mebibytes_are_the_limit() {
        let of_length = |length: usize| {
            let text = format!("a: {}", "b".repeat(length));
            parse_document(FileId(0), &text).0.is_some()
        };
        // A hash, a key, and a text on the heap with its zero byte.
        let fits = 2 * 1024 * 1024 - 160 - 40 - 41;
        assert_eq!((of_length(fits), of_length(fits + 1)), (true, false));
    }
}
