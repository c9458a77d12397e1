//! The CI/CD variables that GitLab would keep on its server, from the files that hold them here
//! (design chapter 7).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diag::{Diagnostic, has_errors};
use crate::expr::expand::SettingPlace;
use crate::foreign::system_words;
use crate::plan::SettingVariable;
use crate::settings::variables::{
    self, Chosen, Content, Entry, Trust, UserVariables, parse_peer, parse_peer_user, parse_project,
    parse_user,
};
use crate::settings::{Key, Problem};
use crate::source::{LineIndex, SourceMap};
use crate::types::{Digest, Origin, VariableLevel};

use super::failure::{Failure, FailureKind};
use super::folders::{self, at_home};
use super::setting_files::{self, UserFile};
use super::workspace::Workspace;

/// The user's own file of that other tool, in the home folder.
const PEER_HOME_FILE: &str = ".gitlab-ci-local/variables.yml";
/// The checkout's own file.
const PROJECT_FILE: &str = ".pipe/variables.yml";
/// The same in the manner of another tool, which users bring along.
const PEER_FILE: &str = ".gitlab-ci-local-variables.yml";

type Parse = fn(&str, Trust) -> (Vec<Entry>, Vec<Problem>);
type ParseUsers = fn(&str) -> (UserVariables, Vec<Problem>);

/// The CI/CD variables of a project, and what there is to say of the files that hold them.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// All of them; of equal ones the later wins.
    pub(super) all: Vec<SettingVariable>,
    files: Vec<File>,
}

/// A file in which something is wrong.
#[derive(Debug)]
struct File {
    name: String,
    text: String,
    problems: Vec<Problem>,
}

/// Reads the variables that concern the checkout. A mistake in one of the files is a failure.
pub(super) fn read(workspace: &Workspace) -> Result<Variables, Failure> {
    let mut variables = Variables::default();
    variables.add_users(
        workspace,
        setting_files::of_home(PEER_HOME_FILE)?,
        parse_peer_user,
    );
    if let Some(fetched) = fetched(workspace)? {
        variables.add_users(workspace, fetched, parse_user);
    }
    variables.add_users(
        workspace,
        setting_files::of_user("variables.yml")?,
        parse_user,
    );
    variables.add_checkouts(workspace, PEER_FILE, parse_peer)?;
    variables.add_checkouts(workspace, PROJECT_FILE, parse_project)?;
    let mut sources = SourceMap::default();
    let diagnostics = variables.diagnostics(&mut sources);
    if has_errors(&diagnostics) {
        return Err(Failure {
            kind: FailureKind::Environment,
            diagnostics,
            sources,
        });
    }
    Ok(variables)
}

/// Where the variables that were fetched for a project are kept.
pub(super) fn kept_at(address: &str) -> Result<PathBuf, Failure> {
    let mut name = Digest::default();
    name.add(address);
    let name: String = name.finish().chars().take(32).collect();
    Ok(folders::state()?
        .join("variables")
        .join(format!("{name}.yml")))
}

/// What `pipe fetch --variables` has kept of this project.
fn fetched(workspace: &Workspace) -> Result<Option<UserFile>, Failure> {
    let server = workspace.server();
    let Some(origin) = origin(workspace, server.as_ref()) else {
        return Ok(None);
    };
    setting_files::of_path(kept_at(&origin.address())?).map(Some)
}

impl Variables {
    /// What is wrong, with the files added to `sources`.
    pub(super) fn diagnostics(&self, sources: &mut SourceMap) -> Vec<Diagnostic> {
        let mut all = Vec::new();
        for file in &self.files {
            let id = sources.add(file.name.as_str(), file.text.as_str());
            all.extend(file.problems.iter().map(|one| one.diagnostic(Some(id))));
        }
        all
    }

    /// Those of a file of the user that concern this project.
    fn add_users(&mut self, workspace: &Workspace, file: UserFile, parse: ParseUsers) {
        let UserFile { path, text } = file;
        let Some(text) = text else {
            return;
        };
        let home = folders::home().unwrap_or_default();
        let (variables, mut problems) = parse(&text);
        let Chosen {
            entries,
            problems: more,
        } = choose(&variables, workspace, &home);
        problems.extend(more);
        let name = path.display().to_string();
        let at = Places::of(&name, &text);
        for (level, entry) in entries {
            problems.extend(self.add(at.of_entry(level, entry), entry, &home));
        }
        self.report(&name, &text, problems);
    }

