//! Reading a settings file: TOML → values with places.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::{Key, Kind};
use super::problem::{Place, Problem, ProblemKind};
use super::value::{Source, Value, pair};
use crate::diag::closest;

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    User,
    Repository,
}

impl Owner {
    pub(super) const fn source(self) -> Source {
        match self {
            Self::User => Source::User,
            Self::Repository => Source::Repository,
        }
    }

    fn place(self, bytes: Range<usize>) -> Place {
        match self {
            Self::User => Place::User(bytes),
            Self::Repository => Place::Repository(bytes),
        }
    }
}

/// Reads `text`, adding every mistake to `problems`. With each value goes the byte at which its key
/// begins.
pub(super) fn read(
    text: &str,
    owner: Owner,
    problems: &mut Vec<Problem>,
) -> Vec<(Key, Value, usize)> {
    let first = problems.len();
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader {
        text,
        owner,
        values: Vec::new(),
        problems,
    };
    for error in errors {
        reader.syntax(&error);
    }
    reader.table("", table.get_ref());
    let values = reader.values;
    // The parser sorts tables by key; people read from top to bottom.
    problems[first..].sort_by_key(Problem::start);
    values
}

struct Reader<'a> {
    text: &'a str,
    owner: Owner,
    values: Vec<(Key, Value, usize)>,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn syntax(&mut self, error: &toml::de::Error) {
        let bytes = error.span().unwrap_or(0..0);
        let message = error.message().replace('\n', ", ");
        self.report(
            ProblemKind::Invalid,
            bytes,
            format!("this is no TOML: {message}"),
            None,
        );
    }

    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = format!("{prefix}{}", key.get_ref());
            let inner = format!("{name}.");
            let is_table = Key::ALL.iter().any(|key| key.as_str().starts_with(&inner));
            match (value.get_ref().as_table(), is_table) {
                (Some(table), true) => self.table(&inner, table),
                _ => self.setting(&name, key.span(), value),
            }
        }
    }

    fn setting(&mut self, name: &str, at: Range<usize>, value: &Spanned<DeValue<'_>>) {
        let Some(key) = Key::parse(name) else {
            return self.unknown(name, at);
        };
        let entry = key.entry();
        if self.owner == Owner::Repository && !entry.safe {
            return self.not_allowed(key, at, value);
        }
        let Some(value) = read_value(entry.kind, value.get_ref()) else {
            let message = format!("`{name}` must be {}", entry.kind.expects());
            return self.report(ProblemKind::Invalid, value.span(), message, None);
        };
        self.values.push((key, value, at.start));
    }

    fn unknown(&mut self, name: &str, at: Range<usize>) {
        let names = Key::ALL.iter().map(|key| key.as_str());
        let help = match closest(name, names) {
            Some(close) => format!("did you mean `{close}`?"),
            None if name == "variables" => "variables go into `.pipe/variables.yml`".to_owned(),
            None => format!("the settings are {}", listed(self.owner)),
        };
        let message = format!("there is no setting `{name}`");
        self.report(ProblemKind::Unknown, at, message, Some(help));
    }

    fn not_allowed(&mut self, key: Key, at: Range<usize>, value: &Spanned<DeValue<'_>>) {
        let name = key.as_str();
        let line = match read_value(key.entry().kind, value.get_ref()) {
            Some(Value::Map(pairs)) if !pairs.is_empty() => {
                let (entry, text) = &pairs[0];
                format!("`{entry:?} = {text:?}` below `[{name}]`")
            }
            _ => {
                let written = self.text.get(value.span()).unwrap_or("…");
                let written = written.lines().next().unwrap_or_default();
                format!("`{name} = {written}`")
            }
        };
        self.report(
            ProblemKind::NotAllowed,
            at,
            format!("a repository can't set `{name}`, only the user can"),
            Some(format!(
                "if you want it, put {line} into `~/.config/pipe/config.toml`"
            )),
        );
    }

    fn report(
        &mut self,
        kind: ProblemKind,
        at: Range<usize>,
        message: String,
        help: Option<String>,
    ) {
        let mut problem = Problem::new(kind, self.owner.place(at), message);
        problem.help = help;
        self.problems.push(problem);
    }
}

/// The names that the file may set.
fn listed(owner: Owner) -> String {
    let may = |key: &&Key| owner == Owner::User || key.entry().safe;
    let names: Vec<_> = Key::ALL
        .iter()
        .filter(may)
        .map(|key| key.as_str())
        .collect();
    names.join(", ")
}

fn read_value(kind: Kind, value: &DeValue<'_>) -> Option<Value> {
    match kind {
        Kind::Text | Kind::Choice(_) => Value::from_text(kind, value.as_str()?),
        Kind::Number { .. } => {
            let integer = value.as_integer()?;
            let number = u32::from_str_radix(integer.as_str(), integer.radix()).ok()?;
            Value::from_number(kind, number)
        }
        Kind::List => value
            .as_array()?
            .iter()
            .map(|item| item.get_ref().as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .map(Value::List),
        Kind::Map => {
            let mut entries: Vec<_> = value.as_table()?.iter().collect();
            // The parser sorts them; people read from top to bottom.
            entries.sort_by_key(|(key, _)| key.span().start);
            let pairs = entries
                .iter()
                .map(|(key, value)| pair(key.get_ref(), value.get_ref().as_str()?.trim()));
            pairs.collect::<Option<_>>().map(Value::Map)
        }
    }
}
