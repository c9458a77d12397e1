//! The keywords of the top level (configuration reference 5).

use super::super::shape::{Keys, Shape};
use super::key;
use super::rules;

/// Names that are never a job, whatever they hold (configuration reference 2.7).
pub(crate) static RESERVED: &[&str] = &[
    "include",
    "image",
    "services",
    "stages",
    "before_script",
    "after_script",
    "variables",
    "cache",
];

/// Every keyword of the top level.
pub(crate) static ROOT: &[&str] = &[
    "include",
    "image",
    "services",
    "stages",
    "before_script",
    "after_script",
    "variables",
    "cache",
    "default",
    "workflow",
];

/// The keywords that `inherit:default` may name.
pub(crate) static DEFAULT_KEYWORDS: &[&str] = &[
    "after_script",
    "artifacts",
    "before_script",
    "cache",
    "hooks",
    "id_tokens",
    "image",
    "interruptible",
    "retry",
    "services",
    "tags",
    "timeout",
];

/// `workflow` (configuration reference 5.5).
pub(crate) static WORKFLOW: Keys = Keys {
    rows: &[
        key("name", "5.5", Shape::Rule(super::values::workflow_name)),
        key("rules", "5.5", Shape::Rule(rules::check_workflow_rules)),
        key("auto_cancel", "5.5", Shape::Map(&AUTO_CANCEL)),
    ],
    required: &[],
    exclusive: &[],
};

/// `auto_cancel`, of the workflow and of its rules.
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
