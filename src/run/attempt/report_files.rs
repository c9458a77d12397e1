//! Reports of files, which are kept and change nothing for later jobs: `artifacts:reports` of every
//! type but `dotenv` (runtime reference 16.4).

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use tar::{Archive, EntryType};

use crate::event::{EventKind, KeptReport, TestSummary};
use crate::exec::{ExecError, Session};
use crate::foreign::system_words;
use crate::run::junit::{self, Junit};
use crate::run::message::{Failure, Message, Verdict};
use crate::run::spec::ReportFiles;

use super::driver::Attempt;
use super::leave::Missed;
use super::reports::or_failed;

/// What was kept of an attempt's reports.
#[derive(Debug, Default)]
pub(super) struct Reports {
    pub(super) files: Vec<KeptReport>,
    /// Of the `junit` report.
    pub(super) tests: Option<TestSummary>,
}

impl Attempt<'_> {
    /// Keeps the reports, whatever the job's result. One that can't be kept fails a job that was
    /// well; what one says never does.
    pub(super) async fn report_files(
        &mut self,
        session: &mut dyn Session,
        mut verdict: Verdict,
    ) -> (Verdict, Reports) {
        let mut reports = Reports::default();
        for wanted in std::mem::take(&mut self.scripts.reports) {
            match self.report_file(session, &wanted).await {
                Ok(None) => {}
                Ok(Some(content)) => {
                    verdict = self
                        .take_report(&wanted, content, verdict, &mut reports)
                        .await;
                }
                Err(Missed::Stopped(stopped)) => return (stopped, reports),
                Err(Missed::Failed(error)) => {
                    let what = format!("the {} report was", wanted.kind);
                    verdict = self.not_kept(verdict, &what, &error).await;
                }
            }
        }
        (verdict, reports)
    }

    /// Brings a report and looks into it; `None` where no file matched.
    async fn report_file(
        &mut self,
        session: &mut dyn Session,
        wanted: &ReportFiles,
    ) -> Result<Option<Content>, Missed> {
        let into = self.report_place(&wanted.kind);
        let collected = self.report(session, &wanted.paths, &into).await?;
        if self.told_of(collected).await.is_none() {
            return Ok(None);
        }
        let content = Content::of(&into, wanted.kind == "junit");
        content.map(Some).map_err(|error| {
            let text = format!("its archive can't be read: {}", system_words(&error));
            Missed::Failed(ExecError::system("collect reports", text))
        })
    }

    async fn take_report(
        &mut self,
        wanted: &ReportFiles,
        content: Content,
        verdict: Verdict,
        reports: &mut Reports,
    ) -> Verdict {
        let (kind, file) = (&wanted.kind, self.report_place(&wanted.kind));
        if let Some(path) = content.no_file {
            // Nobody is to find what GitLab would not have.
            let _ = std::fs::remove_file(&file);
            let message = format!(
                "the {kind} report is refused, as by GitLab Runner: `{path}` is no regular file"
            );
            self.log.say(&format!("ERROR: {message}")).await;
            let failure = Failure {
                message,
                // The runner's uploader ends with 1.
                ..Failure::exit_code(1)
            };
            return or_failed(verdict, failure);
        }
        match content.tests {
            Ok(None) => {}
            Ok(Some(mut tests)) => {
                for name in &mut tests.failures {
                    *name = self.log.masked(name);
                }
                reports.tests = Some(tests);
            }
            Err(why) => {
                let job = &self.order.name;
                let text = format!(
                    "the {kind} report of job `{job}` can't be read, so that no tests are shown, as on GitLab: {why}"
                );
                let text = self.log.masked(&text);
                let notice = Message::Event(EventKind::Notice { text });
                let _ = self.messages.send(notice).await;
            }
        }
        reports.files.push(KeptReport {
            kind: kind.clone(),
            file,
        });
        verdict
    }
}

/// What a report on disk turns out to be.
struct Content {
    /// The first of its paths that is no file, for which the runner would not upload it.
    no_file: Option<String>,
    /// What it says of tests, or why that can't be read.
    tests: Result<Option<TestSummary>, String>,
}

impl Content {
    fn of(tar: &Path, has_tests: bool) -> io::Result<Self> {
        let mut content = Self {
            no_file: None,
            tests: Ok(None),
        };
        let file = match File::open(tar) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(content),
            opened => opened?,
        };
        let mut read = has_tests.then(|| Ok(Junit::default()));
        let mut left = junit::MAX_SIZE;
        for entry in Archive::new(BufReader::new(file)).entries_with_seek()? {
            let entry = entry?;
            let path = entry.path()?.display().to_string();
            if !is_file(entry.header().entry_type()) {
                content.no_file = Some(path);
                return Ok(content);
            }
            let Some(Ok(tests)) = &mut read else { continue };
            let size = entry.size();
            let done = if size > left {
                Err(format!("it is larger than {} MB", junit::MAX_SIZE >> 20))
            } else {
                left -= size;
                tests.read(BufReader::new(entry))
            };
            if let Err(why) = done {
                read = Some(Err(format!("`{path}`: {why}")));
            }
        }
        if let Some(read) = read {
            content.tests = read.map(Junit::summary);
        }
        Ok(content)
    }
}

fn is_file(kind: EntryType) -> bool {
    matches!(
        kind,
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse
    )
}
