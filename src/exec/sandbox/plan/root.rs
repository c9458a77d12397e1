//! What the root of a sandbox is made of: layers, and trees of this machine. Pure.

use std::path::PathBuf;

use super::super::identity::Identity;
use super::super::step::{Marks, Step};
use super::Plan;

/// A root file system in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Root {
    /// Layers, the highest first.
    pub(in super::super) layers: Vec<PathBuf>,
    /// How the layers have their marks, where it is not as root or the user would write them.
    pub(in super::super) marks: Option<Marks>,
    /// Trees of this machine that are seen at their own place.
    pub(in super::super) trees: Vec<HostTree>,
}

/// A tree of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct HostTree {
    pub(in super::super) at: PathBuf,
    pub(in super::super) form: TreeForm,
}

/// In which form a sandbox has a tree of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum TreeForm {
    /// As it is, and nobody writes there.
    Shared,
    /// Jobs write to a copy of it that comes about as they write: it has an overlay of its own.
    Layered,
    /// The same, where it can be put together with others and be a layer of the root.
    United,
}

/// Puts those trees of this machine together that can be a layer of the root.
pub(super) fn unite(plan: &Plan<'_>) -> Option<Step> {
    let trees = plan.root.trees.iter().filter(|tree| is_united(tree, plan));
    let trees: Vec<PathBuf> = trees.map(|tree| tree.at.clone()).collect();
    let at = plan.united?.to_owned();
    (!trees.is_empty()).then_some(Step::Unite { trees, at })
}

/// Whether it is put together with others.
pub(super) fn is_united(tree: &HostTree, plan: &Plan<'_>) -> bool {
    // Whoever is another inside can't read the marks by which it is done.
    let can_be = matches!(plan.identity, Identity::Same) && !plan.copies_layers;
    tree.form == TreeForm::United && plan.united.is_some() && can_be
}

/// Whether it has an overlay of its own.
pub(super) fn has_overlay(tree: &HostTree, plan: &Plan<'_>) -> bool {
    tree.form != TreeForm::Shared && !plan.copies_layers && !is_united(tree, plan)
}
