//! The definition of the command line. Help, completions and man pages come from it too.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::report::{ColorChoice, OutputLevel};

pub(super) use super::event_args::EventArgs;
pub(super) use super::explain_args::{ExpandArgs, ExplainArgs, GraphArgs};
pub(super) use super::formats::{JobsFormat, LintFormat, ListFormat, ResultFormat, RunFormat};
pub(super) use super::image_args::{
    ImageArgs, ImageCommand, ImageImportArgs, ImageLsArgs, ImagePullArgs, ImageRmArgs,
};
pub(super) use super::past_args::{
    ArtifactsArgs, CleanArgs, CleanKind, LogsArgs, RetryArgs, RunsArgs,
};
pub(super) use super::shell_args::ShellArgs;

/// Columns that help texts are made for; fixed, so that generated files are the same everywhere.
const HELP_WIDTH: usize = 100;

/// What `--deploy` alone stands for. No argument of a process can hold it, so that `--deploy=` with
/// an unset variable behind it is not the same.
pub(super) const EVERY_ENVIRONMENT: &str = "\0";

/// What a newcomer does first.
const EXAMPLES: &str = "\
Examples:
  pipe list     # which jobs GitLab would run for what is checked out, and why not others
  pipe run      # run them
  pipe doctor   # when that does not work";

/// The ways to use `run`, most usual first.
const RUN_EXAMPLES: &str = "\
Examples:
  pipe run                                 # the pipeline of the branch that is checked out
  pipe run test                            # one job, with the jobs it needs
  pipe run --tag v1.0                      # as if the tag v1.0 were pushed
  pipe run --merge-request                 # as if a merge request were opened
  pipe run --stage test --exclude 'lint*'  # one stage without some of its jobs
  pipe run --deploy=staging                # also the jobs that deploy to staging";

/// The two things that `explain` explains.
const EXPLAIN_EXAMPLES: &str = "\
Examples:
  pipe explain deploy               # each rule of the job deploy, with the values it reads
  pipe explain deploy --tag v1.0    # the same for another ref
  pipe explain deploy --variables   # all its variables: from where, and what they override
  pipe explain yaml-duplicate-key   # what this diagnostic means, and what to do";

/// The ways to use `fetch`.
const FETCH_EXAMPLES: &str = "\
Examples:
  pipe fetch               # files that the pipeline includes and that are not here
  pipe fetch --update      # also those that are here, if they have changed
  pipe fetch --list        # what was fetched, from where, at which commit
  pipe fetch --variables   # CI/CD variables of the project, with your token";

/// Run GitLab CI pipelines on your own machine
#[derive(Debug, Parser)]
#[command(
    name = "pipe",
    version,
    about,
    max_term_width = HELP_WIDTH,
    disable_help_flag = true,
    disable_help_subcommand = true,
    disable_version_flag = true,
    after_help = EXAMPLES
)]
pub struct Cli {
    /// Options of every command.
    #[command(flatten)]
    pub global: Global,
    /// Print the version
    #[arg(short = 'V', long, action = clap::ArgAction::Version, help_heading = "Global options")]
    pub version: (),
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Work in this folder
    #[arg(short = 'C', long, global = true, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    pub cwd: Option<PathBuf>,
    /// Path of the pipeline's file in the repository [default: .gitlab-ci.yml]
    #[arg(short, long, global = true, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    pub file: Option<String>,
    /// When to use colours: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        hide_possible_values = true
    )]
    pub color: When,
    /// Say less
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; twice, also what pipe itself does
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Print help
    #[arg(short, long, global = true, action = clap::ArgAction::Help)]
    pub help: (),
}

