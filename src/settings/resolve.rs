//! Flag over environment over user's file over repository's file over default.

use std::collections::BTreeMap;

use super::file::{self, Owner};
use super::key::Key;
use super::kind::{Kind, nano_cpus};
use super::problem::{Place, Problem, ProblemKind};
use super::value::{Source, Value};

/// Everything that settings can come from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inputs<'a> {
    /// Options given on the command line.
    pub flags: &'a [(Key, String)],
    /// The environment; only `PIPE_…` is looked at.
    pub environment: &'a [(String, String)],
    /// Text of the user's `config.toml`.
    pub user: Option<&'a str>,
    /// Text of the checkout's `.pipe/config.toml`.
    pub repository: Option<&'a str>,
}

/// One setting as it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// `None` when nobody set it and there is no default.
    pub value: Option<Value>,
    /// Where it came from; of several that add up, the strongest.
    pub source: Source,
    /// The line of the file, where it came from one; from 1.
    line: Option<usize>,
    /// The same of weaker sources, whose values count too.
    weaker: Vec<(Source, Option<usize>)>,
}

impl Setting {
    /// Every source whose values count, with its line in a file; the weakest first.
    pub fn places(&self) -> impl Iterator<Item = (Source, Option<usize>)> {
        let own = (self.source, self.line);
        self.weaker.iter().copied().chain([own])
    }
}

/// All settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    values: BTreeMap<Key, Setting>,
}

/// Finds the value of each setting. Every problem is reported; a value that does not fit counts
/// as not given.
pub fn resolve(inputs: &Inputs<'_>) -> (Settings, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut settings = Settings::default();
    let mut asked = Vec::new();
    let mut of_repository = 0;
    for (text, owner) in [
        (inputs.repository, Owner::Repository),
        (inputs.user, Owner::User),
    ] {
        let text = text.unwrap_or_default();
        let said = file::read(text, owner, &mut problems);
        for (key, value, at) in said.values {
            let line = 1 + text[..at].matches('\n').count();
            settings.put(key, value, owner.source(), Some(line));
        }
        asked.extend(said.asked);
        if owner == Owner::Repository {
            of_repository = problems.len();
        }
    }
    settings.put_texts(environment(inputs), Source::Environment, &mut problems);
    let flags = inputs.flags.iter().map(|(key, text)| (*key, text.as_str()));
    settings.put_texts(flags, Source::Flag, &mut problems);
    asked.retain(|(key, value, _)| !settings.grants(*key, value));
    let mut first: Vec<Problem> = problems.drain(..of_repository).collect();
    first.extend(asked.into_iter().map(|(.., problem)| problem));
    first.sort_by_key(Problem::start);
    problems.splice(..0, first);
    (settings, problems)
}

fn environment<'a>(inputs: &Inputs<'a>) -> impl Iterator<Item = (Key, &'a str)> {
    let environment = inputs.environment;
    Key::ALL.iter().filter_map(|key| {
        let name = key.entry().variable;
        let (_, text) = environment.iter().find(|(variable, _)| variable == name)?;
        Some((*key, text.as_str()))
    })
}

impl Default for Settings {
    fn default() -> Self {
        let values = Key::ALL.iter().map(|key| {
            let entry = key.entry();
            let value = entry
                .kind
                .read(entry.default)
                .filter(|_| !entry.default.is_empty());
            let source = Source::Default;
            let setting = Setting {
                value,
                source,
                line: None,
                weaker: Vec::new(),
            };
            (*key, setting)
        });
        Self {
            values: values.collect(),
        }
    }
}

impl Settings {
    /// The setting of `key`.
    pub fn get(&self, key: Key) -> Option<&Setting> {
        self.values.get(&key)
    }

