//! Child pipelines that are made of files of the repository, as far as they are known without a run.

use crate::config::{ChildInclude, Config, JobConfig, Start, TriggerTarget};
use crate::plan;
use crate::source::{SourceMap, Span};

use super::pipeline::Pipeline;
use super::tree_files::TreeFiles;
use super::workspace::Workspace;

/// Child pipelines below one another (configuration reference 6.25).
pub(super) const MAX_DEPTH: u64 = 2;

/// The child of a trigger job, all of whose files are the repository's.
pub(super) struct LocalChild<'p> {
    /// The trigger job.
    pub(super) job: &'p JobConfig,
    /// Where its `include` begins.
    pub(super) place: Span,
    includes: &'p [ChildInclude],
}

impl<'p> LocalChild<'p> {
    /// Those of all trigger jobs, whether the pipeline has them or not.
    pub(super) fn all(config: &'p Config) -> impl Iterator<Item = Self> {
        config.jobs.iter().filter_map(|job| {
            let trigger = job.trigger.as_ref()?;
            let TriggerTarget::Child(includes) = &trigger.target else {
                return None;
            };
            includes.iter().all(is_local).then(|| Self {
                job,
                place: includes.first().map_or(trigger.span, |one| one.entry.span),
                includes,
            })
        })
    }

    /// Reads it, and says whether `parent` has the trigger job. `id` is that of the parent: any number will
    /// do, if no other pipeline above has it. `sources` are those of the parent, and what was read since.
    pub(super) fn read(
        &self,
        workspace: &Workspace,
        parent: &Pipeline,
        id: u64,
        sources: &SourceMap,
    ) -> (Pipeline, bool) {
        let plan = parent.outcome.as_ref().map(|outcome| &outcome.plan);
        let given = plan.and_then(|plan| {
            let mut jobs = plan.jobs.iter();
            let made = jobs.find(|one| one.name() == &*self.job.name)?;
            Some(plan::handed_down(plan, made, &parent.facts, id, &[]))
        });
        let is_made = given.is_some();
        let created_at = parent.facts.created_at.clone();
        let facts =
            (parent.facts).of_child(given.unwrap_or_default(), created_at, parent.facts.iid);
        let files = TreeFiles::new(workspace, parent.changes.clone());
        let start = Start::Child {
            includes: self.includes,
            sources,
        };
        (Pipeline::read(facts, &files, start, &[]), is_made)
    }
}

/// Names of the trigger jobs that lead to the child pipeline with a job of that name, the outermost first.
pub(super) fn way_to(
    workspace: &Workspace,
    pipeline: &Pipeline,
    name: &str,
) -> Option<Vec<String>> {
    way_below(workspace, pipeline, name, 1)
}

fn way_below(
    workspace: &Workspace,
    parent: &Pipeline,
    name: &str,
    depth: u64,
) -> Option<Vec<String>> {
    let config = parent.loaded.config.as_ref()?;
    let children = LocalChild::all(config).filter(|_| depth <= MAX_DEPTH);
    let read = children.map(|child| {
        let trigger = child.job.base_name.to_string();
        let (child, _) = child.read(workspace, parent, depth, &parent.loaded.sources);
        (trigger, child)
    });
    let children: Vec<(String, Pipeline)> = read.collect();
    let has_it = |child: &Pipeline| {
        let mut jobs = child.loaded.config.iter().flat_map(|config| &config.jobs);
        jobs.any(|job| *job.name == *name || *job.base_name == *name)
    };
    if let Some((trigger, _)) = children.iter().find(|(_, child)| has_it(child)) {
        return Some(vec![trigger.clone()]);
    }
    children.iter().find_map(|(trigger, child)| {
        let mut way = way_below(workspace, child, name, depth + 1)?;
        way.insert(0, trigger.clone());
        Some(way)
    })
}

/// Whether the entry names a file of the repository.
fn is_local(include: &ChildInclude) -> bool {
    if include.artifact.is_some() {
        return false;
    }
    match (include.entry.as_map(), include.entry.as_str()) {
        (Some(mapping), _) => mapping.get("local").is_some(),
        (None, Some(text)) => !text.contains("://"),
        (None, None) => false,
    }
}
