//! Manifests: which configuration and which layers an image is made of, for which platform.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::sha256::{digits, sha256};
use super::{ImageError, Platform};

/// What a manifest may be long.
pub(super) const MOST_MANIFEST: u64 = 8 << 20;
/// What is said about a manifest that says where an image comes from, and is none itself.
const ATTESTATION: &str = "vnd.docker.reference.type";

/// What another blob is, and its digest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default)]
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
    #[serde(default)]
    platform: Option<Written>,
    #[serde(default)]
    pub(super) annotations: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Written {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    variant: Option<String>,
}

impl Descriptor {
    /// What it says of the platform; `None` where it says nothing that has a meaning.
    pub(super) fn platform(&self) -> Option<Platform> {
        let Written {
            architecture,
            os,
            variant,
        } = self.platform.as_ref()?;
        let variant = variant.as_deref().unwrap_or_default();
        Platform::of_words(os, architecture, variant).ok()
    }

    /// Whether it may be an image.
    pub(super) fn is_image(&self) -> bool {
        let annotations = self.annotations.as_ref();
        let is_note = annotations.is_some_and(|notes| notes.contains_key(ATTESTATION));
        let unknown = |platform: &Written| platform.os == "unknown";
        !is_note && !self.platform.as_ref().is_some_and(unknown)
    }

    /// Whether these bytes are what is meant.
    pub(super) fn check(&self, bytes: &[u8]) -> Result<(), ImageError> {
        if bytes.len() as u64 == self.size && sha256(bytes) == self.digest {
            return Ok(());
        }
        let digest = &self.digest;
        Err(ImageError::unsound(format!(
            "what should be `{digest}` has another digest"
        )))
    }
}

/// A manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Manifest {
    /// Of one image.
    Image {
        config: Descriptor,
        layers: Vec<Descriptor>,
    },
    /// Of the same image for several platforms, or of several images.
    Index(Vec<Descriptor>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(default)]
    schema_version: Option<u64>,
    manifests: Option<Vec<Descriptor>>,
    config: Option<Descriptor>,
    layers: Option<Vec<Descriptor>>,
}

impl Manifest {
    /// Reads a manifest of either kind.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ImageError> {
        let unsound = |what: &str| ImageError::unsound(format!("its manifest {what}"));
        let document: Document = serde_json::from_slice(bytes)
            .map_err(|error| unsound(&format!("can't be read: {error}")))?;
        if document.schema_version == Some(1) {
            let advice = "build or push it anew with a tool of this decade";
            return Err(unsound("is of the old kind that no registry should give").advise(advice));
        }
        let read = match document {
            Document {
                manifests: Some(manifests),
                ..
            } => Self::Index(manifests),
            Document {
                config: Some(config),
                layers: Some(layers),
                ..
            } => Self::Image { config, layers },
            _ => return Err(unsound("is of no kind that is known")),
        };
        let all: Vec<&Descriptor> = match &read {
            Self::Index(manifests) => manifests.iter().collect(),
            Self::Image { config, layers } => layers.iter().chain([config]).collect(),
        };
        if let Some(other) = all.iter().find(|one| digits(&one.digest).is_none()) {
            let digest = &other.digest;
            return Err(unsound(&format!("names `{digest}`, which is no SHA-256")));
        }
        if let Some(sealed) = all
            .iter()
            .find(|one| one.media_type.ends_with("+encrypted"))
        {
            let digest = &sealed.digest;
            return Err(unsound(&format!("names `{digest}`, which is encrypted")));
        }
        Ok(read)
    }
}