impl Global {
    /// How much to say.
    pub(super) fn level(&self) -> OutputLevel {
        match (self.quiet, self.verbose) {
            (true, _) => OutputLevel::Quiet,
            (false, 0) => OutputLevel::Normal,
            (false, _) => OutputLevel::Verbose,
        }
    }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl From<When> for ColorChoice {
    fn from(when: When) -> Self {
        match when {
            When::Auto => Self::Auto,
            When::Always => Self::Always,
            When::Never => Self::Never,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the pipeline of the ref that is checked out
    #[command(after_help = RUN_EXAMPLES)]
    Run(Box<RunArgs>),
    /// Go on with the last run: what passed is kept, the rest runs again
    Retry(RetryArgs),
    /// Open a shell where a job would run, as before its script, and end with its exit code
    #[command(after_help = super::shell_args::EXAMPLES)]
    Shell(Box<ShellArgs>),
    /// List the jobs of the pipeline, and why others are left out
    List(ListArgs),
    /// Check the configuration and report every mistake
    Lint(LintArgs),
    /// Print the configuration as one file: includes, templates and defaults put in
    Expand(ExpandArgs),
    /// Draw the stages, the jobs and what they need
    Graph(GraphArgs),
    /// Explain why a job is in the pipeline or not, or what a diagnostic means
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),
    /// Bring what the pipeline includes from elsewhere, so that it works offline
    #[command(after_help = FETCH_EXAMPLES)]
    Fetch(FetchArgs),
    /// List past runs of this checkout, the newest first
    Runs(RunsArgs),
    /// Print the log of a job, or all logs of the last run
    Logs(LogsArgs),
    /// List what jobs kept, or copy it into a folder
    Artifacts(ArtifactsArgs),
    /// List what pipe keeps on this machine, or remove it
    Clean(CleanArgs),
    /// Show each setting, its value and where it comes from
    #[command(after_help = super::settings_help::every_setting())]
    Config(ConfigArgs),
    /// Bring, list and remove images for jobs that run without a daemon
    Image(ImageArgs),
    /// Show what this machine offers for running pipelines
    Doctor(DoctorArgs),
    /// Print the completion script of a shell
    Completions {
        /// The shell: bash, zsh or fish
        #[arg(hide_possible_values = true)]
        shell: Shell,
    },
    /// Print the manual page of pipe or of one of its commands
    Man {
        /// The command
        #[arg(value_name = "COMMAND")]
        page: Option<String>,
    },
}

/// Shells with completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU Bash
    Bash,
    /// Z shell
    Zsh,
    /// fish
    Fish,
}

/// Options of `run`.
#[derive(Debug, Clone, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub struct RunArgs {
    /// Jobs to run and the jobs they need, by name or glob [default: all]
    #[arg(value_name = "JOB", help_heading = "Which jobs", display_order = 0)]
    pub names: Vec<String>,
    /// The same as naming JOB; may be repeated
    #[arg(
        long,
        value_name = "JOB",
        help_heading = "Which jobs",
        display_order = 1
    )]
    pub job: Vec<String>,
    /// Run the jobs of this stage, with the jobs they need; may be repeated
    #[arg(long, value_name = "STAGE", help_heading = "Which jobs")]
    pub stage: Vec<String>,
    /// Play this manual job; may be repeated
    #[arg(long, value_name = "JOB", help_heading = "Which jobs")]
    pub manual: Vec<String>,
    /// Leave this job out; may be repeated
    #[arg(long, value_name = "JOB", help_heading = "Which jobs")]
    pub exclude: Vec<String>,
    /// Run only the jobs named, without the jobs they need
    #[arg(long, help_heading = "Which jobs")]
    pub no_needs: bool,
    /// Also run jobs that deploy: all, or those of one environment
    #[arg(long, value_name = "ENVIRONMENT", num_args = 0..=1, require_equals = true, default_missing_value = EVERY_ENVIRONMENT, help_heading = "Which jobs")]
    pub deploy: Vec<String>,
    /// Where jobs run: auto, docker, sandbox or shell [default: auto]
    #[arg(long, value_name = "EXECUTOR", value_parser = ["auto", "docker", "sandbox", "shell"], hide_possible_values = true, help_heading = "How to run")]
    pub executor: Option<String>,
    /// Network of all jobs: host, none, or one of the daemon's
    #[arg(long, value_name = "NETWORK", help_heading = "How to run")]
    pub network: Option<String>,
    /// How many jobs run at once [default: 16]
    #[arg(long, value_name = "NUMBER", help_heading = "How to run")]
    pub jobs: Option<String>,
    /// Bring nothing: a run with missing images does not begin
    #[arg(long, help_heading = "How to run")]
    pub offline: bool,
    /// First fetch included files that are not on this machine
    #[arg(long, conflicts_with = "offline", help_heading = "How to run")]
    pub fetch: bool,
    /// Start delayed jobs at once
    #[arg(long, help_heading = "How to run")]
    pub no_delay: bool,
    /// Run what comes after a failed job all the same
    #[arg(long, help_heading = "How to run")]
    pub keep_going: bool,
    /// How to show the run: auto, plain or json [default: auto]
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true,
        help_heading = "How to run"
    )]
    pub format: RunFormat,
    /// Which pipeline
    #[command(flatten)]
    pub event: EventArgs,
}

/// Options of `list`.
#[derive(Debug, Clone, Args)]
pub struct ListArgs {
    /// Show which kind of ref has which job, instead of one pipeline
    #[arg(long, conflicts_with_all = ["branch", "tag", "merge_request", "source"])]
    pub refs: bool,
    /// How to show the list: table, json, markdown or csv
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "table",
        hide_possible_values = true
    )]
    pub format: JobsFormat,
    /// First fetch included files that are not on this machine
    #[arg(long)]
    pub fetch: bool,
    /// Which pipeline
    #[command(flatten)]
    pub event: EventArgs,
}

/// Options of `lint`.
#[derive(Debug, Clone, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub struct LintArgs {
    /// Also ask the GitLab server of `origin`, and show where it and pipe differ
    #[arg(long)]
    pub server: bool,
    /// How to show what is found: full, concise (one line each), json, junit, codequality or sarif
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "full",
        hide_possible_values = true
    )]
    pub format: LintFormat,
    /// Count warnings as mistakes
    #[arg(long)]
    pub deny_warnings: bool,
    /// Also warn of variables in conditions that nothing defines
    #[arg(long)]
    pub undefined_variables: bool,
    /// First fetch included files that are not on this machine
    #[arg(long)]
    pub fetch: bool,
    /// Which pipeline
    #[command(flatten)]
    pub event: EventArgs,
}

/// Options of `fetch`.
#[derive(Debug, Clone, Args)]
pub struct FetchArgs {
    /// Renew what is here, where its branch, tag or address has something else now
    #[arg(long)]
    pub update: bool,
    /// List what was fetched, and fetch nothing
    #[arg(long, conflicts_with_all = ["update", "variables"])]
    pub list: bool,
    /// Fetch the project's and its groups' CI/CD variables with your token
    #[arg(long, conflicts_with = "update")]
    pub variables: bool,
    /// Which pipeline
    #[command(flatten)]
    pub event: EventArgs,
}

/// Options of `config`.
#[derive(Debug, Clone, Args)]
pub struct ConfigArgs {
    /// One setting, of which all is told [default: all settings]
    #[arg(value_name = "NAME")]
    pub key: Option<String>,
    /// How to show them: table or json
    #[arg(
        long,
        value_name = "FORMAT",
        default_value = "table",
        hide_possible_values = true
    )]
    pub format: ListFormat,
}

/// Options of `doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Which pipeline's images to look for
    #[command(flatten)]
    pub event: EventArgs,
}

/// The definition, for help, completions and man pages.
pub fn command() -> clap::Command {
    Cli::command()
}
