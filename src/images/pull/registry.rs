//! One registry: manifests and blobs.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use oci_client::client::{
    BlobResponse, Certificate, CertificateEncoding, Client, ClientConfig, ClientProtocol,
    SizedStream,
};
use oci_client::errors::OciDistributionError;
use oci_client::secrets::RegistryAuth;
use oci_client::{Reference, RegistryOperation};

use crate::web::install_provider;

use super::super::manifest::MOST_MANIFEST;
use super::super::sha256::sha256;
use super::super::{ImageError, ImageName};
use super::fault::{is_no_connection, of};

/// How long a registry may say nothing.
const SILENCE: Duration = Duration::from_secs(60);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(20);
/// How long a manifest may take in all: it is kept in memory.
const MANIFEST: Duration = Duration::from_secs(60);

/// The kinds of manifests that are read.
const MANIFESTS: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// As whom a registry is asked.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// Name and password.
    Password {
        /// The name.
        user: String,
        /// The password.
        password: String,
    },
    /// A token that goes to the registry as it is.
    Bearer(String),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Login([MASKED])")
    }
}

/// A registry, asked for one image.
#[derive(Clone)]
pub(super) struct Registry {
    client: Client,
    image: Arc<ImageName>,
    auth: RegistryAuth,
    /// Plain http, where the registry of this machine has no TLS.
    plain: Option<Client>,
}

impl Registry {
    /// The registry of an image. Nothing is asked yet.
    pub(super) fn of(
        image: &ImageName,
        login: Option<&Login>,
        certificates: Option<&[u8]>,
    ) -> Result<Self, ImageError> {
        install_provider();
        let client = |protocol| {
            let config = ClientConfig {
                protocol,
                extra_root_certificates: (certificates.iter())
                    .map(|pem| Certificate {
                        encoding: CertificateEncoding::Pem,
                        data: pem.to_vec(),
                    })
                    .collect(),
                read_timeout: Some(SILENCE),
                connect_timeout: Some(CONNECT),
                user_agent: concat!("pipe/", env!("CARGO_PKG_VERSION")),
                ..ClientConfig::default()
            };
            Client::try_from(config).map_err(|error| of(image, error))
        };
        let plain = is_this_machine(&image.registry).then(|| client(ClientProtocol::Http));
        Ok(Self {
            client: client(ClientProtocol::Https)?,
            image: Arc::new(image.clone()),
            auth: match login {
                None => RegistryAuth::Anonymous,
                Some(Login::Password { user, password }) => {
                    RegistryAuth::Basic(user.clone(), password.clone())
                }
                Some(Login::Bearer(token)) => RegistryAuth::Bearer(token.clone()),
            },
            plain: plain.transpose()?,
        })
    }

    fn reference(&self, digest: Option<&str>) -> Reference {
        let (registry, repository) = (&self.image.registry, &self.image.repository);
        let (registry, repository) = (registry.clone(), repository.clone());
        match (digest.or(self.image.digest.as_deref()), &self.image.tag) {
            (Some(digest), _) => Reference::with_digest(registry, repository, digest.to_owned()),
            (None, Some(tag)) => Reference::with_tag(registry, repository, tag.clone()),
            (None, None) => Reference::with_tag(registry, repository, "latest".to_owned()),
        }
    }

    /// Says who asks, and finds out how the registry is to be asked.
    pub(super) async fn greet(&mut self) -> Result<(), ImageError> {
        let reference = self.reference(None);
        let (auth, pull) = (self.auth.clone(), RegistryOperation::Pull);
        let mut greeted = self.client.auth(&reference, &auth, pull).await;
        if let Err(error) = &greeted
            && is_no_connection(error)
            && let Some(plain) = self.plain.take()
        {
            self.client = plain;
            greeted = self.client.auth(&reference, &auth, pull).await;
        }
        greeted.map(drop).map_err(|error| self.fault(error))
    }

    /// A manifest and its digest: what the name means, or what has that digest.
    pub(super) async fn manifest(
        &self,
        digest: Option<&str>,
    ) -> Result<(Vec<u8>, String), ImageError> {
        let reference = self.reference(digest);
        let asked = self
            .client
            .pull_manifest_raw(&reference, &self.auth, &MANIFESTS);
        let (bytes, _) = match tokio::time::timeout(MANIFEST, asked).await {
            Ok(answer) => answer.map_err(|error| self.fault(error))?,
            Err(_) => {
                return Err(ImageError::Unreachable {
                    registry: self.image.registry.clone(),
                    message: "its answer does not end".to_owned(),
                });
            }
        };
        if bytes.len() as u64 > MOST_MANIFEST {
            return Err(ImageError::unsound("its manifest is larger than it may be"));
        }
        let found = sha256(&bytes);
        let wanted = digest.or(self.image.digest.as_deref());
        if wanted.is_some_and(|wanted| wanted != found) {
            return Err(ImageError::unsound("its manifest has another digest"));
        }
        Ok((bytes.to_vec(), found))
    }

    /// A blob from `offset` on; whether it begins there or at its start.
    pub(super) async fn blob(
        &self,
        digest: &str,
        offset: u64,
    ) -> Result<(SizedStream, bool), OciDistributionError> {
        let reference = self.reference(None);
        let answer = self
            .client
            .pull_blob_stream_partial(&reference, digest, offset, None);
        Ok(match answer.await? {
            BlobResponse::Partial(stream) => (stream, true),
            BlobResponse::Full(stream) => (stream, false),
        })
    }

    pub(super) fn fault(&self, error: OciDistributionError) -> ImageError {
        of(&self.image, error)
    }
}

/// Whether a registry is on this machine, where plain http does no harm.
fn is_this_machine(registry: &str) -> bool {
    let host = match registry.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => registry,
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_this_machine;

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        for (registry, expected) in [
            ("localhost", true),
            ("localhost:5000", true),
            ("127.0.0.1:5000", true),
            ("127.8.8.8", true),
            ("[::1]:5000", true),
            ("docker.io", false),
            ("localhost.example.com", false),
            ("10.0.0.1:5000", false),
            ("registry:5000", false),
        ] {
            assert_eq!(is_this_machine(registry), expected, "{registry}");
        }
    }
}
