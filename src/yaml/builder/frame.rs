//! Lists and mappings that are still being read.

use std::sync::Arc;

use crate::source::Span;
use crate::yaml::anchors::{Node, Slot};
use crate::yaml::events::Layout;
use crate::yaml::merge::Form;
use crate::yaml::piece::Piece;
use crate::yaml::{Key, Kind, Mapping, Value};

/// An open list or mapping.
pub(super) struct Frame {
    pub(super) body: Body,
    pub(super) layout: Layout,
    /// First byte behind the properties.
    pub(super) start: usize,
    /// The end of the last child, as a place in the file.
    pub(super) end: u32,
    /// Levels of the tallest child and this one.
    pub(super) height: usize,
    pub(super) slot: Option<Slot>,
    /// Whether it is tagged `!reference`.
    pub(super) reference: bool,
}

/// What was read of it.
pub(super) enum Body {
    /// The items; behind a `<<` also the place of each.
    Seq(Vec<Value>, Option<Vec<Span>>),
    /// The entries; between a key and its value also the key.
    Map(Mapping, Option<PendingKey>),
}

/// A key whose value comes next.
pub(super) struct PendingKey {
    pub(super) key: Key,
    pub(super) span: Span,
    /// Whether it is `<<`.
    pub(super) merges: bool,
}

/// A finished node on its way to its parent.
pub(super) struct Placed {
    pub(super) node: Node,
    /// Where it stands in the text: for an alias, the alias.
    pub(super) site: Span,
    pub(super) form: Form,
    /// Whether it is tagged `!!str`, which makes `<<` an ordinary key.
    pub(super) is_text: bool,
}

impl Frame {
    /// Whether the next child is the value of a `<<`.
    pub(super) fn expects_merge(&self) -> bool {
        matches!(&self.body, Body::Map(_, Some(key)) if key.merges)
    }

    /// Whether it is the list behind a `<<`.
    pub(super) fn is_merge_list(&self) -> bool {
        matches!(&self.body, Body::Seq(_, Some(_)))
    }

    /// The finished node; `event_end` is where libyaml saw its end.
    pub(super) fn finish(self, piece: &Piece<'_>, event_end: usize) -> Placed {
        let mut span = piece.span(self.start, event_end);
        if self.layout == Layout::Block {
            // A block reaches up to the next token for libyaml, over blank lines and comments.
            span.end = self.end.max(span.start);
        }
        let (kind, form) = match self.body {
            Body::Seq(items, sites) => (
                Kind::Seq(items.into()),
                sites.map_or(Form::Scalar, Form::List),
            ),
            Body::Map(mut mapping, _) => {
                mapping.shrink();
                (Kind::Map(Arc::new(mapping)), Form::Single)
            }
        };
        let mut value = Value::new(kind, span);
        if self.reference {
            value = Value::new(Kind::Reference(Arc::new(value)), span);
        }
        let height = self.height;
        Placed {
            node: Node { value, height },
            site: span,
            form,
            is_text: false,
        }
    }
}
