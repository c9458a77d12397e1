//! Programs that know credentials: `docker-credential-NAME`, by Docker's protocol.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::login::Login;

/// How long one may take: some ask a person.
const LIMIT: Duration = Duration::from_secs(60);

/// The name under which a program gives a token for a password.
const TOKEN: &str = "<token>";

#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "Username")]
    user: String,
    #[serde(rename = "Secret")]
    secret: String,
}

/// The registries that a program knows, each as it names them.
pub(super) async fn registries(name: &str) -> Result<Vec<String>, String> {
    let said = match ask(name, "list", "").await? {
        Said::Answer(said) => said,
        Said::Failure(why) => return Err(why),
    };
    let known: BTreeMap<String, String> =
        serde_json::from_slice(&said).map_err(|_| format!("{} gave no list", program(name)))?;
    Ok(known.into_keys().collect())
}

/// What a program knows of a registry; `None` where it knows nothing.
pub(super) async fn login(name: &str, registry: &str) -> Result<Option<Login>, String> {
    let said = match ask(name, "get", registry).await? {
        Said::Answer(said) => said,
        Said::Failure(why) if why.contains("credentials not found") => return Ok(None),
        Said::Failure(why) => return Err(why),
    };
    let answer: Answer = serde_json::from_slice(&said)
        .map_err(|_| format!("{} gave no credentials", program(name)))?;
    Ok(Some(if answer.user == TOKEN {
        Login::Identity {
            user: String::new(),
            token: answer.secret,
        }
    } else {
        Login::Password {
            user: answer.user,
            password: answer.secret,
        }
    }))
}

/// What a program says.
enum Said {
    /// What it was asked for.
    Answer(Vec<u8>),
    /// Why it fails, in its own words.
    Failure(String),
}

/// What the program says; an error where it can't be asked.
async fn ask(name: &str, verb: &str, about: &str) -> Result<Said, String> {
    if name.is_empty() || Path::new(name).components().count() != 1 || name.contains(['/', '\\']) {
        return Err(format!("`{name}` is no name of a credential helper"));
    }
    let program = program(name);
    let cant = |error: io::Error| {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "it is not installed".to_owned(),
            _ => crate::foreign::system_words(&error),
        };
        format!("{program} can't be run: {why}")
    };
    let mut child = Command::new(format!("docker-credential-{name}"))
        .arg(verb)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(cant)?;
    let asking = async {
        if let Some(mut to) = child.stdin.take() {
            // One that does not read fails by what it says.
            let _ = to.write_all(about.as_bytes()).await;
        }
        child.wait_with_output().await
    };
    let output = match tokio::time::timeout(LIMIT, asking).await {
        Ok(output) => output.map_err(cant)?,
        Err(_) => return Err(format!("{program} gave no answer in {} s", LIMIT.as_secs())),
    };
    if output.status.success() {
        return Ok(Said::Answer(output.stdout));
    }
    // By the protocol a failure is told on standard output.
    let said = String::from_utf8_lossy(&output.stdout);
    let said = said.lines().next().unwrap_or_default().trim();
    Ok(Said::Failure(match said {
        "" => format!("{program} failed"),
        said => format!("{program}: {said}"),
    }))
}

fn program(name: &str) -> String {
    format!("the credential helper `{name}`")
}
