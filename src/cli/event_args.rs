//! Arguments that say which pipeline a command is about.

use std::path::PathBuf;

use clap::Args;

/// Which pipeline: ref, event, changed files, variables.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Which pipeline")]
pub struct EventArgs {
    /// As if this branch were pushed; the files stay those of this checkout
    #[arg(long, value_name = "NAME", conflicts_with_all = ["tag", "merge_request"])]
    pub branch: Option<String>,
    /// As if this tag were pushed
    #[arg(long, value_name = "NAME", conflicts_with = "merge_request")]
    pub tag: Option<String>,
    /// As if a merge request were opened or updated
    #[arg(long)]
    pub merge_request: bool,
    /// Source branch of the merge request [default: the branch checked out]
    #[arg(long, value_name = "NAME", requires = "merge_request")]
    pub source_branch: Option<String>,
    /// Target branch of the merge request [default: the default branch]
    #[arg(long, value_name = "NAME", requires = "merge_request")]
    pub target_branch: Option<String>,
    /// The event: push, web, schedule, api, trigger, … [default: push]
    #[arg(long, value_name = "EVENT", conflicts_with = "merge_request")]
    pub source: Option<String>,
    /// A changed file, in place of what git says; may be repeated
    #[arg(long, value_name = "PATH")]
    pub changed: Vec<String>,
    /// A variable of the pipeline, stronger than all others; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub var: Vec<String>,
    /// A value for an input of the pipeline's file (`spec:inputs`); may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub input: Vec<String>,
    /// A YAML file with values for inputs; may be repeated
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub input_file: Vec<PathBuf>,
}
