//! The images of a run: each is looked up once, and its layers stay as long as the run.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::super::super::file_work::{blocking, in_place};
use super::super::super::{Cx, ExecError, Fault, Found, Image, Keyring, Login};
use super::super::inside::errand::image_store;
use super::super::probe;
use super::base::Base;
use super::host::{self, Machine};
use crate::images::{self, ImageError, ImageName, ImageStore, Platform, Progress, PullOptions};

const PHASE: &str = "find image";

/// An image by its name and its platform.
type Key = (String, Option<String>);

/// The images of a run.
pub(in super::super) struct Bases {
    /// Where this machine's own image is made.
    host: PathBuf,
    /// Where the store is.
    images: PathBuf,
    store: OnceCell<ImageStore>,
    /// As whom registries are asked.
    keyring: Keyring,
    certificates: Option<Vec<u8>>,
    known: Mutex<HashMap<Key, Arc<OnceCell<Arc<Base>>>>>,
}

impl Bases {
    /// Those in the store at `images`, and this machine, for which `base` has a place.
    pub(in super::super) fn new(
        base: &Path,
        images: &Path,
        keyring: Keyring,
        certificates: Option<Vec<u8>>,
    ) -> Self {
        Self {
            host: host::folder(base),
            images: images.to_owned(),
            store: OnceCell::new(),
            keyring,
            certificates,
            known: Mutex::default(),
        }
    }

    /// The image, ready for use. One that is not here is the job's fault.
    pub(in super::super) async fn get(&self, image: &Image) -> Result<Arc<Base>, ExecError> {
        let slot = {
            // The map is whole at any moment, even if another thread came to grief.
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(key(image)).or_default())
        };
        let finding = || async { self.find(image).await.map(Arc::new) };
        slot.get_or_try_init(finding).await.cloned()
    }

    /// Whether it is here.
    pub(in super::super) async fn has(&self, image: &Image) -> Result<bool, ExecError> {
        match self.get(image).await {
            Ok(_) => Ok(true),
            Err(error) if error.fault == Fault::User => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Brings an image from its registry; `progress` gets bytes so far and in all, `cx` what is
    /// wrong with the user's credentials.
    pub(in super::super) async fn pull(
        &self,
        image: &Image,
        progress: &(dyn for<'a> Fn(u64, u64) + Send + Sync),
        cx: &Cx,
    ) -> Result<(), ExecError> {
        let store = self.store().await?;
        let name = ImageName::parse(&image.name).ok_or_else(|| {
            ExecError::user(PHASE, format!("`{}` is no name of an image", image.name))
        })?;
        let Found { login, warnings } = self.keyring.find(&image.name, &image.logins).await;
        for warning in warnings {
            let _ = cx.output.send(format!("{warning}\n").into_bytes()).await;
        }
        let (login, source) = login.unzip();
        let options = PullOptions {
            login: login.and_then(credentials),
            platform: platform(image)?,
            certificates: self.certificates.clone(),
        };
        let told = |step: Progress| {
            if let Progress::Downloading(so_far, all) = step {
                progress(so_far, all);
            }
        };
        let mut arrival = store.arrival().map_err(refused)?;
        let pulled = arrival.pull(&name, &options, &told).await;
        pulled.map_err(|error| refused(error.asked_as(source.as_deref())))?;
        in_place(|| arrival.finish()).map_err(refused)?;
        // What was here before under that name is another image now.
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.remove(&key(image));
        Ok(())
    }

    async fn find(&self, image: &Image) -> Result<Base, ExecError> {
        if image.name == host::NAME {
            let place = self.host.clone();
            return blocking(PHASE, "the image `host` can't be made", move || {
                let is_root = probe::is_root(probe::rights(&place)?);
                host::plan(&Machine::here(is_root), &place).map(Base::of_host)
            })
            .await;
        }
        let store = self.store().await?.clone();
        let (name, platform) = (image.name.clone(), platform(image)?);
        let opening = tokio::task::spawn_blocking(move || store.open(&name, platform.as_ref()));
        match opening.await {
            Ok(Ok(found)) => Ok(Base::of_image(found)),
            Ok(Err(error)) => Err(refused(error)),
            Err(error) => Err(ExecError::system(PHASE, "looking for it broke off").because(error)),
        }
    }

    async fn store(&self) -> Result<&ImageStore, ExecError> {
        let making = || async {
            let images = self.images.clone();
            let made = tokio::task::spawn_blocking(move || image_store(&images)).await;
            match made {
                Ok(made) => made.map_err(refused),
                Err(error) => {
                    Err(ExecError::system(PHASE, "the store can't be used").because(error))
                }
            }
        };
        self.store.get_or_try_init(making).await
    }
}

fn key(image: &Image) -> Key {
    (image.name.clone(), image.platform.clone())
}

fn platform(image: &Image) -> Result<Option<Platform>, ExecError> {
    let Some(text) = &image.platform else {
        return Ok(None);
    };
    let wrong = |_| ExecError::user(PHASE, format!("`{text}` is no platform"));
    text.parse().map(Some).map_err(wrong)
}

/// In the words of whoever pulls. A token that only a daemon can trade in is of no use here.
fn credentials(login: Login) -> Option<images::Login> {
    match login {
        Login::Password { user, password } => Some(images::Login::Password { user, password }),
        Login::Bearer(token) => Some(images::Login::Bearer(token)),
        Login::Identity { .. } => None,
    }
}

/// What is not here, what its registry does not have and what is no image is the job's fault.
fn refused(error: ImageError) -> ExecError {
    let text = error.to_string();
    if error.is_full_disk() {
        return ExecError::full_disk(PHASE, text);
    }
    let made = if error.is_of_the_image() || matches!(error, ImageError::NotHere { .. }) {
        ExecError::user(PHASE, text)
    } else {
        ExecError::system(PHASE, text)
    };
    let made = match error.help() {
        Some(help) => made.help(help),
        None => made,
    };
    made.because(error)
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{Fault, ImageError, refused};

    #[test]
    fn the_full_disk_of_the_store_stays_full() {
        for (kind, fault) in [
            (io::ErrorKind::StorageFull, Fault::Lasting),
            (io::ErrorKind::TimedOut, Fault::System),
        ] {
            let error = refused(ImageError::Io {
                doing: "write",
                path: "/store".into(),
                source: kind.into(),
            });
            assert_eq!(error.fault, fault, "{error}");
            let remedy = error.help.unwrap_or_default();
            assert_eq!(
                remedy.contains("make room"),
                fault == Fault::Lasting,
                "{remedy}"
            );
        }
    }
}
