//! Flag over environment over user's file over repository's file over default.

use std::collections::BTreeMap;

use super::file::{self, Owner};
use super::key::{Key, Kind};
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
    pub line: Option<usize>,
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
    for (text, owner) in [
        (inputs.repository, Owner::Repository),
        (inputs.user, Owner::User),
    ] {
        let text = text.unwrap_or_default();
        for (key, value, at) in file::read(text, owner, &mut problems) {
            let line = 1 + text[..at].matches('\n').count();
            settings.put(key, value, owner.source(), Some(line));
        }
    }
    settings.put_texts(environment(inputs), Source::Environment, &mut problems);
    let flags = inputs.flags.iter().map(|(key, text)| (*key, text.as_str()));
    settings.put_texts(flags, Source::Flag, &mut problems);
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
            let value = Value::from_text(entry.kind, entry.default);
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
            Value::Number(_) | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The names of a table with their texts; empty when it is not set.
    pub fn map(&self, key: Key) -> &[(String, String)] {
        match self.get(key).and_then(|setting| setting.value.as_ref()) {
            Some(Value::Map(pairs)) => pairs,
            _ => &[],
        }
    }

    /// Seconds that a server has for an answer.
    pub fn fetch_timeout(&self) -> u64 {
        let setting = self.get(Key::FetchTimeout);
        match setting.and_then(|setting| setting.value.as_ref()) {
            Some(Value::Number(seconds)) => u64::from(*seconds),
            _ => 60,
        }
    }

    /// The entries of a list; empty when it is not set.
    pub fn list(&self, key: Key) -> &[String] {
        match self.get(key).and_then(|setting| setting.value.as_ref()) {
            Some(Value::List(items)) => items,
            _ => &[],
        }
    }

    /// How many jobs run at once.
    pub fn jobs(&self) -> usize {
        match self
            .get(Key::Jobs)
            .and_then(|setting| setting.value.as_ref())
        {
            Some(Value::Number(number)) => *number as usize,
            _ => 1,
        }
    }

    /// Bytes that the artifacts of a job may take.
    pub fn artifacts_limit(&self) -> Option<u64> {
        match self.get(Key::ArtifactsLimit)?.value.as_ref()? {
            Value::Number(megabytes) => Some(u64::from(*megabytes) * 1024 * 1024),
            _ => None,
        }
    }

    fn put_texts<'a>(
        &mut self,
        texts: impl Iterator<Item = (Key, &'a str)>,
        source: Source,
        problems: &mut Vec<Problem>,
    ) {
        for (key, text) in texts {
            match Value::from_text(key.entry().kind, text) {
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
        let before = self
            .get(key)
            .filter(|before| before.source != Source::Default);
        let weaker = match before {
            Some(before) if key.entry().adds => before.places().collect(),
            _ => Vec::new(),
        };
        let value = Some(value);
        let setting = Setting {
            value,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(inputs: &Inputs<'_>) -> Vec<(String, Option<String>)> {
        let (_, problems) = resolve(inputs);
        problems.into_iter().map(|p| (p.message, p.help)).collect()
    }

    fn from_repository(text: &str) -> Vec<(String, Option<String>)> {
        problems(&Inputs {
            repository: Some(text),
            ..Inputs::default()
        })
    }

    #[test]
    fn defaults() {
        let (settings, problems) = resolve(&Inputs::default());
        assert_eq!(problems, []);
        assert_eq!(settings.text(Key::File), Some(".gitlab-ci.yml"));
        assert_eq!(settings.text(Key::DefaultImage), None);
        assert_eq!(settings.text(Key::Executor), Some("auto"));
        assert_eq!(settings.text(Key::Deploy), Some("hold"));
        assert_eq!(settings.list(Key::RefsIssue), ["issue-*"]);
        assert_eq!(settings.list(Key::Held), [""; 0]);
        assert_eq!(settings.jobs(), 16);
        assert_eq!(settings.iter().count(), Key::ALL.len());
    }

    #[test]
    fn the_strongest_source_wins() {
        let flags = [(Key::DefaultImage, "flag".to_owned())];
        let environment = [("PIPE_DEFAULT_IMAGE".to_owned(), "environment".to_owned())];
        let all = Inputs {
            flags: &flags,
            environment: &environment,
            user: Some("default-image = 'user'"),
            repository: Some("default-image = 'repository'"),
        };
        let no_flag = Inputs { flags: &[], ..all };
        let files = Inputs {
            environment: &[],
            ..no_flag
        };
        let repository = Inputs {
            user: None,
            ..files
        };
        for (inputs, value, source) in [
            (all, "flag", Source::Flag),
            (no_flag, "environment", Source::Environment),
            (files, "user", Source::User),
            (repository, "repository", Source::Repository),
        ] {
            let (settings, problems) = resolve(&inputs);
            assert_eq!(problems, [], "{value}");
            assert_eq!(settings.text(Key::DefaultImage), Some(value));
            assert_eq!(
                settings.get(Key::DefaultImage).map(|s| s.source),
                Some(source)
            );
        }
    }

    #[test]
    fn held_jobs_only_add_up() {
        let (settings, problems) = resolve(&Inputs {
            flags: &[(Key::Held, String::new())],
            user: Some("held = ['mine', 'both']"),
            repository: Some("held = ['theirs', 'both']"),
            ..Inputs::default()
        });
        assert_eq!(problems, []);
        assert_eq!(settings.list(Key::Held), ["theirs", "both", "mine"]);
    }

    #[test]
    fn tables_are_read_in_their_order() {
        let (settings, problems) = resolve(&Inputs {
            user: Some("[projects]\n\"g/p\" = '~/p'\n\"a/b\" = 'git@h:a/b'\n"),
            ..Inputs::default()
        });
        assert_eq!(problems, []);
        let own = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let expected = [own("g/p", "~/p"), own("a/b", "git@h:a/b")];
        assert_eq!(settings.map(Key::Projects), expected);
        let environment = [("PIPE_PROJECTS".to_owned(), "g/p=/x, a/b=y=z".to_owned())];
        let (settings, _) = resolve(&Inputs {
            environment: &environment,
            ..Inputs::default()
        });
        let expected = [own("g/p", "/x"), own("a/b", "y=z")];
        assert_eq!(settings.map(Key::Projects), expected);
        for text in ["projects = 'x'", "[projects]\nx = ''", "[projects]\nx = 1"] {
            let user = Inputs {
                user: Some(text),
                ..Inputs::default()
            };
            let message = "`projects` must be a table of texts that are not empty".to_owned();
            assert_eq!(super::tests::problems(&user), [(message, None)], "{text}");
        }
        assert_eq!(
            from_repository("[projects]\n\"g/p\" = '/x'\n"),
            [(
                "a repository can't set `projects`, only the user can".to_owned(),
                Some("if you want it, put `\"g/p\" = \"/x\"` below `[projects]` into `~/.config/pipe/config.toml`".to_owned())
            )]
        );
    }

    #[test]
    fn lists_of_the_environment() {
        let environment = [(
            "PIPE_REFS_ISSUE".to_owned(),
            " feature/* ,fix-*,".to_owned(),
        )];
        let (settings, _) = resolve(&Inputs {
            environment: &environment,
            ..Inputs::default()
        });
        assert_eq!(settings.list(Key::RefsIssue), ["feature/*", "fix-*"]);
    }

    #[test]
    fn a_repository_gets_only_what_is_safe() {
        let text = "executor = \"shell\"\n\n[refs]\nissue = ['task-*']\n";
        let (settings, problems) = resolve(&Inputs {
            repository: Some(text),
            ..Inputs::default()
        });
        assert_eq!(settings.text(Key::Executor), Some("auto"));
        assert_eq!(settings.list(Key::RefsIssue), ["task-*"]);
        let [problem] = problems.as_slice() else {
            panic!("one problem: {problems:?}")
        };
        assert_eq!(problem.kind, ProblemKind::NotAllowed);
        assert_eq!(problem.place, Place::Repository(0..8));
        assert_eq!(
            problem.message,
            "a repository can't set `executor`, only the user can"
        );
        assert_eq!(
            problem.help.as_deref(),
            Some("if you want it, put `executor = \"shell\"` into `~/.config/pipe/config.toml`")
        );
    }

    #[test]
    fn each_mistake_has_its_message() {
        for (text, message, help) in [
            (
                "default-imge = 'x'",
                "there is no setting `default-imge`",
                Some("did you mean `default-image`?"),
            ),
            (
                "refs.isue = []",
                "there is no setting `refs.isue`",
                Some("did you mean `refs.issue`?"),
            ),
            (
                "[variables]\nA = '1'",
                "there is no setting `variables`",
                Some("variables go into `.pipe/variables.yml`"),
            ),
            (
                "colour = 1",
                "there is no setting `colour`",
                Some(
                    "the settings are file, default-image, refs.issue, refs.develop, refs.release, held",
                ),
            ),
            (
                "default-image = 3",
                "`default-image` must be a text that is not empty",
                None,
            ),
            ("file = ''", "`file` must be a text that is not empty", None),
            ("held = 'deploy'", "`held` must be a list of texts", None),
            ("held = [1]", "`held` must be a list of texts", None),
            (
                "refs = 'x'",
                "there is no setting `refs`",
                Some(
                    "the settings are file, default-image, refs.issue, refs.develop, refs.release, held",
                ),
            ),
        ] {
            let expected = (message.to_owned(), help.map(str::to_owned));
            assert_eq!(from_repository(text), [expected], "{text}");
        }
    }

    #[test]
    fn values_are_checked_wherever_they_come_from() {
        let flags = [(Key::Jobs, "0".to_owned())];
        let environment = [("PIPE_EXECUTOR".to_owned(), "dokcer".to_owned())];
        let found = problems(&Inputs {
            flags: &flags,
            environment: &environment,
            user: Some("jobs = 1001\ndeploy = 'yes'"),
            repository: None,
        });
        let executors = "one of `auto`, `docker`, `sandbox`, `shell`";
        let expected = [
            ("`jobs` must be a number from 1 to 1000".to_owned(), None),
            ("`deploy` must be one of `hold`, `run`".to_owned(), None),
            (
                format!("`PIPE_EXECUTOR` must be {executors}, not `dokcer`"),
                Some("did you mean `docker`?".to_owned()),
            ),
            (
                "`--jobs` must be a number from 1 to 1000, not `0`".to_owned(),
                None,
            ),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_broken_file_says_where() {
        let text = "file = 'a.yml'\nheld = [\n";
        let (settings, problems) = resolve(&Inputs {
            user: Some(text),
            ..Inputs::default()
        });
        assert_eq!(settings.text(Key::File), Some("a.yml"));
        assert!(!problems.is_empty());
        let diagnostic = problems[0].diagnostic(Some(crate::source::FileId(0)));
        assert_eq!(diagnostic.code, crate::diag::Code::SettingInvalid);
        assert!(
            diagnostic.message.starts_with("this is no TOML: "),
            "{}",
            diagnostic.message
        );
        let span = diagnostic.primary.expect("a place");
        assert!(span.start >= 22, "{span:?} lies in the list");
    }
}
