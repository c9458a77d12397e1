//! From a workspace and a request to one pipeline: facts, configuration, plan.

use std::cell::Cell;
use std::sync::Arc;

use crate::config::{self, Config, FileProvider, GivenInput, JobConfig, Loaded, Request, Start};
use crate::diag::{Code, Diagnostic, Severity, has_errors};
use crate::expr::Lookup;
use crate::plan::{self, Explanation, IncludeScope, Outcome, PipelineFacts};

use super::facts::{History, facts};
use super::failure::{Failure, FailureKind};
use super::projects::is_here;
use super::request::PipelineRequest;
use super::tree_files::{EventChanges, TreeFiles};
use super::variables;
use super::workspace::Workspace;

/// One pipeline, as far as it can be made.
pub struct Pipeline {
    /// What it is for.
    pub facts: PipelineFacts,
    /// The configuration and what was found in it. Findings of the plan are added.
    pub loaded: Loaded,
    /// The plan; `None` where the configuration is not valid.
    pub outcome: Option<Outcome>,
    /// What the event changed.
    pub(super) changes: EventChanges,
    /// Whether another event may have another configuration: something in its includes asked for
    /// a variable or for what changed.
    depends_on_event: bool,
}

impl Pipeline {
    /// Reads the configuration and decides which jobs there are.
    pub fn make(
        workspace: &Workspace,
        request: &PipelineRequest,
        history: History,
    ) -> Result<Self, Failure> {
        let variables = variables::read(workspace)?;
        let (facts, changes) = facts(workspace, request, history, &variables)?;
        let files = TreeFiles::new(workspace, changes);
        let start = Start::File(workspace.file());
        let mut pipeline = Self::read(facts, &files, start, &request.inputs);
        let loaded = &mut pipeline.loaded;
        let told = variables.diagnostics(&mut loaded.sources);
        loaded.diagnostics.splice(0..0, told);
        Ok(pipeline)
    }

    /// Reads the configuration that begins there, and decides which jobs there are.
    pub(super) fn read(
        facts: PipelineFacts,
        files: &TreeFiles<'_>,
        start: Start<'_>,
        inputs: &[GivenInput],
    ) -> Self {
        let (mut loaded, depends_on_event) = load(&facts, files, start, inputs);
        let mut asked_in_vain = files.unknown_changes_were_asked();
        let outcome = loaded.config.as_ref().map(|config| {
            let files = files.for_rules_of(config);
            let mut outcome = plan::build(config, &facts, &files);
            asked_in_vain |= files.unknown_changes_were_asked();
            let found = std::mem::take(&mut outcome.diagnostics);
            loaded.diagnostics.append(&mut config::collapse(found));
            let warnings = plan::warnings(
                &outcome.plan,
                &facts,
                &is_here(files.workspace(), &outcome.plan, &facts),
            );
            loaded.diagnostics.append(&mut config::collapse(warnings));
            outcome
        });
        if asked_in_vain {
            let config = loaded.config.as_ref();
            let told = plan::unknown_changes(config, &facts);
            loaded.diagnostics.push(told);
        }
        Self {
            facts,
            loaded,
            outcome,
            changes: files.event().clone(),
            depends_on_event,
        }
    }

    /// What this configuration makes of another event, if it can be made for that. What was read
    /// is read again only where the event decides about it.
    pub fn for_event(&self, workspace: &Workspace, request: &PipelineRequest) -> Option<Outcome> {
        if self.depends_on_event {
            let other = Self::make(workspace, request, History::Read).ok()?;
            return other.outcome;
        }
        self.with_event(workspace, request, plan::build)
    }

    /// Whether another event's pipeline has the job.
    pub(super) fn lets_in(
        &self,
        workspace: &Workspace,
        request: &PipelineRequest,
        job: &Arc<JobConfig>,
    ) -> bool {
        if self.depends_on_event {
            let other = self.for_event(workspace, request);
            let jobs = other.iter().flat_map(|outcome| &outcome.plan.jobs);
            return jobs.into_iter().any(|other| other.name() == &*job.name);
        }
        let lets_in = |config: &Config, facts: &PipelineFacts, files: &dyn FileProvider| {
            plan::lets_in(config, facts, files, job)
        };
        self.with_event(workspace, request, lets_in)
            .unwrap_or_default()
    }

