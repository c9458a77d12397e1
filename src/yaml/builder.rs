//! From events to a [`Value`].
//!
//! Keeps the open lists and mappings on a stack of its own, so that depth costs no call stack.
//! What makes the rest pointless is the error of [`Builder::take`]; everything else is noted and
//! building goes on, so that one run finds all mistakes.

mod entries;
mod findings;
mod frame;
mod node;

use std::ops::Range;
use std::sync::Arc;

use crate::diag::Diagnostic;
use crate::source::Span;

use super::anchors::{Anchors, Node, Target};
use super::events::{Event, EventKind, Layout, Props};
use super::merge::Form;
use super::piece::Piece;
use super::tag::{self, Effect};
use super::{Kind, Mapping, Value};

use entries::Entries;
use findings::Findings;
use frame::{Body, Frame, Placed};

/// Levels of lists and mappings that GitLab accepts (configuration reference 2.1).
const MAX_DEPTH: usize = 100;

/// Builds one document.
pub(super) struct Builder<'text> {
    piece: Piece<'text>,
    anchors: Anchors,
    frames: Vec<Frame>,
    entries: Entries,
    root: Option<Value>,
    last_scalar: Option<Range<usize>>,
    findings: Findings,
}

impl<'text> Builder<'text> {
    /// A builder for the document of `piece`.
    pub(super) fn new(piece: Piece<'text>) -> Self {
        Self {
            piece,
            anchors: Anchors::default(),
            frames: Vec::new(),
            entries: Entries::default(),
            root: None,
            last_scalar: None,
            findings: Findings::default(),
        }
    }

    /// The document, if there was one, and what was found in it.
    pub(super) fn finish(self) -> (Option<Value>, Vec<Diagnostic>) {
        (self.root, self.findings.into_diagnostics())
    }

    /// Where the last scalar stands, to explain a syntax error behind it.
    pub(super) fn last_scalar(&self) -> Option<Range<usize>> {
        self.last_scalar.clone()
    }

    /// Takes the next event. An error means that no value can be built.
    pub(super) fn take(&mut self, event: Event) -> Result<(), Box<Diagnostic>> {
        let place = event.start..event.end;
        match event.kind {
            EventKind::Alias(name) => self.alias(&name, self.piece.span(place.start, place.end)),
            EventKind::Scalar {
                props,
                text,
                quoted,
            } => self.scalar(place, props, &text, quoted),
            EventKind::SeqStart(props, layout) => {
                let sites = self.expects_merge().then(Vec::new);
                self.open(place.start, props, layout, Body::Seq(Vec::new(), sites))
            }
            EventKind::MapStart(props, layout) => {
                let body = Body::Map(Mapping::default(), None);
                self.open(place.start, props, layout, body)
            }
            EventKind::CollectionEnd => self.close(place.end),
            EventKind::Start | EventKind::DocumentEnd | EventKind::StreamEnd => Ok(()),
        }
    }

    fn alias(&mut self, name: &str, site: Span) -> Result<(), Box<Diagnostic>> {
        let node = match self.anchors.get(name) {
            Some(Target::Done(node)) => node.clone(),
            Some(&Target::Open(depth)) => self.snapshot(depth, name, site)?,
            None => {
                let anchors = &self.anchors;
                self.findings
                    .add(|| node::unknown_alias(name, site, anchors));
                Node::scalar(Kind::Null, site)
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
    fn snapshot(&mut self, depth: usize, name: &str, site: Span) -> Result<Node, Box<Diagnostic>> {
        let merges = self
            .frames
            .last()
            .is_some_and(|f| f.expects_merge() || f.is_merge_list());
        let Some(Frame {
            body: Body::Map(mapping, _),
            height,
            ..
        }) = self.frames.get(depth).filter(|_| merges)
        else {
            return Err(node::contains_itself(name, site));
        };
        self.entries.count(mapping.len(), site)?;
        let value = Value::new(Kind::Map(Arc::new(mapping.clone())), site);
        let height = *height;
        Ok(Node { value, height })
    }

    fn expects_merge(&self) -> bool {
        self.frames.last().is_some_and(Frame::expects_merge)
    }

    fn scalar(
        &mut self,
        place: Range<usize>,
        props: Props,
        text: &Arc<str>,
        quoted: bool,
    ) -> Result<(), Box<Diagnostic>> {
        let parts = self.piece.parts(place.start, place.end, &props);
        let end = self.piece.trimmed_end(parts.content, place.end);
        let span = self.piece.span(parts.content, end);
        self.last_scalar = Some(parts.content..end);
        let effect = self.effect(tag::on_scalar, &props, parts.tag.unwrap_or(span));
        let kind = if quoted {
            Kind::Str(text.clone())
        } else {
            self.findings.keep(node::scalar(effect, text, span))
        };
        let node = Node::scalar(kind, span);
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

    /// What the tag of a node does, with a finding when it is not one of GitLab's.
    fn effect(&mut self, of: fn(&str) -> Effect, props: &Props, span: Span) -> Effect {
        let Some(tag) = props.tag.as_deref() else {
            return Effect::None;
        };
        let effect = of(tag);
        match effect {
            Effect::Unknown => self.findings.add(|| node::unknown_tag(tag, span)),
            Effect::Foreign => self.findings.add(|| node::foreign_tag(tag, span)),
            _ => {}
        }
        effect
    }

    fn open(
        &mut self,
        start: usize,
        props: Props,
        layout: Layout,
        body: Body,
    ) -> Result<(), Box<Diagnostic>> {
        let parts = self.piece.parts(start, self.piece.text.len(), &props);
        let site = self.piece.span(parts.content, parts.content);
        let is_list = matches!(body, Body::Seq(..));
        let of = if is_list {
            tag::on_sequence
        } else {
            tag::on_mapping
        };
        let reference = self.effect(of, &props, parts.tag.unwrap_or(site)) == Effect::Reference;
        let depth = self.frames.len();
        if depth >= MAX_DEPTH {
            return Err(node::too_deep(site));
        }
        let slot = match props.anchor {
            // Psych registers a list's anchor only when no class takes the list over.
            Some(name) if reference && is_list => {
                self.anchors.forget(name);
                None
            }
            name => name.map(|name| self.anchors.register(name, Target::Open(depth))),
        };
        self.frames.push(Frame {
            body,
            layout,
            start: parts.content,
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
        let slot = frame.slot;
        let placed = frame.finish(&self.piece, event_end);
        if let Some(slot) = slot {
            self.anchors.complete(slot, placed.node.clone());
        }
        self.place(placed)
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
            }
            Body::Map(mapping, pending) => match pending.take() {
                None => *pending = Some(self.entries.key(&placed, &self.piece)),
                Some(key) => self.entries.put(mapping, key, placed, &mut self.findings)?,
            },
        }
        Ok(())
    }
}
