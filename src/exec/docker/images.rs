//! What images say of themselves, asked once for each.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::super::{EnvVariable, ExecError, Image, names_shell_file};
use super::image;
use super::layers::Site;

/// The images of a run's jobs.
#[derive(Default)]
pub(super) struct Images(Mutex<HashMap<String, About>>);

#[derive(Debug, Clone)]
struct About {
    /// Its user, as it is written.
    user: String,
    has_entrypoint: bool,
    /// Whether its variables name a file that a shell reads before all else.
    has_shell_file: bool,
}

impl Images {
    /// The user of a job, as it is written; empty for root.
    pub(super) async fn user(&self, site: &Site, image: &Image) -> Result<String, ExecError> {
        match &image.user {
            Some(user) => Ok(user.clone()),
            None => Ok(self.about(site, &image.name).await?.user),
        }
    }

    /// Whether the job's processes begin as root. Anyone else may write only where that is open to
    /// all.
    pub(super) async fn runs_as_root(&self, site: &Site, image: &Image) -> Result<bool, ExecError> {
        Ok(is_root(&self.user(site, image).await?))
    }

    /// Whether something else than the shell comes first in a container.
    pub(super) async fn has_entrypoint(
        &self,
        site: &Site,
        image: &Image,
    ) -> Result<bool, ExecError> {
        match image.entrypoint.as_deref() {
            None | Some([]) => Ok(self.about(site, &image.name).await?.has_entrypoint),
            Some(words) => Ok(!words.iter().all(String::is_empty)),
        }
    }

    /// Whether the shell of a job begins with just the variables that it is asked to have.
    pub(super) async fn begins_as_asked(
        &self,
        site: &Site,
        image: &Image,
        variables: &[EnvVariable],
    ) -> Result<bool, ExecError> {
        let has_shell_file = self.about(site, &image.name).await?.has_shell_file
            || variables.iter().any(|it| names_shell_file(&it.name));
        Ok(!has_shell_file && !self.has_entrypoint(site, image).await?)
    }

    async fn about(&self, site: &Site, name: &str) -> Result<About, ExecError> {
        let known = self.known().get(name).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let asking = image::config(&site.docker, name);
        let config = site.patience.answer("inspect image", asking).await?;
        let about = About {
            user: config.user.unwrap_or_default(),
            has_shell_file: (config.env.iter().flatten())
                .filter_map(|variable| variable.split_once('='))
                .any(|(name, _)| names_shell_file(name)),
            has_entrypoint: config.entrypoint.is_some_and(|words| !words.is_empty()),
        };
        self.known().insert(name.to_owned(), about.clone());
        Ok(about)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, About>> {
        // The map is whole at any moment, even if another task came to grief.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an image's `USER` says of root: its name or number, with any group.
fn is_root(user: &str) -> bool {
    matches!(user.split(':').next(), None | Some("" | "root" | "0"))
}

#[cfg(test)]
mod tests {
    use super::is_root;

    #[test]
    fn who_is_root() {
        for (user, root) in [
            ("", true),
            ("0", true),
            ("root", true),
            ("root:root", true),
            ("0:1000", true),
            ("1000", false),
            ("node", false),
            ("1000:0", false),
        ] {
            assert_eq!(is_root(user), root, "{user}");
        }
    }
}
