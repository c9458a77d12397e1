//! The container of a job is made, with the FIFO of its log where the daemon can give it that.

use bollard::models::ContainerCreateBody;
use bollard::query_parameters::CreateContainerOptionsBuilder;

use super::super::{ExecError, Fault};
use super::containers::{Containers, Plan};
use super::layers::Site;
use super::log_fifo::LogFifo;
use super::{connect, create, fault};

impl Containers {
    /// Whether jobs can write their log into a FIFO of this machine. With other engines nobody has
    /// tried it.
    pub(super) async fn log_fifos_work(&self, site: &Site) -> bool {
        let is_dockers = |(_, version): &(_, _)| connect::is_dockers(version);
        self.known().is_some_and(is_dockers) && self.logs.work(site).await
    }

    /// One for a new job. What something says before the shell would come another way, and late.
    pub(super) async fn log_fifo(&self, plan: &Plan<'_>) -> Option<LogFifo> {
        let (site, images) = (&plan.site, &self.images);
        let alone = images.begins_as_asked(site, plan.image, &plan.spec.variables);
        // What goes wrong is told where it is asked for again.
        if alone.await.unwrap_or(false) && self.log_fifos_work(site).await {
            self.logs.make(&site.owner)
        } else {
            None
        }
    }

    /// The id of a new container, which has the FIFO where the daemon can give it that.
    pub(super) async fn create_itself(
        &self,
        plan: &Plan<'_>,
        body: ContainerCreateBody,
        log: &mut Option<LogFifo>,
    ) -> Result<String, ExecError> {
        if let Some(fifo) = log {
            let made = self.create_once(plan, fifo.given_to(body.clone())).await;
            if !matches!(&made, Err(error) if error.fault == Fault::User) {
                return made;
            }
            *log = None;
            let made = self.create_once(plan, body).await;
            if made.is_ok() {
                self.logs.forget();
            }
            return made;
        }
        self.create_once(plan, body).await
    }

    async fn create_once(
        &self,
        plan: &Plan<'_>,
        body: ContainerCreateBody,
    ) -> Result<String, ExecError> {
        let (docker, image, spec) = (&plan.site.docker, plan.image, plan.spec);
        let mut options = CreateContainerOptionsBuilder::new();
        if let Some(platform) = &image.platform {
            options = options.platform(platform);
        }
        let name = create::name(&spec.owner, &spec.job, spec.attempt);
        let named = options.clone().name(&name).build();
        let making = async {
            let mut made = docker.create_container(Some(named), body.clone()).await;
            // Two pipelines of one run may have jobs of the same name: the labels tell them apart.
            if matches!(&made, Err(error) if fault::status(error) == Some(409)) {
                made = docker.create_container(Some(options.build()), body).await;
            }
            made.map_err(|error| fault::create(&image.name, &self.settings.asked(), error))
        };
        let making = self.patience.answer("create container", Box::pin(making));
        Ok(making.await?.id)
    }
}
