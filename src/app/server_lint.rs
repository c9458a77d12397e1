//! What the server says about the configuration, beside what `pipe` says.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Severity};
use crate::fetch::ServerLint;

use super::facts::project;
use super::failure::Failure;
use super::fetch::{Fetch, failed};
use super::pipeline::Pipeline;

/// Two verdicts on one configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The server that was asked.
    pub server: String,
    /// Whether it accepts the configuration.
    pub valid: bool,
    /// Whether `pipe` does.
    pub valid_here: bool,
    /// Mistakes in the server's words.
    pub errors: Vec<String>,
    /// Warnings in the server's words.
    pub warnings: Vec<String>,
    /// Mistakes in the words of `pipe`.
    pub errors_here: Vec<String>,
    /// Jobs, each with its stage, that only `pipe` sees.
    pub only_here: Vec<(String, String)>,
    /// Jobs, each with its stage, that only the server sees.
    pub only_there: Vec<(String, String)>,
}

impl Comparison {
    /// Whether both say the same, as far as it can be compared: words of mistakes can't.
    pub fn agrees(&self) -> bool {
        self.valid == self.valid_here && self.only_here.is_empty() && self.only_there.is_empty()
    }
}

impl Fetch<'_> {
    /// Asks the server about the text of the pipeline's file. Other files of the repository are
    /// those that the server has.
    pub async fn lint(&self, pipeline: &Pipeline) -> Result<Comparison, Failure> {
        let workspace = self.workspace();
        let text = workspace.tree.read_text(workspace.file());
        // Where it can't be read, `pipe` has said so.
        let text = text.unwrap_or_default();
        let path = project(workspace).path;
        let api = self.api();
        let server = api.server.clone();
        let said = api.lint(&path, &text).await.map_err(|error| {
            let what = format!("`{server}` can't be asked about `{path}`");
            failed(&error, &what)
        })?;
        Ok(compared(server, said, pipeline))
    }
}

fn compared(server: String, said: ServerLint, pipeline: &Pipeline) -> Comparison {
    let jobs = pipeline.loaded.config.as_ref().map(|config| {
        let jobs = config.jobs.iter();
        jobs.map(|job| (job.name.to_string(), job.stage.to_string()))
            .collect()
    });
    Comparison {
        server,
        valid: said.valid,
        valid_here: pipeline.is_valid(),
        errors_here: errors(&pipeline.loaded.diagnostics),
        errors: said.errors,
        warnings: said.warnings,
        only_here: Vec::new(),
        only_there: Vec::new(),
    }
    .with_jobs(
        jobs,
        said.jobs
            .map(|jobs| jobs.into_iter().map(|job| (job.name, job.stage)).collect()),
    )
}

fn errors(found: &[Diagnostic]) -> Vec<String> {
    let errors = found.iter().filter(|one| one.severity == Severity::Error);
    errors.map(|one| one.message.clone()).collect()
}

type Jobs = BTreeSet<(String, String)>;

impl Comparison {
    /// Jobs are compared where both tell them.
    fn with_jobs(self, here: Option<Jobs>, there: Option<Jobs>) -> Self {
        let (Some(here), Some(there)) = (here, there) else {
            return self;
        };
        Self {
            only_here: here.difference(&there).cloned().collect(),
            only_there: there.difference(&here).cloned().collect(),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jobs(names: &[&str]) -> Jobs {
        let jobs = names.iter();
        jobs.map(|name| ((*name).to_owned(), "test".to_owned()))
            .collect()
    }

    #[test]
    fn both_agree_where_verdict_and_jobs_are_the_same() {
        for (valid, here, there, expected) in [
            (true, Some(jobs(&["a", "b"])), Some(jobs(&["b", "a"])), true),
            (true, Some(jobs(&["a"])), Some(jobs(&["a", "b"])), false),
            (true, Some(jobs(&["a", "b"])), Some(jobs(&["a"])), false),
            (false, Some(jobs(&["a"])), Some(jobs(&["a"])), false),
            (true, Some(jobs(&["a"])), None, true),
        ] {
            let comparison = Comparison {
                server: String::new(),
                valid,
                valid_here: true,
                errors: Vec::new(),
                warnings: Vec::new(),
                errors_here: Vec::new(),
                only_here: Vec::new(),
                only_there: Vec::new(),
            };
            let comparison = comparison.with_jobs(here, there);
            assert_eq!(comparison.agrees(), expected, "{comparison:?}");
        }
    }
}
