//! The rules of this repository, as tests. Each names every place that breaks it.

mod citations;
mod code;
mod commands;
mod files;
mod layers;
mod order;
mod readme;
mod shape;
mod text;

/// Fails with the list of what breaks a rule; `rule` says what to do instead.
#[track_caller]
fn assert_none(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}\n  {}", broken.join("\n  "));
}
