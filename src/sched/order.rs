//! The order in which created jobs are decided, by stage and needs, and who needs whom.

use super::{JobIndex, JobSpec, SpecError};

/// Jobs in the order they are decided, and those to decide again when one changes.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// Jobs by stage, inside a stage needed jobs first.
    pub(super) jobs: Vec<JobIndex>,
    /// For each job its place in `jobs`.
    pub(super) place: Vec<usize>,
    /// For each job those that need it.
    pub(super) needed_by: Vec<Vec<JobIndex>>,
}

impl Order {
    pub(super) fn of(specs: &[JobSpec]) -> Result<Self, SpecError> {
        let needed_by = needed_by(specs)?;
        let depth = depths(specs, &needed_by)?;
        let mut jobs: Vec<_> = (0..specs.len()).map(JobIndex).collect();
        jobs.sort_by_key(|job| (specs[job.0].stage, depth[job.0], *job));
        let mut place = vec![0; specs.len()];
        for (at, job) in jobs.iter().enumerate() {
            place[job.0] = at;
        }
        Ok(Self {
            jobs,
            place,
            needed_by,
        })
    }
}

fn needed_by(specs: &[JobSpec]) -> Result<Vec<Vec<JobIndex>>, SpecError> {
    let mut needed_by = vec![Vec::new(); specs.len()];
    for (at, spec) in specs.iter().enumerate() {
        for need in spec.needs.iter().flatten() {
            let list = needed_by
                .get_mut(need.0)
                .ok_or_else(|| SpecError::UnknownNeed {
                    job: spec.name.clone(),
                    need: need.0,
                })?;
            list.push(JobIndex(at));
        }
    }
    Ok(needed_by)
}

/// The length of the longest chain of needs before each job.
fn depths(specs: &[JobSpec], needed_by: &[Vec<JobIndex>]) -> Result<Vec<usize>, SpecError> {
    let mut missing: Vec<usize> = specs
        .iter()
        .map(|spec| spec.needs.as_ref().map_or(0, Vec::len))
        .collect();
    let mut depth = vec![0; specs.len()];
    let mut free: Vec<usize> = (0..specs.len()).filter(|at| missing[*at] == 0).collect();
    let mut done = 0;
    while let Some(at) = free.pop() {
        done += 1;
        for next in &needed_by[at] {
            depth[next.0] = depth[next.0].max(depth[at] + 1);
            missing[next.0] -= 1;
            if missing[next.0] == 0 {
                free.push(next.0);
            }
        }
    }
    if done == specs.len() {
        return Ok(depth);
    }
    let stuck = (0..specs.len()).find(|at| missing[*at] > 0);
    Err(SpecError::Cycle {
        job: stuck.map_or_else(String::new, |at| specs[at].name.clone()),
    })
}
