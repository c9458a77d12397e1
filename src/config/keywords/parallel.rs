//! `parallel` (configuration reference 6.16, 6.17).

use crate::diag::Code;
use crate::yaml::{Kind, Mapping, Value};

use super::super::model::{MAX_INSTANCES, Matrix, MatrixMapping, ParallelConfig};
use super::super::read;
use super::super::shape::{Check, Keys, Shape, key};
use super::{values, variables};

static MATRIX: Keys = Keys {
    rows: &[key("matrix", "6.17", Shape::Rule(matrix))],
    required: &["matrix"],
    exclusive: &[],
};

/// `parallel` of a job.
pub(super) fn check(value: &Value, check: &mut Check<'_>) {
    match &value.kind {
        Kind::Int(_) => values::integer_between(value, check, 1, 200),
        Kind::Map(_) => check.value(value, &Shape::Map(&MATRIX)),
        Kind::Float(_) => check.wrong_type(value, "an integer"),
        _ => check.wrong_type(value, "an integer or a mapping with `matrix`"),
    }
}

/// `parallel` inside a need: only a matrix.
pub(super) fn check_need(value: &Value, check: &mut Check<'_>) {
    match &value.kind {
        Kind::Int(_) => check.invalid(
            Code::InvalidValue,
            value.span,
            "can't be a number; name the instances, like `job 1/3`",
        ),
        Kind::Map(_) => check.value(value, &Shape::Map(&MATRIX)),
        _ => check.wrong_type(value, "a mapping with `matrix`"),
    }
}

fn matrix(value: &Value, check: &mut Check<'_>) {
    let Some(items) = value.as_seq() else {
        return check.wrong_type(value, "a list of mappings");
    };
    let mut total = 0usize;
    for item in items {
        total = total.saturating_add(combination(item, check));
    }
    if total > MAX_INSTANCES {
        let what = format!("makes {total} jobs; at most {MAX_INSTANCES} are accepted");
        check.invalid(Code::TooMany, value.span, &what);
    }
}

/// Checks one mapping of the matrix and counts its instances.
fn combination(item: &Value, check: &mut Check<'_>) -> usize {
    let Some(mapping) = check.mapping(item) else {
        return 0;
    };
    if mapping.is_empty() {
        check.invalid(Code::BlankValue, item.span, "needs at least one variable");
        return 0;
    }
    for entry in mapping.entries() {
        check.within(entry.key.text(), |check| {
            variables::check_name(entry, check);
            values_of(&entry.value, check);
        });
    }
    read_mapping(mapping).count()
}

fn values_of(value: &Value, check: &mut Check<'_>) {
    let plain = |value: &Value| matches!(value.kind, Kind::Str(_) | Kind::Int(_) | Kind::Symbol(_));
    match &value.kind {
        Kind::Seq(items) => {
            for item in items.iter().filter(|item| !plain(item)) {
                check.wrong_type(item, "a string or an integer");
            }
        }
        _ if plain(value) => {}
        _ => check.wrong_type(value, "a string, an integer or a list of them"),
    }
}

/// A checked `parallel`.
pub(crate) fn read(value: &Value) -> ParallelConfig {
    match value.kind {
        Kind::Int(count) => ParallelConfig::Count(u32::try_from(count).unwrap_or(1)),
        _ => ParallelConfig::Matrix(read_matrix(value)),
    }
}

/// The matrix of a checked `parallel`.
pub(super) fn read_matrix(parallel: &Value) -> Matrix {
    let matrix = parallel.as_map().and_then(|it| read::get(it, "matrix"));
    let mappings = matrix.and_then(Value::as_seq).unwrap_or_default().iter();
    Matrix(
        mappings
            .filter_map(Value::as_map)
            .map(read_mapping)
            .collect(),
    )
}

fn read_mapping(mapping: &Mapping) -> MatrixMapping {
    let values = |value: &Value| {
        let values = value.as_seq().unwrap_or(std::slice::from_ref(value)).iter();
        values
            .filter_map(Value::scalar_text)
            .map(Into::into)
            .collect()
    };
    let entries = mapping.entries().iter();
    MatrixMapping(
        entries
            .map(|entry| (entry.key.text().into(), values(&entry.value)))
            .collect(),
    )
}
