//! Findings as they are told: each once, and no more than one can take in.

use std::collections::HashMap;

use crate::diag::Diagnostic;

/// Mistakes, and warnings beside them, that are told at once. Nobody mends more before asking
/// again, and each takes time to suggest something and to draw.
pub const MAX_FINDINGS: usize = 200;

/// Further places of one finding; the rest is counted.
const MAX_USERS: usize = 3;

/// As many mistakes and warnings as one can take in.
fn first(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut counts = HashMap::new();
    let mut kept: Vec<Diagnostic> = Vec::new();
    for diagnostic in found {
        let count = counts.entry(diagnostic.severity).or_insert(0);
        *count += 1;
        if *count <= MAX_FINDINGS {
            kept.push(diagnostic);
        }
    }
    for (severity, count) in counts {
        let last = kept.iter_mut().rfind(|last| last.severity == severity);
        if let Some(last) = last.filter(|_| count > MAX_FINDINGS) {
            last.notes.push(format!(
                "only the first {MAX_FINDINGS} findings of this kind are shown"
            ));
        }
    }
    kept
}

/// The same mistake at the same place, seen through several jobs, is reported once; of very many
/// the first ones are.
pub fn collapse(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    first(merged(found))
}

fn merged(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut kept: Vec<(Diagnostic, usize)> = Vec::new();
    let mut places = HashMap::new();
    for diagnostic in found {
        let key = (diagnostic.code, diagnostic.primary);
        match places.get(&key) {
            Some(at) if diagnostic.primary.is_some() => {
                let (first, more): &mut (Diagnostic, usize) = &mut kept[*at];
                if first.message == diagnostic.message {
                    continue;
                }
                let new = diagnostic
                    .labels
                    .into_iter()
                    .filter(|label| !first.labels.contains(label));
                let new: Vec<_> = new.collect();
                if new.is_empty() || first.labels.len() >= MAX_USERS {
                    *more += 1;
                } else {
                    first.labels.extend(new);
                }
            }
            _ => {
                places.insert(key, kept.len());
                kept.push((diagnostic, 0));
            }
        }
    }
    kept.into_iter()
        .map(|(diagnostic, more)| match more {
            0 => diagnostic,
            1 => diagnostic.note("the same goes for one more job"),
            more => diagnostic.note(format!("the same goes for {more} more jobs")),
        })
        .collect()
}
