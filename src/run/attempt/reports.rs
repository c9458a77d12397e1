//! Reports that change what later jobs see: `artifacts:reports:dotenv` (runtime reference 14).

use std::io::{self, Read};
use std::path::Path;

use crate::exec::{Cancel, ExecError, Globs, Session};
use crate::foreign::system_words;
use crate::run::bounded_call::{Ending, Remote};
use crate::run::dotenv::{self, Variables};
use crate::run::message::{Failure, Verdict};

use super::driver::Attempt;

impl Attempt<'_> {
    /// Takes in the dotenv report, whatever the job's result. One that GitLab would not accept
    /// fails a job that was well.
    pub(super) async fn dotenv(
        &mut self,
        session: &mut dyn Session,
        verdict: Verdict,
    ) -> (Verdict, Variables) {
        let paths = std::mem::take(&mut self.scripts.dotenv);
        if paths.is_empty() {
            return (verdict, Variables::new());
        }
        let paths = match self.expanded(session, paths).await {
            Ok(paths) => paths,
            Err(error) => return (or_failed(verdict, Failure::from(&error)), Variables::new()),
        };
        match self.reported(session, paths).await {
            Ok(Ok(variables)) => (verdict, variables),
            Ok(Err(refused)) => {
                let message = format!("the dotenv report is refused, as on GitLab: {refused}");
                self.log.say(&format!("ERROR: {message}")).await;
                let failure = Failure {
                    message,
                    // The runner's uploader ends with 1.
                    ..Failure::exit_code(1)
                };
                (or_failed(verdict, failure), Variables::new())
            }
            Err(None) => (Verdict::Killed, Variables::new()),
            Err(Some(failure)) => (or_failed(verdict, failure), Variables::new()),
        }
    }

    /// `Err(None)` when it was stopped.
    async fn reported(
        &mut self,
        session: &mut dyn Session,
        paths: Vec<String>,
    ) -> Result<Result<Variables, String>, Option<Failure>> {
        let into = self.order.artifacts_place.with_extension("dotenv");
        let globs = Globs {
            paths,
            limit: self.shared.artifacts_limit,
            ..Globs::default()
        };
        let bounds = self.bounds(Cancel::Force, None);
        let (_, remote) = Remote::new();
        let work = session.collect(&globs, &into);
        let Ending { result, stop } = bounds.run(&mut self.log, remote, work).await;
        let collected = match (stop, result) {
            (None, Some(collected)) => collected.map_err(|error| Some(Failure::from(&error)))?,
            _ => return Err(None),
        };
        for note in &collected.notes {
            self.log.say(note).await;
        }
        let read = files(&into);
        // It was only the way here.
        let _ = std::fs::remove_file(&into);
        let content = read.map_err(|error| {
            let text = format!("the dotenv report can't be read: {}", system_words(&error));
            Some(Failure::from(&ExecError::system("collect reports", text)))
        })?;
        Ok(dotenv::parse(&content))
    }
}

/// The first failure counts.
pub(super) fn or_failed(verdict: Verdict, failure: Failure) -> Verdict {
    match verdict {
        Verdict::Success => Verdict::Failed(failure),
        verdict => verdict,
    }
}

/// The files of an archive one behind the other, as far as a report may be long.
fn files(tar: &Path) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let file = match std::fs::File::open(tar) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(content),
        opened => opened?,
    };
    for entry in tar::Archive::new(file).entries()? {
        let entry = entry?;
        if entry.header().entry_type().is_file() {
            let left = (dotenv::MAX_SIZE + 1).saturating_sub(content.len()) as u64;
            entry.take(left).read_to_end(&mut content)?;
        }
    }
    Ok(content)
}
