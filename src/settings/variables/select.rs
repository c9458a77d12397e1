//! Which variables a job gets.

use std::collections::BTreeMap;

use super::entry::Entry;
use super::user::UserVariables;
use crate::types::wildcard_match;

/// What variables are chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Project<'a> {
    /// Host of the server.
    pub host: &'a str,
    /// Path on the server.
    pub path: &'a str,
    /// Folder of the checkout.
    pub checkout: &'a str,
    /// The user's home folder, for `~/` in keys.
    pub home: &'a str,
}

impl UserVariables {
    /// The lists that concern `project`, weakest first: shared ones, those of its groups from
    /// the outermost in, its own.
    pub fn levels(&self, project: &Project<'_>) -> Vec<Vec<&Entry>> {
        let shared = self.global.iter().filter(|entry| entry.share).collect();
        let mut groups: Vec<_> = self
            .groups
            .iter()
            .filter(|(key, _)| project.is_in_group(key))
            .collect();
        groups.sort_by_key(|(key, _)| project.without_host(key).matches('/').count());
        let own = self.projects.iter().filter(|(key, _)| project.is(key));
        let lists = groups.into_iter().chain(own);
        std::iter::once(shared)
            .chain(lists.map(|(_, entries)| entries.iter().collect()))
            .collect()
    }
}

impl Project<'_> {
    fn is(&self, key: &str) -> bool {
        if let Some(folder) = self.folder(key) {
            return folder.trim_end_matches('/') == self.checkout.trim_end_matches('/');
        }
        self.without_host(key) == self.path
    }

    fn is_in_group(&self, key: &str) -> bool {
        self.path
            .strip_prefix(self.without_host(key))
            .is_some_and(|rest| rest.starts_with('/'))
    }

    /// The folder that a key names, if it names one.
    fn folder(&self, key: &str) -> Option<String> {
        if let Some(rest) = key.strip_prefix("~/") {
            return Some(format!("{}/{rest}", self.home.trim_end_matches('/')));
        }
        key.starts_with('/').then(|| key.to_owned())
    }

    fn without_host<'k>(&self, key: &'k str) -> &'k str {
        let key = key.trim_end_matches('/');
        let key = key.strip_suffix(".git").unwrap_or(key);
        key.strip_prefix(self.host)
            .and_then(|rest| rest.strip_prefix('/'))
            .unwrap_or(key)
    }
}

/// The variables in force for a job, by name: of `levels`, weakest first, those that fit its
/// environment and ref. In one level the most specific scope wins (runtime reference 12.2).
pub fn in_force<'a>(
    levels: &[Vec<&'a Entry>],
    environment: Option<&str>,
    protected: bool,
) -> BTreeMap<&'a str, &'a Entry> {
    let mut found = BTreeMap::new();
    for level in levels {
        let mut of_level: BTreeMap<&str, &Entry> = BTreeMap::new();
        for entry in level.iter().filter(|e| fits(e, environment, protected)) {
            let known = of_level.get(entry.key.as_str());
            if known.is_none_or(|known| specificity(entry) >= specificity(known)) {
                of_level.insert(&entry.key, entry);
            }
        }
        found.extend(of_level);
    }
    found
}

fn fits(entry: &Entry, environment: Option<&str>, protected: bool) -> bool {
    let of_environment = match environment {
        Some(name) => wildcard_match(&entry.scope, name),
        None => entry.scope == "*",
    };
    of_environment && (protected || !entry.protected)
}

/// An exact name beats every pattern, a long pattern a short one.
fn specificity(entry: &Entry) -> (bool, usize) {
    (!entry.scope.contains('*'), entry.scope.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::variables::{Content, Trust, parse_project, parse_user};

    const SHOP: Project<'_> = Project {
        host: "git.example.com",
        path: "team/web/shop",
        checkout: "/home/ann/src/shop",
        home: "/home/ann",
    };

    fn values(found: &BTreeMap<&str, &Entry>) -> Vec<String> {
        let text = |entry: &Entry| match &entry.content {
            Content::Text(text) => text.clone(),
            Content::Path(path) => format!("<{path}>"),
        };
        found
            .iter()
            .map(|(key, entry)| format!("{key}={}", text(entry)))
            .collect()
    }

    #[test]
    fn scope_and_protection_decide() {
        let text = "\
A: {value: any}
P: {value: secret, protected: true}
S: {value: staging only, environment_scope: staging}
R: {value: any review, environment_scope: review/*}
";
        let (entries, _) = parse_project(text, Trust::User);
        let level = vec![entries.iter().collect()];
        for (environment, protected, expected) in [
            (None, false, &["A=any"][..]),
            (None, true, &["A=any", "P=secret"]),
            (Some("staging"), false, &["A=any", "S=staging only"]),
            (Some("review/x"), false, &["A=any", "R=any review"]),
            (Some("review"), false, &["A=any"]),
        ] {
            let found = in_force(&level, environment, protected);
            assert_eq!(values(&found), expected, "{environment:?} {protected}");
        }
    }

    #[test]
    fn the_most_specific_scope_wins_within_a_level_only() {
        let entry = |scope: &str| Entry {
            scope: scope.to_owned(),
            ..Entry::plain("A", scope.to_owned())
        };
        let (any, review, exact) = (entry("*"), entry("review/*"), entry("review/x"));
        let one = vec![vec![&exact, &any, &review]];
        for (environment, expected) in [
            ("review/x", "A=review/x"),
            ("review/y", "A=review/*"),
            ("other", "A=*"),
        ] {
            assert_eq!(
                values(&in_force(&one, Some(environment), false)),
                [expected]
            );
        }
        let two = vec![vec![&exact], vec![&any]];
        assert_eq!(values(&in_force(&two, Some("review/x"), false)), ["A=*"]);
    }

    #[test]
    fn the_users_file_reaches_only_what_it_names() {
        let text = "\
global:
  HIDDEN: not shared
  SHARED: {value: shared, share: true}
  LEVEL: {value: global, share: true}
group:
  team/web: {LEVEL: inner group}
  git.example.com/team: {LEVEL: outer group, TEAM: x}
  te: {WRONG: prefix of a name}
  other: {WRONG: other group}
project:
  ~/src/shop/: {FOLDER: by folder}
  git.example.com/team/web/shop.git: {OWN: by path}
  gitlab.com/team/web/shop: {WRONG: other host}
  /home/ann/src: {WRONG: other folder}
";
        let (variables, problems) = parse_user(text);
        assert_eq!(problems, []);
        let found = in_force(&variables.levels(&SHOP), None, false);
        let expected = [
            "FOLDER=by folder",
            "LEVEL=inner group",
            "OWN=by path",
            "SHARED=shared",
            "TEAM=x",
        ];
        assert_eq!(values(&found), expected);
    }

    #[test]
    fn sections_are_checked() {
        let (_, problems) = parse_user("globals: {A: 1}\ngroup: x\nproject: {a/b: 3}\n");
        let messages: Vec<_> = problems.iter().map(|p| p.message.as_str()).collect();
        let expected = [
            "there is no section `globals`",
            "`group` must be a mapping",
            "`a/b` must be a mapping",
        ];
        assert_eq!(messages, expected);
    }

    #[test]
    fn a_file_of_this_machine_is_the_users_to_name() {
        let (variables, problems) = parse_user("project: {team/web/shop: {K: {path: ~/.k}}}");
        assert_eq!(problems, []);
        let found = in_force(&variables.levels(&SHOP), None, false);
        assert_eq!(values(&found), ["K=<~/.k>"]);
        assert!(found["K"].file);
    }
}
