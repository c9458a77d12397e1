//! One variable and how it is written.

use std::ops::Range;

use serde_yaml::{Mapping, Value};

use super::mask::maskable;
use super::places::{Places, Step};
use crate::diag::closest;
use crate::settings::problem::{Place, Problem, ProblemKind};

/// What a variable holds.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// The value.
    Text(String),
    /// A file on this machine whose text is the value. Only the user's own file can say so.
    Path(String),
    /// The same where there is such a file, else the value itself.
    PathOrText(String),
}

impl std::fmt::Debug for Content {
    /// Without the value, which may be a secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Path(path) => write!(f, "Path({path:?})"),
            Self::PathOrText(text) => write!(f, "PathOrText({} bytes)", text.len()),
        }
    }
}

/// A variable as GitLab's settings page has it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are independent switches of GitLab's settings page"
)]
pub struct Entry {
    /// Name.
    pub key: String,
    /// Value.
    pub content: Content,
    /// `type: file`: the job gets the path of a file with the value.
    pub file: bool,
    /// Name or pattern of the environments it is for; `*` for every job.
    pub scope: String,
    /// Hidden in logs.
    pub masked: bool,
    /// Only on protected refs.
    pub protected: bool,
    /// Not expanded.
    pub raw: bool,
    /// For every project, although it stands under `global`.
    pub share: bool,
    /// Where it was written.
    pub at: Option<Range<usize>>,
}

const KEYS: &[&str] = &[
    "type",
    "value",
    "path",
    "environment_scope",
    "masked",
    "protected",
    "raw",
    "share",
];

impl Entry {
    pub(super) fn plain(key: &str, text: String) -> Self {
        Self {
            key: key.to_owned(),
            content: Content::Text(text),
            file: false,
            scope: "*".to_owned(),
            masked: false,
            protected: false,
            raw: false,
            share: false,
            at: None,
        }
    }

    /// The file that holds its value can't be read.
    pub fn unreadable(&self, path: &str, why: &str) -> Problem {
        let message = format!(
            "`{path}`, the file of variable `{}`, can't be read: {why}",
            self.key
        );
        Problem::new(
            ProblemKind::Variables,
            Place::Variables(self.at.clone()),
            message,
        )
    }

    /// Whether it is no more than a name and a value.
    pub(super) fn is_plain(&self) -> bool {
        !self.file && !self.masked && !self.protected && matches!(self.content, Content::Text(_))
    }
}

/// Whether a variable may have a field of that name.
pub(super) fn is_field(name: &str) -> bool {
    KEYS.contains(&name)
}

