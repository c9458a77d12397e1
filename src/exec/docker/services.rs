//! The services of one attempt, on a network that they share with its job (runtime reference 8).

use bollard::container::LogOutput;
use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, InspectContainerOptions,
    StartContainerOptions,
};
use futures_util::StreamExt;
use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::super::ports::wanted as wanted_ports;
use super::super::service_words::{WITHOUT_PORT, late, waiting, warning, warning_of_end};
use super::super::voice::{Said, Voice};
use super::super::{Cx, EnvSpec, ExecError, ServiceSpec};
use super::container::Container;
use super::create::Common;
use super::layers::{Site, token};
use super::networks::Network;
use super::probe::Probe;
use super::settings::DockerSettings;
use super::{create, fault, run};

/// Lines under way to the job's log.
const LINES: usize = 64;

/// What is beside the container of a job.
pub(super) struct Services {
    /// Its own; `None` where the user's runner names one.
    network: Option<Network>,
    all: Vec<Service>,
    /// Where the lines of all of them arrive, for the job's log.
    pub(super) lines: mpsc::Receiver<Vec<u8>>,
    speak: mpsc::Sender<Vec<u8>>,
}

struct Service {
    container: Container,
    spec: ServiceSpec,
    voice: Voice,
    /// Whether the log says already that something is wrong with it.
    told: bool,
}

impl Services {
    /// The network of a job with services, and none on it yet; `None` for a job without.
    pub(super) async fn network(
        site: &Site,
        spec: &EnvSpec,
        settings: &DockerSettings,
    ) -> Result<Option<Self>, ExecError> {
        if spec.services.is_empty() {
            return Ok(None);
        }
        let network = if settings.network_mode.is_some() {
            None
        } else {
            let name = create::name(&spec.owner, &spec.job, spec.attempt);
            Some(Network::make(site, format!("{name}-{}", token()?)).await?)
        };
        let (speak, lines) = mpsc::channel(LINES);
        Ok(Some(Self {
            network,
            all: Vec::new(),
            lines,
            speak,
        }))
    }

    /// The id of the network that is the job's own.
    pub(super) fn id(&self) -> Option<&str> {
        Some(&self.network.as_ref()?.id)
    }

