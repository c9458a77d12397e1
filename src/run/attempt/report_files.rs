//! Reports of files, which are kept and change nothing for later jobs: `artifacts:reports` of every
//! type but `dotenv` (runtime reference 16.4).

use std::path::Path;

use crate::event::{EventKind, KeptReport, TestSummary};
use crate::exec::{Session, Stop, stoppable};
use crate::run::bounded_call::Remote;
use crate::run::junit::Unreadable;
use crate::run::message::{Failure, Message, Verdict};
use crate::run::spec::{ReportFiles, ReportFormat};

use super::driver::Attempt;
use super::leave::Missed;
use super::report_content::{Fit, led_to, tests};
use super::reports::or_failed;

/// Links that lead to each other before the last is taken for one that leads nowhere.
const MAX_LINKS: usize = 8;

/// What was kept of an attempt's reports.
#[derive(Debug, Default)]
pub(super) struct Reports {
    pub(super) files: Vec<KeptReport>,
    /// Of the `junit` report.
    pub(super) tests: Option<TestSummary>,
}

/// What a report turns out to be.
enum Content {
    /// The runner would not send it.
    Refused(String),
    /// What it says of tests, or why that can't be read.
    Kept(Result<Option<TestSummary>, Unreadable>),
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

    /// Brings a report and looks into it; `None` where no file matched. It stays where it is only if
    /// the attempt is to keep it.
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
        let content = self.content(session, wanted, &into).await;
        if !matches!(content, Ok(Content::Kept(_))) {
            // Nobody is to find what GitLab would not have.
            let _ = std::fs::remove_file(&into);
        }
        content.map(Some)
    }

    async fn content(
        &mut self,
        session: &mut dyn Session,
        wanted: &ReportFiles,
        into: &Path,
    ) -> Result<Content, Missed> {
        let format = ReportFormat::of(&wanted.kind);
        if let Some(why) = self.refused(session, into, format).await? {
            return Ok(Content::Refused(why));
        }
        if wanted.kind != "junit" {
            return Ok(Content::Kept(Ok(None)));
        }
        let (tar, masker) = (into.to_owned(), self.log.masker());
        let told = self.looked(move |stop| tests(&tar, masker, stop)).await?;
        Ok(Content::Kept(told))
    }

    /// Why the runner would not send what was brought; brings what a link leads to in its place.
    pub(super) async fn refused(
        &mut self,
        session: &mut dyn Session,
        into: &Path,
        format: ReportFormat,
    ) -> Result<Option<String>, Missed> {
        for _ in 0..MAX_LINKS {
            let tar = into.to_owned();
            let fit = self.looked(move |stop| Fit::of(&tar, format, stop)).await?;
            let (path, target) = match fit {
                Fit::Fits => return Ok(None),
                Fit::Refused(why) => return Ok(Some(why)),
                Fit::Link { path, target } => (path, target),
            };
            let shown = path.display();
            let Some(place) = led_to(Path::new(&self.layout.project_dir), &path, &target) else {
                let why = format!("`{shown}` leads out of the project directory");
                return Ok(Some(why));
            };
            let glob = literally(&place.to_string_lossy());
            let collected = self.collected(session, vec![glob], into).await?;
            if collected.entries == 0 {
                return Ok(Some(format!("`{shown}` leads to no file")));
            }
        }
        Ok(Some("its links lead on and on".to_owned()))
    }

    /// What reading its archive brings to light, as long as the job's time lasts.
    pub(super) async fn looked<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Stop) -> std::io::Result<T> + Send + 'static,
    ) -> Result<T, Missed> {
        let (cx, remote) = Remote::new();
        let work = stoppable(
            "collect reports",
            "the report's archive can't be read",
            &cx,
            work,
        );
        self.afterwards(remote, work).await
    }

    async fn take_report(
        &mut self,
        wanted: &ReportFiles,
        content: Content,
        verdict: Verdict,
        reports: &mut Reports,
    ) -> Verdict {
        let (kind, file) = (&wanted.kind, self.report_place(&wanted.kind));
        let told = match content {
            Content::Kept(told) => told,
            Content::Refused(why) => {
                let message = format!("the {kind} report is refused, as by GitLab Runner: {why}");
                self.log.say(&format!("ERROR: {message}")).await;
                let failure = Failure {
                    message,
                    // The runner's uploader ends with 1.
                    ..Failure::exit_code(1)
                };
                return or_failed(verdict, failure);
            }
        };
        match told {
            Ok(tests) => reports.tests = tests.or(reports.tests.take()),
            Err(why) => {
                let job = &self.order.name;
                let text = format!(
                    "the {kind} report of job `{job}` can't be read, so that no tests are shown"
                );
                let text = match why {
                    Unreadable::Malformed(why) => format!("{text}, as on GitLab: {why}"),
                    Unreadable::Beyond(why) => format!("{text}: {why}"),
                };
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

/// A glob that means this path alone.
fn literally(path: &str) -> String {
    let mut glob = String::with_capacity(path.len());
    for letter in path.chars() {
        if matches!(letter, '*' | '?' | '[' | ']' | '{' | '}' | ',' | '\\') {
            glob.push('\\');
        }
        glob.push(letter);
    }
    glob
}
