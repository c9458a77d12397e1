//! The user's own `git`, kept from everything that a repository could make it do.
//!
//! It works in bare repositories of `pipe`'s cache, or only reads in a clone that the user named:
//! never in the checkout. It runs no hook, asks nobody, knows only the protocols of servers, and
//! gets addresses by its environment, so that no secret is among the arguments of a process.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use crate::foreign::{system_words, without_secrets};

use super::error::FetchError;

/// What would lead `git` elsewhere than it is told.
const REMOVED: [&str; 15] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_TEMPLATE_DIR",
    "GIT_CONFIG",
    "GIT_QUARANTINE_PATH",
    "GIT_DEFAULT_HASH",
    "GIT_NO_LAZY_FETCH",
];

/// Words that are kept of what `git` complains about.
const MAX_WORDS: u64 = 64 * 1024;

/// `git` for one repository.
#[derive(Clone)]
pub(super) struct Git {
    /// The repository's own folder.
    folder: PathBuf,
    /// The address of what is fetched; none where the repository is only read.
    address: Option<String>,
    ca_file: Option<PathBuf>,
    timeout: Duration,
    /// Held while the repository is ours: others that want the same project wait.
    lock: Option<Arc<File>>,
}

/// How long and with which certificates.
#[derive(Debug, Clone)]
pub(super) struct GitOptions {
    pub(super) ca_file: Option<PathBuf>,
    pub(super) timeout: Duration,
}

impl Git {
    /// A bare repository of ours for what comes from an address; it is made where it is not there.
    pub(super) async fn bare(
        folder: PathBuf,
        address: &str,
        options: &GitOptions,
    ) -> Result<Self, FetchError> {
        let mut git = Self {
            folder,
            address: Some(address.to_owned()),
            ca_file: options.ca_file.clone(),
            timeout: options.timeout,
            lock: None,
        };
        let made = super::store::private_folder(&git.folder);
        made.map_err(|error| git.unusable(&system_words(&error)))?;
        git.lock = Some(Arc::new(git.locked().await?));
        if !git.folder.join("HEAD").is_file() {
            git.run(&["init", "--quiet", "--bare", "--template="], MAX_WORDS)
                .await?;
        }
        Ok(git)
    }

    /// A clone of the user, which is only read.
    pub(super) fn clone_of_user(folder: PathBuf, options: &GitOptions) -> Self {
        Self {
            folder,
            address: None,
            ca_file: None,
            timeout: options.timeout,
            lock: None,
        }
    }