    /// Makes and starts all at once.
    pub(super) async fn start(
        &mut self,
        site: &Site,
        spec: &EnvSpec,
        common: Common<'_>,
    ) -> Result<(), ExecError> {
        let starting = spec.services.iter().enumerate().map(|(number, service)| {
            let speak = service.shows_output.then(|| self.speak.clone());
            async move {
                let container = make(site, spec, number, common).await?;
                let voice = begin(&container, service, speak).await?;
                Ok(Service {
                    container,
                    spec: service.clone(),
                    voice,
                    told: false,
                })
            }
        });
        let mut failed = None;
        for started in join_all(starting).await {
            match started {
                Ok(service) => self.all.push(service),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Waits until all take connections or have had their time. Of one that does not, the log gets
    /// a warning, and the job goes on as on GitLab.
    pub(super) async fn wait(&mut self, site: &Site, cx: &Cx) -> Result<(), ExecError> {
        let longest = self.all.iter().map(|service| service.spec.wait).max();
        let longest = longest.unwrap_or_default();
        if longest.is_zero() {
            return Ok(());
        }
        say(cx, waiting(longest)).await;
        let troubles = {
            let waits = join_all(self.all.iter().map(|service| service.wait(site)));
            tokio::pin!(waits);
            loop {
                tokio::select! {
                    troubles = &mut waits => break troubles,
                    Some(line) = self.lines.recv() => say(cx, line).await,
                }
            }
        };
        for (service, trouble) in self.all.iter_mut().zip(troubles) {
            let Some(trouble) = trouble? else { continue };
            service.told = true;
            let warning = warning(&service.spec.image.name, &trouble, &service.voice.last());
            say(cx, warning).await;
        }
        Ok(())
    }

    /// What to tell when a script has failed: services that have ended by themselves, each once.
    pub(super) async fn obituary(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        for service in &mut self.all {
            if service.told || !service.voice.has_ended() {
                continue;
            }
            service.told = true;
            let ended = service.how_it_ended().await;
            text.extend(warning_of_end(
                &service.spec.image.name,
                &ended,
                &service.voice.last(),
            ));
        }
        text
    }

    /// The ids of those that are not removed.
    pub(super) fn left(&self) -> impl Iterator<Item = &str> {
        let containers = self.all.iter().map(|service| &service.container);
        containers.flat_map(Container::left)
    }

    /// Kills and removes the containers. Safe to repeat.
    pub(super) async fn remove(&mut self) -> Result<(), ExecError> {
        // Nobody reads them any more; whoever writes must not wait for that.
        self.lines.close();
        let removing = self.all.iter_mut();
        let removed = join_all(removing.map(|service| service.container.remove_alone())).await;
        removed.into_iter().collect()
    }

    /// Removes the network, once all of its containers are gone.
    pub(super) async fn remove_network(&mut self) -> Result<(), ExecError> {
        match &mut self.network {
            Some(network) => network.remove().await,
            None => Ok(()),
        }
    }
}

impl Service {
    /// Waits until it is ready, else says why it is not.
    async fn wait(&self, site: &Site) -> Result<Option<String>, ExecError> {
        let begun = Instant::now();
        let about = inspect(&self.container).await?;
        let (environment, exposed) = about.config.map_or_else(Default::default, |config| {
            (
                config.env.unwrap_or_default(),
                config.exposed_ports.unwrap_or_default(),
            )
        });
        let wanted = wanted_ports(&environment, &exposed);
        let limit = if wanted.is_empty() {
            WITHOUT_PORT.min(self.spec.wait)
        } else {
            self.spec.wait
        };
        let pid = about.state.and_then(|state| state.pid).unwrap_or_default();
        let mut probe = None;
        let trouble = {
            let looking = async {
                if let Ok(made) = Probe::new(site, &self.container.id, pid).await {
                    let probe = probe.insert(made);
                    while let Some(open) = probe.ports().await {
                        let is_open = |port: &u16| open.contains(port);
                        if wanted.iter().any(is_open) || (wanted.is_empty() && !open.is_empty()) {
                            return;
                        }
                    }
                }
                // Nothing to be seen: it is ending, or gets all of its time.
                std::future::pending::<()>().await;
            };
            tokio::select! {
                biased;
                () = self.voice.ended() => Some(self.how_it_ended().await),
                () = looking => None,
                () = tokio::time::sleep_until(begun + limit) => Some(late(&wanted, limit)),
            }
        };
        if let Some(probe) = probe {
            probe.leave().await;
        }
        Ok(trouble)
    }

    async fn how_it_ended(&self) -> String {
        let code = run::exit_code(&self.container);
        match self.container.patience.answer("wait", code).await {
            Ok(code) => format!("it ended with exit code {code}"),
            Err(_) => "it ended".to_owned(),
        }
    }
}

/// The container of a service, not started.
async fn make(
    site: &Site,
    spec: &EnvSpec,
    number: usize,
    common: Common<'_>,
) -> Result<Container, ExecError> {
    let service = &spec.services[number];
    let mut options = CreateContainerOptionsBuilder::new();
    if let Some(platform) = &service.image.platform {
        options = options.platform(platform);
    }
    let name = create::service_name(spec, number);
    let asked = common.settings.asked();
    let body = create::service(spec, service, common);
    let making = async {
        let named = options.clone().name(&name).build();
        let mut made = site
            .docker
            .create_container(Some(named), body.clone())
            .await;
        // As with the container of the job.
        if matches!(&made, Err(error) if fault::status(error) == Some(409)) {
            made = site
                .docker
                .create_container(Some(options.build()), body)
                .await;
        }
        made.map_err(|error| fault::create(&service.image.name, &asked, error))
    };
    let made = site
        .patience
        .answer("create container", Box::pin(making))
        .await?;
    let (docker, starts) = (site.docker.clone(), site.starts.clone());
    Ok(Container::new(
        docker,
        made.id,
        starts,
        site.patience.clone(),
    ))
}

/// Starts it. Attached before the start, or the first lines are lost.
async fn begin(
    container: &Container,
    service: &ServiceSpec,
    speak: Option<mpsc::Sender<Vec<u8>>>,
) -> Result<Voice, ExecError> {
    let (docker, id) = (&container.docker, container.id.as_str());
    let options = AttachContainerOptionsBuilder::new()
        .stdout(true)
        .stderr(true)
        .stream(true)
        .build();
    let attaching = async {
        let attached = docker.attach_container(id, Some(options)).await;
        attached
            .map_err(|error| fault::system("attach", "the service's output can't be read", error))
    };
    let attached = container.patience.answer("attach", attaching).await?;
    let chunk_said = |chunk: Result<LogOutput, _>| std::future::ready(chunk.ok().map(said));
    let output = StreamExt::take_while(attached.output, |chunk| std::future::ready(chunk.is_ok()));
    let output = StreamExt::filter_map(output, chunk_said);
    let voice = Voice::listen(output, service.aliases.join("-"), speak);
    // The semaphore is never closed: an error would mean one slot more, no harm.
    let _slot = container.starts.acquire().await;
    let starting = async {
        let started = docker.start_container(id, None::<StartContainerOptions>);
        let image = &service.image.name;
        started
            .await
            .map_err(|error| fault::start_service(image, error))
    };
    container
        .patience
        .answer("start container", starting)
        .await?;
    Ok(voice)
}

fn said(chunk: LogOutput) -> Said {
    Said {
        is_error: matches!(chunk, LogOutput::StdErr { .. }),
        text: chunk.into_bytes().to_vec(),
    }
}

async fn inspect(container: &Container) -> Result<ContainerInspectResponse, ExecError> {
    let asking = async {
        let about = container
            .docker
            .inspect_container(&container.id, None::<InspectContainerOptions>);
        about.await.map_err(|error| {
            fault::system("inspect container", "the service can't be looked at", error)
        })
    };
    container.patience.answer("inspect container", asking).await
}

async fn say(cx: &Cx, text: Vec<u8>) {
    let _ = cx.output.send(text).await;
}
