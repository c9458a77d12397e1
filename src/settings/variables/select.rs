//! Which of the user's variables concern a checkout.
//!
//! They may be secrets, and whoever made the checkout chose its URL. So host, port and path are
//! compared whole, and a key without a host counts only for servers that the user named.

use crate::settings::problem::{Place, Problem, ProblemKind};
use crate::types::{Origin, VariableLevel};

use super::entry::Entry;
use super::project_key::{ProjectKey, Section};
use super::user::{Scoped, UserVariables};

/// What variables are chosen by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Project<'a> {
    /// Server and path, as the checkout's `origin` names them.
    pub origin: Option<&'a Origin>,
    /// The server of the user's settings; its path counts for nothing.
    pub server: Option<&'a Origin>,
    /// Folder of the checkout.
    pub checkout: &'a str,
    /// The user's home folder, for `~/` in keys.
    pub home: &'a str,
}

/// The variables of the user's file that concern a project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Chosen<'a> {
    /// Each with its level; of equal ones the later wins.
    pub entries: Vec<(VariableLevel, &'a Entry)>,
    /// Keys that look as if they meant this project, but do not count.
    pub problems: Vec<Problem>,
}

impl UserVariables {
    /// The entries that concern `project`: shared ones, those of its groups, its own.
    pub fn choose(&self, project: &Project<'_>) -> Chosen<'_> {
        let mut chosen = Chosen::default();
        let shared = self.global.iter().filter(|entry| entry.share);
        chosen
            .entries
            .extend(shared.map(|entry| (VariableLevel::Instance, entry)));
        chosen.problems.extend(self.unshared());
        let keys = self.keys(project.server, &mut chosen.problems);
        let servers = Servers::named_by(project.server, &keys);
        for (scoped, section, key) in &keys {
            match project.fit(key, *section, &servers) {
                Fit::Yes(level) => {
                    let entries = scoped.entries.iter();
                    chosen.entries.extend(entries.map(|entry| (level, entry)));
                }
                Fit::No => {}
                Fit::Doubtful(why, remedy) => {
                    let message = format!("the variables of `{}` are left out: {why}", scoped.key);
                    chosen.problems.push(warning(scoped, message, remedy));
                }
            }
        }
        chosen
    }

    fn keys(
        &self,
        server: Option<&Origin>,
        problems: &mut Vec<Problem>,
    ) -> Vec<(&Scoped, Section, ProjectKey)> {
        let groups = self.groups.iter().map(|scoped| (scoped, Section::Group));
        let projects = self
            .projects
            .iter()
            .map(|scoped| (scoped, Section::Project));
        let mut keys = Vec::new();
        for (scoped, section) in groups.chain(projects) {
            match ProjectKey::parse(&scoped.key, section, server) {
                Some(key) => keys.push((scoped, section, key)),
                None => problems.push(nothing_named(scoped, section)),
            }
        }
        keys
    }
}

fn nothing_named(scoped: &Scoped, section: Section) -> Problem {
    let (what, forms) = match section {
        Section::Group => ("group", "`gitlab.com/group` or `gitlab.com/group/subgroup`"),
        Section::Project => (
            "project",
            "`gitlab.com/group/project`, or the folder of a checkout",
        ),
    };
    let message = format!("`{}` names no {what}", scoped.key);
    warning(scoped, message, format!("write {forms}"))
}

fn warning(scoped: &Scoped, message: String, help: String) -> Problem {
    let place = Place::Variables(scoped.at.clone());
    Problem::new(ProblemKind::VariablesWarning, place, message).help(help)
}

/// The servers that the user's settings name.
struct Servers<'a>(Vec<&'a Origin>);

impl<'a> Servers<'a> {
    fn named_by(server: Option<&'a Origin>, keys: &'a [(&Scoped, Section, ProjectKey)]) -> Self {
        let hosts = keys.iter().filter_map(|(_, _, key)| match key {
            ProjectKey::Hosted(origin) => Some(origin),
            ProjectKey::Folder(_) | ProjectKey::Path(_) => None,
        });
        Self(server.into_iter().chain(hosts).collect())
    }

    fn have(&self, origin: &Origin) -> bool {
        self.0.iter().any(|server| origin.is_on(server))
    }
}

enum Fit {
    Yes(VariableLevel),
    No,
    /// It could be meant: why it does not count, and what to do.
    Doubtful(String, String),
}

