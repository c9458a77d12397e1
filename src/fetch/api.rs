//! GitLab's API of the server that this project is on.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::web::{Answer, Client, Question, WebError};

use super::brought::MAX_FILE;
use super::error::FetchError;

/// Bytes of an answer that is a list or a verdict.
const MAX_ANSWER: u64 = 16 * 1024 * 1024;
/// Pages of a list.
const MAX_PAGES: usize = 100;

/// The API of a server.
#[derive(Clone)]
pub struct Api {
    /// The client.
    pub client: Client,
    /// `https://host`.
    pub server: String,
    /// The user's token, where the server is one that the user named.
    pub token: Option<String>,
}

/// Whose a variable is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariableOwner {
    /// A group, by its path.
    Group(String),
    /// The project, by its path.
    Project(String),
}

/// A CI/CD variable as the server tells it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are the fields of the server's answer"
)]
pub struct ServerVariable {
    /// Name.
    pub key: String,
    /// Value; none where it is hidden.
    pub value: Option<String>,
    /// `env_var` or `file`.
    #[serde(default)]
    pub variable_type: String,
    /// Only on protected refs.
    #[serde(default)]
    pub protected: bool,
    /// Hidden in logs.
    #[serde(default)]
    pub masked: bool,
    /// Shown to nobody.
    #[serde(default)]
    pub hidden: bool,
    /// Not expanded.
    #[serde(default)]
    pub raw: bool,
    /// Name or pattern of the environments it is for.
    #[serde(default = "everywhere")]
    pub environment_scope: String,
}

fn everywhere() -> String {
    "*".to_owned()
}

impl ServerVariable {
    /// Whether its value is to be kept out of files that `pipe` writes.
    pub fn is_secret(&self) -> bool {
        self.masked || self.hidden || self.value.is_none()
    }
}

/// What the server says about a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ServerLint {
    /// Whether it would accept it.
    pub valid: bool,
    /// Mistakes, in the server's words.
    #[serde(default)]
    pub errors: Vec<String>,
    /// Warnings, in the server's words.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// The jobs that it would create, where it tells them.
    #[serde(default)]
    pub jobs: Option<Vec<ServerJob>>,
}

/// A job that the server would create.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ServerJob {
    /// Name.
    pub name: String,
    /// Stage.
    #[serde(default)]
    pub stage: String,
}

impl Api {
    async fn ask(&self, path: &str, body: Option<&str>, limit: u64) -> Result<Answer, WebError> {
        let address = format!("{}/api/v4/{path}", self.server);
        let question = Question {
            address: &address,
            token: self.token.as_deref(),
            body,
            limit,
        };
        self.client.ask(question).await
    }

    /// A template of the server by its name; `None` where the server does not tell it.
    pub(super) async fn template(&self, name: &str) -> Result<Option<String>, FetchError> {
        #[derive(Deserialize)]
        struct Template {
            content: String,
        }
        let name = name.strip_suffix(".gitlab-ci.yml").unwrap_or(name);
        let path = format!("templates/gitlab_ci_ymls/{}", escaped(name));
        let answer = self.ask(&path, None, 2 * MAX_FILE).await?;
        // Names with a slash are none that the server tells.
        if matches!(answer.status, 400 | 401 | 403 | 404) {
            return Ok(None);
        }
        let template: Template = parsed(&answer.success()?)?;
        Ok(Some(template.content))
    }

    /// The variables of a group or the project. Each belongs to exactly that one.
    pub async fn variables(
        &self,
        owner: &VariableOwner,
    ) -> Result<Vec<ServerVariable>, FetchError> {
        let of = match owner {
            VariableOwner::Group(path) => format!("groups/{}", escaped(path)),
            VariableOwner::Project(path) => format!("projects/{}", escaped(path)),
        };
        let mut all = Vec::new();
        let mut page = "1".to_owned();
        for _ in 0..MAX_PAGES {
            let path = format!("{of}/variables?per_page=100&page={page}");
            let answer = self.ask(&path, None, MAX_ANSWER).await?;
            let next = answer.next_page.clone();
            all.append(&mut parsed::<Vec<ServerVariable>>(&answer.success()?)?);
            let Some(next) = next.filter(|next| next.bytes().all(|b| b.is_ascii_digit())) else {
                break;
            };
            page = next;
        }
        Ok(all)
    }

    /// What the server says about a configuration of a project.
    pub async fn lint(&self, project: &str, content: &str) -> Result<ServerLint, FetchError> {
        let path = format!("projects/{}/ci/lint", escaped(project));
        let body = json!({ "content": content, "include_jobs": true }).to_string();
        let answer = self.ask(&path, Some(&body), MAX_ANSWER).await?;
        parsed(&answer.success()?)
    }
}

fn parsed<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, FetchError> {
    serde_json::from_slice(body).map_err(|_| {
        let what = match serde_json::from_slice::<Json>(body) {
            Ok(_) => "its answer is not what GitLab's API says",
            Err(_) => "its answer is no JSON",
        };
        FetchError::new(what).help("see that the setting `server-url` names a GitLab server")
    })
}

/// A text as one part of an address.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_part_of_an_address() {
        assert_eq!(escaped("g/s/p.x"), "g%2Fs%2Fp.x");
        assert_eq!(escaped("C++ ä?#"), "C%2B%2B%20%C3%A4%3F%23");
    }

    #[test]
    fn what_the_server_tells_of_a_variable_may_lack_fields() {
        let text = r#"[{"key":"A","value":"1"},{"key":"B","value":null,"hidden":true,"masked":true,"variable_type":"file","environment_scope":"production","raw":true,"protected":true,"description":"x"}]"#;
        let variables: Vec<ServerVariable> = parsed(text.as_bytes()).expect("variables");
        assert!(!variables[0].is_secret() && variables[0].environment_scope == "*");
        assert!(variables[1].is_secret() && variables[1].variable_type == "file");
        let odd = parsed::<ServerLint>(b"{}").expect_err("no verdict");
        assert_eq!(odd.why, "its answer is not what GitLab's API says");
        let odd = parsed::<ServerLint>(b"<html>").expect_err("no verdict");
        assert_eq!(odd.why, "its answer is no JSON");
    }
}
