//! A success of an earlier run that counts again: what the attempt would do is the same, and what
//! it kept is still there.

use std::io;
use std::path::{Path, PathBuf};

use crate::event::{KeptArtifacts, KeptReport, ReportedVariable};
use crate::exec::ArtifactRef;
use crate::foreign::system_words;
use crate::run::message::Kept;

use super::driver::Attempt;

impl Attempt<'_> {
    /// What the earlier success kept, as if this attempt had. `None` where there is none or
    /// where it does not count; the log says which and why.
    pub(super) async fn earlier(&mut self) -> Option<Kept> {
        let earlier = self.scripts.earlier.take()?;
        let run = &earlier.run;
        if self.digest().as_ref() != Some(&earlier.digest) {
            let now = self.executor.name();
            let text = match &earlier.executor {
                Some(then) if then != now => format!(
                    "Runs again: run {run} had it on the executor `{then}`, now it is on `{now}`"
                ),
                _ => format!(
                    "Runs again: its scripts, variables, image, files or what it receives are not those of run {run}"
                ),
            };
            self.log.say(&text).await;
            return None;
        }
        let dotenv = match values(earlier.dotenv) {
            Ok(dotenv) => dotenv,
            Err(name) => {
                let text = format!(
                    "Runs again: the value of `{name}` in its dotenv report was secret in run {run}, and no record \
                     keeps such a value"
                );
                self.log.say(&text).await;
                return None;
            }
        };
        let place = &self.order.artifacts_place;
        let kinds = earlier.reports.iter().map(|report| &report.kind);
        let mut places: Vec<PathBuf> = kinds.map(|kind| self.report_place(kind)).collect();
        places.push(place.clone());
        let artifacts = earlier.artifacts.map(|kept| take_over(kept, place));
        let reports = earlier.reports.into_iter();
        let reports = reports.map(|report| self.take_over_report(report));
        let taken = reports.collect::<io::Result<_>>();
        let taken = taken.and_then(|reports| Ok((artifacts.transpose()?, reports)));
        let (artifacts, reports) = match taken {
            Ok(taken) => taken,
            Err(error) => {
                for place in places {
                    // What is there already would pass for what this attempt keeps.
                    let _ = std::fs::remove_file(place);
                }
                let why = system_words(&error);
                let text = format!("Runs again: what it kept in run {run} can't be read: {why}");
                self.log.say(&text).await;
                return None;
            }
        };
        let text = format!("Passed in run {run}, and nothing that it depends on has changed: kept");
        self.log.say(&text).await;
        Some(Kept {
            artifacts,
            dotenv,
            reports,
            tests: earlier.tests,
        })
    }

    fn take_over_report(&self, report: KeptReport) -> io::Result<KeptReport> {
        let place = self.report_place(&report.kind);
        link_or_copy(&report.file, &place)?;
        Ok(KeptReport {
            file: place,
            ..report
        })
    }
}

/// The variables with their values; the name of one whose value is not on record.
fn values(reported: Vec<ReportedVariable>) -> Result<Vec<(String, String)>, String> {
    let pairs = reported.into_iter().map(|variable| match variable.value {
        Some(value) => Ok((variable.name, value)),
        None => Err(variable.name),
    });
    pairs.collect()
}

/// The archive at its new place; the earlier run may go without it.
fn take_over(kept: KeptArtifacts, place: &Path) -> io::Result<ArtifactRef> {
    link_or_copy(&kept.file, place)?;
    Ok(ArtifactRef {
        tar: place.to_owned(),
        entries: 0,
        notes: Vec::new(),
        digest: kept.digest,
        lasts: false,
    })
}

fn link_or_copy(file: &Path, place: &Path) -> io::Result<()> {
    std::fs::hard_link(file, place).or_else(|_| std::fs::copy(file, place).map(drop))
}
