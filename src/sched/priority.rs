//! Which of several ready jobs goes first.

use std::time::Duration;

use super::order::Order;
use super::{JobSpec, SpecError};

/// What a job is taken to last when no earlier run tells.
const UNKNOWN: Duration = Duration::from_secs(1);

/// For each job the time from its start to the end of the longest chain of jobs behind it. The
/// ready job with the most goes first, so that the whole run ends early (design chapter 6).
///
/// `durations` are those of earlier runs, by job; where one is unknown the mean of the known
/// ones is taken.
pub fn remaining_paths(
    specs: &[JobSpec],
    durations: &[Option<Duration>],
) -> Result<Vec<Duration>, SpecError> {
    let order = Order::of(specs)?;
    let typical = mean(durations).unwrap_or(UNKNOWN);
    let stages = specs.iter().map(|spec| spec.stage + 1).max().unwrap_or(0);
    // Per stage the longest path that begins in it or later with a job that waits for stages.
    let mut by_stage = vec![Duration::ZERO; stages + 1];
    let mut paths = vec![Duration::ZERO; specs.len()];
    let mut current = stages;
    for job in order.jobs.iter().rev() {
        let spec = &specs[job.0];
        while current > spec.stage {
            current -= 1;
            by_stage[current] = by_stage[current + 1];
        }
        let by_needs = order.needed_by[job.0]
            .iter()
            .map(|next| paths[next.0])
            .max();
        let behind = by_needs.unwrap_or_default().max(by_stage[spec.stage + 1]);
        let own = durations.get(job.0).copied().flatten().unwrap_or(typical);
        paths[job.0] = own.saturating_add(behind);
        if spec.needs.is_none() {
            by_stage[current] = by_stage[current].max(paths[job.0]);
        }
    }
    Ok(paths)
}

fn mean(durations: &[Option<Duration>]) -> Option<Duration> {
    let known: Vec<Duration> = durations.iter().copied().flatten().collect();
    let count = u32::try_from(known.len()).ok().filter(|count| *count > 0)?;
    let sum = known
        .iter()
        .fold(Duration::ZERO, |sum, one| sum.saturating_add(*one));
    Some(sum / count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sched::JobIndex;

    fn job(stage: usize, needs: Option<&[usize]>) -> JobSpec {
        JobSpec {
            stage,
            needs: needs.map(|list| list.iter().copied().map(JobIndex).collect()),
            ..JobSpec::default()
        }
    }

    fn seconds(specs: &[JobSpec], durations: &[Option<u64>]) -> Vec<u64> {
        let durations: Vec<_> = durations
            .iter()
            .map(|d| d.map(Duration::from_secs))
            .collect();
        let paths = remaining_paths(specs, &durations).expect("the specs are sound");
        paths.iter().map(Duration::as_secs).collect()
    }

    /// Name, jobs, durations known, paths wanted.
    type Row<'a> = (&'a str, &'a [JobSpec], &'a [Option<u64>], &'a [u64]);

    #[test]
    fn stages_and_needs() {
        let two_stages = [job(0, None), job(0, None), job(1, None)];
        let chain = [
            job(0, None),
            job(1, Some(&[0])),
            job(1, Some(&[1])),
            job(2, Some(&[])),
        ];
        let rows: [Row<'_>; 4] = [
            (
                "stages",
                &two_stages,
                &[Some(1), Some(9), Some(5)],
                &[6, 14, 5],
            ),
            (
                "needs",
                &chain,
                &[Some(1), Some(2), Some(3), Some(4)],
                &[6, 5, 3, 4],
            ),
            (
                "unknown: the mean",
                &two_stages,
                &[Some(2), None, Some(4)],
                &[6, 7, 4],
            ),
            ("nothing known", &two_stages, &[], &[2, 2, 1]),
        ];
        for (row, specs, durations, want) in rows {
            assert_eq!(seconds(specs, durations), want, "{row}");
        }
    }
}
