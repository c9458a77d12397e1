//! The trees of a sandbox: how each comes about, and where it goes.

use std::path::{Path, PathBuf};

use super::super::step::{Marks, Step};
use super::super::trees::copies;
use super::Plan;

/// Where an overlay of the attempt keeps what is written.
pub(super) fn upper(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}-upper"))
}

/// The folder beside it that the kernel needs.
pub(super) fn work(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}-work"))
}

pub(super) fn tree_name(number: usize) -> String {
    format!("tree-{number}")
}

/// Trees in the making, and where they go; the first is the root.
pub(super) struct Trees<'a> {
    plan: &'a Plan<'a>,
    pub(super) makers: Vec<Step>,
    /// What is done where the old root is left.
    pub(super) attach: Vec<Step>,
}

impl<'a> Trees<'a> {
    pub(super) fn of(plan: &'a Plan<'a>) -> Self {
        Self {
            plan,
            makers: Vec::new(),
            attach: Vec::new(),
        }
    }

    pub(super) fn overlay(&mut self, lower: &[PathBuf], name: &str, marks: Option<Marks>) {
        let folder = self.plan.folder;
        let marks = marks.unwrap_or(self.plan.marks);
        if self.plan.copies_layers {
            self.makers.push(Step::Copied {
                lower: lower.to_vec(),
                upper: upper(folder, name),
                marks,
            });
            return;
        }
        self.makers.push(Step::Overlay {
            lower: lower.to_vec(),
            upper: upper(folder, name),
            work: work(folder, name),
            staging: folder.join("staging"),
            stays: false,
            marks,
        });
    }

    /// A copy of a tree of this machine, the one of that number.
    pub(super) fn copy(&mut self, tree: &Path, number: usize) {
        let lower = vec![tree.to_owned()];
        match self.plan.copies.get(number) {
            None => self.overlay(&lower, &tree_name(number), None),
            Some(folder) => self.makers.push(Step::Overlay {
                lower,
                upper: copies::upper(folder),
                work: copies::work(folder),
                staging: copies::mounted(folder),
                stays: true,
                marks: Marks::Root,
            }),
        }
    }

    /// The number of the root: a tree that is lent comes before it.
    pub(super) fn first(&self) -> usize {
        usize::from(self.plan.joins)
    }

    /// Gives the tree that was made last its place.
    pub(super) fn attach(&mut self, at: &Path, place: Step) {
        let (tree, at) = (self.first() + self.makers.len() - 1, at.to_owned());
        self.attach.extend([place, Step::Attach { tree, at }]);
    }
}
