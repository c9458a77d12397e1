//! Files and variables that settings come from. Only what does not exist is absent: what is there
//! and can't be read stops the command, for it may hold a job back.

use std::path::{Path, PathBuf};

use crate::diag::{Code, Diagnostic};
use crate::foreign::without_number;
use crate::repo::{RegularError, read_regular_text, read_users_text};
use crate::settings::{Key, Settings};

use super::failure::{Failure, FailureKind};
use super::folders;

/// Far more than anybody writes by hand. Bytes.
const MAX_SIZE: u64 = 1024 * 1024;
/// Certificates of a whole company. Bytes.
const MAX_CERTIFICATES: u64 = 16 * 1024 * 1024;
/// What to do about the user's own.
const MEND: &str = "mend it or take it away: without it, pipe can't know what you want";

/// A file of the user's settings.
#[derive(Debug)]
pub(super) struct UserFile {
    /// Where it is, or would be.
    pub(super) path: PathBuf,
    /// What it says; `None` where it does not exist.
    pub(super) text: Option<String>,
}

/// The file of that name in `$XDG_CONFIG_HOME/pipe`.
pub(super) fn of_user(name: &str) -> Result<UserFile, Failure> {
    of_path(folders::config()?.join(name))
}

/// A file of the user that need not exist.
pub(super) fn of_path(path: PathBuf) -> Result<UserFile, Failure> {
    let shown = path.display().to_string();
    let text = present(read_users_text(&path, MAX_SIZE), &shown, MEND)?;
    Ok(UserFile { path, text })
}

/// The file of that path in the user's home folder.
pub(super) fn of_home(path: &str) -> Result<UserFile, Failure> {
    let Some(home) = folders::home() else {
        return Ok(UserFile {
            path: path.into(),
            text: None,
        });
    };
    of_path(home.join(path))
}

/// The text of a file that the user's settings name.
pub(super) fn read_users(path: &Path, limit: u64) -> Result<String, Failure> {
    let shown = path.display().to_string();
    match read_users_text(path, limit) {
        Err(RegularError::Missing) => Err(unreadable(
            &format!("`{shown}` does not exist"),
            "mend the setting that names it",
        )),
        read => Ok(present(read, &shown, MEND)?.unwrap_or_default()),
    }
}

/// Certificates of authorities that the user trusts besides those of the system: what the setting
/// `ca-file` names, in PEM format.
pub(super) fn certificates(settings: &Settings) -> Result<Option<Vec<u8>>, Failure> {
    let file = ca_file(settings).map(|path| read_users(&path, MAX_CERTIFICATES));
    Ok(file.transpose()?.map(String::into_bytes))
}

/// The file that the setting `ca-file` names.
pub(super) fn ca_file(settings: &Settings) -> Option<PathBuf> {
    let home = folders::home().unwrap_or_default();
    settings
        .text(Key::CaFile)
        .map(|path| folders::at_home(path, &home))
}

/// The text of a file of the checkout that concerns `pipe` itself, if it exists: a regular file
/// and no link, for a link could make the repository's words look like the user's, or show a file
/// from elsewhere (design chapter 3).
pub(super) fn of_checkout(root: &Path, name: &str) -> Result<Option<String>, Failure> {
    let read = read_regular_text(root, Path::new(name), MAX_SIZE);
    present(
        read,
        name,
        "put a regular file in its place, or take it away",
    )
}

fn present(
    read: Result<String, RegularError>,
    name: &str,
    remedy: &str,
) -> Result<Option<String>, Failure> {
    match read {
        Ok(text) => Ok(Some(text)),
        Err(RegularError::Missing) => Ok(None),
        Err(error) => {
            let why = without_number(&error.to_string());
            Err(unreadable(&format!("`{name}` {why}"), remedy))
        }
    }
}

/// The variables of the environment that are settings.
pub(super) fn of_environment() -> Result<Vec<(String, String)>, Failure> {
    std::env::vars_os()
        .filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PIPE_"))
        .map(|(name, value)| {
            let shown = name.to_string_lossy().into_owned();
            match (name.into_string(), value.into_string()) {
                (Ok(name), Ok(value)) => Ok((name, value)),
                _ => Err(unreadable(
                    &format!("the variable `{shown}` of the environment is not UTF-8 text"),
                    MEND,
                )),
            }
        })
        .collect()
}

fn unreadable(what: &str, remedy: &str) -> Failure {
    let diagnostic = Diagnostic::new(Code::SettingUnreadable, what);
    Failure::new(FailureKind::Environment, diagnostic.help(remedy))
}
