//! The keywords of the top level (configuration reference 5).

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
