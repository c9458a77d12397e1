//! The way to the daemon.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::models::SystemVersion;
use bollard::{API_DEFAULT_VERSION, ClientVersion, Docker};

use super::super::ExecError;
use super::{early, fault};

/// How long the daemon may take to say who it is.
pub(super) const GREETING: Duration = Duration::from_secs(10);

/// How long one request may take until its answer begins, in seconds. Uploads of large trees and
/// graceful stops are such requests; deadlines for people are set where they are known.
const REQUEST: u64 = 3600;

/// What Docker calls the part of it that is the daemon.
pub(super) const ENGINE: &str = "Engine";

/// What to do where none answers.
const START: &str = "start it, or use another executor";

/// Which daemons may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only one on this machine: `DOCKER_HOST` may point at production (design chapter 3).
    Local,
    /// Whatever the user's surroundings name; the user has asked for this executor by name.
    Any,
}

/// Where the daemon listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The unix socket.
    pub socket: PathBuf,
}

impl Endpoint {
    /// The daemon that `docker_host` (the value of `DOCKER_HOST`) names, else the usual sockets of
    /// this machine. `runtime_dir` is `XDG_RUNTIME_DIR`, where daemons of plain users listen.
    pub fn find(
        docker_host: Option<&str>,
        runtime_dir: Option<&Path>,
        reach: Reach,
    ) -> Result<Self, ExecError> {
        match docker_host.filter(|host| !host.is_empty()) {
            Some(host) => Self::from_host(host, reach),
            None => Self::usual(runtime_dir),
        }
    }

    fn from_host(host: &str, reach: Reach) -> Result<Self, ExecError> {
        if let Some(socket) = host.strip_prefix("unix://") {
            return Ok(Self {
                socket: PathBuf::from(socket),
            });
        }
        Err(match reach {
            Reach::Local => ExecError::system(
                "connect",
                format!("DOCKER_HOST is `{host}`, not a daemon of this machine"),
            )
            .help("choose it with `--executor docker`, or unset DOCKER_HOST"),
            Reach::Any => ExecError::unsupported(
                "connect",
                format!("DOCKER_HOST is `{host}`, but only unix sockets are supported"),
            )
            .help("forward one with `ssh -L /tmp/docker.sock:/var/run/docker.sock`"),
        })
    }

    fn usual(runtime_dir: Option<&Path>) -> Result<Self, ExecError> {
        let system = Path::new("/var/run/docker.sock");
        let own = runtime_dir.map(|dir| dir.join("docker.sock"));
        let podman = runtime_dir.map(|dir| dir.join("podman/podman.sock"));
        [Some(system.to_owned()), own, podman]
            .into_iter()
            .flatten()
            .find(|socket| socket.exists())
            .map(|socket| Self { socket })
            .ok_or_else(|| {
                ExecError::system(
                    "connect",
                    format!("no Docker daemon runs here (no `{}`)", system.display()),
                )
                .help(START)
            })
    }

    /// What tells its socket from those that were in its place before, and so this daemon from another,
    /// or from itself before it was started anew.
    pub(in super::super) fn identity(&self) -> Option<String> {
        let about = self.socket.metadata().ok()?;
        Some(format!(
            "{}:{}:{}.{}",
            about.dev(),
            about.ino(),
            about.ctime(),
            about.ctime_nsec()
        ))
    }

    /// Connects, asks the daemon who it is and agrees on a version of the API. One question, for
    /// the daemon asks its own parts before it answers.
    pub(super) async fn connect(&self) -> Result<(Docker, SystemVersion), ExecError> {
        let docker = self.client(API_DEFAULT_VERSION)?;
        let asking = async {
            match early::greeting(&self.socket).await {
                Some(version) => Ok(version),
                None => docker.version().await,
            }
        };
        match tokio::time::timeout(GREETING, asking).await {
            Ok(Ok(version)) => Ok((self.client(&agreed(&version))?, version)),
            Ok(Err(error)) => Err(self.unreachable(&fault::reason(&error)).because(error)),
            Err(late) => Err(self.unreachable("no answer").because(late)),
        }
    }

    fn client(&self, version: &ClientVersion) -> Result<Docker, ExecError> {
        Docker::connect_with_unix(&self.socket.to_string_lossy(), REQUEST, version)
            .map_err(|error| self.unreachable(&error.to_string()).because(error))
    }