/// The one of `manifests` that is for `wanted`: with the variant that is asked for, else any.
pub(super) fn choose<'a>(
    name: &str,
    manifests: &'a [Descriptor],
    wanted: &Platform,
) -> Result<&'a Descriptor, ImageError> {
    let images: Vec<&Descriptor> = manifests.iter().filter(|one| one.is_image()).collect();
    let find = |fits: &dyn Fn(&Platform) -> bool| {
        let mut images = images.iter().copied();
        images.find(|image| image.platform().is_some_and(|platform| fits(&platform)))
    };
    let found = find(&|platform| platform == wanted).or_else(|| find(&|it| it.fits(wanted)));
    if let Some(found) = found {
        return Ok(found);
    }
    // One that says nothing says it in its configuration.
    if let [only] = images[..]
        && only.platform().is_none()
    {
        return Ok(only);
    }
    Err(ImageError::Platform {
        name: name.to_owned(),
        wanted: wanted.to_string(),
        offered_for: (images.iter())
            .filter_map(|image| Some(image.platform()?.to_string()))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::sha256::sha256;
    use super::{Descriptor, Manifest, choose};

    fn read(document: &Json) -> Result<Manifest, String> {
        Manifest::read(document.to_string().as_bytes()).map_err(|error| error.to_string())
    }

    fn descriptor(of: &str) -> Json {
        json!({"mediaType": "x", "digest": sha256(of), "size": of.len()})
    }

    #[test]
    fn manifests_of_each_kind() {
        let image =
            json!({"schemaVersion": 2, "config": descriptor("c"), "layers": [descriptor("l")]});
        assert!(matches!(read(&image), Ok(Manifest::Image { .. })));
        let index = json!({"schemaVersion": 2, "manifests": [descriptor("m")]});
        assert!(matches!(read(&index), Ok(Manifest::Index(_))));
        let mut sealed = descriptor("l");
        sealed["mediaType"] = "application/vnd.oci.image.layer.v1.tar+gzip+encrypted".into();
        for (document, expected) in [
            (json!(1), "its manifest can't be read"),
            (json!({}), "its manifest is of no kind that is known"),
            (
                json!({"schemaVersion": 1, "fsLayers": []}),
                "its manifest is of the old kind",
            ),
            (
                json!({"manifests": [{"digest": "sha256:../../x", "size": 1}]}),
                "its manifest names `sha256:../../x`, which is no SHA-256",
            ),
            (
                json!({"config": descriptor("c"), "layers": [sealed]}),
                "its manifest names `sha256:",
            ),
        ] {
            let error = read(&document).expect_err("not sound");
            assert!(error.starts_with(expected), "{document}: {error}");
        }
    }

    #[test]
    fn the_platform_that_is_wanted_is_chosen() {
        let all: Vec<Descriptor> = [
            ("linux", "arm", "v6"),
            ("linux", "arm", "v7"),
            ("linux", "amd64", ""),
            ("windows", "amd64", ""),
            ("unknown", "unknown", ""),
        ]
        .into_iter()
        .map(|(os, architecture, variant)| {
            let mut one = descriptor(&format!("{os}/{architecture}/{variant}"));
            one["platform"] = json!({"os": os, "architecture": architecture, "variant": variant});
            serde_json::from_value(one).expect("a descriptor")
        })
        .collect();
        for (wanted, chosen) in [
            ("linux/amd64", Some("linux/amd64/")),
            ("linux/arm/v7", Some("linux/arm/v7")),
            ("linux/arm", Some("linux/arm/v6")),
            ("windows/amd64", Some("windows/amd64/")),
            ("linux/s390x", None),
        ] {
            let platform = wanted.parse().expect("a platform");
            let found = choose("ruby", &all, &platform);
            let digest = found.as_ref().ok().map(|found| found.digest.clone());
            assert_eq!(digest, chosen.map(sha256), "{wanted}");
            if let Err(error) = found {
                assert_eq!(
                    error.to_string(),
                    "image `ruby` is not made for linux/s390x: it is made for \
                     linux/arm/v6, linux/arm/v7, linux/amd64, windows/amd64"
                );
            }
        }
    }

    #[test]
    fn an_image_that_names_no_platform_is_for_all() {
        let one: Descriptor = serde_json::from_value(descriptor("m")).expect("a descriptor");
        let platform = "linux/s390x".parse().expect("a platform");
        assert!(choose("a", std::slice::from_ref(&one), &platform).is_ok());
        choose("a", &[one.clone(), one], &platform).expect_err("two");
    }
}
