//! What the store knows of its names, images and layers: small files of JSON.

use serde::{Deserialize, Serialize};

/// `names/<digest of name and platform>.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NameRecord {
    /// In full.
    pub(super) name: String,
    pub(super) platform: String,
    /// The image.
    pub(super) id: String,
    /// Of the manifests that led to it, as a registry has them; what the name means there first.
    #[serde(default)]
    pub(super) digests: Vec<String>,
    /// As RFC 3339 has it.
    pub(super) arrived: String,
}

/// `images/<digits of the id>.json`. Whoever uses the image holds a lock on this file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ImageRecord {
    pub(super) id: String,
    pub(super) platform: String,
    /// The names of its layers over each other, the lowest first.
    pub(super) chain: Vec<String>,
}

/// `layers/<first digits of the chain>/layer.json`, beside its files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LayerRecord {
    /// The name of this layer over those below it.
    pub(super) chain: String,
    pub(super) diff_id: String,
    pub(super) bytes: u64,
    pub(super) entries: u64,
    /// Device nodes that were left out.
    pub(super) devices: u64,
}
