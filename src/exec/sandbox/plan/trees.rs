//! The trees of a sandbox: how each comes about, and where it goes.

use std::path::{Path, PathBuf};

use super::super::step::{Marks, Step};
use super::super::trees::overlays;
use super::Plan;

/// Where an overlay of the attempt keeps what is written.
pub(super) fn upper(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}-upper"))
}

/// The folder beside it that the kernel needs.
pub(super) fn work(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}-work"))
}

/// A folder that is there, and over which anything may be mounted.
pub(super) fn staging(plan: &Plan<'_>) -> PathBuf {
    let kept = plan.overlays.first();
    kept.map_or_else(|| plan.folder.join("staging"), PathBuf::clone)
}

pub(super) fn tree_name(number: usize) -> String {
    format!("tree-{number}")
}

/// Trees in the making, and where they go; the first is the root.
pub(super) struct Trees<'a> {
    plan: &'a Plan<'a>,
    /// The folders of those overlays that the run keeps and that are not in use yet.
    kept: std::slice::Iter<'a, PathBuf>,
    pub(super) makers: Vec<Step>,
    /// What is done where the old root is left.
    pub(super) attach: Vec<Step>,
}

impl<'a> Trees<'a> {
    pub(super) fn of(plan: &'a Plan<'a>) -> Self {
        Self {
            plan,
            kept: plan.overlays.iter(),
            makers: Vec::new(),
            attach: Vec::new(),
        }
    }

    /// Lays layers over each other, by `name` where the overlay is the attempt's own.
    pub(super) fn overlay(&mut self, lower: &[PathBuf], name: &str, marks: Option<Marks>) {
        let folder = self.plan.folder;
        let marks = marks.unwrap_or(self.plan.marks);
        let lower = lower.to_vec();
        self.makers.push(if self.plan.copies_layers {
            Step::Copied {
                lower,
                upper: upper(folder, name),
                marks,
            }
        } else if let Some(kept) = self.kept.next() {
            Step::Overlay {
                lower,
                upper: overlays::upper(kept),
                work: overlays::work(kept),
                staging: kept.clone(),
                stays: true,
                marks,
            }
        } else {
            Step::Overlay {
                lower,
                upper: upper(folder, name),
                work: work(folder, name),
                staging: staging(self.plan),
                stays: false,
                marks,
            }
        });
    }

    /// The number of the root: a tree that is lent comes before it.
    pub(super) fn first(&self) -> usize {
        usize::from(!self.plan.is_job)
    }

    /// Gives the tree that was made last its place.
    pub(super) fn attach(&mut self, at: &Path, place: Step) {
        let (tree, at) = (self.first() + self.makers.len() - 1, at.to_owned());
        self.attach.extend([place, Step::Attach { tree, at }]);
    }
}
