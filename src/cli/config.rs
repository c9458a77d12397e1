//! `pipe config`: each setting, its value and where it comes from; and what one is for.

use std::path::Path;

use serde_json::{Value as Json, json};

use crate::app::{self, Failure, FailureKind};
use crate::diag::{Code, Diagnostic};
use crate::report::line::{Line, Tone};
use crate::settings::{Key, Kind, Setting, Settings, Source, Value};

use super::args::{ConfigArgs, Global, ListFormat};
use super::exit::Exit;
use super::printer::Printer;
use super::request;
use super::table::Table;

/// Runs the command.
pub(super) fn config(
    global: &Global,
    args: &ConfigArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let settings = app::settings_here(&request::workspace(global, Vec::new()))?;
    let users = app::users_settings()?;
    let keys = match &args.key {
        Some(name) => vec![known(name)?],
        None => Key::ALL.to_vec(),
    };
    let rows = keys
        .iter()
        .filter_map(|key| Some((*key, settings.get(*key)?)));
    match (args.format, args.key.is_some()) {
        (ListFormat::Json, _) => printer.json(document(rows, &users)),
        (ListFormat::Table, true) => {
            let lines = rows.flat_map(|(key, setting)| about(key, setting, &users));
            printer.lines(&lines.collect::<Vec<_>>());
        }
        (ListFormat::Table, false) => {
            printer.lines(&table(rows, &users).lines(printer.width));
            note(&settings, &users, printer);
        }
    }
    Ok(Exit::Passed)
}

fn known(name: &str) -> Result<Key, Failure> {
    let by_variable = || {
        let mut keys = Key::ALL.iter().copied();
        keys.find(|key| key.entry().variable == name)
    };
    Key::parse(name).or_else(by_variable).ok_or_else(|| {
        let names = Key::ALL.iter().map(|key| key.as_str());
        let diagnostic = Diagnostic::new(
            Code::SettingUnknown,
            format!("there is no setting `{name}`"),
        )
        .choose_from(name, "the settings", names);
        Failure::new(FailureKind::Usage, diagnostic)
    })
}

/// Where it comes from, as a person would look for it; of values that add up, each place.
fn source(key: Key, setting: &Setting, users: &Path) -> String {
    let places = setting.places().map(|(source, line)| {
        let file = |path: String| match line {
            Some(line) => format!("{path}:{line}"),
            None => path,
        };
        match source {
            Source::Default => "default".to_owned(),
            Source::Repository => file(app::REPOSITORY_SETTINGS.to_owned()),
            Source::User => file(users.display().to_string()),
            Source::Environment => key.entry().variable.to_owned(),
            Source::Flag => "an option".to_owned(),
        }
    });
    places.collect::<Vec<_>>().join(", ")
}

fn value(setting: &Setting) -> String {
    let value = setting.value.as_ref();
    value.map(Value::shown).unwrap_or_default()
}

fn table<'s>(rows: impl Iterator<Item = (Key, &'s Setting)>, users: &Path) -> Table {
    let mut table = Table::new(&["setting", "value", "from"]);
    for (key, setting) in rows {
        let value = value(setting);
        let from = match value.as_str() {
            "" if setting.source == Source::Default => "not set".to_owned(),
            _ => source(key, setting, users),
        };
        table.row(&[key.as_str(), &value, &from]);
    }
    table
}

fn note(settings: &Settings, users: &Path, printer: &Printer) {
    if printer.is_quiet() {
        return;
    }
    let made = settings
        .iter()
        .any(|(_, setting)| setting.source == Source::User);
    let place = if made {
        "yours are in"
    } else {
        "yours would be in"
    };
    let text = format!(
        "{place} {}; `pipe config NAME` says what a setting is for",
        users.display()
    );
    printer.words(&[Line::of(Tone::Dim, text)]);
}

/// All about one setting.
fn about(key: Key, setting: &Setting, users: &Path) -> Vec<Line> {
    let entry = key.entry();
    let plain = |text: String| Line::of(Tone::Plain, text);
    let now = match setting.value {
        Some(_) => format!("{}  ({})", value(setting), source(key, setting, users)),
        None => "not set".to_owned(),
    };
    let may = match (entry.adds, entry.safe) {
        (true, _) => "you and the repository; all values count",
        (false, true) => "you and the repository",
        (false, false) => "only you",
    };
    let mut lines = vec![
        plain(format!("{}: {}", entry.name, entry.summary)),
        plain(format!("  value        {now}")),
        plain(format!("  must be      {}", entry.kind.expects())),
    ];
    if !entry.default.is_empty() {
        lines.push(plain(format!("  default      {}", entry.default)));
    }
    lines.push(plain(format!("  who sets it  {may}")));
    lines.push(plain(format!("  in a file    {}", example(key))));
    lines.push(plain(format!("  environment  {}", entry.variable)));
    lines
}

/// A line as it may stand in a file.
fn example(key: Key) -> String {
    let entry = key.entry();
    let name = entry.name;
    match entry.kind {
        Kind::Text | Kind::Gpus => format!("{name} = \"…\""),
        Kind::Number { min, .. } if entry.default.is_empty() => format!("{name} = {min}"),
        Kind::Number { .. } => format!("{name} = {}", entry.default),
        Kind::Switch => format!("{name} = true"),
        Kind::Size => format!("{name} = \"512m\""),
        Kind::Cpus => format!("{name} = 1.5"),
        Kind::List(_) => format!("{name} = [\"…\", \"…\"]"),
        Kind::Choice(words) => format!("{name} = \"{}\"", words[0]),
        Kind::Pairs => format!("[{name}] and below it \"…\" = \"…\""),
    }
}

fn document<'s>(rows: impl Iterator<Item = (Key, &'s Setting)>, users: &Path) -> Json {
    let settings: Vec<Json> = rows
        .map(|(key, setting)| {
            let entry = key.entry();
            json!({
                "name": entry.name,
                "value": setting.value.as_ref().map(Value::shown),
                "source": setting.source.as_str(),
                "from": source(key, setting, users),
                "variable": entry.variable,
                "summary": entry.summary,
                "repository": entry.safe,
            })
        })
        .collect();
    json!({"version": 1, "settings": settings})
}
