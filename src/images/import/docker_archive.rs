//! What `docker save` writes: `manifest.json`, a configuration, and a tar for each layer.

use serde::Deserialize;

use super::super::config::ConfigFile;
use super::super::sha256::digits;
use super::super::{Arrival, Arrived, ImageError, ImageName};
use super::index::TarIndex;
use super::source::Import;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// Imports the images of such an archive.
pub(super) fn docker_archive(
    arrival: &mut Arrival<'_>,
    index: &TarIndex,
    import: &Import<'_>,
) -> Result<Vec<Arrived>, ImageError> {
    let with_its_name = |error| import.named(error);
    let bytes = index.bytes("manifest.json").map_err(with_its_name)?;
    let saved: Vec<Saved> = serde_json::from_slice(&bytes).map_err(|error| {
        import.unsound(&format!(
            "has a `manifest.json` that can't be read: {error}"
        ))
    })?;
    if saved.is_empty() {
        return Err(import.unsound("holds no image"));
    }
    if import.options.name.is_some() && saved.len() > 1 {
        let what = format!("holds {} images, which can't have one name", saved.len());
        return Err(import
            .unsound(&what)
            .advise("leave `--tag` out: they have names"));
    }
    let mut arrived = Vec::new();
    for one in &saved {
        let bytes = index.bytes(&one.config).map_err(with_its_name)?;
        let image = ConfigFile::read(bytes).map_err(with_its_name)?;
        if names_another(&one.config, &image) {
            return Err(import.unsound("has a configuration with another digest"));
        }
        let (found, wanted) = (one.layers.len(), image.diff_ids.len());
        if found != wanted {
            let what = format!("has {found} layers where its configuration names {wanted}");
            return Err(import.unsound(&what));
        }
        let names = names(one, import)?;
        let name = names.first().map(ImageName::short).unwrap_or_default();
        image.must_fit(import.options.platform.as_ref(), &name)?;
        for (at, layer) in one.layers.iter().enumerate() {
            import.at(at, found);
            let source = index.find(layer);
            let source = source.ok_or_else(|| import.unsound(&format!("has no `{layer}`")))?;
            arrival.unpack(&import.of, &image, at, &source, import.stop)?;
        }
        import.at(found, found);
        arrived.extend(arrival.add(image, &names, &[]));
    }
    Ok(arrived)
}

/// Whether the file is named by a digest, and by that of something else.
fn names_another(file: &str, image: &ConfigFile) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    let stem = name.strip_suffix(".json").unwrap_or(name);
    let stem = stem.strip_prefix("sha256:").unwrap_or(stem);
    let digest = format!("sha256:{stem}");
    digits(&digest).is_some() && digest != image.id()
}

fn names(saved: &Saved, import: &Import<'_>) -> Result<Vec<ImageName>, ImageError> {
    if let Some(name) = &import.options.name {
        return Ok(vec![name.clone()]);
    }
    let tags = saved.repo_tags.as_deref().unwrap_or_default();
    let mut names = Vec::new();
    for tag in tags {
        let name = ImageName::parse(tag);
        names.push(name.ok_or_else(|| ImageError::Name { text: tag.clone() })?);
    }
    if names.is_empty() {
        let advice = "say the name that it shall have with `--tag`";
        return Err(import
            .unsound("holds an image without a name")
            .advise(advice));
    }
    Ok(names)
}