impl Project<'_> {
    fn fit(&self, key: &ProjectKey, section: Section, servers: &Servers<'_>) -> Fit {
        let path = match key {
            ProjectKey::Folder(folder) if self.is_folder(folder) => {
                return Fit::Yes(VariableLevel::Project);
            }
            ProjectKey::Folder(_) => return Fit::No,
            ProjectKey::Hosted(Origin { path, .. }) | ProjectKey::Path(path) => path,
        };
        let Some((origin, level)) = self.origin.and_then(|origin| {
            let level = level(path, section, &origin.path)?;
            Some((origin, level))
        }) else {
            return Fit::No;
        };
        let here = Origin {
            path: path.clone(),
            ..origin.clone()
        }
        .address();
        match key {
            ProjectKey::Hosted(named) if origin.is_on(named) => Fit::Yes(level),
            ProjectKey::Hosted(named) if origin.host == named.host => Fit::Doubtful(
                format!("`origin` is another server of that host, `{here}`"),
                format!("if you trust that one too, add it under `{here}`"),
            ),
            ProjectKey::Path(_) if servers.have(origin) => Fit::Yes(level),
            ProjectKey::Path(_) => Fit::Doubtful(
                format!(
                    "the key names no host, and `origin` is on `{}`, which your settings name nowhere",
                    origin.host
                ),
                format!("if you trust that server, write `{here}`"),
            ),
            ProjectKey::Hosted(_) | ProjectKey::Folder(_) => Fit::No,
        }
    }

    fn is_folder(&self, key: &str) -> bool {
        let folder = match key.strip_prefix("~/") {
            Some(_) if self.home.is_empty() => return false,
            Some(rest) => format!("{}/{rest}", self.home.trim_end_matches('/')),
            None => key.to_owned(),
        };
        folder.trim_end_matches('/') == self.checkout.trim_end_matches('/')
    }
}

