//! Server and project as the URL of a git remote names them.

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

/// The service that git talks to, with its port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// `https` or `http`: the port of the pages.
    Web(u16),
    /// `ssh`.
    Ssh(u16),
    /// `git`.
    Git(u16),
}

/// Server and project (runtime reference 13.1). Credentials of the URL are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Host name, in lower case and without the dot that may end it; an IPv6 address keeps its
    /// brackets.
    pub host: String,
    /// What git talks to.
    pub service: Service,
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
            service: Service::Web(Scheme::Https.default_port()),
            scheme: Scheme::Https,
            port: Scheme::Https.default_port(),
            ssh_port: SSH_PORT,
            path: format!("local/{name}"),
        }
    }

    /// The server behind a URL with no project in it.
    pub fn server(url: &str) -> Option<Self> {
        Self::parse(&format!(
            "{}/group/project",
            url.trim().trim_end_matches('/')
        ))
    }

    /// Whether this checkout's server is the one that somebody named: same host, same service,
    /// same port. Ssh on its usual port stands for the host's pages, whatever port those have;
    /// ssh on another port may be anybody's, and has to be named with it.
    pub fn is_on(&self, named: &Self) -> bool {
        let by_ssh = matches!(
            (named.service, self.service),
            (Service::Web(_), Service::Ssh(SSH_PORT))
        );
        self.host == named.host && (self.service == named.service || by_ssh)
    }

    /// The shortest that names this server and path without doubt.
    pub fn address(&self) -> String {
        let (host, path) = (&self.host, &self.path);
        match self.service {
            Service::Web(443) | Service::Ssh(SSH_PORT) => format!("{host}/{path}"),
            Service::Web(port) => format!("{host}:{port}/{path}"),
            Service::Ssh(port) => format!("ssh://{host}:{port}/{path}"),
            Service::Git(GIT_PORT) => format!("git://{host}/{path}"),
            Service::Git(port) => format!("git://{host}:{port}/{path}"),
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
            "https" => Self::new(host, Service::Web(port.unwrap_or(443)), Scheme::Https, path),
            "http" => Self::new(host, Service::Web(port.unwrap_or(80)), Scheme::Http, path),
            "ssh" | "git+ssh" | "ssh+git" => Self::by_ssh(host, port, path),
            "git" => {
                let service = Service::Git(port.unwrap_or(GIT_PORT));
                Self::new(host, service, Scheme::Https, path)
            }
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
        Self::by_ssh(host, port, path)
    }

    fn by_ssh(host: &str, port: Option<u16>, path: &str) -> Option<Self> {
        let service = Service::Ssh(port.unwrap_or(SSH_PORT));
        Self::new(host, service, Scheme::Https, path)
    }

    fn new(host: &str, service: Service, scheme: Scheme, path: &str) -> Option<Self> {
        let (port, ssh_port) = match service {
            Service::Web(port) => (port, SSH_PORT),
            Service::Ssh(port) => (scheme.default_port(), port),
            Service::Git(_) => (scheme.default_port(), SSH_PORT),
        };
        Some(Self {
            host: host.to_ascii_lowercase(),
            service,
            scheme,
            port,
            ssh_port,
            path: project_path(path)?,
        })
    }
}

const SSH_PORT: u16 = 22;
const GIT_PORT: u16 = 9418;

/// Takes `user:secret@` off and the port apart. An authority ends at `?` and `#` too, so that
/// what stands behind them is no host, whatever it looks like.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    if authority.contains(['?', '#', '\\']) || authority.contains(char::is_control) {
        return None;
    }
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let after_address = host.rfind(']').map_or(0, |at| at + 1);
    let (host, port) = match host[after_address..].split_once(':') {
        Some((rest, port)) => (
            &host[..after_address + rest.len()],
            Some(port_number(port)?),
        ),
        None => (host, None),
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    is_host(host).then_some((host, port))
}

/// Digits only: the standard parser takes a sign too.
fn port_number(text: &str) -> Option<u16> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits)
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        return address.strip_suffix(']').is_some_and(|address| {
            address
                .chars()
                .all(|c| c.is_ascii_hexdigit() || ":.".contains(c))
        });
    }
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    !host.is_empty() && !host.ends_with('.') && host.chars().all(fits)
}

/// The project or group of a URL's path. Its parts become folder names, so that only what GitLab
/// allows in them gets through.
pub fn project_path(path: &str) -> Option<String> {
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
