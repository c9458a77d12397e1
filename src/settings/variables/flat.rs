//! Files of one project: flat names (`.pipe/variables.yml`), and the file of the same kind that
//! users of gitlab-ci-local have.

use serde_yaml::Value;

use super::entry::{Content, Entry, Reader, scalar_text};
use super::places::Step;
use crate::settings::problem::Problem;

/// Whose word a file in the checkout is (design chapter 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// Git does not track it: the user wrote it.
    User,
    /// Git tracks it: the repository wrote it, and may set only plain variables.
    Repository,
}

/// Reads `.pipe/variables.yml`: names with a value, with a mapping of `value`, `type`,
/// `environment_scope`, `masked`, `protected` and `raw`, or with a list of such mappings.
pub fn parse_project(text: &str, trust: Trust) -> (Vec<Entry>, Vec<Problem>) {
    let mut reader = Reader::new(text);
    let mut entries = Vec::new();
    for (key, value) in &reader.document() {
        reader.within(key, |reader| {
            if reader.is_section(key, value) {
                return;
            }
            for entry in reader.entries_of(key, value) {
                entries.extend(reader.admit(entry, trust));
            }
        });
    }
    (entries, reader.problems)
}

/// Reads `.gitlab-ci-local-variables.yml`: names with a value, or with a mapping of `type` and
/// `values`, which are by environment. A value that is a path is left out: a file of this
/// machine is read only when the user's own file asks for it.
pub fn parse_peer(text: &str, trust: Trust) -> (Vec<Entry>, Vec<Problem>) {
    let mut reader = Reader::new(text);
    let mut entries = Vec::new();
    for (key, value) in &reader.document() {
        reader.within(key, |reader| {
            for entry in reader.peer_entries(key, value) {
                if !reader.is_path(&entry) {
                    entries.extend(reader.admit(entry, trust));
                }
            }
        });
    }
    (entries, reader.problems)
}

impl Reader<'_> {
    /// The entry, unless the file has no right to it.
    fn admit(&mut self, entry: Entry, trust: Trust) -> Option<Entry> {
        if trust == Trust::Repository && !entry.is_plain() {
            self.warn(
                format!(
                    "`{}` is left out: it is more than a plain variable, and git tracks this file",
                    entry.key
                ),
                "put it into `~/.config/pipe/variables.yml`, or take the file out of git",
            );
            return None;
        }
        if matches!(entry.content, Content::Path(_)) {
            self.error_with(
                format!(
                    "`{}` takes its value from a file of this machine",
                    entry.key
                ),
                "only `~/.config/pipe/variables.yml` can say so",
            );
            return None;
        }
        Some(entry)
    }

    /// The entries of a variable in the manner of the other tool.
    pub(super) fn peer_entries(&mut self, key: &Value, value: &Value) -> Vec<Entry> {
        let Some(fields) = value.as_mapping() else {
            return self.entry(key, value).into_iter().collect();
        };
        let Some(values) = fields.get("values").and_then(Value::as_mapping) else {
            let name = scalar_text(key).unwrap_or_default();
            self.error(format!("`{name}` needs `values`"));
            return Vec::new();
        };
        let kind = value.get("type").and_then(Value::as_str);
        let mut entries = Vec::new();
        self.inside(Step::Key("values".to_owned()), |reader| {
            for (scope, text) in values {
                reader.within(scope, |reader| {
                    if let Some(mut entry) = reader.entry(key, text) {
                        entry.file = kind == Some("file");
                        entry.scope = scalar_text(scope).unwrap_or_default();
                        entries.push(entry);
                    }
                });
            }
        });
        entries
    }

    /// Whether the value would be read from a file of this machine, which is then told.
    fn is_path(&mut self, entry: &Entry) -> bool {
        let is_path = matches!(&entry.content, Content::Text(text) if names_a_file(text));
        if is_path {
            self.warn(
                format!(
                    "`{}` is left out: its value is a path of this machine",
                    entry.key
                ),
                format!(
                    "put `{}: {{type: file, path: …}}` into `~/.config/pipe/variables.yml`",
                    entry.key
                ),
            );
        }
        is_path
    }
}

