//! `auto_cancel` of the workflow and of its rules (configuration reference 5.5).

use crate::yaml::{Mapping, Value};

use super::super::model::{AutoCancel, OnJobFailure};
use super::super::read;
use super::super::shape::{Keys, Shape, key};

/// The keys of `auto_cancel`.
pub(super) static AUTO_CANCEL: Keys = Keys {
    rows: &[
        key(
            "on_new_commit",
            "5.5",
            Shape::OneOf(&["conservative", "interruptible", "none"]),
        ),
        key("on_job_failure", "5.5", Shape::OneOf(&["none", "all"])),
    ],
    required: &[],
    exclusive: &[],
};

/// `auto_cancel` in a checked mapping, the workflow's or a rule's.
pub(super) fn read(mapping: &Mapping) -> AutoCancel {
    let settings = read::get(mapping, "auto_cancel").and_then(Value::as_map);
    let word = settings.and_then(|settings| read::text(settings, "on_job_failure"));
    AutoCancel {
        on_job_failure: word.map(|word| match &*word {
            "all" => OnJobFailure::All,
            _ => OnJobFailure::None,
        }),
    }
}
