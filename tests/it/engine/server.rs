//! Servers that a test starts beside `pipe`, and commands inside them.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::exec::StartExecResults;
use bollard::models::{ContainerCreateBody, ExecConfig, HostConfig, PortBinding};
use bollard::query_parameters::{
    CreateContainerOptions, CreateImageOptionsBuilder, InspectContainerOptions,
    ListImagesOptionsBuilder, RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder,
    StartContainerOptions,
};
use futures_util::{StreamExt, TryStreamExt};

use super::Engine;

/// How long a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to start.
#[derive(Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) image: &'a str,
    /// Arguments or command; those of the image if empty.
    pub(crate) command: &'a [&'a str],
    pub(crate) variables: &'a [(&'a str, &'a str)],
    /// A port that is to be reached on loopback too.
    pub(crate) published: Option<u16>,
}

/// A running server, gone at the end.
pub(crate) struct Server<'a> {
    engine: &'a Engine,
    id: String,
    /// Its address on the daemon's bridge.
    pub(crate) address: String,
    /// Where on loopback the published port is.
    pub(crate) loopback: Option<u16>,
}

impl Engine {
    /// Starts a server.
    pub(crate) fn serve(&self, wanted: &Wanted<'_>) -> Server<'_> {
        let started = start(&self.docker, wanted);
        let id = self.runtime.block_on(started).expect("a server starts");
        let mut server = Server {
            engine: self,
            id,
            address: String::new(),
            loopback: None,
        };
        let inspecting = self
            .docker
            .inspect_container(&server.id, None::<InspectContainerOptions>);
        let found = self.runtime.block_on(inspecting).expect("a server");
        let network = found.network_settings.unwrap_or_default();
        let bridge = network.networks.unwrap_or_default().remove("bridge");
        server.address = bridge.and_then(|it| it.ip_address).unwrap_or_default();
        let port = wanted.published.and_then(|port| {
            let mut ports = network.ports.unwrap_or_default();
            let bindings = ports.remove(&format!("{port}/tcp")).flatten()?;
            bindings.first()?.host_port.as_ref()?.parse().ok()
        });
        server.loopback = port;
        server
    }

    /// Pulls an image, whether it is here or not.
    pub(crate) fn pull(&self, image: &str) {
        let options = CreateImageOptionsBuilder::new().from_image(image).build();
        let pulling = self.docker.create_image(Some(options), None, None);
        let pulled = self.runtime.block_on(pulling.try_collect::<Vec<_>>());
        pulled.expect("the registry has the image");
    }

    /// Removes the images of a registry, as far as they are there.
    pub(crate) fn remove_images_of(&self, registry: &str) {
        let options = ListImagesOptionsBuilder::new().build();
        let listing = self.docker.list_images(Some(options));
        let found = self.runtime.block_on(listing).unwrap_or_default();
        let names = found.into_iter().flat_map(|image| image.repo_tags);
        for name in names.filter(|name| name.starts_with(registry)) {
            let options = RemoveImageOptionsBuilder::new().force(true).build();
            let removing = self.docker.remove_image(&name, Some(options), None);
            let _ = self.runtime.block_on(removing);
        }
    }
}

async fn start(docker: &Docker, wanted: &Wanted<'_>) -> Result<String, bollard::errors::Error> {
    let ports = wanted.published.map(|port| {
        let binding = PortBinding {
            host_ip: Some("127.0.0.1".to_owned()),
            host_port: None,
        };
        [(format!("{port}/tcp"), Some(vec![binding]))].into()
    });
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    let variables = wanted.variables.iter();
    let labels = [("pipe.owner", "a test"), ("pipe.run", "none")];
    let body = ContainerCreateBody {
        image: Some(wanted.image.to_owned()),
        cmd: (!wanted.command.is_empty()).then(|| words(wanted.command)),
        env: Some(
            variables
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
        ),
        labels: Some(
            labels
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
        ),
        host_config: Some(HostConfig {
            port_bindings: ports,
            ..HostConfig::default()
        }),
        ..ContainerCreateBody::default()
    };
    let made = docker
        .create_container(None::<CreateContainerOptions>, body)
        .await?;
    docker
        .start_container(&made.id, None::<StartContainerOptions>)
        .await?;
    Ok(made.id)
}

impl Server<'_> {
    /// Waits until it takes connections on a port.
    pub(crate) fn wait_for(&self, port: u16) {
        let end = Instant::now() + PATIENCE;
        let place = format!("{}:{port}", self.address);
        while let Err(error) = TcpStream::connect(&place) {
            assert!(Instant::now() < end, "{place}: {error}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What a command inside it prints.
    pub(crate) fn output(&self, command: &[&str]) -> String {
        let docker = &self.engine.docker;
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(command.iter().map(ToString::to_string).collect()),
            ..ExecConfig::default()
        };
        let running = async {
            let exec = docker.create_exec(&self.id, config).await?;
            let mut text = String::new();
            if let StartExecResults::Attached { mut output, .. } =
                docker.start_exec(&exec.id, None).await?
            {
                while let Some(part) = output.next().await {
                    text += &part?.to_string();
                }
            }
            Ok::<_, bollard::errors::Error>(text)
        };
        let told = self.engine.runtime.block_on(running);
        told.expect("a command in a running server")
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        let options = RemoveContainerOptionsBuilder::new()
            .force(true)
            .v(true)
            .build();
        let removing = self.engine.docker.remove_container(&self.id, Some(options));
        let _ = self.engine.runtime.block_on(removing);
    }
}
