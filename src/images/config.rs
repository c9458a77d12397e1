//! What an image says of its containers: environment, command, user, folder.

use serde::Deserialize;
use serde_json::Value as Json;

use super::sha256::{digits, sha256};
use super::{ImageError, Platform};

/// How many layers overlayfs lays over each other.
const MOST_LAYERS: usize = 500;

/// What an image says of its containers. Everything is as the image has it, nothing is looked up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// `KEY=VALUE`, in order. Without a `PATH` among them the engine's default counts:
    /// `/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`.
    pub env: Vec<String>,
    /// What runs in front of the command.
    pub entrypoint: Vec<String>,
    /// The command where none is given.
    pub cmd: Vec<String>,
    /// `user`, `user:group`, each a name of the image's `/etc/passwd` and `/etc/group` or a
    /// number. Empty is root.
    pub user: String,
    /// The folder that the command starts in; empty is `/`. It may not exist yet.
    pub workdir: String,
    /// Ports that it says it serves, as `80/tcp`, in order.
    pub exposed: Vec<String>,
    /// Folders that are volumes of their own, in order.
    pub volumes: Vec<String>,
    /// The signal that asks the command to end; empty is `SIGTERM`.
    pub stop_signal: String,
}

/// The file that names an image: its digest is the image's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ConfigFile {
    pub(super) bytes: Vec<u8>,
    pub(super) config: ImageConfig,
    pub(super) platform: Platform,
    /// The digests of the layers' tars, the lowest first.
    pub(super) diff_ids: Vec<String>,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
    #[serde(default)]
    variant: Option<String>,
    #[serde(default)]
    config: Option<Settings>,
    rootfs: RootFs,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Settings {
    env: Option<Vec<String>>,
    entrypoint: Option<Words>,
    cmd: Option<Words>,
    user: Option<String>,
    working_dir: Option<String>,
    volumes: Option<serde_json::Map<String, Json>>,
    exposed_ports: Option<serde_json::Map<String, Json>>,
    stop_signal: Option<String>,
}

/// Some tools write a command as one text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Words {
    Many(Vec<String>),
    One(String),
}

impl From<Words> for Vec<String> {
    fn from(words: Words) -> Self {
        match words {
            Words::Many(words) => words,
            Words::One(word) => vec![word],
        }
    }
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Vec<String>,
}

impl ConfigFile {
    /// Reads the file. The error says what is wrong with it.
    pub(super) fn read(bytes: Vec<u8>) -> Result<Self, ImageError> {
        let unsound = |what: &str| ImageError::unsound(format!("its configuration {what}"));
        let written: Written = serde_json::from_slice(&bytes)
            .map_err(|error| unsound(&format!("can't be read: {error}")))?;
        let diff_ids = written.rootfs.diff_ids;
        if diff_ids.is_empty() {
            return Err(unsound("names no layer"));
        }
        if diff_ids.len() > MOST_LAYERS {
            return Err(unsound(&format!("names more than {MOST_LAYERS} layers")));
        }
        if diff_ids.iter().any(|id| digits(id).is_none()) {
            return Err(unsound("names a layer by something that is no SHA-256"));
        }
        let here = Platform::here();
        let platform = match (written.os.as_str(), written.architecture.as_str()) {
            ("", "") => here,
            (os, architecture) => {
                let variant = written.variant.unwrap_or_default();
                let platform = Platform::of_words(os, architecture, &variant);
                platform.map_err(|_| unsound("names no platform"))?
            }
        };
        let settings = written.config.unwrap_or_default();
        let words = |words: Option<Words>| words.map(Vec::from).unwrap_or_default();
        let names = |map: Option<serde_json::Map<String, Json>>| {
            let mut names: Vec<String> = match map {
                Some(map) => map.into_iter().map(|(name, _)| name).collect(),
                None => Vec::new(),
            };
            names.sort();
            names
        };
        Ok(Self {
            bytes,
            config: ImageConfig {
                env: settings.env.unwrap_or_default(),
                entrypoint: words(settings.entrypoint),
                cmd: words(settings.cmd),
                user: settings.user.unwrap_or_default(),
                workdir: settings.working_dir.unwrap_or_default(),
                exposed: names(settings.exposed_ports),
                volumes: names(settings.volumes),
                stop_signal: settings.stop_signal.unwrap_or_default(),
            },
            platform,
            diff_ids,
        })
    }

