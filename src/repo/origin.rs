//! The project behind the checkout, from the URL of `origin`.

use super::Repository;

/// How the server's pages are reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `https`, also assumed for ssh remotes.
    Https,
    /// `http`.
    Http,
}

impl Scheme {
    /// The word in URLs and in `CI_SERVER_PROTOCOL`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }

    /// The port when the URL names none.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Http => 80,
        }
    }
}

/// Server and project (runtime reference 13.1). Credentials of the URL are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Host name; an IPv6 address keeps its brackets.
    pub host: String,
    /// How the server's pages are reached.
    pub scheme: Scheme,
    /// Port of the pages.
    pub port: u16,
    /// Port of ssh.
    pub ssh_port: u16,
    /// `group/subgroup/project`.
    pub path: String,
}

impl Origin {
    /// Reads the URL of a remote. `None` for a path on this machine and for anything that names
    /// no host and project.
    pub fn parse(url: &str) -> Option<Self> {
        let url = url.trim();
        match url.split_once("://") {
            Some((scheme, rest)) => Self::from_url(scheme, rest),
            None => Self::from_scp(url),
        }
    }

    /// The project that stands for a checkout without a usable `origin`.
    pub fn local(folder: &str) -> Self {
        let name: String = folder
            .chars()
            .map(|c| if is_path_char(c) && c != '/' { c } else { '-' })
            .collect();
        let name = name.trim_matches(['.', '-']);
        let name = if name.is_empty() { "project" } else { name };
        Self {
            host: "gitlab.com".to_owned(),
            scheme: Scheme::Https,
            port: Scheme::Https.default_port(),
            ssh_port: SSH_PORT,
            path: format!("local/{name}"),
        }
    }

    /// `https://host`, with the port where it is not the usual one.
    pub fn server_url(&self) -> String {
        format!("{}://{}", self.scheme.as_str(), self.fqdn())
    }

    /// Host, with the port where it is not the usual one: `CI_SERVER_FQDN`.
    pub fn fqdn(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.clone()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// `ssh://git@h:22/p`, `https://user:secret@h/p`, `git://h/p`.
    fn from_url(scheme: &str, rest: &str) -> Option<Self> {
        let (authority, path) = rest.split_once('/')?;
        let (host, port) = host_and_port(authority)?;
        match scheme.to_ascii_lowercase().as_str() {
            "https" => Self::new(host, Scheme::Https, port, None, path),
            "http" => Self::new(host, Scheme::Http, port, None, path),
            "ssh" | "git+ssh" | "ssh+git" => Self::new(host, Scheme::Https, None, port, path),
            "git" => Self::new(host, Scheme::Https, None, None, path),
            _ => None,
        }
    }

    /// `git@h:p`, `h:p`, `[git@h:2222]:p`, `git@[::1]:p`.
    fn from_scp(url: &str) -> Option<Self> {
        if url.starts_with(['/', '.', '~']) {
            return None;
        }
        let after_address = url.rfind(']').map_or(0, |at| at + 1);
        let colon = after_address + url[after_address..].find(':')?;
        let (authority, path) = (&url[..colon], &url[colon + 1..]);
        // A slash before the colon makes it the path of a file.
        if authority.contains('/') {
            return None;
        }
        let bracketed = authority
            .strip_prefix('[')
            .and_then(|inner| inner.strip_suffix(']'))
            .filter(|inner| inner.contains('@') || inner.matches(':').count() == 1);
        let (host, port) = host_and_port(bracketed.unwrap_or(authority))?;
        Self::new(host, Scheme::Https, None, port, path)
    }

    fn new(
        host: &str,
        scheme: Scheme,
        port: Option<u16>,
        ssh_port: Option<u16>,
        path: &str,
    ) -> Option<Self> {
        Some(Self {
            host: host.to_ascii_lowercase(),
            scheme,
            port: port.unwrap_or(scheme.default_port()),
            ssh_port: ssh_port.unwrap_or(SSH_PORT),
            path: project_path(path)?,
        })
    }
}

const SSH_PORT: u16 = 22;

/// Takes `user:secret@` off and the port apart.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let after_address = host.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match host[after_address..].find(':') {
        Some(colon) => {
            let colon = after_address + colon;
            (&host[..colon], Some(host[colon + 1..].parse().ok()?))
        }
        None => (host, None),
    };
    let valid = !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']'));
    valid.then_some((host, port))
}

