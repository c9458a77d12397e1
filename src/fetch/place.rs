//! Where another project comes from: the user's map, else the way that `origin` comes itself.

use std::path::PathBuf;

use crate::config::ProjectAt;
use crate::foreign::without_secrets;
use crate::types::{Origin, Service};

use super::error::FetchError;

/// Where a project is.
#[derive(Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder of this machine: a clone, or just files.
    Folder(PathBuf),
    /// An address that `git` knows. There may be a secret in it.
    Git(String),
}

/// What decides where projects come from.
#[derive(Clone, Default)]
pub struct Places {
    /// The user's map: `group/project` or `host/group/project`, and a folder or an address.
    pub map: Vec<(String, String)>,
    /// The address of `origin`, with all that is in it.
    pub origin: Option<String>,
    /// The host of this project, with its port where that is not the usual one.
    pub host: String,
    /// The address of this project's server.
    pub server: String,
    /// The user's home folder.
    pub home: PathBuf,
}

impl Place {
    /// What a value of the map, or another setting of its kind, names.
    pub fn of_setting(text: &str, home: &std::path::Path) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("file://") {
            return rest.starts_with('/').then(|| Self::Folder(rest.into()));
        }
        if let Some(rest) = text.strip_prefix("~/") {
            return Some(Self::Folder(home.join(rest)));
        }
        if text.starts_with('/') {
            return Some(Self::Folder(text.into()));
        }
        let is_address = ["https://", "http://", "ssh://", "git://"]
            .iter()
            .any(|scheme| text.starts_with(scheme));
        let is_scp = !text.contains("://") && Origin::parse(text).is_some();
        let is_option = text.starts_with('-');
        ((is_address || is_scp) && !is_option).then(|| Self::Git(text.to_owned()))
    }

    /// As it may be shown.
    pub fn shown(&self) -> String {
        match self {
            Self::Folder(folder) => folder.display().to_string(),
            Self::Git(address) => without_secrets(address),
        }
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Places {
    /// Where a project comes from.
    pub fn of(&self, project: &ProjectAt) -> Result<Place, FetchError> {
        let full = format!("{}/{}", project.host, project.path);
        let is_own_host = project.host == self.host;
        let named = self.map.iter().find(|(name, _)| {
            let name = name.trim_matches('/').to_lowercase();
            name == full || (is_own_host && name == project.path)
        });
        match named {
            Some((name, text)) => Place::of_setting(text, &self.home).ok_or_else(|| {
                FetchError::new(format!(
                    "`{name}` of the setting `projects` names no folder and no git address"
                ))
                .help("write `/a/folder`, `~/a/folder`, `https://…`, `ssh://…` or `git@host:…`")
            }),
            None => Ok(Place::Git(self.address(project))),
        }
    }

    /// The address of a project, by the way that `origin` comes where that is on the same server.
    fn address(&self, project: &ProjectAt) -> String {
        let path = &project.path;
        let origin = self.origin.as_deref().filter(|_| project.host == self.host);
        let beside = origin.and_then(|origin| {
            let parsed = Origin::parse(origin)?;
            let on_server = Origin::server(&self.server).is_some_and(|own| parsed.host == own.host);
            on_server.then(|| beside(&parsed, origin, path))
        });
        beside.unwrap_or_else(|| {
            if project.host == self.host {
                format!("{}/{path}.git", self.server)
            } else {
                format!("https://{}/{path}.git", project.host)
            }
        })
    }
}

/// The address of another project beside `origin`.
fn beside(origin: &Origin, address: &str, path: &str) -> String {
    let host = &origin.host;
    let user = user_of(address);
    match origin.service {
        Service::Web(port) => {
            let (scheme, usual) = (origin.scheme.as_str(), origin.scheme.default_port());
            let port = if port == usual {
                String::new()
            } else {
                format!(":{port}")
            };
            let user = user.map(|user| format!("{user}@")).unwrap_or_default();
            format!("{scheme}://{user}{host}{port}/{path}.git")
        }
        Service::Ssh(port) => {
            let user = user.unwrap_or("git");
            format!("ssh://{user}@{host}:{port}/{path}.git")
        }
        Service::Git(port) => format!("git://{host}:{port}/{path}.git"),
    }
}

/// User, perhaps with a password, of an address.
fn user_of(address: &str) -> Option<&str> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split('/').next()?;
    let (user, _) = authority.rsplit_once('@')?;
    let user = user.trim_start_matches('[');
    (!user.is_empty()).then_some(user)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(host: &str, path: &str) -> ProjectAt {
        ProjectAt {
            host: host.to_owned(),
            path: path.to_owned(),
            revision: "HEAD".to_owned(),
        }
    }

    fn full(place: &Place) -> String {
        match place {
            Place::Folder(folder) => format!("folder {}", folder.display()),
            Place::Git(address) => address.clone(),
        }
    }

    #[test]
    fn a_project_comes_the_way_that_origin_comes() {
        for (origin, expected) in [
            (
                Some("git@h.example:me/app.git"),
                "ssh://git@h.example:22/g/p.git",
            ),
            (
                Some("ssh://ada@h.example:2222/me/app"),
                "ssh://ada@h.example:2222/g/p.git",
            ),
            (
                Some("[ada@h.example:2222]:me/app"),
                "ssh://ada@h.example:2222/g/p.git",
            ),
            (
                Some("https://me:pw@h.example/me/app.git"),
                "https://me:pw@h.example/g/p.git",
            ),
            (
                Some("http://h.example:8080/me/app"),
                "http://h.example:8080/g/p.git",
            ),
            (
                Some("git://h.example/me/app"),
                "git://h.example:9418/g/p.git",
            ),
            (
                Some("https://elsewhere.example/me/app"),
                "https://h.example/g/p.git",
            ),
            (Some("/srv/git/app"), "https://h.example/g/p.git"),
            (None, "https://h.example/g/p.git"),
        ] {
            let places = Places {
                origin: origin.map(str::to_owned),
                host: "h.example".to_owned(),
                server: "https://h.example".to_owned(),
                ..Places::default()
            };
            let place = places.of(&project("h.example", "g/p")).expect("a place");
            assert_eq!(full(&place), expected, "{origin:?}");
            let place = places.of(&project("other.example", "g/p"));
            let place = place.expect("a place");
            assert_eq!(full(&place), "https://other.example/g/p.git", "{origin:?}");
        }
    }

    #[test]
    fn the_users_map_comes_first() {
        for (name, text, expected) in [
            ("g/p", "/srv/p", "folder /srv/p"),
            ("G/P/", "~/src/p", "folder /home/ada/src/p"),
            ("h.example/g/p", "file:///srv/p", "folder /srv/p"),
            ("g/p", "git@e.example:x/p.git", "git@e.example:x/p.git"),
            ("g/p", "https://e.example/p", "https://e.example/p"),
            ("g/other", "/srv/p", "https://h.example/g/p.git"),
            ("e.example/g/p", "/srv/p", "https://h.example/g/p.git"),
            ("g/p", "relative/p", "-"),
            ("g/p", "ext::sh -c id", "-"),
            ("g/p", "--upload-pack=id", "-"),
            ("g/p", "-oProxyCommand=id:x/y", "-"),
        ] {
            let places = Places {
                map: vec![(name.to_owned(), text.to_owned())],
                host: "h.example".to_owned(),
                server: "https://h.example".to_owned(),
                home: "/home/ada".into(),
                origin: None,
            };
            let place = places.of(&project("h.example", "g/p"));
            let shown = place.as_ref().map_or_else(|_| "-".to_owned(), full);
            assert_eq!(shown, expected, "{name} = {text}");
        }
    }

    #[test]
    fn a_place_is_shown_without_secrets() {
        let place = Place::Git("https://me:pw@h.example/g/p.git".to_owned());
        assert_eq!(format!("{place:?}"), "https://h.example/g/p.git");
    }
}