    /// Refuses the image `name` where it is made for another platform than was asked for.
    pub(super) fn must_fit(&self, wanted: Option<&Platform>, name: &str) -> Result<(), ImageError> {
        match wanted {
            Some(wanted) if !self.platform.fits(wanted) => Err(ImageError::Platform {
                name: name.to_owned(),
                wanted: wanted.to_string(),
                offered_for: vec![self.platform.to_string()],
            }),
            _ => Ok(()),
        }
    }

    /// The file of an image that is made of one tar and says nothing of its containers.
    pub(super) fn of_tar(diff_id: &str, platform: &Platform) -> Result<Self, ImageError> {
        let mut written = serde_json::json!({
            "architecture": platform.architecture,
            "os": platform.os,
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        });
        if !platform.variant.is_empty() {
            written["variant"] = platform.variant.as_str().into();
        }
        Self::read(written.to_string().into_bytes())
    }

    /// The image's id.
    pub(super) fn id(&self) -> String {
        sha256(&self.bytes)
    }

    /// The names of the layers over each other: two images share one only where all below is the
    /// same too.
    pub(super) fn chain(&self) -> Vec<String> {
        let mut chain: Vec<String> = Vec::with_capacity(self.diff_ids.len());
        for diff_id in &self.diff_ids {
            let next = match chain.last() {
                Some(below) => sha256(format!("{below} {diff_id}")),
                None => diff_id.clone(),
            };
            chain.push(next);
        }
        chain
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::Platform;
    use super::super::sha256::sha256;
    use super::{ConfigFile, ImageConfig};

    fn read(file: &Json) -> Result<ConfigFile, String> {
        let bytes = file.to_string().into_bytes();
        ConfigFile::read(bytes).map_err(|error| error.to_string())
    }

    #[test]
    fn what_an_image_says_is_read() {
        let layers = json!({"type": "layers", "diff_ids": [sha256("a"), sha256("b")]});
        let file = json!({
            "architecture": "arm", "os": "linux", "variant": "v7", "rootfs": layers,
            "config": {
                "Env": ["PATH=/bin", "A=b"], "Entrypoint": "/init", "Cmd": ["sh", "-c"],
                "User": "1000:users", "WorkingDir": "/srv", "StopSignal": "SIGINT",
                "Volumes": {"/data": {}, "/a": {}}, "ExposedPorts": {"80/tcp": {}}, "Labels": {"x": "y"},
            },
        });
        let read = read(&file).expect("sound");
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let config = ImageConfig {
            env: words(&["PATH=/bin", "A=b"]),
            entrypoint: words(&["/init"]),
            cmd: words(&["sh", "-c"]),
            user: "1000:users".to_owned(),
            workdir: "/srv".to_owned(),
            exposed: words(&["80/tcp"]),
            volumes: words(&["/a", "/data"]),
            stop_signal: "SIGINT".to_owned(),
        };
        assert_eq!(read.config, config);
        assert_eq!(read.platform.to_string(), "linux/arm/v7");
        let upper = sha256(format!("{} {}", sha256("a"), sha256("b")));
        assert_eq!(read.chain(), [sha256("a"), upper]);
    }

    #[test]
    fn what_an_image_leaves_out_is_empty() {
        let rootfs = json!({"diff_ids": [sha256("a")]});
        for file in [
            json!({"rootfs": rootfs}),
            json!({"rootfs": rootfs, "config": null}),
            json!({"rootfs": rootfs, "config": {"Env": null, "Cmd": null, "Volumes": null}}),
        ] {
            let read = read(&file).expect("sound");
            assert_eq!(read.config, ImageConfig::default(), "{file}");
            assert_eq!(read.platform, Platform::here(), "{file}");
        }
    }

    #[test]
    fn a_configuration_that_is_not_sound_is_refused() {
        for (file, expected) in [
            (json!([]), "its configuration can't be read"),
            (json!({}), "its configuration can't be read"),
            (
                json!({"rootfs": {"diff_ids": []}}),
                "its configuration names no layer",
            ),
            (
                json!({"rootfs": {"diff_ids": vec![sha256("a"); 501]}}),
                "its configuration names more than 500 layers",
            ),
            (
                json!({"rootfs": {"diff_ids": ["sha256:../../x"]}}),
                "its configuration names a layer by something that is no SHA-256",
            ),
            (
                json!({"rootfs": {"diff_ids": [sha256("a")]}, "os": "..", "architecture": "a b"}),
                "its configuration names no platform",
            ),
        ] {
            let error = read(&file).expect_err("not sound");
            assert!(error.starts_with(expected), "{file}: {error}");
        }
    }
}
