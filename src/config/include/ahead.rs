//! Local files that are certain to be included: read one by one, parsed side by side, before the
//! first of them is needed.

use std::collections::HashSet;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use crate::diag::Diagnostic;
use crate::source::FileId;
use crate::yaml::{self, Value};

use super::files::{is_yaml, read_in_tree};
use super::home::Home;
use super::reader::{MAX_INCLUDES, Reader};

/// Fewer files than this are not worth a thread.
const FEWEST: usize = 8;

/// A file that was read ahead.
pub(super) struct Ahead {
    pub(super) text: Arc<str>,
    pub(super) loaded: Option<yaml::Loaded>,
    /// What is wrong with it, to be told where it is used.
    pub(super) found: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Reads ahead what a file of the repository includes. What can't be read is left for the
    /// place that needs it.
    pub(super) fn read_ahead(&mut self, items: &[Value], home: &Home) {
        if *home != Home::Here {
            return;
        }
        let mut paths: Vec<&str> = Vec::new();
        let mut seen = HashSet::new();
        for path in items.iter().filter_map(certain) {
            let at = (Home::Here, path.to_owned());
            let is_known = self.ahead.contains_key(path) || self.files.contains_key(&at);
            if !is_known && seen.insert(path) && paths.len() < MAX_INCLUDES {
                paths.push(path);
            }
        }
        if paths.len() < FEWEST {
            return;
        }
        let mut texts: Vec<(FileId, Arc<str>)> = Vec::with_capacity(paths.len());
        paths.retain(|path| match read_in_tree(self.request.files, path) {
            Ok(text) => {
                texts.push((self.sources.add(*path, Arc::clone(&text)), text));
                true
            }
            Err(_) => false,
        });
        let parsed = parsed(&texts);
        for ((path, (_, text)), (loaded, found)) in paths.into_iter().zip(texts).zip(parsed) {
            let file = Ahead {
                text,
                loaded,
                found,
            };
            self.ahead.insert(path.to_owned(), file);
        }
    }
}

/// The path of an entry that names a local file and nothing else.
fn certain(item: &Value) -> Option<&str> {
    let path = match item.as_map() {
        Some(mapping) if mapping.len() == 1 => mapping.get("local")?.value.as_str()?,
        Some(_) => return None,
        None => item.as_str()?,
    };
    let is_plain = !path.contains(['$', '%', '*', '?', '[', '{', '\\', ':']);
    let path = path.strip_prefix('/').unwrap_or(path);
    (is_plain && is_yaml(path)).then_some(path)
}

/// The files as YAML, in their order.
fn parsed(texts: &[(FileId, Arc<str>)]) -> Vec<(Option<yaml::Loaded>, Vec<Diagnostic>)> {
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(8);
    let share = texts.len().div_ceil(threads).max(1);
    let load = |part: &[(FileId, Arc<str>)]| -> Vec<_> {
        part.iter()
            .map(|(file, text)| yaml::load(*file, text))
            .collect()
    };
    thread::scope(|scope| {
        let mut parts = texts.chunks(share);
        let own = parts.next().unwrap_or_default();
        let others: Vec<_> = parts.map(|part| scope.spawn(move || load(part))).collect();
        let mut all = load(own);
        for other in others {
            match other.join() {
                Ok(part) => all.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}
