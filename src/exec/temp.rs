//! Files in the temporary folder that the environment has from the start.

use super::{EnvSpec, EnvVariable};

/// Names of the files that variables name there. The runner's helper makes them as root with mode
/// 666 before the first script, which is why `chmod` on one fails for a job that is not root
/// (runtime reference 12.4).
pub(super) fn temp_files(spec: &EnvSpec) -> Vec<String> {
    let folder = format!("{}/", spec.layout.temp_dir());
    spec.variables
        .iter()
        .filter_map(|EnvVariable { name, value, .. }| {
            let file = value.strip_prefix(&folder)?;
            let of_its_own = file == name || name == "GITLAB_ENV";
            (of_its_own && !file.contains('/')).then(|| file.to_owned())
        })
        .collect()
}