    /// Every setting in the order of the table, for a list of them.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &Setting)> {
        self.values.iter().map(|(key, setting)| (*key, setting))
    }

    /// The text of a setting; `None` when it is not set, or is no text.
    pub fn text(&self, key: Key) -> Option<&str> {
        match self.get(key)?.value.as_ref()? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a list; empty when it is not set.
    pub fn list(&self, key: Key) -> &[String] {
        match self.get(key).and_then(|setting| setting.value.as_ref()) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }

    /// The entries of a table; empty when it is not set.
    pub fn pairs(&self, key: Key) -> &[(String, String)] {
        match self.get(key).and_then(|setting| setting.value.as_ref()) {
            Some(Value::Pairs(pairs)) => pairs,
            _ => &[],
        }
    }

    /// A yes or no; `None` when nobody said either.
    pub fn switch(&self, key: Key) -> Option<bool> {
        match self.get(key)?.value.as_ref()? {
            Value::Switch(on) => Some(*on),
            _ => None,
        }
    }

    /// A number; `None` when it is not set.
    pub fn number(&self, key: Key) -> Option<u32> {
        match self.get(key)?.value.as_ref()? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Bytes; `None` when they are not set.
    pub fn size(&self, key: Key) -> Option<u64> {
        match self.get(key)?.value.as_ref()? {
            Value::Size(bytes) => Some(*bytes),
            _ => None,
        }
    }

    /// Billionths of a processor that a job may use.
    pub fn nano_cpus(&self) -> Option<u64> {
        nano_cpus(self.text(Key::DockerCpus)?)
    }

    /// How many jobs run at once.
    pub fn jobs(&self) -> usize {
        self.number(Key::Jobs).map_or(1, |number| number as usize)
    }

    /// Bytes that the artifacts of a job may take.
    pub fn artifacts_limit(&self) -> Option<u64> {
        let megabytes = self.number(Key::ArtifactsLimit)?;
        Some(u64::from(megabytes) * 1024 * 1024)
    }

    /// Whether the user has set what a repository asks for: the same, or more of it.
    fn grants(&self, key: Key, asked: &Value) -> bool {
        match (self.get(key).and_then(|it| it.value.as_ref()), asked) {
            (Some(Value::List(have)), Value::List(asked)) => {
                asked.iter().all(|item| have.contains(item))
            }
            (have, asked) => have == Some(asked),
        }
    }

    fn put_texts<'a>(
        &mut self,
        texts: impl Iterator<Item = (Key, &'a str)>,
        source: Source,
        problems: &mut Vec<Problem>,
    ) {
        for (key, text) in texts {
            match key.entry().kind.read(text) {
                Some(value) => self.put(key, value, source, None),
                None => problems.push(misfit(key, text, source)),
            }
        }
    }

    fn put(&mut self, key: Key, value: Value, source: Source, line: Option<usize>) {
        let value = match (key.entry().adds, value) {
            (true, Value::List(items)) => Value::List(self.with(key, items)),
            (_, value) => value,
        };
        let before = self.get(key);
        let weaker = match before.filter(|before| before.source != Source::Default) {
            Some(before) if key.entry().adds => before.places().collect(),
            _ => Vec::new(),
        };
        let setting = Setting {
            value: Some(value),
            source,
            line,
            weaker,
        };
        self.values.insert(key, setting);
    }

    fn with(&self, key: Key, items: Vec<String>) -> Vec<String> {
        let mut all = self.list(key).to_vec();
        for item in items {
            if !all.contains(&item) {
                all.push(item);
            }
        }
        all
    }
}

fn misfit(key: Key, text: &str, source: Source) -> Problem {
    let entry = key.entry();
    let (place, name) = if source == Source::Flag {
        let option = entry.name.rsplit('.').next().unwrap_or(entry.name);
        (Place::Flag, format!("--{option}"))
    } else {
        (Place::Environment, entry.variable.to_owned())
    };
    let message = format!("`{name}` must be {}, not `{text}`", entry.kind.expects());
    let problem = Problem::new(ProblemKind::Invalid, place, message);
    match entry.kind {
        Kind::Choice(words) => match crate::diag::closest(text, words.iter().copied()) {
            Some(close) => problem.help(format!("did you mean `{close}`?")),
            None => problem,
        },
        _ => problem,
    }
}
