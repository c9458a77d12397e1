//! Which jobs of the pipeline to run (design chapter 2, *Choosing jobs*).

use std::collections::{BTreeSet, HashMap};

use crate::types::{When, wildcard_match};

use super::elsewhere::drop_artifacts;
use super::held::{Outside, Release, hold, outside_work};
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
    /// Manual and delayed jobs to play.
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
    /// No job acts on the environment that is to be released.
    UnknownEnvironment(String),
    /// A chosen job is excluded too.
    Excluded(String),
    /// `--manual` names a job that is neither manual nor delayed.
    NotManual(String),
    /// A chosen job needs one that would have to be played or released first.
    NotStartable {
        /// The chosen job.
        job: String,
        /// The job it needs.
        needs: String,
    },
    /// Nothing is left.
    NoJob,
}

/// The part of a pipeline that is to run.
#[derive(Debug, Clone)]
pub struct Chosen {
    /// The chosen jobs; what is held and what is played is marked.
    pub plan: Plan,
    /// How many jobs the whole pipeline has.
    pub whole: usize,
    /// With `no_needs`: the jobs whose artifacts a job would receive, but that do not run, by the
    /// name of the job that receives.
    pub missing_sources: Vec<(String, Vec<String>)>,
    /// With `no_needs`: what a job would receive of other pipelines, in words, by its name.
    pub missing_elsewhere: Vec<(String, Vec<String>)>,
}

impl Chosen {
    /// Whether all that GitLab would run was chosen.
    pub fn is_whole(&self) -> bool {
        self.plan.jobs.len() == self.whole
    }

    /// The jobs that are held, each with what it does outside.
    pub fn held(&self) -> impl Iterator<Item = (&str, &str)> {
        let jobs = self.plan.jobs.iter();
        jobs.filter_map(|job| Some((job.name(), job.held.as_deref()?)))
    }

    /// The manual jobs for which all that comes after them waits, and that nobody has played
    /// (configuration reference: `when: manual` without `allow_failure`), each with what it does
    /// outside.
    pub fn blocking(&self, outside: &Outside) -> impl Iterator<Item = (&str, Option<String>)> {
        let jobs = self.plan.jobs.iter();
        let jobs = jobs.filter(|job| job.when == When::Manual && !job.played);
        let jobs = jobs.filter(|job| !job.allow_failure.flag());
        jobs.map(|job| (job.name(), outside_work(job, &outside.held)))
    }

    /// Whether its jobs lack nothing of other pipelines.
    pub fn lacks_nothing(&self) -> bool {
        let mut lacking = self.plan.jobs.iter().flat_map(Job::lacking);
        self.missing_elsewhere.is_empty() && lacking.next().is_none()
    }
}

/// Chooses the jobs to run: takes away what is excluded, plays what is named, holds what acts
/// outside and was not released, and keeps what was chosen with all it needs.
pub fn choose(
    whole: &Plan,
    selection: &Selection,
    outside: &Outside,
) -> Result<Chosen, SelectionError> {
    released_environments(whole, &outside.release)?;
    let mut plan = whole.clone();
    exclude(&mut plan, selection)?;
    play(&mut plan, selection)?;
    let named = named_jobs(&mut plan, selection)?;
    hold(&mut plan, outside, &named);
    if selection.is_partial() {
        let kept = kept_jobs(&plan, selection, named)?;
        keep(&mut plan, &kept);
    }
    if plan.jobs.is_empty() {
        return Err(SelectionError::NoJob);
    }
    let (missing_sources, missing_elsewhere) = if selection.no_needs {
        (missing_sources(whole, &plan), drop_artifacts(&mut plan))
    } else {
        Default::default()
    };
    Ok(Chosen {
        whole: whole.jobs.len(),
        plan,
        missing_sources,
        missing_elsewhere,
    })
}

/// All jobs of a child pipeline. What acts outside is held as in its parent; which environments
/// there are to release, nobody could know before.
pub fn choose_all(whole: &Plan, outside: &Outside) -> Chosen {
    let mut plan = whole.clone();
    let outside = Outside {
        held: outside.held.clone(),
        release: outside.release.in_child(),
    };
    hold(&mut plan, &outside, &BTreeSet::new());
    Chosen {
        whole: plan.jobs.len(),
        plan,
        missing_sources: Vec::new(),
        missing_elsewhere: Vec::new(),
    }
}

