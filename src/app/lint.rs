//! All mistakes and doubts of a configuration, and of the child pipelines that it makes of files of
//! the repository.

use std::collections::HashSet;

use crate::config;
use crate::diag::{Code, Diagnostic, Severity};
use crate::plan::{self, Job, Plan};
use crate::source::{SourceMap, Span};

use super::children::{LocalChild, MAX_DEPTH};
use super::pipeline::Pipeline;
use super::workspace::Workspace;

/// What can't be known of a child before it is made.
const OF_RUNS: [Code; 3] = [
    Code::IncludeNotFetched,
    Code::ChangesUnknown,
    Code::KeywordNotRun,
];

/// What to look for besides.
#[derive(Debug, Clone, Copy, Default)]
pub struct LintOptions {
    /// Variables that conditions read and nobody defines.
    pub undefined_variables: bool,
}

/// What was found.
pub struct Linted {
    /// The pipeline of the main file.
    pub pipeline: Pipeline,
    /// Everything found, in all files.
    pub diagnostics: Vec<Diagnostic>,
    /// Those files.
    pub sources: SourceMap,
}

/// Looks at everything: the pipeline, and the children that it makes of files.
pub fn lint(workspace: &Workspace, pipeline: Pipeline, options: LintOptions) -> Linted {
    let mut all = Findings {
        workspace,
        options,
        diagnostics: Vec::new(),
        sources: SourceMap::default(),
        seen: Vec::new(),
    };
    all.add(&pipeline);
    all.children(&pipeline, 1);
    let Findings {
        diagnostics,
        sources,
        ..
    } = all;
    Linted {
        pipeline,
        diagnostics: config::collapse(diagnostics),
        sources,
    }
}

impl Linted {
    /// Whether there is a finding as bad as that.
    pub fn has(&self, severity: Severity) -> bool {
        self.diagnostics.iter().any(|one| one.severity == severity)
    }
}

struct Findings<'a> {
    workspace: &'a Workspace,
    options: LintOptions,
    diagnostics: Vec<Diagnostic>,
    /// Of the pipeline that was read last, those of the ones before included.
    sources: SourceMap,
    /// The entries of `include` that children began with.
    seen: Vec<Span>,
}

impl Findings<'_> {
    fn add(&mut self, pipeline: &Pipeline) {
        let loaded = &pipeline.loaded;
        self.sources = loaded.sources.clone();
        self.diagnostics.extend(loaded.diagnostics.iter().cloned());
        // What is wrong anyway need not be doubted.
        let wrong: HashSet<Span> = (loaded.diagnostics.iter())
            .filter(|one| one.severity == Severity::Error)
            .filter_map(|one| one.primary)
            .collect();
        let is_sound = |one: &Diagnostic| one.primary.is_none_or(|place| !wrong.contains(&place));
        let doubts = config::doubts(loaded).into_iter();
        self.diagnostics.extend(doubts.filter(is_sound));
        if let Some(config) = loaded.config.as_ref()
            && self.options.undefined_variables
        {
            let facts = &pipeline.facts;
            let is_known = |name: &str| {
                facts.settings.iter().any(|one| &*one.key == name)
                    || facts.given.iter().any(|one| one.key == name)
            };
            let undefined = config::undefined_variables(config, &is_known);
            self.diagnostics.extend(undefined);
        }
    }

    /// The child pipelines that are made of files of the repository.
    fn children(&mut self, parent: &Pipeline, depth: u64) {
        let Some(config) = parent.loaded.config.as_ref().filter(|_| depth <= MAX_DEPTH) else {
            return;
        };
        for local in LocalChild::all(config) {
            let place = local.place;
            if self.seen.contains(&place) {
                continue;
            }
            self.seen.push(place);
            let (mut child, is_made) = local.read(self.workspace, parent, depth, &self.sources);
            let plan = parent.outcome.as_ref().map(|outcome| &outcome.plan);
            if let Some(plan) = plan {
                forget_met_needs(&mut child, plan, depth);
            }
            let before = self.diagnostics.len();
            self.add(&child);
            let known = self.diagnostics.drain(before..).collect::<Vec<_>>();
            let kept = known
                .into_iter()
                .filter(|one| !OF_RUNS.contains(&one.code))
                .filter(|one| is_made || !is_of_plan(one.code));
            let words = format!("in the child pipeline of job `{}`", local.job.base_name);
            for one in kept {
                if self.is_new(&one) {
                    self.diagnostics.push(one.with(place, words.clone()));
                }
            }
            self.children(&child, depth + 1);
        }
    }
}

impl Findings<'_> {
    /// Whether nothing says the same of that place. A file that several children are made of is
    /// read for each of them.
    fn is_new(&self, one: &Diagnostic) -> bool {
        let place = |of: &Diagnostic| {
            let span = of.primary?;
            let (file, _) = self.sources.locate(span)?;
            Some((file.to_owned(), span.start))
        };
        let is_same = |other: &&Diagnostic| {
            other.code == one.code && other.message == one.message && place(other) == place(one)
        };
        !self.diagnostics.iter().any(|other| is_same(&other))
    }
}

/// What the child needs of jobs of its parent it has once they succeed: that is no doubt.
fn forget_met_needs(child: &mut Pipeline, parent: &Plan, parent_id: u64) {
    let Some(outcome) = &mut child.outcome else {
        return;
    };
    let may_succeed = |name: &str| {
        let mut jobs = parent.jobs.iter().filter(|job| !job.starts_pipeline());
        jobs.any(|job| job.name() == name)
    };
    plan::take_from_parent(&mut outcome.plan, &child.facts, parent_id, &may_succeed);
    let lacking = outcome.plan.jobs.iter().flat_map(Job::lacking);
    let lacking: HashSet<Span> = lacking.map(|lacking| lacking.span).collect();
    let is_met = |one: &Diagnostic| {
        one.code == Code::NeedElsewhere && one.primary.is_some_and(|at| !lacking.contains(&at))
    };
    child.loaded.diagnostics.retain(|one| !is_met(one));
}

/// Whether a mistake depends on what the child is given.
fn is_of_plan(code: Code) -> bool {
    matches!(
        code,
        Code::NeedNotInPipeline
            | Code::NeedElsewhere
            | Code::RuleFailed
            | Code::VariableCycle
            | Code::EnvironmentInvalid
    )
}
