//! Jobs that plainly need the daemon's socket, which only the user can grant (design chapter 3).

use crate::diag::{Code, Diagnostic};
use crate::plan::{Job, JobVariables};
use crate::settings::{Key, Settings};

use super::super::failure::{Failure, FailureKind};
use super::context::PipelineContext;

/// What `docker` does through a daemon.
const THROUGH_A_DAEMON: [&str; 17] = [
    "build", "buildx", "compose", "create", "exec", "image", "images", "load", "network", "ps",
    "pull", "push", "rm", "run", "save", "tag", "volume",
];

/// Beginnings of commands that may mean that what follows does not count.
const CONDITIONS: [&str; 7] = ["if", "case", "while", "until", "for", "function", "test"];

impl PipelineContext {
    /// Nothing runs where a job that would start needs the socket and the user has neither granted
    /// nor denied it.
    pub(in super::super) fn check_socket(&self, settings: &Settings) -> Result<(), Failure> {
        let said = settings.switch(Key::DockerHostSocket).is_some();
        let mounted = settings.list(Key::DockerVolumes);
        if said || mounted.iter().any(|volume| volume.contains("docker.sock")) {
            return Ok(());
        }
        let jobs = self.plan.jobs.iter().enumerate();
        let found = jobs.filter(|(at, _)| self.runners.runner(*at).executor.traits().images);
        let found = found.filter(|(_, job)| {
            let starts = job.played || !job.can_be_played();
            starts && job.held.is_none() && !job.starts_pipeline() && !job.is_bound_to_fail()
        });
        for (at, job) in found {
            if let Some(command) = needs_socket(job, || self.variables_before(at)) {
                return Err(refusal(job, command));
            }
        }
        Ok(())
    }
}

fn refusal(job: &Job, command: &str) -> Failure {
    let message = format!(
        "job `{}` needs a Docker daemon for `{command}`, and none is granted to jobs",
        job.name()
    );
    let diagnostic = Diagnostic::new(Code::GrantMissing, message)
        .at(job.config.span)
        .help(
            "`docker.host_socket = true` in `~/.config/pipe/config.toml` gives jobs this machine's \
             daemon, and with it all of the machine; with `false` the job runs without",
        );
    Failure::new(FailureKind::Environment, diagnostic)
}

/// The command for which a job needs the socket. Only what is plain counts: a job that may fail,
/// that has a daemon beside it or names one, or that looks first, is left alone.
fn needs_socket(job: &Job, variables: impl FnOnce() -> JobVariables) -> Option<&str> {
    let beside = |service: &crate::config::ServiceConfig| service.image.name.contains("docker");
    if job.allow_failure.flag() || job.config.services.iter().any(beside) {
        return None;
    }
    let config = &job.config;
    let commands = || config.before_script.iter().chain(config.script.iter());
    if commands().any(|text| text.contains("dockerd")) {
        return None;
    }
    let found = commands().find_map(|text| plain_use(text))?;
    let names_one = variables().value("DOCKER_HOST").is_some();
    (!names_one).then_some(found)
}

/// The first line of a command that plainly asks a daemon.
fn plain_use(text: &str) -> Option<&str> {
    let first_word = |line: &str| {
        line.split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let looks_first = |line: &str| {
        CONDITIONS.contains(&first_word(line).as_str()) || line.trim_start().starts_with('[')
    };
    if text.contains("<<") || text.contains("||") || text.lines().any(looks_first) {
        return None;
    }
    text.lines().map(str::trim).find(|line| {
        let mut words = line.split_whitespace().skip_while(|word| {
            *word == "sudo"
                || word
                    .split_once('=')
                    .is_some_and(|(name, _)| !name.starts_with('-'))
        });
        words.next() == Some("docker")
            && words
                .next()
                .is_some_and(|verb| THROUGH_A_DAEMON.contains(&verb))
    })
}

#[cfg(test)]
mod tests {
    use super::plain_use;

    #[test]
    fn what_plainly_asks_a_daemon() {
        for (text, wanted) in [
            ("docker build -t x .", Some("docker build -t x .")),
            ("sudo docker push x", Some("sudo docker push x")),
            (
                "DOCKER_BUILDKIT=1 docker build .",
                Some("DOCKER_BUILDKIT=1 docker build ."),
            ),
            ("echo a\n  docker run x", Some("docker run x")),
            ("docker --version", None),
            ("docker login -u a", None),
            ("docker-compose up", None),
            ("docker info || true", None),
            ("docker pull x || echo none", None),
            ("echo docker build", None),
            (
                "if [ -S /var/run/docker.sock ]; then\n  docker build .\nfi",
                None,
            ),
            ("[ -n \"$X\" ] && docker build .", None),
            ("cat >a <<E\ndocker run x\nE", None),
        ] {
            assert_eq!(plain_use(text), wanted, "{text}");
        }
    }
}
