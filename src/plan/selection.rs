//! Which jobs of the pipeline to run (design chapter 2, *Choosing jobs*).

use std::collections::{BTreeSet, HashMap};

use crate::types::{When, wildcard_match};

use super::model::{Job, Plan};

/// What the user chose. Nothing chosen means the whole pipeline.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Jobs to run, with what they need.
    pub jobs: Vec<String>,
    /// Stages whose jobs to run, with what they need.
    pub stages: Vec<String>,
    /// Jobs to treat as absent.
    pub exclude: Vec<String>,
    /// Manual jobs to play.
    pub manual: Vec<String>,
    /// Only what was chosen, without its needs.
    pub no_needs: bool,
}

impl Selection {
    /// Whether it narrows the pipeline to a part.
    pub fn is_partial(&self) -> bool {
        !self.jobs.is_empty() || !self.stages.is_empty()
    }
}

/// Why a selection can't be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SelectionError {
    /// No job of this pipeline has that name.
    UnknownJob(String),
    /// No stage has that name.
    UnknownStage(String),
    /// A chosen job is excluded too.
    Excluded(String),
    /// `--manual` names a job that is not manual.
    NotManual(String),
    /// A chosen job needs one that would have to be played or released first.
    NotStartable {
        /// The chosen job.
        job: String,
        /// The job it needs.
        needs: String,
    },
}

/// Narrows the plan to the selection and plays what it plays. Returns the full names of the jobs
/// that the user named, which releases them.
pub fn select(plan: &mut Plan, selection: &Selection) -> Result<Vec<String>, SelectionError> {
    exclude(plan, selection)?;
    for name in &selection.manual {
        for at in find(plan, name)? {
            if plan.jobs[at].when != When::Manual {
                return Err(SelectionError::NotManual(plan.jobs[at].name().to_owned()));
            }
            plan.jobs[at].played = true;
        }
    }
    if !selection.is_partial() {
        return Ok(Vec::new());
    }
    let named = named_jobs(plan, selection)?;
    for at in &named {
        if plan.jobs[*at].when == When::Manual {
            plan.jobs[*at].played = true;
        }
    }
    let mut chosen = named.clone();
    chosen.extend(stage_jobs(plan, selection)?);
    let full_names = named
        .iter()
        .map(|at| plan.jobs[*at].name().to_owned())
        .collect();
    let kept = if selection.no_needs {
        chosen
    } else {
        with_predecessors(plan, &chosen)?
    };
    keep(plan, &kept);
    Ok(full_names)
}

/// Jobs of that name: exactly, else of that base name, else by glob.
fn find(plan: &Plan, name: &str) -> Result<Vec<usize>, SelectionError> {
    let all = |fits: &dyn Fn(&Job) -> bool| -> Vec<usize> {
        (0..plan.jobs.len())
            .filter(|at| fits(&plan.jobs[*at]))
            .collect()
    };
    let mut found = all(&|job| job.name() == name);
    if found.is_empty() {
        found = all(&|job| *job.config.base_name == *name);
    }
    if found.is_empty() {
        found = all(&|job| wildcard_match(name, job.name()));
    }
    if found.is_empty() {
        return Err(SelectionError::UnknownJob(name.to_owned()));
    }
    Ok(found)
}

fn named_jobs(plan: &Plan, selection: &Selection) -> Result<BTreeSet<usize>, SelectionError> {
    let mut named = BTreeSet::new();
    for name in &selection.jobs {
        named.extend(find(plan, name)?);
    }
    Ok(named)
}

/// Jobs of the chosen stages that start by themselves, or are played.
fn stage_jobs(plan: &Plan, selection: &Selection) -> Result<BTreeSet<usize>, SelectionError> {
    let mut chosen = BTreeSet::new();
    for name in &selection.stages {
        let stage = plan.stages.iter().position(|stage| **stage == **name);
        let Some(stage) = stage else {
            return Err(SelectionError::UnknownStage(name.clone()));
        };
        chosen.extend((0..plan.jobs.len()).filter(|at| {
            let job = &plan.jobs[*at];
            job.stage == stage && (job.when != When::Manual || job.played)
        }));
    }
    Ok(chosen)
}

