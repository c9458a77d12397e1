//! The values of scalars and keys, and the wording of what can be wrong with a node.

use std::sync::Arc;

use crate::diag::{Code, Diagnostic, closest};
use crate::source::Span;
use crate::yaml::anchors::Anchors;
use crate::yaml::piece::Piece;
use crate::yaml::scalar::{self, Plain, Timestamp};
use crate::yaml::tag::{self, Effect};
use crate::yaml::{Entry, Kind, Value};

use super::MAX_DEPTH;

/// Characters of the user's text that a message repeats at most.
const MAX_SHOWN: usize = 60;

/// Names that are compared for a suggestion at most.
const MAX_CANDIDATES: usize = 500;

/// The value of a scalar that is not text by its style alone.
pub(super) fn scalar(effect: Effect, text: &Arc<str>, span: Span) -> (Kind, Option<Diagnostic>) {
    match effect {
        Effect::Reference => {
            let inner = Value::new(Kind::Str(text.clone()), span);
            (Kind::Reference(Arc::new(inner)), None)
        }
        Effect::Text => (Kind::Str(text.clone()), None),
        Effect::Symbol => (Kind::Symbol(text.clone()), None),
        Effect::Binary => (Kind::Str(scalar::decode_base64(text).into()), None),
        Effect::Float => float(text, span),
        Effect::None | Effect::Unknown | Effect::Foreign => plain(text, span),
    }
}

fn plain(text: &Arc<str>, span: Span) -> (Kind, Option<Diagnostic>) {
    let timestamp = match scalar::resolve(text) {
        Plain::Value(kind) => return (kind, None),
        Plain::Timestamp(timestamp) => timestamp,
    };
    let finding = refused_timestamp(text, timestamp, span);
    (Kind::Str(text.clone()), Some(finding))
}

fn float(text: &Arc<str>, span: Span) -> (Kind, Option<Diagnostic>) {
    let (kind, finding) = plain(text, span);
    let number = match kind {
        #[expect(clippy::cast_precision_loss, reason = "Ruby's `Float` rounds as well")]
        Kind::Int(value) => Some(value as f64),
        Kind::Float(value) => Some(value),
        _ => text.replace('_', "").parse().ok(),
    };
    if let Some(number) = number {
        return (Kind::Float(number), finding);
    }
    let message = format!("the tag `!!float` needs a number, not `{}`", shown(text));
    let finding = Diagnostic::new(Code::WrongType, message)
        .at(span)
        .help("write a number, or remove the tag");
    (Kind::Str(text.clone()), Some(finding))
}

fn refused_timestamp(text: &str, timestamp: Timestamp, span: Span) -> Diagnostic {
    let what = match timestamp {
        Timestamp::Date => "date",
        Timestamp::Time => "time",
    };
    Diagnostic::new(
        Code::YamlTimestamp,
        format!("`{text}` is read as a {what}, which GitLab refuses to load"),
    )
    .at(span)
    .label(format!("a {what}, because it is not quoted"))
    .help(format!("quote it: `\"{text}\"`"))
}

/// A key that is no text, as Ruby would print it.
pub(super) fn key_text(value: &Value, site: Span, piece: &Piece<'_>) -> String {
    if value.is_null() {
        return "null".to_owned();
    }
    value.scalar_text().unwrap_or_else(|| {
        let start = (site.start as usize).saturating_sub(piece.base);
        let end = (site.end as usize).saturating_sub(piece.base);
        match piece.text.get(start..end) {
            Some(text) if text.len() <= MAX_SHOWN => text.to_owned(),
            // Two long keys must not become one.
            _ => format!("{} at byte {}", value.type_name(), site.start),
        }
    })
}

