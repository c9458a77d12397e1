//! Overlays that the sandboxes of an attempt have, and giving them back.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::super::super::file_work::in_place;
use super::{Layered, Overlay, Overlays, discard};

/// Overlays that sandboxes have. They are removed where they are not given back: a sandbox that
/// nobody saw the end of may still write to them.
#[derive(Debug)]
pub(in super::super::super) struct Held {
    overlays: Vec<Overlay>,
    of: Arc<Overlays>,
}

impl Held {
    /// None yet.
    pub(in super::super::super) fn none(of: &Arc<Overlays>) -> Self {
        Self {
            overlays: Vec::new(),
            of: Arc::clone(of),
        }
    }

    /// Where it has none: takes one for each that is wanted if all are there already; whether they are.
    pub(in super::super::super) fn take_free(&mut self, wanted: &[Layered]) -> bool {
        let of = Arc::clone(&self.of);
        self.overlays
            .extend(wanted.iter().map_while(|it| of.take_free(it)));
        let are_all = self.overlays.len() == wanted.len();
        if !are_all {
            of.state().free.append(&mut self.overlays);
        }
        are_all
    }

    /// Takes one for each that is wanted. Blocks.
    pub(in super::super::super) fn take(&mut self, wanted: Vec<Layered>) -> io::Result<()> {
        for layered in wanted {
            self.overlays.push(self.of.take(layered)?);
        }
        Ok(())
    }

    /// Takes over those of another.
    pub(in super::super::super) fn append(&mut self, mut other: Self) {
        self.overlays.append(&mut other.overlays);
    }

    /// Gives them back, where their sandboxes have ended. Blocks.
    pub(in super::super::super) fn give_back(mut self) {
        for overlay in std::mem::take(&mut self.overlays) {
            self.of.give_back(overlay);
        }
    }

    /// All of them; none are left.
    pub(in super::super::super) fn take_all(&mut self) -> Self {
        Self {
            overlays: std::mem::take(&mut self.overlays),
            of: Arc::clone(&self.of),
        }
    }

    /// Their folders, in their order.
    pub(in super::super::super) fn folders(&self) -> Vec<PathBuf> {
        self.overlays.iter().map(|it| it.folder.clone()).collect()
    }

    /// Whether it is noted how all were before any program began, or nobody will ask.
    pub(in super::super::super) fn is_noted(&self) -> bool {
        self.of.is_last() || self.overlays.iter().all(|it| it.untouched.is_some())
    }

    /// Notes that when their sandbox is made. Blocks.
    pub(in super::super::super) fn note(&mut self) {
        self.overlays.iter_mut().for_each(Overlay::note);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.overlays.is_empty() {
            in_place(|| self.overlays.drain(..).for_each(|it| discard(&it)));
        }
    }
}
