//! An image from its registry: manifest, configuration, the layers that are not here.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::mpsc;

use super::super::arrival::LayerSource;
use super::super::config::ConfigFile;
use super::super::layer::Limits;
use super::super::manifest::{Descriptor, MOST_MANIFEST, Manifest, choose};
use super::super::{Arrival, Arrived, ImageError, ImageName, OnProgress, Platform, Progress};
use super::blobs::{Counter, download};
use super::registry::{Login, Registry};

/// How many blobs come at once, as Docker does it.
const AT_ONCE: usize = 3;
/// How deep lists of manifests lie in each other.
const MOST_DEPTH: usize = 4;

/// How to pull.
#[derive(Debug, Clone, Default)]
pub struct PullOptions {
    /// As whom to ask. `None` is as nobody.
    pub login: Option<Login>,
    /// Which of the images that a name stands for; `None` is that of this machine.
    pub platform: Option<Platform>,
    /// Certificates of authorities, in PEM format, besides those of the system.
    pub certificates: Option<Vec<u8>>,
}

/// Ends what still unpacks when nobody waits for it any more.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Arrival<'_> {
    /// Pulls an image, and gives it the name that it was asked for by. Layers that are here are not
    /// brought again. Ends when it is dropped.
    pub async fn pull(
        &mut self,
        name: &ImageName,
        options: &PullOptions,
        progress: OnProgress<'_>,
    ) -> Result<Vec<Arrived>, ImageError> {
        let found = self.pull_layers(name, options, progress).await;
        found.map_err(|error| match error {
            ImageError::Unsound { what, help } => ImageError::Unsound {
                what: format!("image `{}`: {what}", name.short()),
                help,
            },
            other => other,
        })
    }

    async fn pull_layers(
        &mut self,
        name: &ImageName,
        options: &PullOptions,
        progress: OnProgress<'_>,
    ) -> Result<Vec<Arrived>, ImageError> {
        let login = options.login.as_ref();
        let mut registry = Registry::of(name, login, options.certificates.as_deref())?;
        registry.greet().await?;
        let (config, layers, digests) = manifests(&registry, name, options).await?;
        let image = self.configuration(&registry, &config).await?;
        let (found, wanted) = (layers.len(), image.diff_ids.len());
        if found != wanted {
            return Err(ImageError::unsound(format!(
                "its manifest names {found} layers where its configuration names {wanted}"
            )));
        }
        // A registry without a list of platforms gives what it has.
        image.must_fit(options.platform.as_ref(), &name.short())?;
        let chain = image.chain();
        let missing: Vec<usize> = (0..found).filter(|at| !self.has(&chain[*at])).collect();
        let bytes = |at: &usize| layers[*at].size;
        let all = missing.iter().map(bytes).fold(0, u64::saturating_add);
        if all > Limits::default().bytes {
            return Err(ImageError::unsound(
                "its layers are larger than they may be",
            ));
        }
        let counter = Counter {
            so_far: AtomicU64::new(0),
            all,
            progress,
        };
        let mut files = Vec::new();
        for &at in &missing {
            files.push((at, self.file()?));
        }
        let stop = StopOnDrop(Arc::default());
        let (sender, mut receiver) = mpsc::channel::<(usize, PathBuf)>(found.max(1));
        let downloads = async {
            let each = files.into_iter().map(|(at, file)| {
                let (registry, layers, counter) = (&registry, &layers, &counter);
                async move { Ok((at, download(registry, &layers[at], file, counter).await?)) }
            });
            let mut done = stream::iter(each).buffered(AT_ONCE);
            while let Some(file) = done.try_next().await? {
                // Whoever unpacks has an error of its own then.
                let _ = sender.send(file).await;
            }
            drop(sender);
            Ok::<(), ImageError>(())
        };
        let of = format!("image `{}`", name.short());
        let unpacking = async {
            let mut so_far = 0;
            while let Some((at, archive)) = receiver.recv().await {
                let source = LayerSource {
                    archive: archive.clone(),
                    part: None,
                    digest: Some(layers[at].digest.clone()),
                };
                self.unpack_aside(&of, &image, at, &source, &stop.0).await?;
                // It takes room only until then.
                std::fs::remove_file(&archive).map_err(ImageError::at("remove", archive))?;
                so_far += 1;
                progress(Progress::Unpacking(so_far, missing.len()));
            }
            Ok(())
        };
        tokio::try_join!(downloads, unpacking)?;
        Ok(self.add(image, std::slice::from_ref(name), &digests))
    }

    async fn configuration(
        &self,
        registry: &Registry,
        of: &Descriptor,
    ) -> Result<ConfigFile, ImageError> {
        if of.size > MOST_MANIFEST {
            return Err(ImageError::unsound(
                "its configuration is larger than it may be",
            ));
        }
        let counter = Counter {
            so_far: AtomicU64::new(0),
            all: of.size,
            progress: &|_| {},
        };
        let path = download(registry, of, self.file()?, &counter).await?;
        let bytes = std::fs::read(&path).map_err(ImageError::at("read", path))?;
        ConfigFile::read(bytes)
    }
}

/// Configuration and layers of the image for the platform that is wanted, and the digests that led
/// there.
async fn manifests(
    registry: &Registry,
    name: &ImageName,
    options: &PullOptions,
) -> Result<(Descriptor, Vec<Descriptor>, Vec<String>), ImageError> {
    let wanted = options.platform.clone().unwrap_or_else(Platform::here);
    let (mut bytes, digest) = registry.manifest(None).await?;
    let mut digests = vec![digest];
    loop {
        match Manifest::read(&bytes)? {
            Manifest::Image { config, layers } => return Ok((config, layers, digests)),
            Manifest::Index(_) if digests.len() > MOST_DEPTH => {
                return Err(ImageError::unsound("its manifests lead to each other"));
            }
            Manifest::Index(inner) => {
                let one = choose(&name.short(), &inner, &wanted)?;
                let (next, digest) = registry.manifest(Some(&one.digest)).await?;
                bytes = next;
                digests.push(digest);
            }
        }
    }
}
