//! `parallel` as a type.

use std::sync::Arc;

/// Which instance of `parallel` a job is (configuration reference 6.16, 6.17).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixInstance {
    /// `CI_NODE_INDEX`, from 1.
    pub index: u32,
    /// `CI_NODE_TOTAL`.
    pub total: u32,
    /// Values of a matrix instance, in key order.
    pub matrix: Combination,
}

/// Names and values of one instance of `parallel:matrix`, in key order.
pub type Combination = Vec<(Arc<str>, Arc<str>)>;