/// Takes excluded jobs away; needs on them become optional, and so vanish with them.
fn exclude(plan: &mut Plan, selection: &Selection) -> Result<(), SelectionError> {
    let mut excluded = BTreeSet::new();
    for name in &selection.exclude {
        excluded.extend(find(plan, name)?);
    }
    for name in selection.jobs.iter().chain(&selection.manual) {
        let is_left_out = |found: Vec<usize>| found.iter().all(|at| excluded.contains(at));
        if find(plan, name).is_ok_and(is_left_out) {
            return Err(SelectionError::Excluded(name.clone()));
        }
    }
    if !excluded.is_empty() {
        let kept = (0..plan.jobs.len())
            .filter(|at| !excluded.contains(at))
            .collect();
        keep(plan, &kept);
    }
    Ok(())
}

/// Reduces the plan to some of its jobs, and their needs to what is left.
fn keep(plan: &mut Plan, kept: &BTreeSet<usize>) {
    let mut at = 0;
    plan.jobs.retain(|_| {
        at += 1;
        kept.contains(&(at - 1))
    });
    let names: BTreeSet<String> = plan.jobs.iter().map(|job| job.name().to_owned()).collect();
    for job in &mut plan.jobs {
        if let Some(needs) = &mut job.needs {
            needs.retain(|need| names.contains(&*need.job));
        }
    }
}

/// The chosen jobs and, transitively, what they need: with `needs` those, without it the earlier
/// jobs whose artifacts they receive.
fn with_predecessors(
    plan: &Plan,
    chosen: &BTreeSet<usize>,
) -> Result<BTreeSet<usize>, SelectionError> {
    let places: HashMap<&str, usize> = plan
        .jobs
        .iter()
        .enumerate()
        .map(|(at, job)| (job.name(), at))
        .collect();
    let mut kept = chosen.clone();
    let mut queue: Vec<usize> = chosen.iter().copied().collect();
    while let Some(at) = queue.pop() {
        let job = &plan.jobs[at];
        for needed in predecessors(plan, &places, job) {
            let other = &plan.jobs[needed];
            let startable = (other.when != When::Manual || other.played) && other.held.is_none();
            if !startable && !chosen.contains(&needed) {
                if job.needs.is_none() {
                    continue;
                }
                return Err(SelectionError::NotStartable {
                    job: job.name().to_owned(),
                    needs: other.name().to_owned(),
                });
            }
            if kept.insert(needed) {
                queue.push(needed);
            }
        }
    }
    Ok(kept)
}

fn predecessors(plan: &Plan, places: &HashMap<&str, usize>, job: &Job) -> Vec<usize> {
    match &job.needs {
        Some(needs) => needs
            .iter()
            .filter_map(|need| places.get(&*need.job).copied())
            .collect(),
        None => artifact_sources(plan, job),
    }
}

/// Earlier jobs whose artifacts the job receives (runtime reference 16.5).
pub(super) fn artifact_sources(plan: &Plan, job: &Job) -> Vec<usize> {
    let listed = job.config.dependencies.as_ref();
    (0..plan.jobs.len())
        .filter(|at| {
            let other = &plan.jobs[*at];
            let wanted =
                listed.is_none_or(|names| names.iter().any(|(name, _)| **name == *other.name()));
            other.stage < job.stage && wanted && other.config.artifacts.is_some()
        })
        .collect()
}

impl Plan {
    /// Indexes of the jobs whose artifacts a job receives, in the order they are laid over one
    /// another (runtime reference 16.5).
    pub fn artifact_sources(&self, job: &Job) -> Vec<usize> {
        let Some(needs) = &job.needs else {
            return artifact_sources(self, job);
        };
        let listed = job.config.dependencies.as_ref();
        let taken = |name: &str| {
            needs
                .iter()
                .any(|need| need.artifacts && &*need.job == name)
                && listed.is_none_or(|names| names.iter().any(|(other, _)| &**other == name))
        };
        (0..self.jobs.len())
            .filter(|at| taken(self.jobs[*at].name()))
            .collect()
    }
}
