//! Reading a settings file: TOML → values with places.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::key::Key;
use super::kind::{Item, Kind};
use super::problem::{Place, Problem, ProblemKind};
use super::value::{Source, Value};
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

/// What a file says.
#[derive(Default)]
pub(super) struct Said {
    /// The values that count, each with the byte at which its key begins.
    pub(super) values: Vec<(Key, Value, usize)>,
    /// What a repository asks for that only the user may grant.
    pub(super) asked: Vec<(Key, Value, Problem)>,
}

/// Reads `text`, adding every mistake to `problems`.
pub(super) fn read(text: &str, owner: Owner, problems: &mut Vec<Problem>) -> Said {
    let first = problems.len();
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader {
        text,
        owner,
        said: Said::default(),
        problems,
    };
    for error in errors {
        reader.syntax(&error);
    }
    reader.table("", table.get_ref());
    let said = reader.said;
    // The parser sorts tables by key; people read from top to bottom.
    problems[first..].sort_by_key(Problem::start);
    said
}

struct Reader<'a> {
    text: &'a str,
    owner: Owner,
    said: Said,
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
        let read = read_value(entry.kind, value.get_ref());
        if self.owner == Owner::Repository && !entry.safe {
            let problem = self.not_allowed(key, at, read.as_ref(), value.span());
            match read {
                Some(read) => self.said.asked.push((key, read, problem)),
                None => self.problems.push(problem),
            }
            return;
        }
        let Some(read) = read else {
            let message = format!("`{name}` must be {}", entry.kind.expects());
            return self.report(ProblemKind::Invalid, value.span(), message, None);
        };
        self.said.values.push((key, read, at.start));
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

    fn not_allowed(
        &self,
        key: Key,
        at: Range<usize>,
        read: Option<&Value>,
        value: Range<usize>,
    ) -> Problem {
        let name = key.as_str();
        let line = if let Some(Value::Pairs(pairs)) = read
            && let Some((entry, text)) = pairs.first()
        {
            format!("`{entry:?} = {text:?}` below `[{name}]`")
        } else {
            let written = self.text.get(value).unwrap_or("…");
            let written = written.lines().next().unwrap_or_default();
            format!("`{name} = {written}`")
        };
        let message = format!("a repository can't set `{name}`, only the user can");
        Problem::new(ProblemKind::NotAllowed, self.owner.place(at), message).help(format!(
            "if you want it, put {line} into `~/.config/pipe/config.toml`"
        ))
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
    match (kind, value) {
        (Kind::Text | Kind::Choice(_), _) => kind.read(value.as_str()?),
        (Kind::Switch, _) => value.as_bool().map(Value::Switch),
        (Kind::List(Item::PullPolicy), DeValue::String(word)) => kind.read(word),
        (Kind::List(item), _) => {
            let items = value.as_array()?.iter();
            let items: Option<Vec<&str>> = items.map(|item| item.get_ref().as_str()).collect();
            item.list(items?.into_iter())
        }
        (Kind::Pairs, _) => {
            let mut entries: Vec<_> = value.as_table()?.iter().collect();
            // The parser sorts them; people read from top to bottom.
            entries.sort_by_key(|(name, _)| name.span().start);
            let pairs = entries.iter().map(|(name, value)| {
                Some((
                    name.get_ref().to_string(),
                    value.get_ref().as_str()?.to_owned(),
                ))
            });
            pairs.collect::<Option<_>>().map(Value::Pairs)
        }
        (_, DeValue::Integer(integer)) => {
            kind.number(u64::from_str_radix(integer.as_str(), integer.radix()).ok()?)
        }
        (Kind::Cpus, DeValue::Float(number)) => kind.read(number.as_str()),
        (Kind::Number { .. }, _) => None,
        (Kind::Size | Kind::Cpus | Kind::Gpus, _) => kind.read(value.as_str()?),
    }
}