    /// The repository's lock, once nobody else has it.
    async fn locked(&self) -> Result<File, FetchError> {
        let unusable = |error: &std::io::Error| self.unusable(&system_words(error));
        let file = File::create(self.folder.join("pipe.lock")).map_err(|error| unusable(&error))?;
        let deadline = tokio::time::Instant::now() + self.timeout;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(unusable(&error)),
                Err(TryLockError::WouldBlock) if tokio::time::Instant::now() > deadline => {
                    return Err(self.unusable("another `pipe` is at work in it"));
                }
                Err(TryLockError::WouldBlock) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    /// What `git` prints; at most that many bytes.
    pub(super) async fn run(&self, arguments: &[&str], limit: u64) -> Result<Vec<u8>, FetchError> {
        let mut command = self.command();
        command.args(arguments);
        let child = command.spawn().map_err(|error| {
            FetchError::new(format!("`git` can't be started: {}", system_words(&error)))
                .help("install git: other projects are fetched with it")
        })?;
        let mut group = Group::of(&child);
        let done = tokio::time::timeout(self.timeout, outcome(child, limit)).await;
        let Ok(outcome) = done else {
            return Err(self.slow());
        };
        let Outcome {
            success,
            printed,
            words,
        } = outcome.map_err(|error| self.unusable(&system_words(&error)))?;
        group.ended();
        if printed.len() as u64 > limit {
            return Err(FetchError::new(format!("it has more than {limit} bytes")));
        }
        if success {
            return Ok(printed);
        }
        Err(self.refused(&words))
    }

    /// The same as text.
    pub(super) async fn text(&self, arguments: &[&str], limit: u64) -> Result<String, FetchError> {
        let printed = self.run(arguments, limit).await?;
        String::from_utf8(printed).map_err(|_| FetchError::new("it is not UTF-8 text"))
    }

    fn command(&self) -> Command {
        let mut command = Command::new("git");
        for name in REMOVED {
            command.env_remove(name);
        }
        let mut settings: Vec<(&str, String)> = vec![
            ("core.hooksPath", "/dev/null".to_owned()),
            ("core.fsmonitor", "false".to_owned()),
            ("protocol.ext.allow", "never".to_owned()),
            ("credential.interactive", "false".to_owned()),
            ("gc.auto", "0".to_owned()),
            ("maintenance.auto", "false".to_owned()),
            ("http.lowSpeedLimit", "1".to_owned()),
            ("http.lowSpeedTime", self.timeout.as_secs().to_string()),
        ];
        if let Some(address) = &self.address {
            settings.push(("remote.pipe.url", address.clone()));
            settings.push(("remote.pipe.promisor", "true".to_owned()));
            command.env("GIT_ALLOW_PROTOCOL", "https:http:ssh:git");
        } else {
            command.env("GIT_NO_LAZY_FETCH", "1");
            command.env("GIT_ALLOW_PROTOCOL", "none");
        }
        if let Some(file) = &self.ca_file {
            settings.push(("http.sslCAInfo", file.display().to_string()));
        }
        add_settings(&mut command, &settings);
        if self.address.is_some() {
            command.env("GIT_DIR", &self.folder);
        } else {
            command.arg("-C").arg(&self.folder);
        }
        let chosen = ["GIT_SSH", "GIT_SSH_COMMAND"];
        if chosen.iter().all(|name| std::env::var_os(name).is_none()) && !has_ssh_command() {
            command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes");
        }
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("SSH_ASKPASS_REQUIRE", "never")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        command
    }

    fn slow(&self) -> FetchError {
        let whom = self.address.as_deref().map(without_secrets);
        let whom = whom.unwrap_or_else(|| self.folder.display().to_string());
        FetchError::new(format!("`{whom}` did not answer in time"))
            .help("try again; the setting `fetch-timeout` gives it more seconds")
    }

    fn unusable(&self, why: &str) -> FetchError {
        FetchError::new(format!("`{}` can't be used: {why}", self.folder.display()))
    }

    /// What `git` complains about, without what may be secret.
    fn refused(&self, words: &str) -> FetchError {
        let mut words = reason(words);
        if let Some(address) = &self.address {
            words = words.replace(address.as_str(), &without_secrets(address));
            if let Some(secret) = password(address) {
                words = words.replace(secret, "[hidden]");
            }
        }
        let error = FetchError::new(["git says: ", &words].concat());
        match &self.address {
            Some(_) => error.help(
                "see that `git ls-remote` can read it without asking, or name another place for it in the setting `projects`",
            ),
            None => error,
        }
    }
}

/// Settings for one call, behind those that the environment gives already.
fn add_settings(command: &mut Command, settings: &[(&str, String)]) {
    let count = std::env::var("GIT_CONFIG_COUNT").ok();
    let before: usize = count.and_then(|count| count.parse().ok()).unwrap_or(0);
    for (at, (name, value)) in settings.iter().enumerate() {
        let at = before + at;
        command.env(format!("GIT_CONFIG_KEY_{at}"), name);
        command.env(format!("GIT_CONFIG_VALUE_{at}"), value);
    }
    command.env("GIT_CONFIG_COUNT", (before + settings.len()).to_string());
}

/// Whether the user's git settings name a program for ssh.
fn has_ssh_command() -> bool {
    let mut command = std::process::Command::new("git");
    command
        .args(["config", "--get", "core.sshCommand"])
        .current_dir("/")
        .env_remove("GIT_DIR")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command.output().is_ok_and(|output| output.status.success())
}

/// The lines that say why, in one.
fn reason(words: &str) -> String {
    let lines = words.lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<&str> = lines.collect();
    let says = |line: &str| {
        ["fatal:", "error:", "ERROR:", "remote:"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let first = lines.iter().position(|line| says(line));
    let Some(first) = first.or(lines.len().checked_sub(1)) else {
        return "nothing".to_owned();
    };
    let line = lines[first]
        .trim_start_matches("fatal:")
        .trim_start_matches("error:");
    // What ends in a colon goes on in the next line.
    let next = lines.get(first + 1).filter(|_| line.ends_with(':'));
    let line = format!("{line} {}", next.unwrap_or(&""));
    line.trim().chars().take(300).collect()
}

/// The password in an address.
fn password(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let (user, _) = rest.split('/').next()?.rsplit_once('@')?;
    let secret = user.split_once(':').map_or(user, |(_, password)| password);
    (secret.len() > 3).then_some(secret)
}

struct Outcome {
    success: bool,
    printed: Vec<u8>,
    words: String,
}

/// Reads what a process prints, up to a limit, and waits for its end.
async fn outcome(mut child: Child, limit: u64) -> std::io::Result<Outcome> {
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    let (printed, words) = tokio::try_join!(read(stdout, limit), read(stderr, MAX_WORDS))?;
    if printed.len() as u64 > limit {
        child.start_kill()?;
    }
    let status = child.wait().await?;
    Ok(Outcome {
        success: status.success(),
        printed,
        words: String::from_utf8_lossy(&words).into_owned(),
    })
}

async fn read(from: Option<impl AsyncRead + Unpin>, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(from) = from {
        from.take(limit + 1).read_to_end(&mut bytes).await?;
    }
    Ok(bytes)
}

/// A process with all that it has started: they end together where nobody waits for them any more.
struct Group(Option<Pid>);

impl Group {
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self(id.and_then(Pid::from_raw))
    }

    fn ended(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// The repository's folder of a clone, where one lies there.
pub(super) fn is_clone(folder: &Path) -> bool {
    folder.join(".git").exists()
        || (folder.join("HEAD").is_file() && folder.join("objects").is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_says_is_one_line_without_secrets() {
        for (words, expected) in [
            (
                "fatal: repository 'x' not found\n",
                "repository 'x' not found",
            ),
            (
                "warning: a\nfatal: b\nPlease make sure you have the rights\n",
                "b",
            ),
            ("remote: gone\nfatal: c\n", "remote: gone"),
            ("odd words\n", "odd words"),
            (
                "fatal: can't connect to h:\nh: refused\n",
                "can't connect to h: h: refused",
            ),
            ("", "nothing"),
        ] {
            assert_eq!(reason(words), expected);
        }
        let git = Git {
            folder: "/x".into(),
            address: Some("https://me:s3cret@h.example/p.git".to_owned()),
            ca_file: None,
            timeout: Duration::from_secs(1),
            lock: None,
        };
        let error =
            git.refused("fatal: unable to access 'https://me:s3cret@h.example/p.git/': s3cret");
        assert_eq!(
            error.why,
            "git says: unable to access 'https://h.example/p.git/': [hidden]"
        );
    }

    #[test]
    fn passwords_are_found_in_addresses() {
        for (address, expected) in [
            ("https://me:s3cret@h/p", Some("s3cret")),
            ("https://glpat-xyz@h/p", Some("glpat-xyz")),
            ("ssh://git@h/p", None),
            ("https://h/p@x", None),
        ] {
            assert_eq!(password(address), expected, "{address}");
        }
    }
}
