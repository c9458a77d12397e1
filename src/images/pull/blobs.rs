//! Blobs on their way: side by side, taken up again where a connection broke, checked.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use oci_client::errors::OciDistributionError;
use sha2::{Digest as _, Sha256};

use super::super::manifest::Descriptor;
use super::super::{ImageError, OnProgress, Progress, sha256};
use super::registry::Registry;

/// How often a connection may break.
const MOST_TRIES: u32 = 4;
/// How long the first break waits; each further one longer.
const PAUSE: Duration = Duration::from_millis(500);

/// Tells how much of all has come.
pub(super) struct Counter<'a> {
    pub(super) so_far: AtomicU64,
    pub(super) all: u64,
    pub(super) progress: OnProgress<'a>,
}

impl Counter<'_> {
    fn add(&self, bytes: u64) {
        let so_far = self.so_far.fetch_add(bytes, Ordering::Relaxed) + bytes;
        (self.progress)(Progress::Downloading(so_far, self.all));
    }
}

/// A file that is being filled.
struct Filling {
    file: File,
    path: PathBuf,
    hash: Sha256,
    length: u64,
}

impl Filling {
    fn write(&mut self, bytes: &[u8]) -> Result<(), ImageError> {
        let written = self.file.write_all(bytes);
        written.map_err(ImageError::at("write", &self.path))?;
        self.hash.update(bytes);
        self.length += bytes.len() as u64;
        Ok(())
    }
}

/// Brings a blob into `file`, which is empty. What has another size or digest is an error.
pub(super) async fn download(
    registry: &Registry,
    blob: &Descriptor,
    (file, path): (File, PathBuf),
    counter: &Counter<'_>,
) -> Result<PathBuf, ImageError> {
    let mut filling = Filling {
        file,
        path,
        hash: Sha256::new(),
        length: 0,
    };
    for tried in 1.. {
        match attempt(registry, blob, &mut filling, counter).await? {
            None => break,
            Some(_) if tried < MOST_TRIES => tokio::time::sleep(PAUSE * tried).await,
            Some(broken) => return Err(registry.fault(broken)),
        }
    }
    if filling.length != blob.size || sha256::written(filling.hash) != blob.digest {
        let what = "a layer that the registry sent has another digest";
        return Err(ImageError::unsound(what));
    }
    Ok(filling.path)
}

/// Reads on from where the file ends; gives why the connection broke, if it may be tried again.
async fn attempt(
    registry: &Registry,
    blob: &Descriptor,
    filling: &mut Filling,
    counter: &Counter<'_>,
) -> Result<Option<OciDistributionError>, ImageError> {
    let (mut stream, goes_on) = match registry.blob(&blob.digest, filling.length).await {
        Ok(answer) => answer,
        Err(error @ OciDistributionError::RequestError(_)) => return Ok(Some(error)),
        Err(error) => return Err(registry.fault(error)),
    };
    // A server that can't go on begins anew: what is there already is passed over.
    let mut known = if goes_on { 0 } else { filling.length };
    while let Some(part) = stream.next().await {
        let part = match part {
            Ok(part) => part,
            // All is there: whether it is what it should be is seen below.
            Err(_) if filling.length == blob.size => return Ok(None),
            Err(error) => return Ok(Some(error.into())),
        };
        let skip = known.min(part.len() as u64);
        known -= skip;
        let new = part
            .get(usize::try_from(skip).unwrap_or(0)..)
            .unwrap_or_default();
        if filling.length + new.len() as u64 > blob.size {
            let what = "the registry sends more than its manifest says";
            return Err(ImageError::unsound(what));
        }
        filling.write(new)?;
        counter.add(new.len() as u64);
    }
    if filling.length < blob.size {
        let cut = io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended early");
        return Ok(Some(cut.into()));
    }
    Ok(None)
}
