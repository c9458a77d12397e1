//! The volumes that the user's runner gives the containers of a job (runtime reference 7.3).
//!
//! `/folder` is a volume of the daemon that later jobs of the same project, slot and protection find
//! again; anything else is mounted as written.

use std::collections::HashMap;
use std::path::Path;

use super::super::{EnvSpec, ExecError};
use super::create::{LASTING, OWNER};
use super::layers::Site;
use super::settings::DockerSettings;
use super::volumes;
use crate::expr::expand::runner_expand;
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

/// What a setting asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// A volume that lasts, at that folder.
    Lasting(String),
    /// As the daemon wants it.
    Given(String),
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
        match asked(entry, spec)? {
            Asked::Given(bind) => mounts.binds.push(bind),
            Asked::Lasting(folder) => {
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

/// Reads an entry of `volumes`: variables are those of the job, a place that is not absolute lies
/// in the project directory.
fn asked(entry: &str, spec: &EnvSpec) -> Result<Asked, ExecError> {
    let value = |name: &str| {
        let mut all = spec.variables.iter().rev();
        all.find(|variable| variable.name == name)
            .map(|variable| variable.value.as_str())
    };
    let parts: Vec<String> = (entry.split(':'))
        .map(|part| runner_expand(part, value).into_owned())
        .collect();
    // The job says what its variables are, and it must not choose what is mounted by them.
    let leaves = |part: &String| part.contains(':') || part.split('/').any(|name| name == "..");
    if parts.iter().any(leaves) {
        let message =
            format!("`docker.volumes` has `{entry}`, which this job's variables lead elsewhere");
        return Err(ExecError::user("create container", message)
            .help("give the variables in it values without `:` and `..`"));
    }
    let absolute = |place: &str| {
        if place.starts_with('/') {
            place.to_owned()
        } else {
            format!("{}/{place}", spec.layout.project_dir)
        }
    };
    Ok(match parts.as_slice() {
        [place] => Asked::Lasting(absolute(place)),
        [source, place, mode @ ..] => {
            let mut bind = format!("{source}:{}", absolute(place));
            for word in mode {
                bind = format!("{bind}:{word}");
            }
            Asked::Given(bind)
        }
        [] => Asked::Given(entry.to_owned()),
    })
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
    use super::super::super::{EnvSpec, EnvVariable};
    use super::super::create::tests::spec;
    use super::{Asked, asked, name};

    fn with(variables: &[(&str, &str)]) -> EnvSpec {
        let variable = |&(name, value): &(&str, &str)| EnvVariable {
            name: name.to_owned(),
            value: value.to_owned(),
            secret: false,
        };
        EnvSpec {
            variables: variables.iter().map(variable).collect(),
            ..spec("a")
        }
    }

    #[test]
    fn entries() {
        let spec = with(&[("NAME", "x"), ("UP", "../.."), ("TWO", "a:b")]);
        let lasting = |folder: &str| Some(Asked::Lasting(folder.to_owned()));
        let given = |bind: &str| Some(Asked::Given(bind.to_owned()));
        for (entry, wanted) in [
            ("/cache", lasting("/cache")),
            ("sub", lasting("/builds/g/p/sub")),
            ("/$NAME/c", lasting("/x/c")),
            ("/srv:/data", given("/srv:/data")),
            ("data:/data:ro", given("data:/data:ro")),
            ("/srv/$NAME:in", given("/srv/x:/builds/g/p/in")),
            ("/srv/$UP:/data", None),
            ("/$TWO", None),
        ] {
            assert_eq!(asked(entry, &spec).ok(), wanted, "{entry}");
        }
    }

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
