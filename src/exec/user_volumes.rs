//! Reads what the user's setting `docker.volumes` asks for (runtime reference 7.3).

use super::{EnvVariable, ExecError};
use crate::expr::expand::runner_expand;

/// One entry, for one job.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum UserVolume {
    /// `/folder`: what is in that folder of the job lasts.
    Lasting(String),
    /// `source:/folder`, perhaps with modes behind it: a folder or a volume that is there.
    Bound {
        source: String,
        place: String,
        modes: Vec<String>,
    },
}

/// Reads an entry of `volumes`: variables are those of the job, a place that is not absolute lies
/// in the project directory.
pub(super) fn user_volume(
    entry: &str,
    variables: &[EnvVariable],
    project_dir: &str,
) -> Result<UserVolume, ExecError> {
    let value = |name: &str| {
        let mut all = variables.iter().rev();
        all.find(|variable| variable.name == name)
            .map(|variable| variable.value.as_str())
    };
    let parts: Vec<String> = (entry.split(':'))
        .map(|part| runner_expand(part, value).into_owned())
        .collect();
    // The job says what its variables are, and it must not choose what is mounted by them.
    let leaves = |part: &String| part.contains(':') || part.split('/').any(|name| name == "..");
    if parts.iter().any(leaves) {
        let (message, remedy) = if entry.contains('$') {
            (
                format!(
                    "`docker.volumes` has `{entry}`, which this job's variables lead elsewhere"
                ),
                "give the variables in it values without `:` and `..`",
            )
        } else {
            (
                format!("`docker.volumes` has `{entry}`, a way with `..` in it"),
                "write where it leads to in your settings",
            )
        };
        return Err(ExecError::user("open", message).help(remedy));
    }
    let absolute = |place: &str| {
        if place.starts_with('/') {
            place.to_owned()
        } else {
            format!("{project_dir}/{place}")
        }
    };
    Ok(match parts.as_slice() {
        [source, place, modes @ ..] => UserVolume::Bound {
            source: source.clone(),
            place: absolute(place),
            modes: modes.to_vec(),
        },
        [place] => UserVolume::Lasting(absolute(place)),
        [] => UserVolume::Lasting(absolute(entry)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::EnvVariable;
    use super::{UserVolume, user_volume};

    #[test]
    fn entries() {
        let variables = [("NAME", "x"), ("UP", "../.."), ("TWO", "a:b")];
        let variables = variables.map(|(name, value)| EnvVariable {
            name: name.to_owned(),
            value: value.to_owned(),
            secret: false,
        });
        let lasting = |folder: &str| Some(UserVolume::Lasting(folder.to_owned()));
        let bound = |source: &str, place: &str, modes: &[&str]| {
            Some(UserVolume::Bound {
                source: source.to_owned(),
                place: place.to_owned(),
                modes: modes.iter().map(|&mode| mode.to_owned()).collect(),
            })
        };
        for (entry, wanted) in [
            ("/cache", lasting("/cache")),
            ("sub", lasting("/builds/g/p/sub")),
            ("/$NAME/c", lasting("/x/c")),
            ("/srv:/data", bound("/srv", "/data", &[])),
            ("data:/data:ro", bound("data", "/data", &["ro"])),
            ("/srv/$NAME:in", bound("/srv/x", "/builds/g/p/in", &[])),
            ("/srv/$UP:/data", None),
            ("/$TWO", None),
        ] {
            let found = user_volume(entry, &variables, "/builds/g/p").ok();
            assert_eq!(found, wanted, "{entry}");
        }
        for (entry, blamed) in [("/srv/$UP:/data", true), ("../srv:/data", false)] {
            let error = user_volume(entry, &variables, "/p").expect_err(entry);
            assert_eq!(error.message.contains("variables"), blamed, "{error}");
        }
    }
}