    fn unreachable(&self, why: &str) -> ExecError {
        let denied = std::os::unix::net::UnixStream::connect(&self.socket)
            .is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied);
        let socket = self.socket.display();
        let (what, remedy) = if !self.socket.exists() {
            (format!("no Docker daemon runs here (no `{socket}`)"), START)
        } else if denied {
            (
                format!("you may not use the Docker daemon at `{socket}`"),
                "join its group (often `docker`) and log in again",
            )
        } else {
            (
                format!("the Docker daemon at `{socket}` does not answer ({why})"),
                START,
            )
        };
        ExecError::system("connect", what).help(remedy)
    }
}

/// Whether it is Docker's own engine, and none that only speaks its language.
pub(super) fn is_dockers(daemon: &SystemVersion) -> bool {
    let mut parts = daemon.components.iter().flatten();
    parts.any(|part| part.name == ENGINE)
}

/// Where the daemon keeps what it has.
pub(super) async fn root(docker: &Docker) -> Result<String, ExecError> {
    let info = docker.info().await;
    let info =
        info.map_err(|error| fault::system("connect", "the daemon can't be asked", error))?;
    info.docker_root_dir.ok_or_else(|| {
        ExecError::system("connect", "the daemon does not say where its volumes are")
            .help("run without `docker.host_socket`")
    })
}

/// Whether files get labels by which one container's are nobody else's to read (`SELinux`).
pub(super) async fn labels_files(docker: &Docker) -> Result<bool, ExecError> {
    let info = docker.info().await;
    let info =
        info.map_err(|error| fault::system("connect", "the daemon can't be asked", error))?;
    let options = info.security_options.unwrap_or_default();
    Ok(options.iter().any(|option| option.contains("selinux")))
}

/// The newest version that both sides speak; one that makes no sense is taken for ours.
fn agreed(daemon: &SystemVersion) -> ClientVersion {
    let numbers = daemon.api_version.as_deref().and_then(|version| {
        let (major, minor) = version.split_once('.')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    let ours = (
        API_DEFAULT_VERSION.major_version,
        API_DEFAULT_VERSION.minor_version,
    );
    let (major_version, minor_version) = numbers.map_or(ours, |theirs| ours.min(theirs));
    ClientVersion {
        major_version,
        minor_version,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::super::Fault;
    use bollard::API_DEFAULT_VERSION;
    use bollard::models::{SystemVersion, SystemVersionComponents};

    use super::{Endpoint, Reach, agreed, is_dockers};

    #[test]
    fn the_older_version_of_the_two() {
        let ours = (
            API_DEFAULT_VERSION.major_version,
            API_DEFAULT_VERSION.minor_version,
        );
        for (daemon, wanted) in [
            (Some("1.41"), (1, 41)),
            (Some("1.9"), (1, 9)),
            (Some("9.0"), ours),
            (Some("new"), ours),
            (None, ours),
        ] {
            let version = agreed(&SystemVersion {
                api_version: daemon.map(str::to_owned),
                ..SystemVersion::default()
            });
            let version = (version.major_version, version.minor_version);
            assert_eq!(version, wanted, "{daemon:?}");
        }
    }

    #[test]
    fn whose_engine_it_is() {
        for (part, wanted) in [("Engine", true), ("Podman Engine", false)] {
            let daemon = SystemVersion {
                components: Some(vec![SystemVersionComponents {
                    name: part.to_owned(),
                    ..SystemVersionComponents::default()
                }]),
                ..SystemVersion::default()
            };
            assert_eq!(is_dockers(&daemon), wanted, "{part}");
        }
        assert!(!is_dockers(&SystemVersion::default()));
    }

    #[test]
    fn docker_host() {
        for (host, reach, wanted) in [
            ("unix:///run/x.sock", Reach::Local, Ok("/run/x.sock")),
            ("unix:///run/x.sock", Reach::Any, Ok("/run/x.sock")),
            ("tcp://prod:2376", Reach::Local, Err(Fault::System)),
            ("tcp://prod:2376", Reach::Any, Err(Fault::Unsupported)),
            ("ssh://me@prod", Reach::Any, Err(Fault::Unsupported)),
        ] {
            let found = Endpoint::find(Some(host), None, reach);
            let found = found.map(|endpoint| endpoint.socket.display().to_string());
            assert_eq!(
                found.as_deref().map_err(|error| error.fault),
                wanted,
                "{host} {reach:?}"
            );
        }
    }

    #[tokio::test]
    async fn a_daemon_that_is_not_there_is_named_with_a_remedy() {
        let endpoint = Endpoint {
            socket: Path::new("/nowhere/docker.sock").to_owned(),
        };
        let error = endpoint.connect().await.expect_err("nothing listens there");
        assert!(
            error
                .message
                .starts_with("no Docker daemon runs here (no `/nowhere/docker.sock`)")
                && error.help.as_deref() == Some("start it, or use another executor"),
            "{error}"
        );
    }
}