/// The level that variables of `path` have for a project, if they concern it.
fn level(path: &str, section: Section, project: &str) -> Option<VariableLevel> {
    match section {
        Section::Project => (path == project).then_some(VariableLevel::Project),
        Section::Group => project
            .strip_prefix(path)
            .is_some_and(|rest| rest.starts_with('/'))
            .then(|| VariableLevel::Group(path.split('/').count())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::variables::{Content, parse_user};

    fn chosen(text: &str, origin: &str, server: Option<&str>) -> (Vec<String>, Vec<String>) {
        let (variables, problems) = parse_user(text);
        assert_eq!(problems, [], "{text}");
        let origin = Origin::parse(origin);
        let server = server.and_then(Origin::server);
        let found = variables.choose(&Project {
            origin: origin.as_ref(),
            server: server.as_ref(),
            checkout: "/home/ann/src/shop",
            home: "/home/ann",
        });
        let value = |entry: &Entry| match &entry.content {
            Content::Text(text) => text.clone(),
            Content::Path(path) | Content::PathOrText(path) => format!("<{path}>"),
        };
        let mut entries = found.entries;
        entries.sort_by_key(|(level, _)| *level);
        (
            entries
                .iter()
                .map(|(level, entry)| format!("{level:?} {}={}", entry.key, value(entry)))
                .collect(),
            found.problems.into_iter().map(|p| p.message).collect(),
        )
    }

    /// Whether a secret under `key` reaches a checkout of `origin`, and what is said if not.
    fn reaches(key: &str, origin: &str, server: Option<&str>) -> (bool, usize) {
        let (entries, problems) = chosen(
            &format!("project: {{\"{key}\": {{A: x}}}}\n"),
            origin,
            server,
        );
        (!entries.is_empty(), problems.len())
    }

    #[test]
    fn a_secret_goes_to_the_very_project_it_is_for() {
        let key = "gitlab.com/acme/app";
        for (origin, expected) in [
            ("https://gitlab.com/acme/app.git", (true, 0)),
            ("https://gitlab.com:443/acme/app", (true, 0)),
            ("https://GITLAB.COM./acme/app", (true, 0)),
            ("https://me:token@gitlab.com/acme/app", (true, 0)),
            ("git@gitlab.com:acme/app.git", (true, 0)),
            ("ssh://git@gitlab.com/acme/app.git", (true, 0)),
            ("https://evil.example/gitlab.com/acme/app.git", (false, 0)),
            ("git@evil.example:gitlab.com/acme/app.git", (false, 0)),
            ("https://evil.example/acme/app.git", (false, 0)),
            ("https://gitlab.com.evil.example/acme/app", (false, 0)),
            ("https://gitlab.com@evil.example/acme/app", (false, 0)),
            ("https://evil.example?@gitlab.com/acme/app", (false, 0)),
            ("https://evil.example#@gitlab.com/acme/app", (false, 0)),
            ("http://gitlab.com:8080/acme/app", (false, 1)),
            ("https://gitlab.com:8443/acme/app", (false, 1)),
            ("http://gitlab.com/acme/app", (false, 1)),
            ("ssh://git@gitlab.com:2222/acme/app", (false, 1)),
            ("git://gitlab.com/acme/app", (false, 1)),
            ("https://gitlab.com/acme/app2", (false, 0)),
            ("https://gitlab.com/acme/app/sub", (false, 0)),
            ("https://gitlab.com/evil/acme/app", (false, 0)),
            ("https://gitlab.com/Acme/app", (false, 0)),
            ("/srv/gitlab.com/acme/app", (false, 0)),
        ] {
            assert_eq!(reaches(key, origin, None), expected, "{origin}");
        }
    }

    #[test]
    fn a_key_without_a_host_is_for_servers_that_the_user_named() {
        for (origin, server, expected) in [
            ("https://gitlab.com/acme/app", None, (false, 1)),
            ("https://evil.example/acme/app", None, (false, 1)),
            (
                "https://gitlab.com/acme/app",
                Some("https://gitlab.com"),
                (true, 0),
            ),
            (
                "git@gitlab.com:acme/app",
                Some("https://gitlab.com"),
                (true, 0),
            ),
            (
                "git@git.example:acme/app",
                Some("https://git.example:8443/"),
                (true, 0),
            ),
            (
                "https://evil.example/acme/app",
                Some("https://gitlab.com"),
                (false, 1),
            ),
            (
                "http://gitlab.com:8080/acme/app",
                Some("https://gitlab.com"),
                (false, 1),
            ),
            (
                "https://evil.example/other/app",
                Some("https://gitlab.com"),
                (false, 0),
            ),
        ] {
            assert_eq!(
                reaches("acme/app", origin, server),
                expected,
                "{origin} {server:?}"
            );
        }
    }

    #[test]
    fn another_key_of_the_file_names_a_server_too() {
        let text = "group: {gitlab.com/other: {B: y}}\nproject: {acme/app: {A: x}}\n";
        let found = |origin| chosen(text, origin, None).0;
        assert_eq!(found("git@gitlab.com:acme/app.git"), ["Project A=x"]);
        assert_eq!(found("git@evil.example:acme/app.git"), [""; 0]);
    }

    #[test]
    fn what_does_not_count_is_told() {
        let told = |key: &str, origin: &str| {
            let (_, problems) =
                chosen(&format!("project: {{\"{key}\": {{A: x}}}}\n"), origin, None);
            problems.concat()
        };
        assert_eq!(
            told("acme/app", "https://evil.example/acme/app"),
            "the variables of `acme/app` are left out: the key names no host, and `origin` is on `evil.example`, which your settings name nowhere"
        );
        assert_eq!(
            told("gitlab.com/acme/app", "http://gitlab.com:8080/acme/app"),
            "the variables of `gitlab.com/acme/app` are left out: `origin` is another server of that host, `gitlab.com:8080/acme/app`"
        );
        assert_eq!(
            told("app", "https://h.example/g/p"),
            "`app` names no project"
        );
    }

    #[test]
    fn the_users_file_reaches_only_what_it_names() {
        let text = "\
global:
  HIDDEN: not shared
  SHARED: {value: shared, share: true}
group:
  git.example.com/team/web: {LEVEL: inner group}
  team: {LEVEL: outer group}
  te: {WRONG: prefix of a name}
  team/web/shop: {WRONG: a project is no group}
  git.example.com/other: {WRONG: other group}
  evil.example/team: {WRONG: other host}
project:
  ~/src/shop/: {FOLDER: by folder}
  git.example.com/team/web/shop.git: {OWN: by path}
  gitlab.com/team/web/shop: {WRONG: other host}
  /home/ann/src: {WRONG: other folder}
";
        let (found, problems) = chosen(text, "git@git.example.com:team/web/shop.git", None);
        assert_eq!(
            problems,
            ["`HIDDEN` under `global` is left out, for want of `share: true`"]
        );
        let expected = [
            "Instance SHARED=shared",
            "Group(1) LEVEL=outer group",
            "Group(2) LEVEL=inner group",
            "Project FOLDER=by folder",
            "Project OWN=by path",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_checkout_without_origin_is_known_by_its_folder_only() {
        let text =
            "project: {~/src/shop: {A: x}, gitlab.com/local/shop: {B: y}, local/shop: {C: z}}\n";
        let (found, problems) = chosen(text, "/srv/git/shop.git", Some("https://gitlab.com"));
        assert_eq!((found, problems), (vec!["Project A=x".to_owned()], vec![]));
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
        let text = "project: {h.example/team/shop: {K: {path: ~/.k}}}";
        let (found, _) = chosen(text, "git@h.example:team/shop", None);
        assert_eq!(found, ["Project K=<~/.k>"]);
    }
}
