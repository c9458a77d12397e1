//! The one table of keywords: what each may hold, where it may stand, what it does in a run.
//!
//! Reading, checking, suggestions and documents all come from here. A row names the chapter of
//! the configuration reference that its rule comes from. A keyword is added by adding a row; a
//! keyword whose value needs a rule of its own gets a function beside the row.

mod artifacts;
mod auto_cancel;
mod cache;
mod effects;
mod environment;
mod global;
mod image;
mod job;
mod needs;
mod outside;
mod parallel;
mod policy;
mod rules;
mod steps;
mod trigger;
mod values;
mod variables;
mod workflow;

pub(super) use artifacts::read as read_artifacts;
pub(super) use cache::read as read_caches;
pub(super) use effects::without_effect;
pub(super) use environment::read as read_environment;
pub(super) use global::{DEFAULT_KEYWORDS, RESERVED, ROOT};
pub(super) use image::{read as read_image, read_services};
pub(super) use job::JOB;
pub(super) use needs::{
    NeedKind, check_kinds as check_need_kinds, items as need_items, read as read_needs,
};
pub(super) use outside::{is_pages, read_id_tokens, read_pages, read_release, read_secrets};
pub(super) use parallel::read as read_parallel;
pub(super) use policy::{implicit_only, read as read_policy};
pub(super) use rules::{INCLUDE_RULE, check_rules, read_rules};
pub(super) use trigger::{include_item as check_include_item, read as read_trigger};
pub(super) use values::{read_allow_failure, read_retry, start_in as check_start_in};
pub(super) use variables::{
    check_root as check_root_variables, read as read_variables, read_prefilled,
};
pub(super) use workflow::{WORKFLOW, read as read_workflow};
