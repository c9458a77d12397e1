//! From events to a [`Value`].
//!
//! Keeps the open lists and mappings on a stack of its own, so that depth costs no call stack.
//! Anything that makes the rest pointless is returned as the error of [`Builder::take`];
//! everything else is noted and building goes on, so that one run finds all mistakes.

mod findings;
mod node;

use std::collections::HashSet;
use std::sync::Arc;

use crate::diag::Diagnostic;
use crate::source::Span;

use super::anchors::{Anchors, Node, Slot, Target};
use super::events::{Event, EventKind, Layout, Props};
use super::merge::{self, Form, Merge};
use super::piece::Piece;
use super::tag::{self, Effect};
use super::{Entry, Key, Kind, Mapping, Value};

use findings::Findings;

/// Levels of lists and mappings that GitLab accepts (configuration reference 2.1).
pub(super) const MAX_DEPTH: usize = 100;

/// Entries that merge keys may copy in one document. No document within GitLab's limit of size
/// comes near it; it bounds time and memory for those that would end far beyond.
const MAX_MERGED: usize = 500_000;

/// Builds one document.
pub(super) struct Builder<'text> {
    piece: Piece<'text>,
    anchors: Anchors,
    frames: Vec<Frame>,
    /// Each key's text once: most keys of a pipeline are the same few words.
    keys: HashSet<Arc<str>>,
    merged: usize,
    root: Option<Value>,
    findings: Findings,
}

/// An open list or mapping.
struct Frame {
    body: Body,
    layout: Layout,
    /// First byte behind the properties.
    start: usize,
    /// The end of the last child, as a place in the file.
    end: u32,
    /// The tallest child and itself.
    height: usize,
    slot: Option<Slot>,
    reference: bool,
}

enum Body {
    /// The items; behind a `<<` also the place of each.
    Seq(Vec<Value>, Option<Vec<Span>>),
    /// The entries; between a key and its value also the key.
    Map(Mapping, Option<PendingKey>),
}

struct PendingKey {
    key: Key,
    span: Span,
    merges: bool,
}

/// A finished node on its way to its parent.
struct Placed {
    node: Node,
    /// Where it stands in the text: for an alias, the alias.
    site: Span,
    form: Form,
    /// Whether it is tagged `!!str`, which makes `<<` an ordinary key.
    is_text: bool,
}

impl<'text> Builder<'text> {
    /// A builder for the document of `piece`.
    pub(super) fn new(piece: Piece<'text>) -> Self {
        Self {
            piece,
            anchors: Anchors::default(),
            frames: Vec::new(),
            keys: HashSet::new(),
            merged: 0,
            root: None,
            findings: Findings::default(),
        }
    }

    /// The document, if there was one, and what was found in it.
    pub(super) fn finish(self) -> (Option<Value>, Vec<Diagnostic>) {
        (self.root, self.findings.into_diagnostics())
    }

    /// Takes the next event. An error means that no value can be built.
    pub(super) fn take(&mut self, event: Event) -> Result<(), Box<Diagnostic>> {
        let (start, end) = (event.start, event.end);
        match event.kind {
            EventKind::Alias(name) => self.alias(&name, self.piece.span(start, end)),
            EventKind::Scalar {
                props,
                text,
                quoted,
            } => self.scalar(start, end, props, &text, quoted),
            EventKind::SeqStart(props, layout) => {
                let sites = self.expects_merge().then(Vec::new);
                self.open(start, end, props, layout, Body::Seq(Vec::new(), sites))
            }
            EventKind::MapStart(props, layout) => {
                let body = Body::Map(Mapping::default(), None);
                self.open(start, end, props, layout, body)
            }
            EventKind::CollectionEnd => self.close(end),
            EventKind::Start | EventKind::DocumentEnd | EventKind::StreamEnd => Ok(()),
        }
    }

