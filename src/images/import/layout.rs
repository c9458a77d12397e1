//! OCI layouts: `index.json`, and blobs that are named by their digests.

use super::super::config::ConfigFile;
use super::super::manifest::{Descriptor, Manifest, choose};
use super::super::{Arrival, Arrived, ImageError, ImageName};
use super::index::Blobs;
use super::source::Import;

/// Where engines write the name of an image, the one that says it in full first.
const NAMES: [&str; 2] = [
    "io.containerd.image.name",
    "org.opencontainers.image.ref.name",
];
/// How deep lists of manifests lie in each other.
const MOST_DEPTH: usize = 4;

/// Imports the images of a layout.
pub(super) fn layout(
    arrival: &mut Arrival<'_>,
    blobs: &Blobs,
    import: &Import<'_>,
) -> Result<Vec<Arrived>, ImageError> {
    let named = |error| import.named(error);
    let index = blobs.index().and_then(|bytes| Manifest::read(&bytes));
    let Manifest::Index(manifests) = index.map_err(named)? else {
        return Err(import.unsound("has an `index.json` that is none"));
    };
    let manifests: Vec<Descriptor> = manifests.into_iter().filter(Descriptor::is_image).collect();
    let chosen: Vec<(&Descriptor, ImageName)> = match &import.options.name {
        Some(name) if manifests.len() == 1 => vec![(&manifests[0], name.clone())],
        Some(name) => {
            let wanted = import.options.wanted_platform();
            vec![(choose(&import.of, &manifests, &wanted)?, name.clone())]
        }
        None => {
            let mut chosen = Vec::new();
            for one in &manifests {
                chosen.push((one, name(one, import)?));
            }
            chosen
        }
    };
    if chosen.is_empty() {
        return Err(import.unsound("holds no image"));
    }
    let mut arrived = Vec::new();
    for (descriptor, name) in chosen {
        arrived.extend(image(arrival, blobs, descriptor, name, import).map_err(named)?);
    }
    Ok(arrived)
}

/// The name that the layout gives an image.
fn name(of: &Descriptor, import: &Import<'_>) -> Result<ImageName, ImageError> {
    let notes = of.annotations.as_ref();
    let written = NAMES.iter().find_map(|key| notes?.get(*key));
    // A tag alone names nothing.
    let is_name = |text: &&String| text.contains(['/', ':']);
    written
        .filter(is_name)
        .and_then(|text| ImageName::parse(text))
        .ok_or_else(|| {
            let advice = "say the name that it shall have with `--tag`";
            import
                .unsound("holds an image without a name")
                .advise(advice)
        })
}

fn image(
    arrival: &mut Arrival<'_>,
    blobs: &Blobs,
    descriptor: &Descriptor,
    name: ImageName,
    import: &Import<'_>,
) -> Result<Vec<Arrived>, ImageError> {
    let mut digests = vec![descriptor.digest.clone()];
    let mut manifest = Manifest::read(&blobs.bytes(descriptor)?)?;
    let (config, layers) = loop {
        match manifest {
            Manifest::Image { config, layers } => break (config, layers),
            Manifest::Index(_) if digests.len() > MOST_DEPTH => {
                return Err(ImageError::unsound("its manifests lead to each other"));
            }
            Manifest::Index(inner) => {
                let wanted = import.options.wanted_platform();
                let one = choose(&name.short(), &inner, &wanted)?;
                digests.push(one.digest.clone());
                manifest = Manifest::read(&blobs.bytes(one)?)?;
            }
        }
    };
    let image = ConfigFile::read(blobs.bytes(&config)?)?;
    image.must_fit(import.options.platform.as_ref(), &name.short())?;
    let (found, wanted) = (layers.len(), image.diff_ids.len());
    if found != wanted {
        return Err(ImageError::unsound(format!(
            "its manifest names {found} layers where its configuration names {wanted}"
        )));
    }
    for (at, layer) in layers.iter().enumerate() {
        import.at(at, found);
        arrival.unpack(&import.of, &image, at, &blobs.layer(layer)?, import.stop)?;
    }
    import.at(found, found);
    Ok(arrival.add(image, &[name], &digests))
}
