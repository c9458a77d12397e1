//! What the daemon's errors mean to people.

use bollard::errors::Error;

use crate::foreign::Command;

use super::super::service_words::GIVE_COMMAND;
use super::super::{ExecError, Fault};

/// What the daemon says, in whatever case, of an image that names no program.
const NO_PROGRAM: &str = "no command specified";

/// What the daemon says of a full disk.
const NO_SPACE: &str = "no space left on device";

/// A failure of the daemon or the way to it.
pub(super) fn system(phase: &'static str, what: &str, error: Error) -> ExecError {
    let told = ExecError::system(phase, format!("{what}: {}", reason(&error)));
    let told = if is_broken(&error) {
        let fault = Fault::HostGone;
        ExecError { fault, ..told }
    } else {
        told
    };
    of_disk(told).because(error)
}

/// The same failure; where the daemon's disk is full, it stays so.
fn of_disk(told: ExecError) -> ExecError {
    if !told.message.contains(NO_SPACE) {
        return told;
    }
    let fault = Fault::Lasting;
    ExecError { fault, ..told }
        .help("make room on the disk of the Docker daemon: `docker system df` tells what takes it")
}

/// What came of removing `what`: it is fine where that is not there.
pub(super) fn removed(
    phase: &'static str,
    what: &str,
    removed: Result<(), Error>,
) -> Result<(), ExecError> {
    match removed {
        Err(error) if status(&error) == Some(404) => Ok(()),
        removed => {
            removed.map_err(|error| system(phase, &format!("{what} was not removed"), error))
        }
    }
}

/// Whether the connection to the daemon is no more.
fn is_broken(error: &Error) -> bool {
    matches!(
        error,
        Error::HyperLegacyError { .. }
            | Error::HyperResponseError { .. }
            | Error::HttpClientError { .. }
            | Error::IOError { .. }
    )
}

/// A container that could not be made (runtime reference 4.3): the job's own words are to blame
/// for an image that is not there and for what the daemon calls a bad request. `asked` are the keys of
/// the user's settings that are part of the container.
pub(super) fn create(image: &str, asked: &[&str], error: Error) -> ExecError {
    let phase = "create container";
    let bring = Command::new("docker pull").arg(image);
    match status(&error) {
        Some(404) => ExecError::user(phase, format!("image `{image}` is not on this machine"))
            .help(format!("`{bring}` brings it"))
            .because(error),
        Some(400) => {
            let text = format!("no container of image `{image}`: {}", reason(&error));
            // Only a service goes without a command of ours.
            let has_no_program = text.to_lowercase().contains(NO_PROGRAM);
            let told = ExecError::user(phase, text).because(error);
            match check(asked) {
                _ if has_no_program => told.help(GIVE_COMMAND),
                Some(remedy) => told.help(remedy),
                None => told,
            }
        }
        _ => {
            let told = system(phase, "the container was not created", error);
            match (&told.help, check(asked)) {
                (None, Some(remedy)) => told.help(remedy),
                _ => told,
            }
        }
    }
}

/// Where to look for what a daemon refused.
fn check(asked: &[&str]) -> Option<String> {
    let [first @ .., last] = asked else {
        return None;
    };
    let keys: Vec<String> = first.iter().map(|key| format!("`{key}`")).collect();
    let and = if keys.is_empty() { "" } else { " and " };
    Some(format!(
        "check {}{and}`{last}` in your settings",
        keys.join(", ")
    ))
}

/// A container that could not be started. The runner calls every such failure one of the system,
/// an image without a shell included (observed).
pub(super) fn start(asked: &[&str], error: Error) -> ExecError {
    let text = reason(&error);
    let remedy = if text.contains("exec: \"sh\"") {
        "the image has no shell to run scripts with: use one that has `sh`".to_owned()
    } else if text.contains("exec: ") {
        "check `image:entrypoint`; `entrypoint: [\"\"]` switches it off".to_owned()
    } else if text.contains("unable to find user") {
        "the image does not know that user: check `image:docker:user`, or `docker.user` in your \
         settings"
            .to_owned()
    } else if text.contains("error mounting") && text.contains("not a directory") {
        "what is mounted there is a folder, and the image has a file in its place: use another image"
            .to_owned()
    } else {
        check(asked).unwrap_or_else(|| "see the daemon's log".to_owned())
    };
    let message = format!("the container did not start: {text}");
    of_disk(ExecError::system("start container", message).help(remedy)).because(error)
}

