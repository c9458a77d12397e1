//! `pipe` runs GitLab CI pipelines on your own machine.
//!
//! # Code map
//!
//! Text flows one way: **text → tree → config → plan → events → reports**. A module uses only
//! modules of lower layers; a test holds that.
//!
//! | layer | module | what it owns |
//! |---|---|---|
//! | 0 | [`types`] | GitLab's words for states, reasons, refs; exit codes |
//! | 0 | [`source`] | source text, byte spans, lines and columns |
//! | 0 | [`foreign`] | text that is not ours: visible on a terminal, one word in a command |
//! | 0 | [`mask`] | hides secrets, in a text and in a stream |
//! | 1 | [`diag`] | diagnostics as data, the table of codes, renderers |
//! | 2 | [`yaml`] | text → values with spans, as GitLab's YAML loader reads it |
//! | 2 | [`expr`] | `rules:if` expressions, variable expansion, regular expressions |
//! | 2 | [`event`] | what happens in a run, as facts |
//! | 3 | [`config`] | include, extends, `!reference`, the keywords → typed configuration |
//! | 4 | [`plan`] | configuration + ref → the jobs of one pipeline |
//! | 5 | [`sched`] | the state machine that says which job starts when |
//! | 5 | [`script`] | the shell text of each stage of a job |
//! | 5 | [`settings`] | each setting, its source, and who may set it |
//! | 5 | [`repo`] | the git repository → plain facts and the tree that jobs see |
//! | 5 | [`exec`] | executors: where scripts really run |
//! | 5 | [`record`] | runs on disk |
//! | 5 | [`web`] | https: one client, its limits, and TLS |
//! | 5 | [`report`] | events → live board, plain lines, JSON |
//! | 6 | [`fetch`] | what comes from elsewhere: git, https, GitLab's API, and the store of it |
//! | 6 | [`run`] | pipelines, runners, and the dispatcher that makes them work together |
//! | 7 | [`app`] | what a command means: workspace, pipeline, choice of jobs, launch |
//! | 8 | [`cli`] | arguments, what commands print, exit codes |
//!
//! `source types foreign mask diag yaml expr event config plan sched script settings` are pure: no files, no
//! environment, no clock, no async.
//!
//! Comments cite the rules that they follow: `configuration reference 8.2`, `runtime reference 12.2`,
//! `design chapter 6` are chapters of the pages in `tests/reference`.

pub mod app;
pub mod cli;
pub mod config;
pub mod diag;
pub mod event;
pub mod exec;
pub mod expr;
pub mod fetch;
pub mod foreign;
pub mod mask;
pub mod plan;
pub mod record;
pub mod repo;
pub mod report;
pub mod run;
pub mod sched;
pub mod script;
pub mod settings;
pub mod source;
pub mod types;
pub mod web;
pub mod yaml;