/// The user's text as part of a message: not endless.
fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// An alias without an anchor.
pub(super) fn unknown_alias(name: &str, span: Span, anchors: &Anchors) -> Diagnostic {
    let diagnostic = Diagnostic::new(
        Code::YamlUnknownAlias,
        format!("the alias `*{}` has no anchor above it", shown(name)),
    )
    .at(span)
    .label("unknown alias");
    if anchors.is_forgotten(name) {
        return diagnostic
            .note("GitLab's YAML loader does not remember an anchor on a `!reference` list")
            .help("repeat the `!reference` here");
    }
    if let Some(close) = closest(name, anchors.names().take(MAX_CANDIDATES)) {
        return diagnostic.help(format!("did you mean `*{close}`?"));
    }
    diagnostic
        .note("an anchor is known only below it, and only in its own file")
        .help("define the anchor with `&` first; for a text that begins with `*`, use quotes")
}

/// A tag that Psych ignores.
pub(super) fn unknown_tag(tag: &str, span: Span) -> Diagnostic {
    let tag = tag::shown(tag);
    let message = format!("GitLab ignores the unknown tag `{}`", shown(&tag));
    let known = [
        "!reference",
        "!!str",
        "!!int",
        "!!float",
        "!!bool",
        "!!null",
    ];
    let diagnostic = Diagnostic::new(Code::YamlUnknownTag, message).at(span);
    match closest(&tag, known) {
        Some(close) => diagnostic.help(format!("did you mean `{close}`?")),
        None => diagnostic.help("remove it; for a text that begins with `!`, use quotes"),
    }
}

/// A tag that builds an object.
pub(super) fn foreign_tag(tag: &str, span: Span) -> Diagnostic {
    let tag = tag::shown(tag);
    let message = format!("GitLab refuses the tag `{}`", shown(&tag));
    Diagnostic::new(Code::YamlForeignTag, message)
        .at(span)
        .label("would build a Ruby object")
        .help("remove the tag: only plain data and `!reference` are accepted")
}

/// A key written twice.
pub(super) fn duplicate_key(old: &Entry, again: Span) -> Diagnostic {
    let key = shown(old.key.text());
    Diagnostic::new(
        Code::YamlDuplicateKey,
        format!("`{key}` is written twice in one mapping, and only the last one counts"),
    )
    .at(again)
    .label("this one counts")
    .with(old.key_span, "ignored")
    .help("put both into one, or remove the first")
}

/// A key that a merge below it replaces.
pub(super) fn merge_overrides(old: &Entry, via: Span) -> Diagnostic {
    let key = shown(old.key.text());
    Diagnostic::new(
        Code::YamlMergeOverrides,
        format!("`{key}` is overwritten by the `<<` below it"),
    )
    .at(old.key_span)
    .label("has no effect")
    .with(via, format!("brings another `{key}`"))
    .note("in GitLab a merge key takes effect where it stands")
    .help("write `<<` above the keys that shall win")
}

/// `<<: !reference [...]`, on which GitLab's loader breaks.
pub(super) fn merged_reference(span: Span) -> Diagnostic {
    Diagnostic::new(
        Code::ReferenceInvalid,
        "`<<` can't merge a `!reference`, which is resolved only later",
    )
    .at(span)
    .help("use `extends`, or an anchor and its alias")
}

/// An alias inside its own anchor.
pub(super) fn contains_itself(name: &str, span: Span) -> Box<Diagnostic> {
    let message = format!("the anchor `&{}` contains itself", shown(name));
    let diagnostic = Diagnostic::new(Code::YamlTooBig, message)
        .at(span)
        .label("this alias never ends")
        .help("put the value in place of the alias");
    Box::new(diagnostic)
}

/// Too many levels.
pub(super) fn too_deep(span: Span) -> Box<Diagnostic> {
    let message = format!("lists and mappings nest more than {MAX_DEPTH} levels deep");
    let diagnostic = Diagnostic::new(Code::YamlTooBig, message)
        .at(span)
        .label(format!("level {} begins here", MAX_DEPTH + 1))
        .help("make it flatter: GitLab refuses this file");
    Box::new(diagnostic)
}

/// A bomb of merge keys.
pub(super) fn merges_too_much(span: Span) -> Box<Diagnostic> {
    let diagnostic = Diagnostic::new(
        Code::YamlTooBig,
        "merge keys make the configuration larger than GitLab accepts",
    )
    .at(span)
    .label("one merge too many")
    .help("merge smaller mappings, or use `extends`");
    Box::new(diagnostic)
}
