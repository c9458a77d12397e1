//! Arguments of `shell`.

use clap::Args;

use super::event_args::EventArgs;

/// The ways to use `shell`.
pub(super) const EXAMPLES: &str = "\
Examples:
  pipe shell test               # look around where the job test would run
  pipe shell 'test 1/3'         # one of a parallel job
  pipe shell deploy --tag v1.0  # a job that only tags have";

/// Options of `shell`.
#[derive(Debug, Clone, Args)]
pub struct ShellArgs {
    /// The job, by name
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Where the shell runs: auto, docker, sandbox or shell [default: auto]
    #[arg(long, value_name = "EXECUTOR", value_parser = ["auto", "docker", "sandbox", "shell"], hide_possible_values = true)]
    pub executor: Option<String>,
    /// Network of the job: host, none, or one of the daemon's
    #[arg(long, value_name = "NETWORK")]
    pub network: Option<String>,
    /// Bring nothing: with a missing image no shell comes
    #[arg(long)]
    pub offline: bool,
    /// First fetch included files that are not on this machine
    #[arg(long, conflicts_with = "offline")]
    pub fetch: bool,
    /// Which pipeline
    #[command(flatten)]
    pub event: EventArgs,
}
