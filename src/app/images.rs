//! `pipe`'s own images: listed, brought, removed (design chapter 3).

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use crate::diag::{Code, Diagnostic};
use crate::exec::{Fault, Found, JobLogins, Login, image_store, image_stores};
use crate::images::{
    Arrival, Arrived, ImageError, ImageName, ImageStore, ImportOptions, OnProgress, Platform,
    PullOptions, StoredImage,
};
use crate::settings::Settings;

use super::docker_settings::keyring;
use super::failure::{Failure, FailureKind};
use super::folders;
use super::request::WorkspaceRequest;
use super::runners::docker;
use super::setting_files::certificates;
use super::settings::settings_here;

/// What stands before the name of an image that the Docker daemon has.
const OF_DAEMON: &str = "docker-daemon:";
/// Standard input as a source.
const STDIN: &str = "-";

/// The images of this user.
pub struct Images {
    settings: Settings,
}

/// Which image, as it was typed.
#[derive(Debug, Clone, Default)]
pub struct ImageRequest {
    /// The name to give.
    pub name: Option<String>,
    /// The platform.
    pub platform: Option<String>,
}

/// Where the store lies.
fn root() -> Result<PathBuf, Failure> {
    Ok(folders::cache()?.join("images"))
}

/// The store that this process writes to, made where it is missing.
fn store() -> Result<ImageStore, Failure> {
    Ok(image_store(&root()?)?)
}

/// Names of images that are here, as people write them.
pub fn stored_image_names() -> Vec<String> {
    let stores = root().map(|root| image_stores(&root));
    let images = stores.unwrap_or_default();
    let images = images.iter().flat_map(ImageStore::list);
    images
        .filter_map(|image| Some(short(&image.name?)))
        .collect()
}

/// A name as people write it.
pub fn short(name: &str) -> String {
    ImageName::parse(name).map_or_else(|| name.to_owned(), |name| name.short())
}

impl Images {
    /// The images, and the settings that count for bringing more.
    pub fn open(request: &WorkspaceRequest) -> Result<Self, Failure> {
        let settings = settings_here(request)?;
        Ok(Self { settings })
    }

    /// Imports `source`: a file, a folder, `-`, or `docker-daemon:` and a name.
    pub async fn import(
        &self,
        source: &str,
        request: &ImageRequest,
        progress: OnProgress<'_>,
        stop: &AtomicBool,
    ) -> Result<Vec<Arrived>, Failure> {
        let mut options = ImportOptions {
            name: request.name.as_deref().map(read_name).transpose()?,
            platform: request.platform.as_deref().map(read_platform).transpose()?,
        };
        let store = store()?;
        let mut arrival = store.arrival()?;
        let path = if source == STDIN {
            spooled(&arrival, io::stdin().lock())?
        } else if let Some(name) = source.strip_prefix(OF_DAEMON) {
            if options.name.is_none() {
                // An id is no name: the archive may have one.
                options.name = ImageName::parse(name).filter(|_| !name.starts_with("sha256:"));
            }
            self.saved(&arrival, name).await?
        } else {
            PathBuf::from(source)
        };
        let arrived = arrival.import(&path, source, &options, progress, stop)?;
        arrival.finish()?;
        Ok(arrived)
    }

    /// What the daemon writes of an image.
    async fn saved(&self, arrival: &Arrival<'_>, name: &str) -> Result<PathBuf, Failure> {
        read_name(name)?;
        let (mut file, path) = arrival.file()?;
        let docker = docker(&self.settings)?;
        match docker.save_image(name, &mut file).await {
            Ok(()) => Ok(path),
            Err(error) if error.fault == Fault::User => Err(ImageError::Unsound {
                what: error.message,
                help: None,
            }
            .into()),
            Err(error) => Err(error.into()),
        }
    }

    /// As whom to ask the registry of an image, and what is wrong with the user's credentials.
    pub async fn credentials(&self, name: &str) -> Found {
        keyring().find(name, &JobLogins::default()).await
    }

