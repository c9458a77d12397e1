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

/// Most bytes of the names of an overlay's layers: the kernel reads one page of options.
const MOST_BYTES: usize = 3000;

fn marks_of_root(plan: &Plan<'_>) -> Marks {
    plan.root.marks.unwrap_or(plan.marks)
}

/// Whether the layers of the builds directory, which begin at the root, are among those of the root.
pub(super) fn has_builds_in_root(plan: &Plan<'_>) -> bool {
    let layers = plan.builds.iter().chain(&plan.root.layers);
    let bytes: usize = layers.map(|layer| layer.as_os_str().len() + 1).sum();
    !plan.joins && marks_of_root(plan) == plan.marks && bytes <= MOST_BYTES
}

/// Whether it is a tree of its own.
pub(super) fn has_own_builds(plan: &Plan<'_>) -> bool {
    !plan.joins && !plan.builds.is_empty() && !has_builds_in_root(plan)
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

    /// The root, with the builds directory in it where that can be: an overlay takes the kernel longer
    /// to make and to end than all else of a sandbox.
    pub(super) fn root(&mut self) {
        let plan = self.plan;
        let builds = if has_builds_in_root(plan) {
            plan.builds
        } else {
            &[]
        };
        let layers = [builds, &plan.root.layers].concat();
        self.overlay(layers, "root", Path::new(""), marks_of_root(plan));
    }

    /// The builds directory, where it is a tree of its own.
    pub(super) fn builds(&mut self) {
        let at = Path::new(&self.plan.layout.builds_dir);
        let part = at.strip_prefix("/").unwrap_or(at);
        self.overlay(self.plan.builds.to_vec(), "builds", part, self.plan.marks);
    }

    fn overlay(&mut self, lower: Vec<PathBuf>, name: &str, part: &Path, marks: Marks) {
        let folder = self.plan.folder;
        let part = part.to_owned();
        self.makers.push(if self.plan.copies_layers {
            Step::Copied {
                lower,
                upper: upper(folder, name),
                part,
                marks,
            }
        } else {
            Step::Overlay {
                lower,
                upper: upper(folder, name),
                work: work(folder, name),
                staging: folder.join("staging"),
                part,
                stays: false,
                marks,
            }
        });
    }

    /// A copy of a tree of this machine, the one of that number.
    pub(super) fn copy(&mut self, tree: &Path, number: usize) {
        let lower = vec![tree.to_owned()];
        match self.plan.copies.get(number) {
            None => {
                let marks = self.plan.marks;
                self.overlay(lower, &tree_name(number), Path::new(""), marks);
            }
            Some(folder) => self.makers.push(Step::Overlay {
                lower,
                upper: copies::upper(folder),
                work: copies::work(folder),
                staging: copies::mounted(folder),
                part: PathBuf::new(),
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
