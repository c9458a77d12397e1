//! What a key of the user's file names: a folder, or a project or group of a server.
//!
//! | written | means |
//! |---|---|
//! | `/srv/app`, `~/src/app` | the checkout in that folder |
//! | `https://host:8443/acme/app`, `ssh://host:2222/acme/app`, `git@host:acme/app` | what `git remote -v` shows |
//! | `host/acme/app`, `host:8443/acme/app` | the same by https; ssh on its usual port counts too |
//! | `acme/app` | that path, on the servers that the user's settings name elsewhere |
//!
//! The first part of a path is a host where it has a dot or a port, is `localhost`, or is the
//! host of the setting `server-url`, as long as a whole path follows: two parts for a project, one
//! for a group. A group with a dot in its name is therefore written with its host.

use crate::types::{Origin, project_path};

/// The section that a key stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Group,
    Project,
}

impl Section {
    /// Parts that a path has at least: no project stands outside a group.
    const fn parts(self) -> usize {
        match self {
            Self::Group => 1,
            Self::Project => 2,
        }
    }
}

/// One key, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProjectKey {
    /// The folder of a checkout, `~/` not yet replaced.
    Folder(String),
    /// A path on a server.
    Hosted(Origin),
    /// A path on a server that is not named.
    Path(String),
}

impl ProjectKey {
    /// Reads a key; `server` is the user's `server-url`. `None` for what names nothing.
    pub(super) fn parse(text: &str, section: Section, server: Option<&Origin>) -> Option<Self> {
        if text.starts_with(['/', '~']) {
            let folder = text.starts_with('/') || text.starts_with("~/");
            return (folder && section == Section::Project).then(|| Self::Folder(text.to_owned()));
        }
        let key = Self::on_a_server(text, section, server)?;
        let path = match &key {
            Self::Hosted(Origin { path, .. }) | Self::Path(path) => path,
            Self::Folder(_) => return None,
        };
        (path.split('/').count() >= section.parts()).then_some(key)
    }

    fn on_a_server(text: &str, section: Section, server: Option<&Origin>) -> Option<Self> {
        let (first, rest) = text.split_once('/').unwrap_or((text, ""));
        if text.contains("://") || first.contains('@') || is_scp(first) {
            return Origin::parse(text).map(Self::Hosted);
        }
        let path_follows = rest.trim_end_matches('/').split('/').count() >= section.parts();
        let follows = !rest.is_empty() && path_follows;
        if first.contains(':') || (follows && is_host(first, server)) {
            return Origin::parse(&format!("https://{text}")).map(Self::Hosted);
        }
        project_path(text).map(Self::Path)
    }
}

/// `host:group`: a colon with no port behind it.
fn is_scp(first: &str) -> bool {
    let after_address = first.rfind(']').map_or(0, |at| at + 1);
    first[after_address..]
        .split_once(':')
        .is_some_and(|(_, port)| port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()))
}

fn is_host(first: &str, server: Option<&Origin>) -> bool {
    let named = server.is_some_and(|server| server.host.eq_ignore_ascii_case(first));
    named
        || first.contains('.')
        || first.starts_with('[')
        || first.eq_ignore_ascii_case("localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, section: Section) -> String {
        let server = Origin::server("http://gitlab");
        match ProjectKey::parse(text, section, server.as_ref()) {
            None => "nothing".to_owned(),
            Some(ProjectKey::Folder(folder)) => format!("folder {folder}"),
            Some(ProjectKey::Hosted(origin)) => format!("on {}", origin.address()),
            Some(ProjectKey::Path(path)) => format!("path {path}"),
        }
    }

    #[test]
    fn keys_of_projects() {
        for (text, expected) in [
            ("/srv/app", "folder /srv/app"),
            ("~/src/app", "folder ~/src/app"),
            ("~bob/app", "nothing"),
            ("acme/app", "path acme/app"),
            ("acme/web/app.git/", "path acme/web/app"),
            ("app", "nothing"),
            ("gitlab.com/acme/app", "on gitlab.com/acme/app"),
            ("GitLab.com./acme/app.git", "on gitlab.com/acme/app"),
            ("gitlab.com:443/acme/app", "on gitlab.com/acme/app"),
            ("gitlab.com:8443/acme/app", "on gitlab.com:8443/acme/app"),
            ("http://gitlab.com/acme/app", "on gitlab.com:80/acme/app"),
            ("https://gitlab.com/acme/app.git", "on gitlab.com/acme/app"),
            ("git@gitlab.com:acme/app.git", "on gitlab.com/acme/app"),
            ("gitlab.com:acme/app", "on gitlab.com/acme/app"),
            (
                "ssh://git@h.example:2222/acme/app",
                "on ssh://h.example:2222/acme/app",
            ),
            ("localhost/acme/app", "on localhost/acme/app"),
            ("localhost:8080/acme/app", "on localhost:8080/acme/app"),
            ("[::1]/acme/app", "on [::1]/acme/app"),
            ("[::1]:8080/acme/app", "on [::1]:8080/acme/app"),
            ("gitlab/acme/app", "on gitlab/acme/app"),
            ("work/acme/app", "path work/acme/app"),
            ("my.group/app", "path my.group/app"),
            ("gitlab.com/my.group/app", "on gitlab.com/my.group/app"),
            ("gitlab.com:8443/app", "nothing"),
            ("https://gitlab.com/app", "nothing"),
            ("https://gitlab.com", "nothing"),
            ("acme/../app", "nothing"),
            ("acme//app", "nothing"),
            ("", "nothing"),
        ] {
            assert_eq!(shown(text, Section::Project), expected, "{text}");
        }
    }

    #[test]
    fn keys_of_groups() {
        for (text, expected) in [
            ("acme", "path acme"),
            ("acme/", "path acme"),
            ("acme.inc", "path acme.inc"),
            ("acme/web", "path acme/web"),
            ("gitlab.com/acme", "on gitlab.com/acme"),
            ("gitlab/acme", "on gitlab/acme"),
            ("gitlab", "path gitlab"),
            ("https://gitlab.com/acme", "on gitlab.com/acme"),
            ("/srv", "nothing"),
            ("~/src", "nothing"),
        ] {
            assert_eq!(shown(text, Section::Group), expected, "{text}");
        }
    }
}
