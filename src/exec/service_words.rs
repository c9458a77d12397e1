//! What a job's log says of services that are not well (runtime reference 8.4, 8.5).

use std::fmt::Write as _;
use std::time::Duration;

/// How long the runner gives a service that exposes no port.
pub(super) const WITHOUT_PORT: Duration = Duration::from_secs(10);

/// What to do about one whose image says nothing of what to run.
pub(super) const GIVE_COMMAND: &str = "give the service a `command`";

/// Why the job does not begin yet.
pub(super) fn waiting(limit: Duration) -> Vec<u8> {
    let seconds = limit.as_secs();
    format!("Waiting for services to be up and running (timeout {seconds} seconds)...\n")
        .into_bytes()
}

/// Why a service is not ready that still runs.
pub(super) fn late(wanted: &[u16], limit: Duration) -> String {
    let seconds = limit.as_secs_f32().round();
    match wanted {
        [] => format!(
            "its image exposes no port, and it took no connections on any within {seconds} s; \
             name the port it has in its variable `HEALTHCHECK_TCP_PORT`"
        ),
        [port] => format!("it took no connections on port {port} within {seconds} s"),
        ports => {
            let mut text = String::new();
            for port in ports {
                // Writing to a string can't fail.
                let _ = write!(text, "{}{port}", if text.is_empty() { "" } else { ", " });
            }
            format!("it took no connections on any of the ports {text} within {seconds} s")
        }
    }
}

/// In the runner's form.
pub(super) fn warning(image: &str, trouble: &str, last: &[u8]) -> Vec<u8> {
    let head = format!(
        "\n*** WARNING: Service {image} probably didn't start properly.\n\n\
         Health check error:\n{trouble}\n\nService container logs:\n"
    );
    [head.as_bytes(), last, b"\n*********\n\n"].concat()
}

/// The same of one that ended behind its beginning.
pub(super) fn warning_of_end(image: &str, ended: &str, last: &[u8]) -> Vec<u8> {
    let head = format!(
        "\n*** WARNING: Service {image} is no more: {ended} while the job ran.\n\n\
         Service container logs:\n"
    );
    [head.as_bytes(), last, b"\n*********\n\n"].concat()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{late, warning};

    #[test]
    fn why_a_service_is_not_ready() {
        let limit = Duration::from_secs(30);
        for (ports, wanted) in [
            (&[][..], "its image exposes no port"),
            (&[80], "it took no connections on port 80 within 30 s"),
            (&[80, 443], "any of the ports 80, 443 within 30 s"),
        ] {
            let text = late(ports, limit);
            assert!(text.contains(wanted), "{text}");
        }
    }

    #[test]
    fn the_warning_has_the_runners_form() {
        let text = warning("db:1", "it ended with exit code 1", b"no space\n");
        assert_eq!(
            String::from_utf8_lossy(&text),
            "\n*** WARNING: Service db:1 probably didn't start properly.\n\n\
             Health check error:\nit ended with exit code 1\n\n\
             Service container logs:\nno space\n\n*********\n\n"
        );
    }
}