/// Each environment that is released must be one of the pipeline's, or may be one of a child's.
fn released_environments(plan: &Plan, release: &Release) -> Result<(), SelectionError> {
    let Release::Environments(names) = release else {
        return Ok(());
    };
    if plan.jobs.iter().any(Job::starts_pipeline) {
        return Ok(());
    }
    let known = plan.environments();
    match names.iter().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => Err(SelectionError::UnknownEnvironment(unknown.clone())),
        None => Ok(()),
    }
}

/// Plays the manual and delayed jobs that `--manual` names.
fn play(plan: &mut Plan, selection: &Selection) -> Result<(), SelectionError> {
    for name in &selection.manual {
        for at in find(plan, name)? {
            if !plan.jobs[at].can_be_played() {
                return Err(SelectionError::NotManual(plan.jobs[at].name().to_owned()));
            }
            plan.jobs[at].played = true;
        }
    }
    Ok(())
}

/// The jobs that were named, which plays those that are manual or delayed.
fn named_jobs(plan: &mut Plan, selection: &Selection) -> Result<BTreeSet<usize>, SelectionError> {
    let mut named = BTreeSet::new();
    for name in &selection.jobs {
        named.extend(find(plan, name)?);
    }
    for at in &named {
        let job = &mut plan.jobs[*at];
        job.played |= job.can_be_played();
    }
    Ok(named)
}

fn kept_jobs(
    plan: &Plan,
    selection: &Selection,
    named: BTreeSet<usize>,
) -> Result<BTreeSet<usize>, SelectionError> {
    let mut chosen = named;
    chosen.extend(stage_jobs(plan, selection)?);
    if selection.no_needs {
        Ok(chosen)
    } else {
        with_predecessors(plan, &chosen)
    }
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

/// Takes excluded jobs away; needs on them become optional, and so vanish with them. A name that
/// only jobs have which this pipeline leaves out anyway is no mistake.
fn exclude(plan: &mut Plan, selection: &Selection) -> Result<(), SelectionError> {
    let mut excluded = BTreeSet::new();
    for name in &selection.exclude {
        match find(plan, name) {
            Ok(found) => excluded.extend(found),
            Err(_) if plan.leaves_out(name) => {}
            Err(error) => return Err(error),
        }
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
            let waits = (other.when == When::Manual && !other.played) || other.held.is_some();
            // One that has failed already needs nobody to start it.
            let startable = !waits || other.environment_fault().is_some();
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
                listed.is_none_or(|names| names.iter().any(|name| *name.text == *other.name()));
            other.stage < job.stage && wanted && other.config.artifacts.is_some()
        })
        .collect()
}

/// Jobs of the whole pipeline whose artifacts would come, but that do not run.
fn missing_sources(whole: &Plan, plan: &Plan) -> Vec<(String, Vec<String>)> {
    let runs = |job: &&Job| plan.jobs.iter().any(|kept| kept.name() == job.name());
    let sources = |job: &Job| {
        whole
            .artifact_sources(job)
            .into_iter()
            .map(|at| &whole.jobs[at])
            .filter(|source| source.config.artifacts.is_some() && !runs(source))
            .map(|source| source.name().to_owned())
            .collect()
    };
    let kept = whole.jobs.iter().filter(runs);
    kept.map(|job| (job.name().to_owned(), sources(job)))
        .collect()
}

impl Plan {
    /// The environments that jobs act on, in alphabetical order.
    pub fn environments(&self) -> Vec<&str> {
        let acted_on = self.jobs.iter().filter_map(|job| job.environment.as_ref());
        let mut names: Vec<&str> = acted_on.map(|environment| &*environment.name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whether a job of that name, or of that glob, is one that the pipeline leaves out.
    fn leaves_out(&self, name: &str) -> bool {
        let mut names = self.left_out.iter().map(|job| &*job.name);
        names.any(|job| job == name || wildcard_match(name, job))
    }

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
                && listed.is_none_or(|names| names.iter().any(|other| *other.text == *name))
                || job.child_files().any(|job| job == name)
        };
        (0..self.jobs.len())
            .filter(|at| taken(self.jobs[*at].name()))
            .collect()
    }
}
