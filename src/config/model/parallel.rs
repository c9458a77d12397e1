//! `parallel` as a type.

use std::sync::Arc;

/// Instances that one job may have.
pub(in super::super) const MAX_INSTANCES: usize = 200;

/// `parallel` (configuration reference 6.16, 6.17).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum ParallelConfig {
    /// So many alike.
    Count(u32),
    /// One for each combination of values.
    Matrix(Matrix),
}

/// `parallel:matrix`: mappings, each with the values of its variables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matrix(pub Vec<MatrixMapping>);

/// Variables, each with the values that it takes in turn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MatrixMapping(pub Vec<(Arc<str>, Vec<Arc<str>>)>);

/// Names and values of one instance of `parallel:matrix`, in key order.
pub type Combination = Vec<(Arc<str>, Arc<str>)>;

/// Which instance of `parallel` a job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatrixInstance {
    /// `CI_NODE_INDEX`, from 1.
    pub index: u32,
    /// `CI_NODE_TOTAL`.
    pub total: u32,
    /// Values of a matrix instance, in key order.
    pub matrix: Combination,
}

impl Matrix {
    /// How many combinations there are.
    pub fn count(&self) -> usize {
        let counts = self.0.iter().map(MatrixMapping::count);
        counts.fold(0, usize::saturating_add)
    }

    /// The combinations, the last key varying fastest. A mapping with more than a job may have
    /// instances is a mistake and has none here.
    pub fn combinations(&self) -> Vec<Combination> {
        let mappings = self.0.iter();
        let sound = mappings.filter(|mapping| (1..=MAX_INSTANCES).contains(&mapping.count()));
        sound.flat_map(MatrixMapping::combinations).collect()
    }
}

impl MatrixMapping {
    /// How many combinations there are; a variable without values leaves none.
    pub fn count(&self) -> usize {
        let counts = self.0.iter().map(|(_, values)| values.len());
        if counts.clone().any(|count| count == 0) {
            return 0;
        }
        counts.fold(1, usize::saturating_mul)
    }

    fn combinations(&self) -> Vec<Combination> {
        let mut rows: Vec<Combination> = vec![Vec::new()];
        for (key, values) in &self.0 {
            let with = |row: &Combination, value| {
                let mut row = row.clone();
                row.push((Arc::clone(key), Arc::clone(value)));
                row
            };
            let longer = rows
                .iter()
                .flat_map(|row| values.iter().map(move |value| with(row, value)));
            rows = longer.collect();
        }
        rows
    }
}