/// The same of a service: its image needs no shell.
pub(super) fn start_service(image: &str, error: Error) -> ExecError {
    let text = reason(&error);
    let remedy = if text.contains("exec: ") {
        "check `entrypoint` and `command` of the service"
    } else if text.contains("unable to find user") {
        "the image does not know that user: check `services:docker:user`"
    } else {
        "see the daemon's log"
    };
    let message = format!("service `{image}` did not start: {text}");
    of_disk(ExecError::system("start container", message).help(remedy)).because(error)
}

/// A pull that failed, in the runner's classes (runtime reference 4.3). `source` is where the
/// credentials are from, where there were any.
pub(super) fn pull(image: &str, source: Option<&str>, error: Error) -> ExecError {
    let text = reason(&error);
    let refused = match source {
        Some(source) => format!("check the name; the credentials are those of {source}"),
        None => "check the name, and log in to the registry: `docker login`, or the variable \
                 `DOCKER_AUTH_CONFIG`"
            .to_owned(),
    };
    let (fault, remedy) = match classify_pull(&text) {
        Pull::Network => (
            Fault::System,
            "check the network, or use `--offline` with images that are here",
        ),
        Pull::NotFound => (Fault::User, "check the name and the tag"),
        Pull::Denied => (Fault::User, refused.as_str()),
        Pull::Other => (Fault::System, "see the daemon's log"),
    };
    let told = ExecError {
        fault,
        ..ExecError::system(
            "pull image",
            format!("image {image} could not be pulled: {text}"),
        )
    };
    of_disk(told.help(remedy)).because(error)
}

