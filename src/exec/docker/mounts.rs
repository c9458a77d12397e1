//! The volumes that the user's runner gives the containers of a job (runtime reference 7.3).
//!
//! `/folder` is a volume of the daemon that later jobs of the same project, slot and protection find
//! again; anything else is mounted as written.

use std::collections::HashMap;
use std::path::Path;

use super::super::user_volumes::{UserVolume, user_volume};
use super::super::{EnvSpec, ExecError};
use super::create::{LASTING, OWNER};
use super::layers::Site;
use super::settings::DockerSettings;
use super::volumes;
use crate::types::Digest;

/// Where jobs look for the daemon's socket.
const SOCKET: &str = "/var/run/docker.sock";

/// What is mounted in a container.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Mounts {
    /// In the daemon's words: `source:/folder`, perhaps with a mode behind it.
    pub(super) binds: Vec<String>,
    /// Folders that nobody has used before, which every user is to write in.
    pub(super) new: Vec<String>,
}

/// Makes the volumes that are not there yet, and says what to mount. `socket` is the daemon's.
pub(super) async fn make(
    site: &Site,
    settings: &DockerSettings,
    socket: &Path,
    spec: &EnvSpec,
) -> Result<Mounts, ExecError> {
    let mut mounts = Mounts::default();
    for entry in &settings.volumes {
        match user_volume(entry, &spec.variables, &spec.layout.project_dir)? {
            UserVolume::Bound {
                source,
                place,
                modes,
            } => mounts
                .binds
                .push([&[source, place], &*modes].concat().join(":")),
            UserVolume::Lasting(folder) => {
                let name = name(spec, &folder);
                if lasting(site, &name, spec).await? {
                    mounts.new.push(folder.clone());
                }
                mounts.binds.push(format!("{name}:{folder}"));
            }
        }
    }
    let is_there = |bind: &String| bind.split(':').nth(1) == Some(SOCKET);
    if settings.host_socket && !mounts.binds.iter().any(is_there) {
        mounts.binds.push(format!("{}:{SOCKET}", socket.display()));
    }
    Ok(mounts)
}

/// Makes a volume that lasts; whether it is new.
async fn lasting(site: &Site, name: &str, spec: &EnvSpec) -> Result<bool, ExecError> {
    let finding = volumes::find(&site.docker, name);
    let found = site.patience.answer("inspect volume", finding).await?;
    if found.is_some() {
        return Ok(false);
    }
    let labels = HashMap::from([
        (OWNER.to_owned(), spec.owner.owner.clone()),
        (LASTING.to_owned(), spec.volumes_of.clone()),
    ]);
    let making = volumes::make(&site.docker, name.to_owned(), labels, HashMap::new());
    site.patience.answer("create volume", making).await?;
    Ok(true)
}

/// The name of the volume that jobs of the same kind find again.
fn name(spec: &EnvSpec, folder: &str) -> String {
    let mut digest = Digest::default();
    for text in [&spec.owner.owner, &spec.volumes_of, folder] {
        digest.add(text);
    }
    format!("pipe-volume-{}", &digest.finish()[..32])
}

#[cfg(test)]
mod tests {
    use super::super::super::EnvSpec;
    use super::super::create::tests::spec;
    use super::name;

    #[test]
    fn other_projects_slots_and_protection_have_other_volumes() {
        let of = |volumes_of: &str| EnvSpec {
            volumes_of: volumes_of.to_owned(),
            ..spec("a")
        };
        let one = name(&of("g/p 0"), "/cache");
        assert_eq!(one, name(&of("g/p 0"), "/cache"));
        for (other, folder) in [("g/p 1", "/cache"), ("g/q 0", "/cache"), ("g/p 0", "/c")] {
            assert_ne!(one, name(&of(other), folder), "{other} {folder}");
        }
    }
}
