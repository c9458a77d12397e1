//! Why a job is left out, or no pipeline is made: data first, words when they are asked for.

use std::fmt;

/// Why a job is not in the pipeline (configuration reference 6.7, 6.9).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum LeftOutReason {
    /// None of its rules is true.
    NoRule,
    /// The first true rule says `never`; the rule in words.
    RuleSaysNever(String),
    /// An aspect of `only` is not satisfied.
    Only {
        /// Which one, in words.
        why: String,
        /// It is the one that jobs have by default.
        implicit: bool,
    },
    /// An aspect of `except` is satisfied; which one, in words.
    Except(String),
}

impl LeftOutReason {
    /// The word for programs.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NoRule => "no_rule",
            Self::RuleSaysNever(_) => "never",
            Self::Only { .. } => "only",
            Self::Except(_) => "except",
        }
    }
}

impl fmt::Display for LeftOutReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRule => f.write_str("rules: no rule matched"),
            Self::RuleSaysNever(rule) => write!(f, "rules: the rule {rule} says `never`"),
            Self::Only { why, implicit } => {
                let implicit = if *implicit { " (the default)" } else { "" };
                write!(f, "only: {why}{implicit}")
            }
            Self::Except(why) => write!(f, "except: {why}"),
        }
    }
}

/// Why there is no pipeline at all (configuration reference 1, 5.5, 11.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoPipeline {
    /// The commit message says so.
    SkippedByMessage,
    /// None of the workflow's rules is true.
    NoWorkflowRule,
    /// The first true rule of the workflow says `never`; the rule in words.
    WorkflowSaysNever(String),
    /// The rules leave out every job.
    NoJob,
    /// Every job is left out by the `only` that it has by default.
    NoRules,
    /// Only jobs before the first and after the last stage are left.
    OnlyEdges,
}

impl fmt::Display for NoPipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SkippedByMessage => f.write_str("the commit message says `[skip ci]`"),
            Self::NoWorkflowRule => f.write_str("workflow: no rule matched"),
            Self::WorkflowSaysNever(rule) => write!(f, "workflow: the rule {rule} says `never`"),
            Self::NoJob => f.write_str("no job is left by the rules"),
            Self::NoRules => f.write_str("jobs without `rules` are not in merge request pipelines"),
            Self::OnlyEdges => f.write_str("only jobs in `.pre` and `.post` are left"),
        }
    }
}