    fn with_event<T>(
        &self,
        workspace: &Workspace,
        request: &PipelineRequest,
        work: impl FnOnce(&Config, &PipelineFacts, &dyn FileProvider) -> T,
    ) -> Option<T> {
        let variables = variables::read(workspace).ok()?;
        let (facts, changes) = facts(workspace, request, History::Read, &variables).ok()?;
        let files = TreeFiles::new(workspace, changes);
        let config = self.loaded.config.as_ref()?;
        Some(work(config, &facts, &files.for_rules_of(config)))
    }

    /// What decided about a job of this pipeline.
    pub(super) fn explain(
        &self,
        workspace: &Workspace,
        config: &Config,
        job: &Arc<JobConfig>,
    ) -> Result<Explanation, Diagnostic> {
        let files = TreeFiles::new(workspace, self.changes.clone());
        plan::explain(config, &self.facts, &files.for_rules_of(config), job)
    }

    /// Whether GitLab would accept the configuration for this event.
    pub fn is_valid(&self) -> bool {
        !has_errors(&self.loaded.diagnostics)
    }

    /// The failure of an invalid configuration.
    pub fn failure(self) -> Failure {
        Failure {
            kind: kind_of_errors(&self.loaded.diagnostics),
            diagnostics: self.loaded.diagnostics,
            sources: self.loaded.sources,
        }
    }
}

/// Reads the configuration, and whether anything in it depends on the event.
fn load(
    facts: &PipelineFacts,
    files: &TreeFiles<'_>,
    start: Start<'_>,
    inputs: &[GivenInput],
) -> (Loaded, bool) {
    let scope = IncludeScope::new(facts);
    let asked = Cell::new(false);
    let expanded = |text: &str, expand: &dyn Fn(&str) -> String| {
        asked.set(asked.get() || text.contains('$'));
        expand(text)
    };
    let loaded = config::load(&Request {
        start,
        files,
        lookup: &Watched {
            variables: scope.lookup(),
            asked: &asked,
        },
        expand: &|text| expanded(text, &|text| scope.path(text)),
        expand_known: &|text| expanded(text, &|text| scope.known(text)),
        inputs,
    });
    (loaded, asked.get() || files.changes_were_asked())
}

/// Variables that note whether anybody asked for one that another event may change.
struct Watched<'a> {
    variables: &'a dyn Lookup,
    asked: &'a Cell<bool>,
}

impl Lookup for Watched<'_> {
    fn variable(&self, name: &str) -> Option<&str> {
        self.asked.set(self.asked.get() || depends_on_event(name));
        self.variables.variable(name)
    }
}

/// Whether another event of the same checkout may have another value of the variable. The server,
/// the project and the commit are the same for all.
fn depends_on_event(name: &str) -> bool {
    let is_same = name.starts_with("CI_SERVER_")
        || name.starts_with("CI_PROJECT_")
        || matches!(name, "CI_COMMIT_SHA" | "CI_DEFAULT_BRANCH");
    !is_same
}

/// Whose fault these errors are: what is not on this machine, or can't be read, makes no
/// configuration invalid.
pub fn kind_of_errors(diagnostics: &[Diagnostic]) -> FailureKind {
    let of_machine =
        |d: &Diagnostic| matches!(d.code, Code::IncludeNotFetched | Code::ConfigUnreadable);
    let mut errors = diagnostics.iter().filter(|d| d.severity == Severity::Error);
    if has_errors(diagnostics) && errors.all(of_machine) {
        FailureKind::Environment
    } else {
        FailureKind::Invalid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_other_events_can_change() {
        for (name, expected) in [
            ("CI_SERVER_FQDN", false),
            ("CI_PROJECT_PATH", false),
            ("CI_COMMIT_SHA", false),
            ("CI_COMMIT_BRANCH", true),
            ("CI_PIPELINE_SOURCE", true),
            ("DEPLOY", true),
        ] {
            assert_eq!(depends_on_event(name), expected, "{name}");
        }
    }

    #[test]
    fn what_is_not_on_this_machine_is_no_mistake_of_the_configuration() {
        let missing = || Diagnostic::new(Code::IncludeNotFetched, "not here");
        let warning = || Diagnostic::new(Code::YamlDuplicateKey, "twice");
        let mistake = || Diagnostic::new(Code::UnknownKey, "unknown");
        assert_eq!(warning().severity, Severity::Warning);
        for (found, kind) in [
            (vec![missing()], FailureKind::Environment),
            (vec![missing(), warning()], FailureKind::Environment),
            (vec![missing(), mistake()], FailureKind::Invalid),
            (vec![mistake(), warning()], FailureKind::Invalid),
        ] {
            assert_eq!(kind_of_errors(&found), kind, "{found:?}");
        }
    }
}
