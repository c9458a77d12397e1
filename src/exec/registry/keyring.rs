//! The sources of credentials in their order: what the job brings, the user's files, the job's own
//! registry (runtime reference 9.3).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::auth_file::AuthFile;
use super::login::{JobLogins, Login};
use super::{helper, path};

/// The variable that brings credentials.
const VARIABLE: &str = "DOCKER_AUTH_CONFIG";

/// The user's files. Without them only what jobs bring is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keyring {
    /// Docker's folder, usually `~/.docker`.
    folder: Option<PathBuf>,
    /// `~/.dockercfg`.
    old: Option<PathBuf>,
}

/// What is known for an image.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    /// As whom to ask, and where that is from. Without it one asks as nobody.
    pub login: Option<(Login, String)>,
    /// Sources that can't be used, and why: a line each.
    pub warnings: Vec<String>,
}

/// A way to a login.
#[derive(Debug, Clone)]
enum Way {
    Known(Login),
    /// A program, and its name for the registry.
    Ask(String, String),
}

/// A source, by registry path.
#[derive(Debug)]
struct Source {
    name: String,
    ways: BTreeMap<String, Way>,
}

impl Keyring {
    /// The files in a home folder; `folder` is `DOCKER_CONFIG`, where that is set.
    pub fn of_user(home: Option<&Path>, folder: Option<PathBuf>) -> Self {
        Self {
            folder: folder.or_else(|| home.map(|home| home.join(".docker"))),
            old: home.map(|home| home.join(".dockercfg")),
        }
    }

    /// As whom to ask for `image`. Of all entries the longest path that leads to it counts, of equal
    /// ones the first source.
    pub async fn find(&self, image: &str, job: &JobLogins) -> Found {
        let mut warnings = Vec::new();
        let sources = self.sources(job, &mut warnings).await;
        for path in path::of_image(image) {
            for source in &sources {
                let login = match source.ways.get(&path) {
                    None => continue,
                    Some(Way::Known(login)) => Ok(Some(login.clone())),
                    Some(Way::Ask(program, registry)) => helper::login(program, registry).await,
                };
                match login {
                    Ok(Some(login)) => {
                        return Found {
                            login: Some((login, source.name.clone())),
                            warnings,
                        };
                    }
                    Ok(None) => {}
                    Err(why) => warnings.push(unusable(&source.name, &why)),
                }
            }
        }
        Found {
            login: None,
            warnings,
        }
    }

    async fn sources(&self, job: &JobLogins, warnings: &mut Vec<String>) -> Vec<Source> {
        let mut sources = Vec::new();
        if let Some(text) = &job.auth_config {
            match AuthFile::read(text) {
                Ok(file) => sources.push(of_variable(file, warnings)),
                Err(why) => warnings.push(unusable(VARIABLE, &why)),
            }
        }
        if let Some((name, file)) = self.file(warnings) {
            sources.push(of_user(name, file, warnings).await);
        }
        if let Some((registry, login)) = &job.own {
            sources.push(Source {
                name: "CI_REGISTRY_USER and CI_REGISTRY_PASSWORD".to_owned(),
                ways: [(path::of_entry(registry), Way::Known(login.clone()))].into(),
            });
        }
        sources
    }

    /// The user's file, the old one where there is no new one.
    fn file(&self, warnings: &mut Vec<String>) -> Option<(String, AuthFile)> {
        type Read = fn(&str) -> Result<AuthFile, String>;
        let new = self
            .folder
            .as_ref()
            .map(|folder| folder.join("config.json"));
        let places: [(Option<PathBuf>, Read); 2] = [
            (new, AuthFile::read),
            (self.old.clone(), AuthFile::read_old),
        ];
        for (place, read) in places {
            let Some(place) = place else { continue };
            let name = place.display().to_string();
            let text = match std::fs::read_to_string(&place) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => {
                    warnings.push(unusable(&name, &crate::foreign::system_words(&error)));
                    return None;
                }
            };
            return match read(&text) {
                Ok(file) => Some((name, file)),
                Err(why) => {
                    warnings.push(unusable(&name, &why));
                    None
                }
            };
        }
        None
    }
}

/// A variable may be the repository's word: it must not choose programs to run.
fn of_variable(file: AuthFile, warnings: &mut Vec<String>) -> Source {
    if file.store.is_some() || !file.helpers.is_empty() {
        let why = "it names credential helpers, which only your own `config.json` can";
        warnings.push(unusable(VARIABLE, why));
    }
    let known = file.logins.into_iter();
    Source {
        name: VARIABLE.to_owned(),
        ways: known
            .map(|(path, login)| (path, Way::Known(login)))
            .collect(),
    }
}

