//! Keys and their values on the way into a mapping.

use std::collections::HashSet;
use std::sync::Arc;

use crate::diag::Diagnostic;
use crate::yaml::merge::{self, Merge};
use crate::yaml::piece::Piece;
use crate::yaml::{Entry, Key, Kind, Mapping};

use super::findings::Findings;
use super::frame::{PendingKey, Placed};
use super::node;

/// Entries that merge keys may copy in one document. No document within GitLab's limit of size
/// comes near it; it bounds time and memory for those that would end far beyond.
const MAX_MERGED: usize = 200_000;

/// What the mappings of one document share.
#[derive(Default)]
pub(super) struct Entries {
    /// Each key's text once: most keys of a pipeline are the same few words.
    keys: HashSet<Arc<str>>,
    merged: usize,
}

impl Entries {
    /// The key that `placed` is for the mapping it stands in.
    pub(super) fn key(&mut self, placed: &Placed, piece: &Piece<'_>) -> PendingKey {
        let value = &placed.node.value;
        let key = match &value.kind {
            Kind::Str(text) | Kind::Symbol(text) => Key::Str(self.interned(text)),
            _ => Key::Other(node::key_text(value, placed.site, piece).into()),
        };
        let merges = matches!(&value.kind, Kind::Str(text) if &**text == "<<");
        PendingKey {
            key,
            span: placed.site,
            merges: merges && !placed.is_text,
        }
    }

    fn interned(&mut self, text: &Arc<str>) -> Arc<str> {
        if let Some(known) = self.keys.get(text) {
            return known.clone();
        }
        self.keys.insert(text.clone());
        text.clone()
    }

    /// Puts a value under its key, or merges it.
    pub(super) fn put(
        &mut self,
        mapping: &mut Mapping,
        key: PendingKey,
        placed: Placed,
        findings: &mut Findings,
    ) -> Result<(), Box<Diagnostic>> {
        let value = placed.node.value;
        let plan = if !key.merges {
            Merge::Literal
        } else if matches!(value.kind, Kind::Reference(_)) {
            findings.add(|| node::merged_reference(placed.site));
            return Ok(());
        } else {
            merge::plan(&value, placed.site, placed.form)
        };
        match plan {
            Merge::Mappings(sources) => self.merge(mapping, &sources, findings),
            Merge::Literal => {
                let (key, key_span) = (key.key, key.span);
                let entry = Entry {
                    key,
                    key_span,
                    value,
                    via: None,
                };
                if let Some(old) = mapping.insert(entry).filter(|old| old.via.is_none()) {
                    findings.add(|| node::duplicate_key(&old, key_span));
                }
                Ok(())
            }
        }
    }

    fn merge(
        &mut self,
        mapping: &mut Mapping,
        sources: &[merge::Source],
        findings: &mut Findings,
    ) -> Result<(), Box<Diagnostic>> {
        for source in sources {
            self.count(source.mapping.len(), source.via)?;
            for old in merge::apply(mapping, source) {
                findings.add(|| node::merge_overrides(&old, source.via));
            }
        }
        Ok(())
    }

    /// Counts entries that are about to be copied.
    pub(super) fn count(
        &mut self,
        entries: usize,
        via: crate::source::Span,
    ) -> Result<(), Box<Diagnostic>> {
        self.merged += entries;
        if self.merged > MAX_MERGED {
            return Err(node::merges_too_much(via));
        }
        Ok(())
    }
}