/// Whether the other tool would look for a file of that name.
pub(super) fn names_a_file(text: &str) -> bool {
    (text.starts_with('/') || text.starts_with("~/")) && !text.contains('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(entries: &[Entry]) -> Vec<String> {
        let show = |entry: &Entry| {
            let value = match &entry.content {
                Content::Text(text) => text.clone(),
                Content::Path(path) | Content::PathOrText(path) => format!("<{path}>"),
            };
            let flags = [
                (entry.file, " file"),
                (entry.masked, " masked"),
                (entry.protected, " protected"),
                (entry.raw, " raw"),
            ];
            let flags: String = flags
                .iter()
                .filter(|(on, _)| *on)
                .map(|(_, word)| *word)
                .collect();
            format!("{}={value} [{}]{flags}", entry.key, entry.scope)
        };
        entries.iter().map(show).collect()
    }

    fn messages(problems: &[Problem]) -> Vec<&str> {
        problems.iter().map(|p| p.message.as_str()).collect()
    }

    #[test]
    fn a_projects_variables() {
        let text = "\
DB_NAME: autocv_ci
PORT: 5432
DEBUG: true
EMPTY:
DEPLOY_KEY: {type: file, value: \"line 1\\nline 2\\n\", environment_scope: production}
TOKEN: {value: \"abcd-1234-$X\", masked: true, protected: true, raw: true}
";
        let (entries, problems) = parse_project(text, Trust::User);
        assert_eq!(messages(&problems), [""; 0]);
        let expected = [
            "DB_NAME=autocv_ci [*]",
            "PORT=5432 [*]",
            "DEBUG=true [*]",
            "EMPTY= [*]",
            "DEPLOY_KEY=line 1\nline 2\n [production] file",
            "TOKEN=abcd-1234-$X [*] masked protected raw",
        ];
        assert_eq!(shown(&entries), expected);
    }

    #[test]
    fn a_variable_has_a_value_for_each_scope() {
        let text = "\
URL:
  - {value: everywhere}
  - {value: live, environment_scope: production, protected: true}
  - {value: other, environment_scope: review/*}
KEY: [{type: file, value: a}]
";
        let (entries, problems) = parse_project(text, Trust::User);
        assert_eq!(messages(&problems), [""; 0]);
        let expected = [
            "URL=everywhere [*]",
            "URL=live [production] protected",
            "URL=other [review/*]",
            "KEY=a [*] file",
        ];
        assert_eq!(shown(&entries), expected);
        for (text, message, at) in [
            (
                "A: [{value: x}, {value: y}]",
                "`A` has two values for the environments `*`: the last one counts",
                16,
            ),
            (
                "A: [{value: x}, {valu: y}]",
                "`A` has an unknown field `valu`",
                17,
            ),
            ("A: []", "`A` has no single value", 0),
            ("A: [{value: x}, y]", "`A` has no single value", 0),
        ] {
            let (_, problems) = parse_project(text, Trust::User);
            assert_eq!(problems[0].message, message, "{text}");
            let place = problems[0].bytes().expect("a place");
            assert_eq!(place.start, at, "{text}");
        }
    }

    #[test]
    fn a_tracked_file_sets_plain_variables_only() {
        let text = "A: 1\nB: {value: x, environment_scope: staging}\nC: {value: abcdefgh, masked: true}\nD: {type: file, value: x}\nE: {value: x, protected: true}\n";
        let (entries, problems) = parse_project(text, Trust::Repository);
        assert_eq!(shown(&entries), ["A=1 [*]", "B=x [staging]"]);
        let text = "is left out: it is more than a plain variable, and git tracks this file";
        let expected = ["C", "D", "E"].map(|name| format!("`{name}` {text}"));
        assert_eq!(messages(&problems), expected);
    }

    #[test]
    fn each_mistake_is_reported_and_the_rest_is_read() {
        for (text, message, help) in [
            (
                "A-B: 1",
                "`A-B` is no name of a variable",
                Some("a name has letters, digits and `_` only"),
            ),
            (
                "A: [1]",
                "`A` has no single value",
                Some("give a text, or a mapping with `value`"),
            ),
            (
                "A: {valeu: 1, value: 2}",
                "`A` has an unknown field `valeu`",
                Some("did you mean `value`?"),
            ),
            (
                "A: {masked: true}",
                "`A` needs either `value` or `path`",
                None,
            ),
            (
                "A: {value: x, masked: maybe}",
                "`masked` of `A` must be `true` or `false`",
                None,
            ),
            (
                "A: {value: x, type: secret}",
                "the type of `A` must be `env_var` or `file`",
                None,
            ),
            (
                "A: {path: /etc/passwd}",
                "`A` takes its value from a file of this machine",
                Some("only `~/.config/pipe/variables.yml` can say so"),
            ),
            (
                "A: 1.10",
                "`A` is read as a number, which may change how it is written",
                Some("put the value in quotes"),
            ),
            (
                "A: {value: short, masked: true}",
                "GitLab would not mask `A`: its value has fewer than 8 characters",
                Some("it is masked here as far as that is possible"),
            ),
            (
                "project: {gitlab.example.com/acme/p5: {A: 1}}",
                "`project` is no variable, and sections are not for the file of one project",
                Some(
                    "write its variables here without it, or move the section to `~/.config/pipe/variables.yml`, \
                     which has `global`, `group` and `project`",
                ),
            ),
            (
                "project: {valeu: 1, value: 2}",
                "`project` has an unknown field `valeu`",
                Some("did you mean `value`?"),
            ),
            (
                "- a",
                "this file must be a mapping of names to values",
                None,
            ),
        ] {
            let (_, problems) = parse_project(text, Trust::User);
            assert_eq!(messages(&problems), [message], "{text}");
            assert_eq!(problems[0].help.as_deref(), help, "{text}");
        }
        let (entries, problems) = parse_project("A: [1]\nB: 2\n", Trust::User);
        assert_eq!(
            (shown(&entries), problems.len()),
            (vec!["B=2 [*]".to_owned()], 1)
        );
    }

    #[test]
    fn problems_point_to_the_very_place() {
        for (text, at) in [
            ("A: {value: 1.10}\nvalue: x\n", 4),
            ("type: x\nA: {value: x, type: y}\n", 22),
            ("B: {A: 1, value: x}\nA: 1\n", 4),
            ("masked: 1\nA: {value: x, masked: 1}\n", 24),
        ] {
            let (_, problems) = parse_project(text, Trust::User);
            let place = problems[0].bytes().expect("a place");
            assert_eq!(place.start, at, "{text}");
        }
        let text = "B: {values: {A: 1.10}}\nA: x\n";
        let (_, problems) = parse_peer(text, Trust::User);
        assert_eq!(problems[0].bytes().expect("a place").start, 13);
    }

    #[test]
    fn problems_point_to_their_key() {
        let text = "# A: no\nOK: 1\nA: [1]\n";
        let (_, problems) = parse_project(text, Trust::User);
        let span = problems[0]
            .diagnostic(Some(crate::source::FileId(0)))
            .primary
            .expect("a place");
        assert_eq!(&text[span.start as usize..span.end as usize], "A");
        let (_, problems) = parse_project("A: 1\nB: {\n", Trust::User);
        assert!(
            problems[0].message.starts_with("this is no YAML: "),
            "{problems:?}"
        );
        assert!(
            problems[0]
                .diagnostic(Some(crate::source::FileId(0)))
                .primary
                .is_some()
        );
    }

    #[test]
    fn the_peers_file() {
        let text = "\
PLAIN: value
BY_ENV:
  type: variable
  values:
    \"*\": everywhere
    staging: \"only there\"
KEY: {type: file, values: {\"*\": \"content\"}}
HOME_FILE: ~/.ssh/id_rsa
ODD: {type: file}
";
        let (entries, problems) = parse_peer(text, Trust::User);
        let expected = [
            "PLAIN=value [*]",
            "BY_ENV=everywhere [*]",
            "BY_ENV=only there [staging]",
            "KEY=content [*] file",
        ];
        assert_eq!(shown(&entries), expected);
        let expected = [
            "`HOME_FILE` is left out: its value is a path of this machine",
            "`ODD` needs `values`",
        ];
        assert_eq!(messages(&problems), expected);
    }

    #[test]
    fn values_do_not_show_in_debug_output() {
        let (entries, _) = parse_project("A: s3cret", Trust::User);
        assert!(!format!("{entries:?}").contains("s3cret"));
    }
}
