//! Arguments of the commands on past runs and on what is kept.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::formats::{ListFormat, RunFormat};

/// Options of `retry`.
#[derive(Debug, Clone, Args)]
pub struct RetryArgs {
    /// The run, by its id or the number at its end [default: the newest]
    #[arg(long = "run", value_name = "ID")]
    pub past_run: Option<String>,
    /// A variable of the pipeline, in place of the one that was given then; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub var: Vec<String>,
    /// A value for an input, in place of the one that was given then; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub input: Vec<String>,
    /// Where jobs run now: auto, docker, sandbox or shell [default: as then]
    #[arg(long, value_name = "EXECUTOR", value_parser = ["auto", "docker", "sandbox", "shell"], hide_possible_values = true)]
    pub executor: Option<String>,
    /// Bring nothing, whatever was said then
    #[arg(long)]
    pub offline: bool,
    /// How to show the run: auto, plain or json [default: auto]
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub format: RunFormat,
}

/// Options of `runs`.
#[derive(Debug, Clone, Args)]
pub struct RunsArgs {
    /// List environments in place of runs, each with its last deployment
    #[arg(long)]
    pub environments: bool,
    /// How to show the list: table or json
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "table",
        hide_possible_values = true
    )]
    pub format: ListFormat,
}

/// Options of `logs`.
#[derive(Debug, Clone, Args)]
pub struct LogsArgs {
    /// The job; its newest log is printed [default: all jobs of the last run]
    #[arg(value_name = "JOB")]
    pub past_job: Option<String>,
    /// The run, by its id or the number at its end [default: the newest]
    #[arg(long = "run", value_name = "ID")]
    pub past_run: Option<String>,
    /// The attempt [default: the last]
    #[arg(long, value_name = "NUMBER", requires = "past_job")]
    pub attempt: Option<u32>,
    /// Print the bytes as they were recorded, control characters and all
    #[arg(long, requires = "past_job")]
    pub raw: bool,
}

/// Options of `artifacts`.
#[derive(Debug, Clone, Args)]
pub struct ArtifactsArgs {
    /// The job; what it kept last is listed [default: all jobs of the last run]
    #[arg(value_name = "JOB")]
    pub past_job: Option<String>,
    /// The run, by its id or the number at its end [default: the newest]
    #[arg(long = "run", value_name = "ID")]
    pub past_run: Option<String>,
    /// Copy it into this folder, where no file of it may be yet
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub to: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long, requires = "to")]
    pub force: bool,
}

/// Options of `clean`.
#[derive(Debug, Clone, Args)]
pub struct CleanArgs {
    /// What to remove: runs, caches, layers, images or includes [default: nothing]
    #[arg(value_name = "KIND", hide_possible_values = true)]
    pub kinds: Vec<CleanKind>,
    /// Remove all kinds
    #[arg(long, conflicts_with = "kinds")]
    pub all: bool,
    /// Only what is kept of this checkout
    #[arg(long)]
    pub here: bool,
}

/// What can be removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CleanKind {
    /// Past runs with their logs and artifacts
    Runs,
    /// What jobs saved for later jobs
    Caches,
    /// Project trees on the Docker daemon
    Layers,
    /// What was fetched from elsewhere
    Includes,
    /// Images for jobs that run without a daemon
    Images,
}
