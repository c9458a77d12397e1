//! libyaml's events, one at a time: the only place of this program that talks to libyaml.
//!
//! Owns the parser's memory and turns each event into plain Rust data. Knows nothing of values.

#![expect(
    unsafe_code,
    reason = "the parser that GitLab's Psych uses exists only with a C interface"
)]

use std::ffi::{CStr, c_char};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::sync::Arc;

use unsafe_libyaml as unsafe_yaml;

/// One event and the bytes of the text it stands for.
#[derive(Debug)]
pub(super) struct Event {
    /// What happens.
    pub(super) kind: EventKind,
    /// First byte. For a node with properties, the first byte of these.
    pub(super) start: usize,
    /// One past the last byte. For a block collection, anywhere up to the next token.
    pub(super) end: usize,
}

/// What an event says.
#[derive(Debug)]
pub(super) enum EventKind {
    /// Start of the stream or of a document.
    Start,
    /// `*name`.
    Alias(Box<str>),
    /// A scalar.
    Scalar {
        /// Its anchor and tag.
        props: Props,
        /// The text, escapes and folding done.
        text: Arc<str>,
        /// Whether its style alone makes it a string: quoted or a block, and without a tag.
        quoted: bool,
    },
    /// Start of a list.
    SeqStart(Props, Layout),
    /// Start of a mapping.
    MapStart(Props, Layout),
    /// End of the innermost list or mapping.
    CollectionEnd,
    /// End of the document.
    DocumentEnd,
    /// End of the text.
    StreamEnd,
}

/// How a list or mapping is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// By indentation.
    Block,
    /// In brackets or braces.
    Flow,
}

/// What may stand before a node.
#[derive(Debug, Default)]
pub(super) struct Props {
    /// The name after `&`.
    pub(super) anchor: Option<Box<str>>,
    /// The resolved tag: `!local` or `tag:yaml.org,2002:str`.
    pub(super) tag: Option<Box<str>>,
}

/// Why the text does not parse, in libyaml's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// What libyaml found.
    pub(super) problem: String,
    /// The byte where it found it.
    pub(super) at: usize,
    /// What it was reading, and where that began.
    pub(super) context: Option<(String, usize)>,
}

/// A parser over one text.
pub(super) struct Events<'text> {
    /// From `Box::into_raw`: libyaml keeps a pointer to the parser inside it, so it must not move.
    parser: *mut unsafe_yaml::yaml_parser_t,
    text: PhantomData<&'text str>,
}

impl<'text> Events<'text> {
    /// A parser at the start of `text`.
    pub(super) fn new(text: &'text str) -> Result<Self, Failure> {
        let memory = Box::new(MaybeUninit::<unsafe_yaml::yaml_parser_t>::uninit());
        let parser = Box::into_raw(memory).cast::<unsafe_yaml::yaml_parser_t>();
        // SAFETY: `parser` points to memory of the right size that nobody else knows.
        if unsafe { unsafe_yaml::yaml_parser_initialize(parser) }.fail {
            // SAFETY: the pointer comes from `Box::into_raw` above, as this type.
            drop(unsafe {
                Box::from_raw(parser.cast::<MaybeUninit<unsafe_yaml::yaml_parser_t>>())
            });
            return Err(Failure {
                problem: "out of memory".to_owned(),
                at: 0,
                context: None,
            });
        }
        // SAFETY: the parser is initialized; `text` outlives it by the lifetime of `Self`.
        unsafe {
            unsafe_yaml::yaml_parser_set_encoding(parser, unsafe_yaml::YAML_UTF8_ENCODING);
            unsafe_yaml::yaml_parser_set_input_string(parser, text.as_ptr(), text.len() as u64);
        }
        Ok(Self {
            parser,
            text: PhantomData,
        })
    }

    /// The next event; `StreamEnd` for ever after the last one.
    pub(super) fn next(&mut self) -> Result<Event, Failure> {
        let mut raw = MaybeUninit::<unsafe_yaml::yaml_event_t>::uninit();
        // SAFETY: the parser is initialized, and libyaml writes the event before it reads it.
        if unsafe { unsafe_yaml::yaml_parser_parse(self.parser, raw.as_mut_ptr()) }.fail {
            return Err(self.failure());
        }
        // SAFETY: on success libyaml has filled the event, an empty one after the stream's end.
        Ok(RawEvent(unsafe { raw.assume_init() }).read())
    }

    fn failure(&self) -> Failure {
        // SAFETY: the parser is initialized, and no other reference to it exists.
        let parser = unsafe { &*self.parser };
        let reader = parser.error == unsafe_yaml::YAML_READER_ERROR;
        let (offset, mark) = (parser.problem_offset, parser.problem_mark.index);
        // SAFETY: libyaml's messages are null or constants that end with a zero byte.
        let (problem, context) =
            unsafe { (name(parser.problem.cast()), name(parser.context.cast())) };
        Failure {
            problem: problem.unwrap_or_default().into(),
            at: index(if reader { offset } else { mark }),
            context: context.map(|text| (text.into(), index(parser.context_mark.index))),
        }
    }
}

