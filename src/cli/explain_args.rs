//! Arguments of the commands that explain a configuration.

use clap::Args;

use super::event_args::EventArgs;
use super::formats::{GraphFormat, ResultFormat};

/// Options of `explain`.
#[derive(Debug, Clone, Args)]
pub struct ExplainArgs {
    /// A job of the configuration, or the code of a diagnostic
    #[arg(value_name = "JOB|CODE")]
    pub subject: String,
    /// List every variable of the job, also those that GitLab sets
    #[arg(long)]
    pub variables: bool,
    /// How to show it: text or json
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "text",
        hide_possible_values = true
    )]
    pub format: ResultFormat,
    /// Which pipeline
    #[command(flatten)]
    pub event: EventArgs,
}

/// Options of `expand`.
#[derive(Debug, Clone, Args)]
pub struct ExpandArgs {
    /// Print nothing but this job; may be repeated
    #[arg(long, value_name = "JOB")]
    pub job: Vec<String>,
    /// Say behind each value in which file and line it is written
    #[arg(long)]
    pub origins: bool,
    /// Which pipeline
    #[command(flatten)]
    pub event: EventArgs,
}

/// Options of `graph`.
#[derive(Debug, Clone, Args)]
pub struct GraphArgs {
    /// How to draw it: tree, mermaid, dot or svg
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "tree",
        hide_possible_values = true
    )]
    pub format: GraphFormat,
    /// Which pipeline
    #[command(flatten)]
    pub event: EventArgs,
}