/// Of equal entries the program for all counts before what is written down, that for one before both.
async fn of_user(name: String, file: AuthFile, warnings: &mut Vec<String>) -> Source {
    let known = file.logins.into_iter();
    let mut ways: BTreeMap<String, Way> = known
        .map(|(path, login)| (path, Way::Known(login)))
        .collect();
    if let Some(store) = file.store {
        match helper::registries(&store).await {
            Ok(registries) => {
                for registry in registries {
                    let path = path::of_entry(&registry);
                    ways.insert(path, Way::Ask(store.clone(), registry));
                }
            }
            Err(why) => warnings.push(unusable(&name, &why)),
        }
    }
    for (path, (program, registry)) in file.helpers {
        ways.insert(path, Way::Ask(program, registry));
    }
    Source { name, ways }
}

fn unusable(source: &str, why: &str) -> String {
    format!("the credentials of {source} can't be used: {why}")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Found, Keyring};
    use crate::exec::registry::{JobLogins, Login};

    fn entry(registry: &str, user: &str) -> String {
        format!(r#""{registry}": {{"username": "{user}", "password": "p"}}"#)
    }

    fn auths(entries: &[String]) -> String {
        format!(r#"{{"auths": {{{}}}}}"#, entries.join(","))
    }

    fn user(found: &Found) -> Option<String> {
        match &found.login.as_ref()?.0 {
            Login::Password { user, .. } => Some(user.clone()),
            other => Some(format!("{other:?}")),
        }
    }

    #[tokio::test]
    async fn the_longest_path_counts_then_the_first_source() {
        let home = tempfile::tempdir().expect("a folder");
        fs::create_dir(home.path().join(".docker")).expect("a folder");
        let file = auths(&[
            entry("reg.io", "file"),
            entry("reg.io/a/b", "file-ab"),
            entry("https://index.docker.io/v1/", "hub"),
        ]);
        fs::write(home.path().join(".docker/config.json"), file).expect("written");
        let keyring = Keyring::of_user(Some(home.path()), None);
        let own = Login::Password {
            user: "own".to_owned(),
            password: "p".to_owned(),
        };
        let job = JobLogins {
            auth_config: Some(auths(&[
                entry("reg.io", "variable"),
                entry("reg.io/a", "variable-a"),
            ])),
            own: Some(("own.io:5000".to_owned(), own)),
        };
        for (image, wanted) in [
            ("reg.io/x:1", Some("variable")),
            ("reg.io/a/x:1", Some("variable-a")),
            ("reg.io/a/b:1", Some("file-ab")),
            ("ruby:3", Some("hub")),
            ("own.io:5000/g/p:1", Some("own")),
            ("other.io/x", None),
        ] {
            let found = keyring.find(image, &job).await;
            assert_eq!(user(&found).as_deref(), wanted, "{image}");
            assert_eq!(found.warnings, Vec::<String>::new());
        }
    }

    #[tokio::test]
    async fn the_old_file_counts_where_there_is_no_new_one() {
        let home = tempfile::tempdir().expect("a folder");
        let old = format!("{{{}}}", entry("reg.io", "old"));
        fs::write(home.path().join(".dockercfg"), old).expect("written");
        let keyring = Keyring::of_user(Some(home.path()), None);
        let find = async || user(&keyring.find("reg.io/x", &JobLogins::default()).await);
        assert_eq!(find().await.as_deref(), Some("old"));
        fs::create_dir(home.path().join(".docker")).expect("a folder");
        fs::write(home.path().join(".docker/config.json"), "{}").expect("written");
        assert_eq!(find().await, None);
    }

    #[tokio::test]
    async fn what_can_not_be_used_is_told_and_passed_over() {
        let home = tempfile::tempdir().expect("a folder");
        fs::create_dir(home.path().join(".docker")).expect("a folder");
        let file = format!(
            r#"{{"auths": {{{}}}, "credsStore": "pipe-test-no-such", "credHelpers": {{"h.io": "../x"}}}}"#,
            entry("reg.io", "file")
        );
        fs::write(home.path().join(".docker/config.json"), file).expect("written");
        let keyring = Keyring::of_user(Some(home.path()), None);
        let job = JobLogins {
            auth_config: Some(r#"{"credHelpers": {"reg.io": "x"}}"#.to_owned()),
            own: None,
        };
        let found = keyring.find("reg.io/x", &job).await;
        assert_eq!(user(&found).as_deref(), Some("file"));
        let [variable, store] = found.warnings.as_slice() else {
            panic!("two warnings: {:?}", found.warnings)
        };
        assert!(variable.contains("DOCKER_AUTH_CONFIG can't be used: it names credential helpers"));
        assert!(store.contains(
            "the credential helper `pipe-test-no-such` can't be run: it is not installed"
        ));
        let found = keyring.find("h.io/x", &JobLogins::default()).await;
        let last = found.warnings.last().expect("a warning");
        assert!(
            last.contains("`../x` is no name of a credential helper"),
            "{last}"
        );
    }

    #[tokio::test]
    async fn a_broken_variable_shows_nothing_of_itself() {
        let job = JobLogins {
            auth_config: Some("hush-hush".to_owned()),
            own: None,
        };
        let found = Keyring::default().find("reg.io/x", &job).await;
        assert_eq!(found.login, None);
        assert_eq!(found.warnings.len(), 1);
        assert!(!found.warnings[0].contains("hush"), "{:?}", found.warnings);
    }
}