    /// Pulls an image from its registry; `login` is as whom, and where that is from. Ends when it is
    /// dropped.
    pub async fn pull(
        &self,
        name: &str,
        platform: Option<&str>,
        login: Option<(Login, String)>,
        progress: OnProgress<'_>,
    ) -> Result<Vec<Arrived>, Failure> {
        let platform = platform.map(read_platform).transpose()?;
        let image = read_name(name)?;
        let (login, source) = login.unzip();
        let options = PullOptions {
            login: login.map(|login| login_of(name, login)).transpose()?,
            platform,
            certificates: certificates(&self.settings)?,
        };
        let store = store()?;
        let mut arrival = store.arrival()?;
        let pulled = arrival.pull(&image, &options, progress).await;
        let arrived = pulled.map_err(|error| error.asked_as(source.as_deref()))?;
        arrival.finish()?;
        Ok(arrived)
    }
}

/// All images that are here.
pub fn list_images() -> Result<Vec<StoredImage>, Failure> {
    let stores = image_stores(&root()?);
    Ok(stores.iter().flat_map(ImageStore::list).collect())
}

/// Removes images: by name, id, or the first digits of it; the names that went.
pub fn remove_images(wanted: &[String], platform: Option<&str>) -> Result<Vec<String>, Failure> {
    let platform = platform.map(read_platform).transpose()?;
    let stores = image_stores(&root()?);
    let mut gone = Vec::new();
    for name in wanted {
        let before = gone.len();
        for store in &stores {
            match store.remove(std::slice::from_ref(name), platform.as_ref()) {
                Ok(names) => gone.extend(names),
                Err(ImageError::NotHere { .. }) => {}
                Err(other) => return Err(other.into()),
            }
        }
        if gone.len() == before {
            return Err(ImageError::NotHere { name: name.clone() }.into());
        }
    }
    Ok(gone)
}

/// Removes all images of the user that no run uses; the names that went.
pub fn remove_all_images() -> Result<Vec<String>, Failure> {
    let mut gone = Vec::new();
    for store in image_stores(&root()?) {
        gone.extend(store.remove_all()?);
    }
    Ok(gone)
}

/// How many images there are, and their bytes on disk.
pub(super) fn size_of_images() -> (usize, u64) {
    let stores = root().map(|root| image_stores(&root));
    let stores = stores.unwrap_or_default();
    let count = stores.iter().map(|store| store.list().len()).sum();
    (count, stores.iter().map(ImageStore::bytes).sum())
}

/// Standard input as a file: parts of an archive are read where they lie.
fn spooled(arrival: &Arrival<'_>, mut from: impl Read) -> Result<PathBuf, Failure> {
    let (mut file, path) = arrival.file()?;
    let copied = io::copy(&mut from, &mut file);
    copied.map_err(|source| ImageError::Io {
        doing: "write",
        path: path.clone(),
        source,
    })?;
    Ok(path)
}

fn login_of(image: &str, login: Login) -> Result<crate::images::Login, Failure> {
    match login {
        Login::Password { user, password } => Ok(crate::images::Login::Password { user, password }),
        Login::Bearer(token) => Ok(crate::images::Login::Bearer(token)),
        Login::Identity { .. } => {
            let message = format!(
                "image `{image}` can't be pulled: of its registry only an identity token is known, which `pipe` can't use itself"
            );
            let diagnostic = Diagnostic::new(Code::ImageMissing, message);
            let help = "log in with a password or an access token, or bring the image with `pipe image import docker-daemon:…`";
            Err(Failure::new(
                FailureKind::Environment,
                diagnostic.help(help),
            ))
        }
    }
}

fn read_name(text: &str) -> Result<ImageName, Failure> {
    ImageName::parse(text).ok_or_else(|| {
        let text = text.to_owned();
        ImageError::Name { text }.into()
    })
}

fn read_platform(text: &str) -> Result<Platform, Failure> {
    text.parse().map_err(|message: String| {
        let diagnostic = Diagnostic::new(Code::InvalidValue, message);
        Failure::new(FailureKind::Usage, diagnostic)
    })
}