    fn alias(&mut self, name: &str, site: Span) -> Result<(), Box<Diagnostic>> {
        let node = match self.anchors.get(name) {
            Some(Target::Done(node)) => node.clone(),
            Some(Target::Open(depth)) => {
                let depth = *depth;
                self.snapshot(depth)
                    .ok_or_else(|| node::contains_itself(name, site))?
            }
            None => {
                self.findings
                    .add(|| node::unknown_alias(name, site, &self.anchors));
                Node {
                    value: Value::new(Kind::Null, site),
                    height: 0,
                }
            }
        };
        if self.frames.len() + node.height > MAX_DEPTH {
            return Err(node::too_deep(site));
        }
        self.place(Placed {
            node,
            site,
            form: Form::Single,
            is_text: false,
        })
    }

    /// A mapping that is still open, as far as it is written: what `<<` with an alias to its own
    /// parent merges. Everywhere else such an alias makes the document endless.
    fn snapshot(&mut self, depth: usize) -> Option<Node> {
        let in_merge_list = matches!(
            self.frames.last(),
            Some(Frame {
                body: Body::Seq(_, Some(_)),
                ..
            })
        );
        let merges = in_merge_list || self.expects_merge();
        let frame = self.frames.get(depth).filter(|_| merges)?;
        let Body::Map(mapping, _) = &frame.body else {
            return None;
        };
        self.merged += mapping.len();
        let span = self.piece.span(frame.start, frame.start);
        Some(Node {
            value: Value::new(Kind::Map(Arc::new(mapping.clone())), span),
            height: frame.height,
        })
    }

    /// Whether the next node is the value of a `<<`.
    fn expects_merge(&self) -> bool {
        matches!(
            self.frames.last(),
            Some(Frame {
                body: Body::Map(_, Some(PendingKey { merges: true, .. })),
                ..
            })
        )
    }

    fn scalar(
        &mut self,
        start: usize,
        end: usize,
        props: Props,
        text: &Arc<str>,
        quoted: bool,
    ) -> Result<(), Box<Diagnostic>> {
        let places = self.piece.places(start, end, &props);
        let span = self
            .piece
            .span(places.content, self.piece.trimmed_end(places.content, end));
        let effect = props.tag.as_deref().map_or(Effect::None, tag::on_scalar);
        self.report_tag(
            effect,
            &props,
            places.tag.map_or(span, |(s, e)| self.piece.span(s, e)),
        );
        let kind = if quoted {
            Kind::Str(text.clone())
        } else {
            self.findings.keep(node::scalar(effect, text, span))
        };
        let node = Node {
            value: Value::new(kind, span),
            height: 0,
        };
        if let Some(name) = props.anchor {
            self.anchors.register(name, Target::Done(node.clone()));
        }
        self.place(Placed {
            node,
            site: span,
            form: Form::Scalar,
            is_text: effect == Effect::Text,
        })
    }

    fn report_tag(&mut self, effect: Effect, props: &Props, span: Span) {
        let Some(tag) = props.tag.as_deref() else {
            return;
        };
        match effect {
            Effect::Unknown => self.findings.add(|| node::unknown_tag(tag, span)),
            Effect::Foreign => self.findings.add(|| node::foreign_tag(tag, span)),
            _ => {}
        }
    }

    fn open(
        &mut self,
        start: usize,
        end: usize,
        props: Props,
        layout: Layout,
        body: Body,
    ) -> Result<(), Box<Diagnostic>> {
        // libyaml ends a block collection's first event where its properties end.
        let end = end.max(start);
        let places = self
            .piece
            .places(start, self.piece.text.len().max(end), &props);
        let on_tag = match body {
            Body::Seq(..) => tag::on_sequence,
            Body::Map(..) => tag::on_mapping,
        };
        let site = self.piece.span(places.content, places.content);
        let effect = props.tag.as_deref().map_or(Effect::None, on_tag);
        self.report_tag(
            effect,
            &props,
            places.tag.map_or(site, |(s, e)| self.piece.span(s, e)),
        );
        if self.frames.len() >= MAX_DEPTH {
            return Err(node::too_deep(site));
        }
        let reference = effect == Effect::Reference;
        let depth = self.frames.len();
        let slot = match props.anchor {
            Some(name) if reference && matches!(body, Body::Seq(..)) => {
                self.anchors.forget(name);
                None
            }
            Some(name) => Some(self.anchors.register(name, Target::Open(depth))),
            None => None,
        };
        self.frames.push(Frame {
            body,
            layout,
            start: places.content,
            end: site.end,
            height: 1,
            slot,
            reference,
        });
        Ok(())
    }

