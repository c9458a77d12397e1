//! The Docker daemon as the tests see it: what is there, and whose it is.

mod server;

use std::collections::HashMap;

use bollard::Docker;
use bollard::auth::DockerCredentials;
use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{
    CreateContainerOptions, InspectContainerOptions, KillContainerOptions,
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
    PushImageOptionsBuilder, RemoveContainerOptionsBuilder, RemoveImageOptions,
    RemoveVolumeOptions, TagImageOptionsBuilder,
};
use futures_util::TryStreamExt;

pub(crate) use server::{Server, Wanted};

/// Image of the jobs of tests.
pub(crate) const IMAGE: &str = "pipe-test-busybox:1";

/// Whether Docker is to be tested; without a word against it, a missing daemon is a failure.
pub(crate) fn is_wanted() -> bool {
    std::env::var_os("PIPE_TEST_NO_DOCKER").is_none_or(|value| value != "1")
}

/// The daemon that `pipe` uses too.
pub(crate) struct Engine {
    runtime: tokio::runtime::Runtime,
    docker: Docker,
}

impl Engine {
    pub(crate) fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let host = std::env::var("DOCKER_HOST");
        let host = host.unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
        let docker = runtime.block_on(async {
            let docker = Docker::connect_with_unix(&host, 60, bollard::API_DEFAULT_VERSION)?;
            docker.negotiate_version().await
        });
        Self {
            runtime,
            docker: docker.expect("a Docker daemon"),
        }
    }

    /// Ids of the owner's containers, running or not.
    pub(crate) fn containers(&self, owner: &str) -> Vec<String> {
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&of(owner))
            .build();
        let list = self.docker.list_containers(Some(options));
        let list = self.runtime.block_on(list).expect("a list of containers");
        list.into_iter().filter_map(|found| found.id).collect()
    }

    /// Everything of the owner.
    pub(crate) fn all_of(&self, owner: &str) -> Vec<String> {
        let filters = of(owner);
        let volumes = ListVolumesOptionsBuilder::new().filters(&filters).build();
        let networks = ListNetworksOptionsBuilder::new().filters(&filters).build();
        let volumes = self.docker.list_volumes(Some(volumes));
        let volumes = self.runtime.block_on(volumes).expect("a list of volumes");
        let networks = self.docker.list_networks(Some(networks));
        let networks = self.runtime.block_on(networks).expect("a list of networks");
        let volumes = volumes.volumes.unwrap_or_default().into_iter();
        let mut all = self.containers(owner);
        all.extend(volumes.map(|volume| volume.name));
        all.extend(networks.into_iter().filter_map(|network| network.id));
        all
    }

    /// The digest that names an image on this machine.
    pub(crate) fn id_of(&self, image: &str) -> String {
        let found = self.docker.inspect_image(image);
        let found = self.runtime.block_on(found).expect("an image of the tests");
        found.id.expect("a digest")
    }

    /// Removes volumes, as far as they are there.
    pub(crate) fn remove_volumes(&self, names: &[String]) {
        for name in names {
            let options = None::<RemoveVolumeOptions>;
            let removing = self.docker.remove_volume(name, options);
            let _ = self.runtime.block_on(removing);
        }
    }

    /// Puts the image `from` into a registry under the name `to`, as that user; here it does not stay.
    pub(crate) fn push(&self, from: &str, to: &str, (user, password): (&str, &str)) {
        let (repository, tag) = to.rsplit_once(':').expect("a tag");
        self.tag(from, to);
        let credentials = DockerCredentials {
            username: Some(user.to_owned()),
            password: Some(password.to_owned()),
            ..DockerCredentials::default()
        };
        let options = PushImageOptionsBuilder::new().tag(tag).build();
        let steps = (self.docker).push_image(repository, Some(options), Some(credentials));
        let pushing = steps.try_for_each(|_| std::future::ready(Ok(())));
        self.runtime.block_on(pushing).expect("pushed");
        self.remove_image(to);
    }

    /// Gives an image another name.
    pub(crate) fn tag(&self, from: &str, to: &str) {
        let (repository, tag) = to.rsplit_once(':').expect("a tag");
        let options = TagImageOptionsBuilder::new()
            .repo(repository)
            .tag(tag)
            .build();
        let tagging = self.docker.tag_image(from, Some(options));
        self.runtime.block_on(tagging).expect("a tag");
    }

    /// Kills a container, if it runs.
    pub(crate) fn kill(&self, id: &str) {
        let options = None::<KillContainerOptions>;
        let killing = self.docker.kill_container(id, options);
        let _ = self.runtime.block_on(killing);
    }

    /// All that the daemon says of a container.
    pub(crate) fn inspect(&self, id: &str) -> String {
        let options = None::<InspectContainerOptions>;
        let asking = self.docker.inspect_container(id, options);
        let said = self.runtime.block_on(asking).expect("a container");
        serde_json::to_string(&said).expect("JSON")
    }

    /// Removes a name of an image, if it is there.
    pub(crate) fn remove_image(&self, name: &str) {
        let options = None::<RemoveImageOptions>;
        let removing = self.docker.remove_image(name, options, None);
        let _ = self.runtime.block_on(removing);
    }

    /// A container of somebody else, made for the time of a test.
    pub(crate) fn foreign(&self, owner: &str, run: &str) -> Foreign<'_> {
        let labels = [("pipe.owner", owner), ("pipe.run", run)];
        let body = ContainerCreateBody {
            image: Some(IMAGE.to_owned()),
            labels: Some(
                labels
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .into(),
            ),
            ..ContainerCreateBody::default()
        };
        let options = None::<CreateContainerOptions>;
        let made = self
            .runtime
            .block_on(self.docker.create_container(options, body));
        Foreign {
            engine: self,
            id: made.expect("a container").id,
        }
    }
}

fn of(owner: &str) -> HashMap<&'static str, Vec<String>> {
    HashMap::from([("label", vec![format!("pipe.owner={owner}")])])
}

/// Such a container, gone at the end.
pub(crate) struct Foreign<'a> {
    engine: &'a Engine,
    pub(crate) id: String,
}

impl Drop for Foreign<'_> {
    fn drop(&mut self) {
        let options = RemoveContainerOptionsBuilder::new().force(true).build();
        let engine = self.engine;
        let removed = engine.docker.remove_container(&self.id, Some(options));
        let _ = engine.runtime.block_on(removed);
    }
}
