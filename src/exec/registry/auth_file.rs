//! Docker's `config.json`, and `DOCKER_AUTH_CONFIG`, which has the same form. Pure.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use super::login::Login;
use super::path;

/// As Docker writes it, with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a source says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct AuthFile {
    /// By registry path.
    pub(super) logins: BTreeMap<String, Login>,
    /// The program that knows all registries.
    pub(super) store: Option<String>,
    /// The programs that know one, with the name by which they know it; by registry path.
    pub(super) helpers: BTreeMap<String, (String, String)>,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
    #[serde(default, rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Entry {
    auth: String,
    username: String,
    password: String,
    identitytoken: String,
    registrytoken: String,
}

impl AuthFile {
    /// Reads a text. The error says what is wrong, and nothing of the text.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let written: Written = serde_json::from_str(text).map_err(|error| {
            // The parser's own words quote values.
            format!(
                "line {} column {} is not what it should be",
                error.line(),
                error.column()
            )
        })?;
        Self::of(written.auths, written.store, written.helpers)
    }

    /// The old form, `~/.dockercfg`: only the entries.
    pub(super) fn read_old(text: &str) -> Result<Self, String> {
        let auths = serde_json::from_str(text).map_err(|error| {
            format!(
                "line {} column {} is not what it should be",
                error.line(),
                error.column()
            )
        })?;
        Self::of(auths, None, BTreeMap::new())
    }

    fn of(
        auths: BTreeMap<String, Entry>,
        store: Option<String>,
        helpers: BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let mut logins = BTreeMap::new();
        for (registry, entry) in auths {
            if let Some(login) = login(&registry, entry)? {
                logins.insert(path::of_entry(&registry), login);
            }
        }
        let helpers = helpers.into_iter();
        Ok(Self {
            logins,
            store: store.filter(|program| !program.is_empty()),
            helpers: helpers
                .map(|(registry, program)| (path::of_entry(&registry), (program, registry)))
                .collect(),
        })
    }
}

/// An empty entry says only that a program knows more.
fn login(registry: &str, entry: Entry) -> Result<Option<Login>, String> {
    let (mut user, mut password) = (entry.username, entry.password);
    if !entry.auth.is_empty() {
        let broken = || {
            format!("the entry `{registry}` has an `auth` that is not `user:password` in base64")
        };
        let bytes = BASE64.decode(entry.auth.trim()).map_err(|_| broken())?;
        let text = String::from_utf8(bytes).map_err(|_| broken())?;
        let (name, word) = text.split_once(':').ok_or_else(broken)?;
        name.clone_into(&mut user);
        word.trim_end_matches('\0').clone_into(&mut password);
    }
    Ok(if !entry.registrytoken.is_empty() {
        Some(Login::Bearer(entry.registrytoken))
    } else if !entry.identitytoken.is_empty() {
        Some(Login::Identity {
            user,
            token: entry.identitytoken,
        })
    } else if user.is_empty() && password.is_empty() {
        None
    } else {
        Some(Login::Password { user, password })
    })
}

#[cfg(test)]
mod tests {
    use super::AuthFile;
    use crate::exec::registry::Login;

    fn password(user: &str, password: &str) -> Login {
        Login::Password {
            user: user.to_owned(),
            password: password.to_owned(),
        }
    }

    #[test]
    fn entries() {
        for (entry, wanted) in [
            (r#"{"auth": "YWRhOmM6ZA=="}"#, Some(password("ada", "c:d"))),
            (r#"{"auth": "YWRhOmM6ZA"}"#, Some(password("ada", "c:d"))),
            (
                r#"{"username": "u", "password": "p"}"#,
                Some(password("u", "p")),
            ),
            (
                r#"{"auth": "YWRhOg==", "identitytoken": "t"}"#,
                Some(Login::Identity {
                    user: "ada".to_owned(),
                    token: "t".to_owned(),
                }),
            ),
            (
                r#"{"registrytoken": "t"}"#,
                Some(Login::Bearer("t".to_owned())),
            ),
            ("{}", None),
            (r#"{"email": "a@b"}"#, None),
        ] {
            let text = format!(r#"{{"auths": {{"https://reg.io/v2/": {entry}}}}}"#);
            let read = AuthFile::read(&text).expect("readable");
            assert_eq!(read.logins.get("reg.io"), wanted.as_ref(), "{entry}");
        }
    }

    #[test]
    fn programs() {
        let text = r#"{"auths": {}, "credsStore": "pass", "credHelpers": {"https://eu.reg.io": "cloud"}, "psFormat": 1}"#;
        let read = AuthFile::read(text).expect("readable");
        assert_eq!(read.store.as_deref(), Some("pass"));
        let helper = ("cloud".to_owned(), "https://eu.reg.io".to_owned());
        assert_eq!(read.helpers["eu.reg.io"], helper);
    }

    #[test]
    fn the_old_form_has_entries_alone() {
        let read = AuthFile::read_old(r#"{"reg.io": {"auth": "YWRhOmI="}}"#).expect("readable");
        assert_eq!(read.logins["reg.io"], password("ada", "b"));
    }

    #[test]
    fn mistakes_are_told_without_the_text() {
        for (text, wanted) in [
            ("hush", "line 1 column 1 is not what it should be"),
            (r#"{"auths": "hush"}"#, "line 1 column 16"),
            (
                r#"{"auths": {"reg.io": {"auth": "hush!"}}}"#,
                "the entry `reg.io` has an `auth`",
            ),
            (
                r#"{"auths": {"reg.io": {"auth": "aHVzaA=="}}}"#,
                "the entry `reg.io` has an `auth`",
            ),
        ] {
            let error = AuthFile::read(text).expect_err("a mistake");
            assert!(error.starts_with(wanted), "{text}: {error}");
            assert!(!error.contains("hush"), "{error}");
        }
    }
}
