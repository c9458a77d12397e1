//! The CI/CD variables that GitLab keeps for this project and its groups, fetched with the user's
//! token and kept in the form of the user's own file of variables (design chapter 7).
//!
//! What the server masks or hides is a secret: it is named and never written down.

use std::io::Write;
use std::path::Path;

use serde_yaml::{Mapping, Value};

use crate::diag::{Code, Diagnostic};
use crate::fetch::{ServerVariable, VariableOwner};
use crate::foreign::system_words;
use crate::settings::Key;
use crate::types::Origin;

use super::failure::{Failure, FailureKind};
use super::fetch::{Fetch, failed};
use super::variables::{kept_at, origin};
use super::workspace::Workspace;

/// What came of asking for variables.
#[derive(Debug, Default)]
pub struct ServerVariables {
    /// Names that are kept, each with its environments.
    pub kept: Vec<(String, String)>,
    /// Names whose values are secret, each with its environments.
    pub secret: Vec<(String, String)>,
    /// Groups that did not tell theirs, each with the reason.
    pub silent: Vec<(String, String)>,
    /// The key under which the user's own file of variables gives values for this project.
    pub address: String,
}

impl Fetch<'_> {
    /// Asks for the variables of the project and of its groups, and keeps those that are no secret.
    pub async fn variables(&self) -> Result<ServerVariables, Failure> {
        let project = asked_for(self.workspace())?;
        let api = self.api();
        if api.token.is_none() {
            return Err(no_token(self.workspace()));
        }
        let mut all = ServerVariables {
            address: project.address(),
            ..ServerVariables::default()
        };
        let mut document = Mapping::new();
        let mut groups = Mapping::new();
        for group in groups_of(&project.path) {
            match api.variables(&VariableOwner::Group(group.to_owned())).await {
                Ok(variables) => {
                    let address = Origin {
                        path: group.to_owned(),
                        ..project.clone()
                    };
                    let kept = all.sorted(variables);
                    groups.insert(address.address().into(), kept.into());
                }
                Err(error) => all.silent.push((group.to_owned(), error.to_string())),
            }
        }
        let owner = VariableOwner::Project(project.path.clone());
        let variables = api.variables(&owner).await.map_err(|error| {
            let path = &project.path;
            failed(
                &error,
                &format!("the variables of `{path}` can't be fetched"),
            )
        })?;
        let mut projects = Mapping::new();
        projects.insert(project.address().into(), all.sorted(variables).into());
        document.insert("group".into(), groups.into());
        document.insert("project".into(), projects.into());
        write(&kept_at(&project.address())?, &document)?;
        Ok(all)
    }
}

impl ServerVariables {
    /// Those that may be kept, by their names; all are noted.
    fn sorted(&mut self, variables: Vec<ServerVariable>) -> Mapping {
        let mut kept = Mapping::new();
        for variable in variables {
            let name = (variable.key.clone(), variable.environment_scope.clone());
            if variable.is_secret() {
                self.secret.push(name);
                continue;
            }
            let key = Value::from(variable.key.clone());
            let written = Value::from(written(variable));
            match kept.get_mut(&key) {
                Some(Value::Sequence(several)) => several.push(written),
                _ => {
                    kept.insert(key, Value::Sequence(vec![written]));
                }
            }
            self.kept.push(name);
        }
        kept
    }
}

/// A variable as the user's file has it.
fn written(variable: ServerVariable) -> Mapping {
    let mut written = Mapping::new();
    written.insert("value".into(), variable.value.unwrap_or_default().into());
    if variable.variable_type == "file" {
        written.insert("type".into(), "file".into());
    }
    if variable.environment_scope != "*" {
        written.insert(
            "environment_scope".into(),
            variable.environment_scope.into(),
        );
    }
    for (name, set) in [("protected", variable.protected), ("raw", variable.raw)] {
        if set {
            written.insert(name.into(), true.into());
        }
    }
    written
}

/// `a`, `a/b` of `a/b/c`: the outer ones first, as the inner ones beat them.
fn groups_of(project: &str) -> Vec<&str> {
    let ends = project.match_indices('/').map(|(at, _)| &project[..at]);
    ends.collect()
}

/// The project whose variables are wanted: its server has to be the user's, for a clone from
/// elsewhere must not get what another project of the same name has.
fn asked_for(workspace: &Workspace) -> Result<Origin, Failure> {
    let server = workspace.server().ok_or_else(|| no_token(workspace))?;
    let origin = origin(workspace, Some(&server)).ok_or_else(|| {
        let message = "this checkout has no `origin` that names a project of a server";
        let diagnostic = Diagnostic::new(Code::FetchFailed, message)
            .help("say the project's path with the setting `project-path`");
        Failure::new(FailureKind::Environment, diagnostic)
    })?;
    if origin.is_on(&server) {
        return Ok(origin);
    }
    let message = format!(
        "`origin` is `{}`, which is not on the server of your settings, `{}`",
        origin.address(),
        server.server_url()
    );
    let diagnostic = Diagnostic::new(Code::FetchFailed, message)
        .help("only the variables of projects on that server are fetched with your token");
    Err(Failure::new(FailureKind::Environment, diagnostic))
}

fn no_token(workspace: &Workspace) -> Failure {
    let server = workspace.settings.text(Key::ServerUrl);
    let named = match server {
        Some(server) => format!("there is no token for `{server}`"),
        None => "your settings name no server, and no token for it".to_owned(),
    };
    let diagnostic = Diagnostic::new(Code::FetchFailed, named).help(
        "put `server-url = \"https://…\"` and `token-file = \"~/…\"`, the path of a file that holds your token, into `~/.config/pipe/config.toml`",
    );
    Failure::new(FailureKind::Environment, diagnostic)
}

/// Writes the file for the user alone; it appears whole or not at all.
fn write(path: &Path, document: &Mapping) -> Result<(), Failure> {
    let unwritable = |why: String| {
        let message = format!("can't write `{}`: {why}", path.display());
        let diagnostic = Diagnostic::new(Code::StateUnwritable, message);
        Failure::new(FailureKind::Environment, diagnostic)
    };
    let text = serde_yaml::to_string(document).map_err(|error| unwritable(error.to_string()))?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let written = crate::fetch::private_folder(folder).and_then(|()| {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.persist(path)?;
        Ok(())
    });
    written.map_err(|error| unwritable(system_words(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_a_project_from_the_outside() {
        assert_eq!(groups_of("a/b/c"), ["a", "a/b"]);
        assert_eq!(groups_of("c"), [""; 0]);
    }

    fn variable(key: &str, masked: bool, value: Option<&str>, scope: &str) -> ServerVariable {
        ServerVariable {
            key: key.to_owned(),
            value: value.map(str::to_owned),
            variable_type: "env_var".to_owned(),
            protected: scope == "production",
            masked,
            hidden: false,
            raw: false,
            environment_scope: scope.to_owned(),
        }
    }

    #[test]
    fn secrets_are_named_and_not_kept() {
        let mut all = ServerVariables::default();
        let kept = all.sorted(vec![
            variable("A", false, Some("1"), "*"),
            variable("A", false, Some("2"), "production"),
            variable("B", true, Some("s3cret"), "*"),
            variable("C", false, None, "*"),
        ]);
        let text = serde_yaml::to_string(&kept).expect("text");
        assert_eq!(
            text,
            "A:\n- value: '1'\n- value: '2'\n  environment_scope: production\n  protected: true\n"
        );
        let names: Vec<&str> = all.secret.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["B", "C"]);
    }
}
