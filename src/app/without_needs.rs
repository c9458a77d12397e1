//! What jobs get of those that they need and that are not run: what these left when they last succeeded
//! (`run --no-needs`, `shell`).

use std::collections::HashMap;

use crate::exec::ArtifactRef;
use crate::record::{ProjectRecord, Success};
use crate::run::Received;

/// By the name of the job that receives it. What is not there is told in `notices`.
pub(super) fn received(
    record: &ProjectRecord,
    missing_sources: &[(String, Vec<String>)],
    notices: &mut Vec<String>,
) -> HashMap<String, Received> {
    let mut all = HashMap::new();
    for (job, sources) in missing_sources {
        let mut received = Received::default();
        for source in sources {
            let success = record.newest_success(source);
            let left = success.filter(|it| it.artifacts.is_some() || !it.dotenv.is_empty());
            match left {
                Some(success) => add(&mut received, success, (job, source), notices),
                None => notices.push(format!(
                    "job `{job}` gets no artifacts of `{source}`: no earlier run where it succeeded has any"
                )),
            }
        }
        all.insert(job.clone(), received);
    }
    all
}

fn add(
    received: &mut Received,
    success: Success,
    (job, source): (&str, &str),
    notices: &mut Vec<String>,
) {
    received
        .artifacts
        .extend(success.artifacts.map(|kept| ArtifactRef {
            tar: kept.file,
            entries: 0,
            notes: Vec::new(),
            digest: kept.digest,
            lasts: false,
        }));
    for variable in success.dotenv {
        let name = variable.name;
        match variable.value {
            Some(value) => received.dotenv.push((name, value)),
            None => notices.push(format!(
                "job `{job}` does not get the variable `{name}` of `{source}`: its value was secret in run {}, and \
                 no record keeps such a value",
                success.run
            )),
        }
    }
}