impl Drop for Events<'_> {
    fn drop(&mut self) {
        // SAFETY: the parser was initialized in `new` and is deleted only here; its memory comes
        // from `Box::into_raw` as `MaybeUninit`, so nothing is dropped twice.
        unsafe {
            unsafe_yaml::yaml_parser_delete(self.parser);
            drop(Box::from_raw(
                self.parser
                    .cast::<MaybeUninit<unsafe_yaml::yaml_parser_t>>(),
            ));
        }
    }
}

/// An event that libyaml filled and that must be given back.
struct RawEvent(unsafe_yaml::yaml_event_t);

impl Drop for RawEvent {
    fn drop(&mut self) {
        // SAFETY: the event was filled by the parser and is deleted only here.
        unsafe { unsafe_yaml::yaml_event_delete(&raw mut self.0) }
    }
}

impl RawEvent {
    fn read(&self) -> Event {
        Event {
            kind: self.kind(),
            start: index(self.0.start_mark.index),
            end: index(self.0.end_mark.index),
        }
    }

    fn kind(&self) -> EventKind {
        let data = &self.0.data;
        // SAFETY: each arm reads the member of the union that belongs to the event's type; its
        // pointers are null or point to memory that lives as long as the event.
        unsafe {
            match self.0.type_ {
                unsafe_yaml::YAML_STREAM_START_EVENT | unsafe_yaml::YAML_DOCUMENT_START_EVENT => {
                    EventKind::Start
                }
                unsafe_yaml::YAML_ALIAS_EVENT => {
                    EventKind::Alias(name(data.alias.anchor).unwrap_or_default())
                }
                unsafe_yaml::YAML_SCALAR_EVENT => EventKind::Scalar {
                    props: props(data.scalar.anchor, data.scalar.tag),
                    text: scalar_text(data.scalar.value, data.scalar.length),
                    quoted: data.scalar.quoted_implicit,
                },
                unsafe_yaml::YAML_SEQUENCE_START_EVENT => EventKind::SeqStart(
                    props(data.sequence_start.anchor, data.sequence_start.tag),
                    layout(data.sequence_start.style == unsafe_yaml::YAML_FLOW_SEQUENCE_STYLE),
                ),
                unsafe_yaml::YAML_MAPPING_START_EVENT => EventKind::MapStart(
                    props(data.mapping_start.anchor, data.mapping_start.tag),
                    layout(data.mapping_start.style == unsafe_yaml::YAML_FLOW_MAPPING_STYLE),
                ),
                unsafe_yaml::YAML_SEQUENCE_END_EVENT | unsafe_yaml::YAML_MAPPING_END_EVENT => {
                    EventKind::CollectionEnd
                }
                unsafe_yaml::YAML_DOCUMENT_END_EVENT => EventKind::DocumentEnd,
                _ => EventKind::StreamEnd,
            }
        }
    }
}

fn layout(flow: bool) -> Layout {
    if flow { Layout::Flow } else { Layout::Block }
}

/// # Safety
/// Both are null or point to text that ends with a zero byte.
unsafe fn props(anchor: *const u8, tag: *const u8) -> Props {
    // SAFETY: as promised by the caller.
    unsafe {
        Props {
            anchor: name(anchor),
            tag: name(tag),
        }
    }
}

/// # Safety
/// `text` is null or points to text that ends with a zero byte.
unsafe fn name(text: *const u8) -> Option<Box<str>> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, and ends with a zero byte as the caller promises.
    let text = unsafe { CStr::from_ptr(text.cast::<c_char>()) };
    Some(text.to_string_lossy().into())
}

/// # Safety
/// `value` is null or points to `length` bytes.
unsafe fn scalar_text(value: *const u8, length: u64) -> Arc<str> {
    if value.is_null() {
        return Arc::from("");
    }
    // SAFETY: not null, and of that length as the caller promises.
    let bytes = unsafe { std::slice::from_raw_parts(value, index(length)) };
    String::from_utf8_lossy(bytes).into()
}

/// libyaml counts bytes in 64 bits; a text never holds more bytes than `usize` can count.
fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bytes_and_the_end_repeats() {
        let mut events = Events::new("é: ü").expect("a parser");
        let mut scalars = Vec::new();
        loop {
            let event = events.next().expect("valid YAML");
            match event.kind {
                EventKind::Scalar { text, .. } => scalars.push((text, event.start, event.end)),
                EventKind::StreamEnd => break,
                _ => {}
            }
        }
        assert_eq!(scalars, [("é".into(), 0, 2), ("ü".into(), 4, 6)]);
        let after = events.next().expect("no failure after the end");
        assert!(matches!(after.kind, EventKind::StreamEnd));
    }

    #[test]
    fn a_failure_has_both_places() {
        let mut events = Events::new("a: \"x").expect("a parser");
        let failure = loop {
            match events.next() {
                Ok(event) => assert!(!matches!(event.kind, EventKind::StreamEnd)),
                Err(failure) => break failure,
            }
        };
        assert_eq!(failure.problem, "found unexpected end of stream");
        assert_eq!(failure.at, 5);
        let context = ("while scanning a quoted scalar".to_owned(), 3);
        assert_eq!(failure.context, Some(context));
    }
}