/// HTTP status of the daemon's answer.
pub(super) fn status(error: &Error) -> Option<u16> {
    match error {
        Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// The error in one line.
pub(super) fn reason(error: &Error) -> String {
    let text = match error {
        Error::DockerResponseServerError { message, .. } => message.clone(),
        Error::DockerStreamError { error } => error.clone(),
        Error::RequestTimeoutError => "the Docker daemon does not answer".to_owned(),
        broken if is_broken(broken) => {
            "the connection to the Docker daemon broke: is it still running?".to_owned()
        }
        other => other.to_string(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pull {
    Network,
    NotFound,
    Denied,
    Other,
}

/// Order matters: a text may contain words of several classes.
const PULL_CLASSES: &[(Pull, &[&str])] = &[
    (
        Pull::Network,
        &[
            "dial tcp",
            "connection refused",
            "no such host",
            "i/o timeout",
            "tls handshake",
            "client.timeout exceeded",
            "request canceled",
            "connection reset",
        ],
    ),
    (
        Pull::Denied,
        &[
            "pull access denied",
            "access to the resource is denied",
            "no basic auth credentials",
            "repository does not exist or may require",
            "unauthorized",
            "authentication required",
        ],
    ),
    (Pull::NotFound, &["not found", "manifest unknown"]),
];

fn classify_pull(text: &str) -> Pull {
    let text = text.to_lowercase();
    PULL_CLASSES
        .iter()
        .find(|(_, words)| words.iter().any(|word| text.contains(word)))
        .map_or(Pull::Other, |(class, _)| *class)
}

#[cfg(test)]
mod tests {
    use bollard::errors::Error;

    use super::super::super::Fault;
    use super::{Pull, classify_pull, create, pull, start, start_service, system};

    fn answer(status_code: u16, message: &str) -> Error {
        Error::DockerResponseServerError {
            status_code,
            message: message.to_owned(),
        }
    }

    #[test]
    fn create_errors() {
        for (code, fault) in [
            (404, Fault::User),
            (400, Fault::User),
            (409, Fault::System),
            (500, Fault::System),
        ] {
            assert_eq!(create("x:1", &[], answer(code, "m")).fault, fault, "{code}");
        }
    }

    #[test]
    fn start_errors_are_the_systems_and_have_a_remedy() {
        for (text, remedy) in [
            (
                "exec: \"sh\": executable file not found in $PATH",
                "use one that has `sh`",
            ),
            (
                "exec: \"/x\": stat /x: no such file or directory",
                "check `image:entrypoint`",
            ),
            (
                "error mounting \"/a\" to rootfs at \"/builds\": mount /a:/builds: not a directory",
                "the image has a file in its place",
            ),
            (
                "driver failed programming external connectivity",
                "see the daemon's log",
            ),
        ] {
            let error = start(&[], answer(400, text));
            assert_eq!(error.fault, Fault::System, "{text}");
            let help = error.help.unwrap_or_default();
            assert!(help.contains(remedy), "{help}");
        }
    }

    #[test]
    fn a_service_that_can_not_be_started_has_a_remedy() {
        for (text, remedy) in [
            (
                "exec: \"/x\": stat /x: no such file or directory",
                "check `entrypoint` and `command` of the service",
            ),
            (
                "unable to find user nosuch: no matching entries in passwd file",
                "the image does not know that user: check `services:docker:user`",
            ),
            ("network a not found", "see the daemon's log"),
        ] {
            let error = start_service("x:1", answer(400, text));
            assert_eq!(error.help.as_deref(), Some(remedy), "{text}");
        }
    }

    #[test]
    fn what_a_daemon_may_have_refused_is_named() {
        let (one, more) = (
            ["docker.cpus"],
            ["docker.memory", "docker.cpus", "docker.dns"],
        );
        let named = "check `docker.memory`, `docker.cpus` and `docker.dns` in your settings";
        for (error, help) in [
            (
                create("x:1", &one, answer(400, "range of CPUs")),
                Some("check `docker.cpus` in your settings"),
            ),
            (create("x:1", &more, answer(500, "m")), Some(named)),
            (
                start(&more, answer(404, "network a not found")),
                Some(named),
            ),
            (create("x:1", &[], answer(400, "m")), None),
            (
                create("x:1", &one, answer(400, "No command specified")),
                Some("give the service a `command`"),
            ),
        ] {
            assert_eq!(error.help.as_deref(), help, "{error}");
        }
    }

    #[test]
    fn a_daemon_that_died_is_told_in_plain_words() {
        let err = std::io::Error::other("error reading a body from connection");
        let error = system("wait", "the end is not known", Error::IOError { err });
        assert_eq!(
            error.message,
            "the end is not known: the connection to the Docker daemon broke: is it still running?"
        );
        assert_eq!(error.fault, Fault::HostGone);
        let answered = system("wait", "the end is not known", answer(500, "m"));
        assert_eq!(answered.fault, Fault::System);
    }

    #[test]
    fn a_full_disk_stays_full() {
        let full = || answer(500, "write /layer/a: no space left on device");
        for error in [
            system("upload", "the project files were not taken", full()),
            create("x:1", &[], full()),
            start(&[], full()),
            start_service("x:1", full()),
            pull(
                "`x:1`",
                None,
                Error::DockerStreamError {
                    error: "failed to register layer: write /bin/a: no space left on device"
                        .to_owned(),
                },
            ),
        ] {
            assert_eq!(error.fault, Fault::Lasting, "{error}");
            let help = error.help.unwrap_or_default();
            assert!(help.contains("docker system df"), "{help}");
        }
    }

    #[test]
    fn pull_errors() {
        for (text, class) in [
            (
                "Get \"https://r/v2/\": dial tcp: lookup r: no such host",
                Pull::Network,
            ),
            (
                "manifest for x:9 not found: manifest unknown",
                Pull::NotFound,
            ),
            (
                "pull access denied for x, repository does not exist or may require 'docker login'",
                Pull::Denied,
            ),
            ("net/http: TLS handshake timeout", Pull::Network),
            ("no space left on device", Pull::Other),
        ] {
            assert_eq!(classify_pull(text), class, "{text}");
        }
    }
}
