//! One configuration file: limits, documents, header.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic};
use crate::source::{FileId, Span};

use super::document::{self, Outcome};
use super::piece::Piece;
use super::split;
use super::{Kind, Mapping, Value};

/// GitLab's limit for one file, in bytes (configuration reference 2.1).
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// A configuration file, read.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The header document, which has the key `spec`.
    pub header: Option<Value>,
    /// The configuration: always a mapping.
    pub content: Value,
}

/// Reads the text of one configuration file as GitLab does (configuration reference 2.1 to 2.4).
///
/// `None` means that there is nothing to go on with. When a value is returned it may come with
/// errors all the same (a date, an unknown alias), so that later checks can report more.
pub fn load(file: FileId, text: &str) -> (Option<Loaded>, Vec<Diagnostic>) {
    if text.len() > MAX_BYTES {
        return (None, vec![too_big(text.len())]);
    }
    let whole = Piece::whole(file, text);
    if whole.text.chars().all(char::is_whitespace) {
        return (None, vec![empty()]);
    }
    let mut documents = Vec::new();
    let mut diagnostics = Vec::new();
    let mut usable = true;
    for range in split::pieces(whole.text) {
        let piece = whole.part(range);
        let (outcome, found) = document::read(piece);
        diagnostics.extend(found);
        match outcome {
            Outcome::Unusable => usable = false,
            Outcome::Document(value) if value.as_map().is_some_and(|map| !map.is_empty()) => {
                documents.push(value);
            }
            Outcome::Document(value) if !value.is_blank() => {
                usable = false;
                diagnostics.push(not_a_mapping(&value, piece));
            }
            // GitLab drops what Rails calls blank, whatever its type.
            Outcome::Document(_) | Outcome::Nothing => {}
        }
    }
    if !usable {
        return (None, diagnostics);
    }
    let (loaded, ignored) = choose(documents, file);
    diagnostics.extend(ignored.iter().map(ignored_document));
    (Some(loaded), diagnostics)
}

/// Tells header and content apart; also returns the documents that GitLab drops.
fn choose(mut documents: Vec<Value>, file: FileId) -> (Loaded, Vec<Value>) {
    let has_header = documents.len() > 1
        && documents[0]
            .as_map()
            .is_some_and(|map| map.get("spec").is_some());
    if has_header {
        let content = documents.pop();
        let mut rest = documents.into_iter();
        let header = rest.next();
        let content = content.unwrap_or_else(|| empty_mapping(file));
        return (Loaded { header, content }, rest.collect());
    }
    let mut documents = documents.into_iter();
    let content = documents.next().unwrap_or_else(|| empty_mapping(file));
    (
        Loaded {
            header: None,
            content,
        },
        documents.collect(),
    )
}

/// What a text without any document but with comments is.
fn empty_mapping(file: FileId) -> Value {
    Value::new(
        Kind::Map(Arc::new(Mapping::default())),
        Span::new(file, 0, 0),
    )
}

fn too_big(bytes: usize) -> Diagnostic {
    Diagnostic::new(
        Code::FileTooBig,
        format!("the file has {bytes} bytes, more than the {MAX_BYTES} that GitLab accepts"),
    )
    .help("split it with `include`")
}

fn empty() -> Diagnostic {
    Diagnostic::new(Code::ConfigEmpty, "the configuration file is empty")
        .help("add a job: a name, and below it `script`")
}

fn not_a_mapping(value: &Value, piece: Piece<'_>) -> Diagnostic {
    Diagnostic::new(
        Code::ConfigNotMapping,
        format!(
            "the configuration must be a mapping, not {}",
            value.type_name()
        ),
    )
    .at(piece.first_line(value.span))
    .label("not a key")
    .help("write `key: value` pairs: each job is a key at the start of a line")
}

fn ignored_document(value: &Value) -> Diagnostic {
    let end = value.as_map().and_then(|map| map.entries().first());
    let span = end.map_or(value.span.part(0, 0), |entry| entry.key_span);
    Diagnostic::new(Code::YamlIgnoredText, "GitLab ignores this document")
        .at(span)
        .label("in a document of its own")
        .note("a second document is read only when the first one is a header with `spec`")
        .help("remove the `---` above it")
}