/// The text that is being read, the place in it, and what is wrong with it.
pub(super) struct Reader<'a> {
    text: &'a str,
    places: Places,
    steps: Vec<Step>,
    pub(super) problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            places: Places::of(text),
            steps: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// The mapping that the whole text is. An empty text is an empty one.
    pub(super) fn document(&mut self) -> Mapping {
        match serde_yaml::from_str(self.text) {
            Ok(Value::Mapping(mapping)) => mapping,
            Ok(Value::Null) => Mapping::new(),
            Ok(_) => {
                self.error("this file must be a mapping of names to values");
                Mapping::new()
            }
            Err(error) => {
                let at = error.location().map(|at| at.index()..at.index());
                let message = format!("this is no YAML: {}", words_of(&error));
                let place = Place::Variables(at);
                self.problems
                    .push(Problem::new(ProblemKind::Variables, place, message));
                Mapping::new()
            }
        }
    }

    /// Does something one step further in: what is said meanwhile is said of that place.
    pub(super) fn inside<T>(&mut self, step: Step, work: impl FnOnce(&mut Self) -> T) -> T {
        self.steps.push(step);
        let done = work(self);
        self.steps.pop();
        done
    }

    /// The same for the value of a key.
    pub(super) fn within<T>(&mut self, key: &Value, work: impl FnOnce(&mut Self) -> T) -> T {
        self.inside(Step::Key(scalar_text(key).unwrap_or_default()), work)
    }

    /// Reads the value of the variable `key`: a scalar, a mapping, or a list of mappings, of which
    /// each is for other environments.
    pub(super) fn entries_of(&mut self, key: &Value, value: &Value) -> Vec<Entry> {
        match value {
            Value::Sequence(items) if !items.is_empty() && items.iter().all(Value::is_mapping) => {
                let mut entries: Vec<Entry> = Vec::new();
                for (number, item) in items.iter().enumerate() {
                    self.inside(Step::Item(number), |reader| {
                        if let Some(entry) = reader.entry(key, item) {
                            reader.check_scope(&entry, &entries);
                            entries.push(entry);
                        }
                    });
                }
                entries
            }
            single => self.entry(key, single).into_iter().collect(),
        }
    }

    /// Reads `key: value`, where the value is a scalar or a mapping.
    pub(super) fn entry(&mut self, key: &Value, value: &Value) -> Option<Entry> {
        let key = self.name(key)?;
        let mut entry = match value {
            Value::Mapping(fields) => self.fields(&key, fields)?,
            scalar => Entry::plain(&key, self.scalar(&key, scalar)?),
        };
        entry.at = self.place();
        if entry.masked {
            self.check_mask(&entry);
        }
        Some(entry)
    }

    fn name(&mut self, key: &Value) -> Option<String> {
        let name = match key {
            Value::String(name) => name.clone(),
            Value::Bool(_) | Value::Number(_) => scalar_text(key)?,
            _ => String::new(),
        };
        let valid = !name.is_empty()
            && name.len() <= 255
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !valid {
            self.error_with(
                format!("`{name}` is no name of a variable"),
                "a name has letters, digits and `_` only",
            );
        }
        valid.then_some(name)
    }

    /// A scalar as text.
    pub(super) fn scalar(&mut self, key: &str, value: &Value) -> Option<String> {
        let text = scalar_text(value);
        if text.is_none() {
            self.error_with(
                format!("`{key}` has no single value"),
                "give a text, or a mapping with `value`",
            );
        }
        if value.is_f64() {
            self.warn(
                format!("`{key}` is read as a number, which may change how it is written"),
                "put the value in quotes",
            );
        }
        text
    }

    /// The value of a field, as text.
    fn field(&mut self, key: &str, name: &str, value: &Value) -> Option<String> {
        self.inside(Step::Key(name.to_owned()), |reader| {
            reader.scalar(key, value)
        })
    }

    fn fields(&mut self, key: &str, fields: &Mapping) -> Option<Entry> {
        self.check_fields(key, fields);
        let content = match (fields.get("value"), fields.get("path")) {
            (Some(value), None) => Content::Text(self.field(key, "value", value)?),
            (None, Some(path)) => Content::Path(self.field(key, "path", path)?),
            _ => {
                self.error(format!("`{key}` needs either `value` or `path`"));
                return None;
            }
        };
        let scope = match fields.get("environment_scope") {
            Some(scope) => self.field(key, "environment_scope", scope)?,
            None => "*".to_owned(),
        };
        Some(Entry {
            file: self.is_file(key, fields) || matches!(content, Content::Path(_)),
            content,
            scope,
            masked: self.flag(key, fields, "masked"),
            protected: self.flag(key, fields, "protected"),
            raw: self.flag(key, fields, "raw"),
            share: self.flag(key, fields, "share"),
            ..Entry::plain(key, String::new())
        })
    }

    fn check_fields(&mut self, key: &str, fields: &Mapping) {
        for field in fields.keys() {
            let name = scalar_text(field).unwrap_or_default();
            if is_field(&name) {
                continue;
            }
            let help = closest(&name, KEYS.iter().copied()).map_or_else(
                || format!("known are {}", KEYS.join(", ")),
                |close| format!("did you mean `{close}`?"),
            );
            self.within(field, |reader| {
                reader.error_with(format!("`{key}` has an unknown field `{name}`"), help);
            });
        }
    }

    fn is_file(&mut self, key: &str, fields: &Mapping) -> bool {
        match fields.get("type").map(scalar_text) {
            None => false,
            Some(Some(word)) if word == "file" => true,
            Some(Some(word)) if word == "env_var" || word == "variable" => false,
            Some(_) => {
                self.inside(Step::Key("type".to_owned()), |reader| {
                    reader.error(format!("the type of `{key}` must be `env_var` or `file`"));
                });
                false
            }
        }
    }

    fn flag(&mut self, key: &str, fields: &Mapping, name: &str) -> bool {
        match fields.get(name) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.inside(Step::Key(name.to_owned()), |reader| {
                    reader.error(format!("`{name}` of `{key}` must be `true` or `false`"));
                });
                false
            }
        }
    }

    /// GitLab has one value for a name and a scope.
    fn check_scope(&mut self, entry: &Entry, earlier: &[Entry]) {
        if earlier.iter().any(|other| other.scope == entry.scope) {
            self.warn(
                format!(
                    "`{}` has two values for the environments `{}`: the last one counts",
                    entry.key, entry.scope
                ),
                "give each another `environment_scope`",
            );
        }
    }

    fn check_mask(&mut self, entry: &Entry) {
        let Content::Text(value) = &entry.content else {
            return;
        };
        if let Err(why) = maskable(value, entry.raw) {
            self.warn(
                format!("GitLab would not mask `{}`: its value {why}", entry.key),
                "it is masked here as far as that is possible",
            );
        }
    }

    /// The place that is being read.
    pub(super) fn place(&self) -> Option<Range<usize>> {
        self.places.find(&self.steps)
    }

    pub(super) fn error(&mut self, message: impl Into<String>) {
        let place = Place::Variables(self.place());
        self.problems
            .push(Problem::new(ProblemKind::Variables, place, message));
    }

    pub(super) fn error_with(&mut self, message: impl Into<String>, help: impl Into<String>) {
        let place = Place::Variables(self.place());
        self.problems
            .push(Problem::new(ProblemKind::Variables, place, message).help(help));
    }

    pub(super) fn warn(&mut self, message: impl Into<String>, help: impl Into<String>) {
        let place = Place::Variables(self.place());
        self.problems
            .push(Problem::new(ProblemKind::VariablesWarning, place, message).help(help));
    }
}

/// A scalar as it was meant; null is the empty text.
pub(super) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => None,
    }
}

/// The error without its place, which is told apart.
fn words_of(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}
