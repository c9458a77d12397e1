//! A new container is made ready for its script: its files come, and its shell where that pays.

use bollard::Docker;
use bollard::query_parameters::ContainerArchiveInfoOptionsBuilder;

use super::super::ExecError;
use super::container::Container;
use super::containers::{Containers, Files, Plan, tars};
use super::run::{self, Waiting};
use super::{fault, upload};

impl Containers {
    /// Puts files into a new container; false where its volumes can't be mounted.
    pub(super) async fn put(
        &self,
        plan: &Plan<'_>,
        id: &str,
        files: Files,
    ) -> Result<bool, ExecError> {
        let (docker, layout) = (&plan.site.docker, &plan.spec.layout);
        let rest = match files {
            Files::All(content) => {
                upload::fill(docker, id, content).await?;
                return Ok(true);
            }
            Files::Beside(rest) => rest,
        };
        let is_open = self.images.runs_as_root(&plan.site, plan.image).await?;
        // Without anything to put there, its start shows whether they can.
        let is_shown = is_open && rest.is_empty() && plan.spec.services.is_empty();
        if !is_shown && !self.overlays.work() {
            if !self.is_there(docker, id, &layout.builds_dir).await? {
                self.are_refused();
                return Ok(false);
            }
            self.are_seen();
        }
        if !is_open {
            upload::open_folders(docker, id, vec![layout.builds_dir.clone()]).await?;
        }
        if !rest.is_empty() {
            let owner = self.owner(plan.spec).await?;
            upload::add(docker, id, &layout.project_dir, tars(&rest), owner).await?;
        }
        Ok(true)
    }

    /// Starts the shell of a filled container where that is worth something before its script comes;
    /// `None` where the volumes can't be mounted.
    pub(super) async fn begin(
        &self,
        plan: &Plan<'_>,
        container: &Container,
    ) -> Result<Option<Option<Waiting>>, ExecError> {
        let Plan {
            site, spec, image, ..
        } = plan;
        let is_new = !container.volumes.is_empty() && self.overlays.are_unknown();
        // The shell comes up while its services do; an entrypoint may want to find them.
        let is_beside =
            !spec.services.is_empty() && !self.images.has_entrypoint(site, image).await?;
        if !is_new && !is_beside {
            return Ok(Some(None));
        }
        let started = run::start(container).await;
        if !is_new {
            return started.map(Some).map(Some);
        }
        if started.is_err() {
            let builds = &spec.layout.builds_dir;
            if !self.is_there(&site.docker, &container.id, builds).await? {
                self.are_refused();
                return Ok(None);
            }
        }
        self.are_seen();
        // What else is wrong shows again, and is told, when the script comes.
        Ok(Some(started.ok()))
    }

    fn are_seen(&self) {
        self.overlays.found(true);
        if let (Some(store), Some(daemon)) = (self.layers().store(), self.endpoint.identity()) {
            store.remember_overlays(&daemon);
        }
    }

    fn are_refused(&self) {
        self.overlays.found(false);
        if let Some(store) = self.layers().store() {
            store.forget_overlays();
        }
    }

    /// Whether the folder `path` of the container is there: its volumes can be mounted.
    async fn is_there(&self, docker: &Docker, id: &str, path: &str) -> Result<bool, ExecError> {
        let options = ContainerArchiveInfoOptionsBuilder::new().path(path).build();
        let looking = async {
            match docker.get_container_archive_info(id, Some(options)).await {
                Ok(_) => Ok(true),
                Err(error) if fault::status(&error).is_some() => Ok(false),
                Err(error) => Err(fault::system(
                    "upload",
                    "the volumes can't be looked at",
                    error,
                )),
            }
        };
        self.patience.answer("upload", looking).await
    }
}