    fn close(&mut self, event_end: usize) -> Result<(), Box<Diagnostic>> {
        let Some(frame) = self.frames.pop() else {
            return Ok(());
        };
        let mut span = self.piece.span(frame.start, event_end);
        if frame.layout == Layout::Block {
            span.end = frame.end.max(span.start);
        }
        let (kind, form) = match frame.body {
            Body::Seq(items, sites) => {
                let form = sites.map_or(Form::Scalar, Form::List);
                (Kind::Seq(items.into()), form)
            }
            Body::Map(mapping, _) => (Kind::Map(Arc::new(mapping)), Form::Single),
        };
        let mut value = Value::new(kind, span);
        if frame.reference {
            value = Value::new(Kind::Reference(Arc::new(value)), span);
        }
        let node = Node {
            value,
            height: frame.height,
        };
        if let Some(slot) = frame.slot {
            self.anchors.complete(slot, node.clone());
        }
        self.place(Placed {
            node,
            site: span,
            form,
            is_text: false,
        })
    }

    /// Gives a finished node to its parent.
    fn place(&mut self, placed: Placed) -> Result<(), Box<Diagnostic>> {
        let Some(frame) = self.frames.last_mut() else {
            self.root = Some(placed.node.value);
            return Ok(());
        };
        frame.end = frame.end.max(placed.site.end);
        frame.height = frame.height.max(placed.node.height + 1);
        match &mut frame.body {
            Body::Seq(items, sites) => {
                items.push(placed.node.value);
                if let Some(sites) = sites {
                    sites.push(placed.site);
                }
                Ok(())
            }
            Body::Map(_, pending @ None) => {
                *pending = Some(pending_key(&mut self.keys, &self.piece, &placed));
                Ok(())
            }
            Body::Map(mapping, pending) => {
                let Some(key) = pending.take() else {
                    return Ok(());
                };
                put(mapping, key, placed, &mut self.findings, &mut self.merged)
            }
        }
    }
}

/// The key that `placed` is for the mapping it stands in.
fn pending_key(keys: &mut HashSet<Arc<str>>, piece: &Piece<'_>, placed: &Placed) -> PendingKey {
    let key = match &placed.node.value.kind {
        Kind::Str(text) | Kind::Symbol(text) => match keys.get(text) {
            Some(known) => Key::Str(known.clone()),
            None => {
                keys.insert(text.clone());
                Key::Str(text.clone())
            }
        },
        _ => Key::Other(node::key_text(&placed.node.value, placed.site, piece).into()),
    };
    let merges = matches!(&placed.node.value.kind, Kind::Str(text) if &**text == "<<");
    PendingKey {
        key,
        span: placed.site,
        merges: merges && !placed.is_text,
    }
}

/// Puts a value under its key, or merges it.
fn put(
    mapping: &mut Mapping,
    key: PendingKey,
    placed: Placed,
    findings: &mut Findings,
    merged: &mut usize,
) -> Result<(), Box<Diagnostic>> {
    let value = placed.node.value;
    if key.merges && matches!(value.kind, Kind::Reference(_)) {
        findings.add(|| node::merged_reference(placed.site));
        return Ok(());
    }
    let plan = if key.merges {
        merge::plan(&value, placed.site, placed.form)
    } else {
        Merge::Literal
    };
    match plan {
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
        }
        Merge::Mappings(sources) => {
            for (source, via) in sources {
                let Kind::Map(source) = &source.kind else {
                    continue;
                };
                *merged += source.len();
                if *merged > MAX_MERGED {
                    return Err(node::merges_too_much(via));
                }
                for (old, via) in merge::apply(mapping, source, via) {
                    findings.add(|| node::merge_overrides(&old, via));
                }
            }
        }
    }
    Ok(())
}
