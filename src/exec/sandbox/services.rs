//! The services of one attempt: sandboxes that its job reaches by their names (runtime reference 8).
//!
//! Each has a network of its own, joined with the job's. Where that can't be, as on this machine's own
//! network, all of their names lead to loopback, and two of them can't have the same port.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use futures_util::stream;
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::super::service_words::{WITHOUT_PORT, late, waiting, warning, warning_of_end};
use super::super::voice::{Said, Voice};
use super::super::{Cx, ExecError, ServiceSpec};
use super::inside::cause::Cause;
use super::inside::link::{Link, unexpected};
use super::inside::wire::{Program, Reply};
use super::network::job_networks::JobNetwork;
use crate::foreign::system_words;

/// Lines under way to the job's log.
const LINES: usize = 64;

/// Time between two looks for open ports: the first, which doubles, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(25)];

/// What runs beside a job.
pub(super) struct Services {
    all: Vec<Service>,
    /// Where the lines of all of them arrive, for the job's log.
    pub(super) lines: mpsc::Receiver<Vec<u8>>,
    speak: mpsc::Sender<Vec<u8>>,
    /// Ports that somebody on their network had before they began, where it is the job's: none of them is
    /// theirs.
    before: BTreeSet<u16>,
    /// Ports that somebody on it took while they were waited for, and those.
    taken: BTreeSet<u16>,
    /// Whether the log says already that two of them want the same port.
    are_clashes_told: bool,
}

struct Service {
    link: Link,
    /// `None` where it has the job's.
    network: Option<JobNetwork>,
    spec: ServiceSpec,
    ports: Vec<u16>,
    voice: Voice,
    /// Whether the log says already that something is wrong with it.
    told: bool,
}

impl Services {
    /// None yet. `before` are ports that are open on the network that they share.
    pub(super) fn none(before: BTreeSet<u16>) -> Self {
        let (speak, lines) = mpsc::channel(LINES);
        Self {
            all: Vec::new(),
            lines,
            speak,
            taken: before.clone(),
            before,
            are_clashes_told: false,
        }
    }

    /// Starts the program of one in its sandbox. `ports` tell whether it is ready.
    pub(super) async fn start(
        &mut self,
        (mut link, network): (Link, Option<JobNetwork>),
        spec: &ServiceSpec,
        program: Program,
        ports: Vec<u16>,
    ) -> Result<(), ExecError> {
        const PHASE: &str = "start service";
        let image = &spec.image.name;
        let broken = |error: io::Error| {
            let words = system_words(&error);
            ExecError::system(
                PHASE,
                format!("service `{image}` can't be started: {words}"),
            )
        };
        let nothing = File::open("/dev/null").map_err(broken)?;
        let (output, writes) = io::pipe().map_err(broken)?;
        let files = [nothing.as_fd(), writes.as_fd()];
        link.start(&program, &files).await?;
        drop(writes);
        match link.receive().await? {
            Reply::Started => {}
            Reply::Failed { what, cause } => {
                let text = format!("service `{image}` can't be started: {what}");
                return Err(match cause {
                    Cause::FullDisk => ExecError::full_disk(PHASE, text),
                    Cause::Job => {
                        ExecError::system(PHASE, text).help("check `services:docker:user`")
                    }
                    _ => {
                        ExecError::system(PHASE, text).help("check its `entrypoint` and `command`")
                    }
                });
            }
            other => return Err(unexpected(PHASE, other)),
        }
        let output = pipe::Receiver::from_owned_fd(OwnedFd::from(output)).map_err(broken)?;
        let output = Box::pin(stream::unfold(output, |mut output| async {
            let mut text = vec![0; 16 * 1024];
            let length = output.read(&mut text).await.ok().filter(|it| *it > 0)?;
            text.truncate(length);
            let said = Said {
                text,
                is_error: false,
            };
            Some((said, output))
        }));
        let speak = spec.shows_output.then(|| self.speak.clone());
        self.all.push(Service {
            link,
            network,
            spec: spec.clone(),
            ports,
            voice: Voice::listen(output, spec.aliases.join("-"), speak),
            told: false,
        });
        Ok(())
    }

    /// Waits until all take connections or have had their time. Of one that does not, the log gets a warning,
    /// and the job goes on as on GitLab. `job` is the network of the job.
    pub(super) async fn wait(&mut self, job: &mut JobNetwork, cx: &Cx) -> Result<(), ExecError> {
        let longest = self.all.iter().map(|service| service.spec.wait).max();
        let longest = longest.unwrap_or_default();
        if longest.is_zero() {
            return Ok(());
        }
        let clashes = self.clashes();
        self.are_clashes_told = !clashes.is_empty();
        for clash in clashes {
            say(cx, clash.into_bytes()).await;
        }
        say(cx, waiting(longest)).await;
        let begun = Instant::now();
        let [mut pause, longest_pause] = PAUSES;
        let mut troubles: Vec<Option<Option<String>>> = vec![None; self.all.len()];
        while troubles.iter().any(Option::is_none) {
            let shared = if self.share_a_network() {
                let open = job.ports().await?;
                open.difference(&self.before).copied().collect()
            } else {
                BTreeSet::new()
            };
            self.taken.extend(&shared);
            for (service, trouble) in self.all.iter_mut().zip(&mut troubles) {
                if trouble.is_none() {
                    let own = match &mut service.network {
                        Some(network) => Some(network.ports().await?),
                        None => None,
                    };
                    let open = own.as_ref().unwrap_or(&shared);
                    let ports = &service.ports;
                    let is_ready = ports.iter().any(|port| open.contains(port))
                        || (ports.is_empty() && !open.is_empty());
                    *trouble = if service.voice.has_ended() {
                        Some(Some(service.how_it_ended().await))
                    } else if is_ready {
                        Some(None)
                    } else {
                        service.is_late(begun).map(Some)
                    };
                }
            }
            tokio::select! {
                () = sleep(pause) => pause = (2 * pause).min(longest_pause),
                Some(line) = self.lines.recv() => say(cx, line).await,
            }
        }
        for (at, trouble) in troubles.into_iter().enumerate() {
            let Some(Some(trouble)) = trouble else {
                continue;
            };
            let service = &mut self.all[at];
            service.told = true;
            let (image, last) = (service.spec.image.name.clone(), service.voice.last());
            say(cx, warning(&image, &trouble, &last)).await;
            if let Some(clash) = self.clash_behind(at, &last) {
                say(cx, clash.into_bytes()).await;
            }
        }
        Ok(())
    }

