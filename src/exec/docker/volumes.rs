//! Volumes of the daemon: made, found, removed.

use std::collections::HashMap;

use bollard::Docker;
use bollard::models::{Volume as Found, VolumeCreateRequest};
use bollard::query_parameters::{ListVolumesOptionsBuilder, RemoveVolumeOptions};

use super::super::ExecError;
use super::{create, fault};

/// A volume, and where it lies on the daemon's host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Volume {
    pub(super) name: String,
    pub(super) mountpoint: String,
}

impl Volume {
    /// One whose place does not matter.
    pub(super) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            mountpoint: String::new(),
        }
    }
}

impl From<Found> for Volume {
    fn from(found: Found) -> Self {
        Self {
            name: found.name,
            mountpoint: found.mountpoint,
        }
    }
}

/// Makes a volume that nobody else has the name of. Without `options` it is an empty folder.
pub(super) async fn make(
    docker: &Docker,
    name: String,
    labels: HashMap<String, String>,
    options: HashMap<String, String>,
) -> Result<Volume, ExecError> {
    let request = VolumeCreateRequest {
        name: Some(name),
        driver: Some("local".to_owned()),
        driver_opts: Some(options),
        labels: Some(labels),
        ..VolumeCreateRequest::default()
    };
    let made = docker.create_volume(request).await;
    made.map(Volume::from)
        .map_err(|error| fault::system("create volume", "the volume was not created", error))
}

/// The volume of that name, if there is one.
pub(super) async fn find(docker: &Docker, name: &str) -> Result<Option<Volume>, ExecError> {
    match docker.inspect_volume(name).await {
        Ok(found) => Ok(Some(found.into())),
        Err(error) if fault::status(&error) == Some(404) => Ok(None),
        Err(error) => Err(fault::system(
            "inspect volume",
            &format!("volume `{name}`"),
            error,
        )),
    }
}

/// Removes a volume. One that is not there is fine.
pub(super) async fn remove(docker: &Docker, name: &str) -> Result<(), ExecError> {
    let options = None::<RemoveVolumeOptions>;
    let removed = docker.remove_volume(name, options).await;
    fault::removed("remove volume", &format!("volume `{name}`"), removed)
}

/// Removes a volume, unless a container has it; whether it is gone.
pub(super) async fn remove_unused(docker: &Docker, name: &str) -> Result<bool, ExecError> {
    match docker
        .remove_volume(name, None::<RemoveVolumeOptions>)
        .await
    {
        Err(error) if fault::status(&error) == Some(409) => Ok(false),
        removed => {
            fault::removed("remove volume", &format!("volume `{name}`"), removed)?;
            Ok(true)
        }
    }
}

/// Names and labels of the volumes that carry `owner`.
pub(super) async fn owned(
    docker: &Docker,
    owner: &str,
) -> Result<Vec<(String, HashMap<String, String>)>, ExecError> {
    let filters = create::of_owner(owner);
    let options = ListVolumesOptionsBuilder::new().filters(&filters).build();
    let listed = docker.list_volumes(Some(options)).await;
    let listed = listed
        .map_err(|error| fault::system("list volumes", "leftovers can't be listed", error))?;
    let volumes = listed.volumes.unwrap_or_default().into_iter();
    Ok(volumes.map(|found| (found.name, found.labels)).collect())
}