/// The project of a URL's path. Its parts become folder names, so that only what GitLab allows
/// in them gets through.
fn project_path(path: &str) -> Option<String> {
    let path = path.trim_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    let valid = path.chars().all(is_path_char)
        && path
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..");
    valid.then(|| path.to_owned())
}

fn is_path_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | '~')
}

impl Repository {
    /// Server and project, from the URL of `origin`; `local/<folder>` where there is none.
    pub fn origin(&self) -> Origin {
        self.origin_url()
            .and_then(|url| Origin::parse(&url))
            .unwrap_or_else(|| {
                let folder = self.root().file_name().unwrap_or_default();
                Origin::local(&folder.to_string_lossy())
            })
    }

    fn origin_url(&self) -> Option<String> {
        let remote = self.git.find_remote("origin").ok()?;
        Some(remote.url().ok()?.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_remotes() {
        for (url, server, ssh_port, path) in [
            (
                "git@gitlab.com:group/p.git",
                "https://gitlab.com",
                22,
                "group/p",
            ),
            (
                "git@gitlab.com:group/sub/p",
                "https://gitlab.com",
                22,
                "group/sub/p",
            ),
            (
                "git@gitlab.com:/group/p.git",
                "https://gitlab.com",
                22,
                "group/p",
            ),
            (
                "GitLab.Example.com:g/p.git",
                "https://gitlab.example.com",
                22,
                "g/p",
            ),
            (
                "[git@h.example:2222]:g/p.git",
                "https://h.example",
                2222,
                "g/p",
            ),
            ("git@[::1]:g/p.git", "https://[::1]", 22, "g/p"),
            (
                "ssh://git@h.example/g/p.git",
                "https://h.example",
                22,
                "g/p",
            ),
            (
                "ssh://git@h.example:2222/g/p.git",
                "https://h.example",
                2222,
                "g/p",
            ),
            ("ssh://git@[::1]:2222/g/p.git", "https://[::1]", 2222, "g/p"),
            ("https://h.example/g/p.git", "https://h.example", 22, "g/p"),
            ("https://h.example/g/p.git/", "https://h.example", 22, "g/p"),
            (
                "https://h.example:8443/g/p",
                "https://h.example:8443",
                22,
                "g/p",
            ),
            (
                "https://me:s3cret@h.example/g/p.git",
                "https://h.example",
                22,
                "g/p",
            ),
            (
                "https://a@b:p@ss@h.example/g/p.git",
                "https://h.example",
                22,
                "g/p",
            ),
            ("http://h.example:80/g/p.git", "http://h.example", 22, "g/p"),
            (
                "http://localhost:8080/g/p.git",
                "http://localhost:8080",
                22,
                "g/p",
            ),
            ("git://h.example/g/p.git", "https://h.example", 22, "g/p"),
            (
                "https://h.example/g/my.git.repo.git",
                "https://h.example",
                22,
                "g/my.git.repo",
            ),
        ] {
            let origin = Origin::parse(url).unwrap_or_else(|| panic!("{url} names a project"));
            assert_eq!(origin.server_url(), server, "server of {url}");
            assert_eq!(origin.ssh_port, ssh_port, "ssh port of {url}");
            assert_eq!(origin.path, path, "project of {url}");
        }
    }

    #[test]
    fn what_names_no_project() {
        for url in [
            "",
            "/srv/git/p.git",
            "./p.git",
            "../p.git",
            "~/p.git",
            "file:///srv/git/p.git",
            "p.git",
            "dir/with:colon",
            "https://h.example",
            "https://h.example/",
            "https://h.example:port/g/p",
            "https://h.example/../p.git",
            "git@h.example:g/../../p.git",
            "git@h.example:g//p.git",
            "git@h ost:g/p.git",
            "git@h.example:g/p\n.git",
            "ext::sh -c id",
        ] {
            assert_eq!(Origin::parse(url), None, "{url}");
        }
    }

    #[test]
    fn a_folder_stands_for_a_project() {
        for (folder, path) in [
            ("shop", "local/shop"),
            ("My Shop", "local/My-Shop"),
            ("..", "local/project"),
            ("", "local/project"),
            ("a/b", "local/a-b"),
        ] {
            assert_eq!(Origin::local(folder).path, path);
        }
    }
}
