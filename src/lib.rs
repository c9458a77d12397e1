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
//! | 0 | [`remove`] | takes away a folder that somebody else has filled |
//! | 1 | [`diag`] | diagnostics as data, the table of codes, renderers |
//! | 2 | [`yaml`] | text → values with spans, as GitLab's YAML loader reads it |
//! | 2 | [`expr`] | `rules:if` expressions, variable expansion, regular expressions |
//! | 2 | [`event`] | what happens in a run, as facts |
//! | 3 | [`config`] | include, extends, `!reference`, the keywords → typed configuration |
//! | 3 | [`web`] | https: one client, its limits, and TLS |
//! | 4 | [`plan`] | configuration + ref → the jobs of one pipeline |
//! | 4 | [`images`] | images without a daemon, for the sandbox |
//! | 5 | [`sched`] | the state machine that says which job starts when |
//! | 5 | [`script`] | the shell text of each stage of a job |
//! | 5 | [`settings`] | each setting, its source, and who may set it |
//! | 5 | [`repo`] | the git repository → plain facts and the tree that jobs see |
//! | 5 | [`exec`] | executors: where scripts really run |
//! | 5 | [`record`] | runs on disk |
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

#![allow(
    rustdoc::private_intra_doc_links,
    reason = "the map leads to modules that the documentation shows with --document-private-items"
)]

mod app;
mod cli;
mod config;
mod diag;
mod event;
mod exec;
mod expr;
mod fetch;
mod foreign;
#[cfg(target_os = "linux")]
mod images;
mod mask;
mod plan;
mod record;
mod remove;
mod repo;
mod report;
mod run;
mod sched;
mod script;
mod settings;
mod source;
mod types;
mod web;
mod yaml;

pub use cli::main;

/// What the tests and the fuzz targets outside of this crate call. Nobody else may rely on it: all
/// else is private to the crate, so that the compiler finds what nobody uses.
#[doc(hidden)]
#[allow(missing_docs)]
pub mod tested {
    pub use crate::cli::{COMPLETIONS, command, completion, man_pages};
    pub use crate::record::State;
    pub use crate::source::SourceMap;

    pub mod config {
        pub use crate::config::{
            BadRevision, Changes, FileProvider, Loaded, ReadError, Request, Start, expanded, load,
            to_json,
        };
    }

    pub mod diag {
        pub use crate::diag::{Code, Severity, full};
    }

    pub mod exec {
        pub use crate::exec::{
            Cancel, Cx, DockerExecutor, DockerSettings, Endpoint, EnvSpec, EnvVariable, Executor,
            Exit, Image, Owner, Reach, Script, Session, ShellExecutor, ShellSettings, Workspace,
        };
        pub use crate::script::{Stage, Variable};
    }

    pub mod expr {
        pub use crate::expr::expand::{References, Unknown, expand};
        pub use crate::expr::glob::{ArtifactGlobs, Fnmatch, IncludeGlob};
        pub use crate::expr::{Condition, Variable, Variables, re2};
    }

    pub mod plan {
        pub use crate::plan::{
            GivenVariable, IncludeScope, Job, Need, Outcome, PipelineFacts, Plan, Project, Server,
            User, build, lets_in, refusals,
        };
    }

    pub mod types {
        pub use crate::types::{
            AllowFailure, CommitFacts, PipelineSource, RefClass, RefKind, Reference,
        };
    }

    pub mod web {
        pub use crate::web::install_provider;
    }

    pub mod yaml {
        pub use crate::yaml::{load, write};
    }
}
