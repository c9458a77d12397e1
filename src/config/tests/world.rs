//! A tree of files in memory, and what comes of reading it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{
    BadRevision, Changes, FileProvider, GivenInput, KeptError, Loaded, ReadError, Request, Start,
    TriggerTarget, load,
};
use crate::diag::Severity;
use crate::expr::expand::{Unknown, Variable, Variables, expand};

/// The files of one repository.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
    fetched: BTreeMap<String, String>,
    /// Files of other revisions, by revision.
    others: BTreeMap<String, BTreeMap<String, String>>,
    variables: Variables,
    inputs: Vec<GivenInput>,
    changed: Option<Vec<String>>,
    /// What jobs of the parent have kept: job, path, text.
    kept: Vec<(String, String, String)>,
}

impl Tree {
    /// A tree with nothing but the main file.
    pub(crate) fn of(main: &str) -> Self {
        Self::default().with(".gitlab-ci.yml", main)
    }

    /// The same with one more file.
    pub(crate) fn with(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }

    /// The same with a variable that includes can see.
    pub(crate) fn variable(mut self, key: &str, value: &str) -> Self {
        self.variables.push(Variable::new(key, value));
        self
    }

    /// The same with a file that was fetched from elsewhere.
    pub(crate) fn fetched(mut self, key: &str, text: &str) -> Self {
        self.fetched.insert(key.to_owned(), text.to_owned());
        self
    }

    /// The same with a file at another revision.
    pub(crate) fn at(mut self, revision: &str, path: &str, text: &str) -> Self {
        let files = self.others.entry(revision.to_owned()).or_default();
        files.insert(path.to_owned(), text.to_owned());
        self
    }

    /// The same with a file that a job of the parent pipeline has kept.
    pub(crate) fn kept(mut self, job: &str, path: &str, text: &str) -> Self {
        let file = [job, path, text].map(str::to_owned);
        let [job, path, text] = file;
        self.kept.push((job, path, text));
        self
    }

    /// What the first trigger job of the main file makes its child from.
    pub(crate) fn child(&self) -> Loaded {
        let parent = self.load();
        let config = parent
            .config
            .unwrap_or_else(|| panic!("{:?}", parent.diagnostics));
        let mut triggers = config.jobs.iter().filter_map(|job| job.trigger.as_ref());
        let Some(TriggerTarget::Child(includes)) = triggers.next().map(|it| &it.target) else {
            panic!("no job makes a child");
        };
        self.load_from(Start::Child {
            includes,
            sources: &parent.sources,
        })
    }

    /// The same with known changed files.
    pub(crate) fn changed(mut self, paths: &[&str]) -> Self {
        self.changed = Some(paths.iter().map(ToString::to_string).collect());
        self
    }

    /// The same with a value for an input of the main file.
    pub(crate) fn input(mut self, name: &str, value: &str) -> Self {
        self.inputs.push(GivenInput::Value {
            name: name.to_owned(),
            value: value.to_owned(),
        });
        self
    }

    /// Reads the main file.
    pub(crate) fn load(&self) -> Loaded {
        self.load_from(Start::File(".gitlab-ci.yml"))
    }

    fn load_from(&self, start: Start<'_>) -> Loaded {
        load(&Request {
            start,
            files: self,
            lookup: &self.variables,
            expand: &|text| expand(text, &self.variables, Unknown::Empty).into_owned(),
            expand_known: &|text| expand(text, &self.variables, Unknown::Keep).into_owned(),
            inputs: &self.inputs,
        })
    }

    /// Codes of the errors, in order, each once.
    pub(crate) fn errors(&self) -> String {
        let mut codes: Vec<&str> = Vec::new();
        for diagnostic in self.load().diagnostics {
            let code = diagnostic.code.as_str();
            if diagnostic.severity == Severity::Error && !codes.contains(&code) {
                codes.push(code);
            }
        }
        codes.join(" ")
    }
}

impl Tree {
    /// The jobs with their scripts, `a: x; y  b: z`, or the codes of the errors.
    pub(crate) fn outcome(&self) -> String {
        let errors = self.errors();
        let Some(config) = self.load().config else {
            return format!("! {errors}");
        };
        let job = |job: &Arc<crate::config::JobConfig>| {
            format!("{}: {}", job.name, job.script.join("; "))
        };
        config.jobs.iter().map(job).collect::<Vec<_>>().join("  ")
    }
}

/// Fails with all rows that came out otherwise than expected.
#[track_caller]
pub(crate) fn none_is_broken(rows: &[String]) {
    assert!(rows.is_empty(), "{} rows:\n{}", rows.len(), rows.join("\n"));
}

/// Checks what becomes of trees.
pub(crate) fn outcomes(rows: Vec<(&str, Tree, &str)>) {
    let broken: Vec<String> = rows
        .into_iter()
        .filter_map(|(name, tree, expected)| {
            let found = tree.outcome();
            (found != expected)
                .then(|| format!("{name}\n    expected: {expected}\n    found:    {found}"))
        })
        .collect();
    none_is_broken(&broken);
}

impl FileProvider for Tree {
    fn read(&self, path: &str) -> Result<Arc<str>, ReadError> {
        let text = self.files.get(path).ok_or(ReadError::NotFound)?;
        Ok(text.as_str().into())
    }

    fn paths(&self) -> Arc<[String]> {
        self.files.keys().cloned().collect()
    }

    fn fetched(&self, key: &str) -> Option<Arc<str>> {
        self.fetched.get(key).map(|text| text.as_str().into())
    }

    fn commit_at(&self, revision: &str) -> Option<String> {
        let known = self.others.contains_key(revision);
        known.then(|| format!("commit of {revision}"))
    }

    fn read_at(&self, revision: &str, path: &str) -> Option<Arc<str>> {
        let text = self.others.get(revision)?.get(path)?;
        Some(text.as_str().into())
    }

    fn paths_at(&self, revision: &str) -> Arc<[String]> {
        let files = self.others.get(revision);
        files
            .into_iter()
            .flat_map(BTreeMap::keys)
            .cloned()
            .collect()
    }

    fn kept(&self, job: &str, path: &str) -> Result<Arc<str>, KeptError> {
        let mut of_job = self.kept.iter().filter(|kept| kept.0 == job).peekable();
        of_job.peek().ok_or(KeptError::NothingKept)?;
        let found = of_job.find(|kept| kept.1 == path);
        let text = found.map(|kept| kept.2.as_str().into());
        text.ok_or(KeptError::Unreadable(ReadError::NotFound))
    }

    fn changes(&self, compare_to: Option<&str>) -> Result<Changes, BadRevision> {
        if let Some(revision) = compare_to.filter(|revision| *revision == "bad") {
            return Err(BadRevision(revision.to_owned()));
        }
        Ok(match &self.changed {
            Some(paths) => Changes::Known(paths.clone().into()),
            None => Changes::Unknown,
        })
    }
}

/// Checks rows of a text and the codes of its errors; `wrap` makes the configuration of the text.
pub(crate) fn check(rows: &[(&str, &str)], wrap: impl Fn(&str) -> String) {
    let broken: Vec<String> = rows
        .iter()
        .filter_map(|(text, expected)| {
            let found = Tree::of(&wrap(text)).errors();
            (found != *expected)
                .then(|| format!("{text}\n    expected: {expected}\n    found:    {found}"))
        })
        .collect();
    none_is_broken(&broken);
}