    /// What to say of a service that said this at its end, where the port of another was the reason.
    fn clash_behind(&self, at: usize, last: &[u8]) -> Option<String> {
        if !self.share_a_network() || self.are_clashes_told || !wants_a_port_of_another(last) {
            return None;
        }
        let all = self.all.iter().map(|service| &*service.spec.image.name);
        let others: Vec<&str> = all
            .enumerate()
            .filter(|(other, _)| *other != at)
            .map(|(_, image)| image)
            .collect();
        Some(clash(&self.all[at].spec.image.name, &others, &self.taken))
    }

    /// Whether they have that of the job.
    fn share_a_network(&self) -> bool {
        self.all.iter().any(|service| service.network.is_none())
    }

    fn clashes(&self) -> Vec<String> {
        if !self.share_a_network() {
            return Vec::new();
        }
        let all = self.all.iter();
        let named: Vec<(&str, &[u16])> = all
            .map(|service| (service.spec.image.name.as_str(), &service.ports[..]))
            .collect();
        clashes(&named)
    }

    /// What to tell when a script has failed: services that have ended by themselves, each once.
    pub(super) async fn obituary(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        for at in 0..self.all.len() {
            let service = &mut self.all[at];
            if service.told || !service.voice.has_ended() {
                continue;
            }
            service.told = true;
            let ended = service.how_it_ended().await;
            let last = service.voice.last();
            text.extend(warning_of_end(&service.spec.image.name, &ended, &last));
            if let Some(clash) = self.clash_behind(at, &last) {
                text.extend(clash.into_bytes());
            }
        }
        text
    }

    /// Ends them where nobody can wait any more.
    pub(super) fn abandon(&mut self) {
        for service in &mut self.all {
            service.link.abandon();
            if let Some(network) = &mut service.network {
                network.abandon();
            }
        }
    }

    /// Ends them. Safe to repeat.
    pub(super) async fn end(&mut self) -> Result<(), ExecError> {
        // Nobody reads them any more; whoever writes must not wait for that.
        self.lines.close();
        let mut done = Ok(());
        for service in &mut self.all {
            done = done.and(service.link.end().await);
            if let Some(network) = &mut service.network {
                done = done.and(network.end().await);
            }
        }
        done
    }
}

impl Service {
    async fn how_it_ended(&mut self) -> String {
        match self.link.receive().await {
            Ok(Reply::Ended(code)) => format!("it ended with exit code {code}"),
            _ => "it ended".to_owned(),
        }
    }

    fn is_late(&self, begun: Instant) -> Option<String> {
        let limit = if self.ports.is_empty() {
            WITHOUT_PORT.min(self.spec.wait)
        } else {
            self.spec.wait
        };
        (begun.elapsed() >= limit).then(|| late(&self.ports, limit))
    }
}

/// What to say of services that want the same port.
fn clashes(services: &[(&str, &[u16])]) -> Vec<String> {
    let mut said = Vec::new();
    for (at, (one, ports)) in services.iter().enumerate() {
        for (other, wanted) in &services[at + 1..] {
            if let Some(port) = ports.iter().find(|port| wanted.contains(port)) {
                said.push(format!(
                    "WARNING: services `{one}` and `{other}` both want port {port}, and here all \
                     services share one network: give one of them another port, or use `--executor docker`\n"
                ));
            }
        }
    }
    said
}

/// Whether a program that said this at its end could not have a port.
fn wants_a_port_of_another(last: &[u8]) -> bool {
    let text = String::from_utf8_lossy(last).to_lowercase();
    ["address already in use", "address in use", "eaddrinuse"]
        .iter()
        .any(|words| text.contains(words))
}

/// What to say of a service that could not have its port, with the ports that somebody has.
fn clash(image: &str, others: &[&str], taken: &BTreeSet<u16>) -> String {
    let list = |words: Vec<String>| words.join(", ");
    let others = list(others.iter().map(|other| format!("`{other}`")).collect());
    let taken = list(taken.iter().map(u16::to_string).collect());
    let who = if others.is_empty() {
        "something else on it".to_owned()
    } else {
        format!("another of them ({others}) or a program that is none of them")
    };
    let ports = if taken.is_empty() {
        String::new()
    } else {
        format!(" (open: {taken})")
    };
    format!(
        "WARNING: service `{image}` could not have its port: here a job and all of its services share \
         one network, and {who} has that port already{ports}: give one of them another port, or use \
         `--executor docker`\n"
    )
}

async fn say(cx: &Cx, text: Vec<u8>) {
    let _ = cx.output.send(text).await;
}

#[cfg(test)]
mod tests {
    use super::clashes;

    #[test]
    fn two_services_can_not_have_one_port() {
        let services = [("a", &[80, 443][..]), ("b", &[5432]), ("c", &[443])];
        let said = clashes(&services);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(
            said[0].contains("`a` and `c` both want port 443"),
            "{said:?}"
        );
    }
}