    /// Those of a file of the checkout.
    fn add_checkouts(
        &mut self,
        workspace: &Workspace,
        name: &str,
        parse: Parse,
    ) -> Result<(), Failure> {
        let Some(text) = setting_files::of_checkout(workspace.repository.root(), name)? else {
            return Ok(());
        };
        let trust = if workspace.tree.is_tracked(name) {
            Trust::Repository
        } else {
            Trust::User
        };
        if name == PROJECT_FILE && trust == Trust::User {
            // Where that can't be written, the variables count all the same.
            let _ = workspace.repository.exclude(name);
        }
        let (entries, mut problems) = parse(&text, trust);
        let at = Places::of(name, &text);
        for entry in &entries {
            let place = at.of_entry(VariableLevel::Project, entry);
            problems.extend(self.add(place, entry, Path::new("")));
        }
        self.report(name, &text, problems);
        Ok(())
    }

    fn report(&mut self, name: &str, text: &str, problems: Vec<Problem>) {
        if !problems.is_empty() {
            self.files.push(File {
                text: without_values(text, &problems),
                name: name.to_owned(),
                problems,
            });
        }
    }

    /// A variable with its value; the text of a file that the user's own file names is read here,
    /// and a file that can't be read is the problem.
    fn add(&mut self, place: SettingPlace, entry: &Entry, home: &Path) -> Option<Problem> {
        let read = |path: &str| std::fs::read_to_string(at_home(path, home));
        let mut problem = None;
        let (value, is_file) = match &entry.content {
            Content::Text(text) => (text.clone(), entry.file),
            Content::Path(path) => {
                let content = read(path).unwrap_or_else(|error| {
                    problem = Some(entry.unreadable(path, &system_words(&error)));
                    String::new()
                });
                (content, entry.file)
            }
            Content::PathOrText(text) => match read(text) {
                Ok(content) => (content, true),
                Err(_) => (text.clone(), entry.file),
            },
        };
        self.all.push(SettingVariable {
            place: Arc::new(place),
            key: Arc::from(entry.key.as_str()),
            value: value.into(),
            raw: entry.raw,
            file: is_file,
            masked: entry.masked,
            protected: entry.protected,
            scope: Arc::from(entry.scope.as_str()),
        });
        problem
    }
}

/// The places of a file of variables.
struct Places<'a> {
    file: Arc<str>,
    text: &'a str,
    lines: LineIndex,
}

impl<'a> Places<'a> {
    fn of(file: &str, text: &'a str) -> Self {
        Self {
            file: file.into(),
            text,
            lines: LineIndex::new(text),
        }
    }

    fn of_entry(&self, level: VariableLevel, entry: &Entry) -> SettingPlace {
        let start = entry
            .at
            .as_ref()
            .and_then(|at| u32::try_from(at.start).ok());
        SettingPlace {
            level,
            file: Arc::clone(&self.file),
            line: start.map(|start| self.lines.position(self.text, start).line),
        }
    }
}

/// The text with blanks for all that no problem points to: a line that is shown to a person must
/// not show the secret in it.
fn without_values(text: &str, problems: &[Problem]) -> String {
    let pointed: Vec<_> = problems.iter().filter_map(Problem::bytes).collect();
    let shown = |at: &usize| pointed.iter().any(|bytes| bytes.contains(at));
    text.char_indices()
        .map(|(at, c)| match c {
            '\n' | '\r' => c.to_string(),
            _ if shown(&at) => c.to_string(),
            _ => " ".repeat(c.len_utf8()),
        })
        .collect()
}

fn choose<'a>(variables: &'a UserVariables, workspace: &Workspace, home: &Path) -> Chosen<'a> {
    let server = workspace.server();
    variables.choose(&variables::Project {
        origin: origin(workspace, server.as_ref()).as_ref(),
        server: server.as_ref(),
        checkout: &workspace.repository.root().display().to_string(),
        home: &home.display().to_string(),
    })
}

/// Where the checkout comes from. The user's settings answer only where `origin` does not: else a
/// clone of anything would count as their project.
pub(super) fn origin(workspace: &Workspace, server: Option<&Origin>) -> Option<Origin> {
    let by_settings = || {
        let path = workspace.settings.text(Key::ProjectPath)?.to_owned();
        Some(Origin {
            path,
            ..server?.clone()
        })
    };
    workspace.repository.named_origin().or_else(by_settings)
}
