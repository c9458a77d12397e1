//! Images: which are here, and bringing those that are not.

use std::collections::HashMap;
use std::io::Write;

use bollard::Docker;
use bollard::auth::DockerCredentials;
use bollard::models::{ImageConfig, ImageInspect};
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::TryStreamExt;

use super::super::{ExecError, Image, Login};
use super::fault;

/// Those of `images` that are not here, each name and platform once.
pub(super) async fn missing(docker: &Docker, images: &[Image]) -> Result<Vec<Image>, ExecError> {
    let mut missing: Vec<Image> = Vec::new();
    let mut seen: Vec<(&str, Option<&str>)> = Vec::new();
    for image in images {
        let key = (image.name.as_str(), image.platform.as_deref());
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        if !is_here(docker, image).await? {
            missing.push(image.clone());
        }
    }
    Ok(missing)
}

async fn is_here(docker: &Docker, image: &Image) -> Result<bool, ExecError> {
    match docker.inspect_image(&image.name).await {
        Ok(found) => Ok(fits(&found, image.platform.as_deref())),
        // 400: not a name that an image can have; creating the container says so properly.
        Err(error) if matches!(fault::status(&error), Some(404 | 400)) => Ok(false),
        Err(error) => Err(fault::system(
            "inspect image",
            &format!("image `{}`", image.name),
            error,
        )),
    }
}

/// What an image says of its containers; nothing where it is not here.
pub(super) async fn config(docker: &Docker, name: &str) -> Result<ImageConfig, ExecError> {
    match docker.inspect_image(name).await {
        Ok(found) => Ok(found.config.unwrap_or_default()),
        Err(error) if fault::status(&error) == Some(404) => Ok(ImageConfig::default()),
        Err(error) => Err(fault::system(
            "inspect image",
            &format!("image `{name}`"),
            error,
        )),
    }
}

/// Whether an image is for `platform` (`os/architecture`, a variant is not compared).
fn fits(image: &ImageInspect, platform: Option<&str>) -> bool {
    let Some(platform) = platform else {
        return true;
    };
    let mut words = platform.split('/');
    let same = |have: Option<&String>, want: Option<&str>| {
        want.is_none_or(|want| have.is_none_or(|have| have == want))
    };
    same(image.os.as_ref(), words.next()) && same(image.architecture.as_ref(), words.next())
}

/// Brings `image`, asked for as `login` says, which is from the source behind it; tells bytes so far
/// and in all.
pub(super) async fn pull(
    docker: &Docker,
    image: &Image,
    login: Option<(Login, String)>,
    progress: &(dyn for<'a> Fn(u64, u64) + Send + Sync),
) -> Result<(), ExecError> {
    let mut options = CreateImageOptionsBuilder::new().from_image(&with_tag(&image.name));
    if let Some(platform) = &image.platform {
        options = options.platform(platform);
    }
    let mut layers: HashMap<String, (u64, u64)> = HashMap::new();
    let (login, source) = login.unzip();
    let login = login.map(credentials);
    let mut steps = std::pin::pin!(docker.create_image(Some(options.build()), None, login));
    while let Some(step) = steps
        .try_next()
        .await
        .map_err(|error| fault::pull(&image.in_words(), source.as_deref(), error))?
    {
        let (Some(layer), Some(detail)) = (step.id, step.progress_detail) else {
            continue;
        };
        let (Some(current), Some(total)) = (detail.current, detail.total) else {
            continue;
        };
        if step.status.as_deref() == Some("Downloading") {
            let bytes = |n: i64| u64::try_from(n).unwrap_or(0);
            layers.insert(layer, (bytes(current), bytes(total)));
            let (so_far, all) = layers
                .values()
                .fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
            progress(so_far, all);
        }
    }
    Ok(())
}

/// In the daemon's words.
fn credentials(login: Login) -> DockerCredentials {
    let none = DockerCredentials::default();
    match login {
        Login::Password { user, password } => DockerCredentials {
            username: Some(user),
            password: Some(password),
            ..none
        },
        Login::Identity { user, token } => DockerCredentials {
            username: Some(user),
            identitytoken: Some(token),
            ..none
        },
        Login::Bearer(token) => DockerCredentials {
            registrytoken: Some(token),
            ..none
        },
    }
}

/// Writes an image to `to`: an archive of its layers.
pub(super) async fn save(docker: &Docker, name: &str, to: &mut dyn Write) -> Result<(), ExecError> {
    let name = with_tag(name);
    let of = format!("image `{name}`");
    // Asked for what it does not have, the daemon names a broken server.
    if let Err(error) = docker.inspect_image(&name).await {
        return Err(match fault::status(&error) {
            Some(404) => {
                let message = format!("the Docker daemon has no image `{name}`");
                ExecError::user("save image", message)
            }
            _ => fault::system("inspect image", &of, error),
        });
    }
    let mut archive = std::pin::pin!(docker.export_image(&name));
    while let Some(part) = archive
        .try_next()
        .await
        .map_err(|error| fault::system("save image", &of, error))?
    {
        let written = to.write_all(&part);
        let what = format!("{of} can't be written");
        written.map_err(|error| ExecError::file("save image", &what, error))?;
    }
    Ok(())
}

/// Without a tag the API would bring every tag (runtime reference 9.1).
fn with_tag(name: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or(name);
    if last.contains(':') || last.contains('@') {
        name.to_owned()
    } else {
        format!("{name}:latest")
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::ImageInspect;

    use super::{fits, with_tag};

    #[test]
    fn tags() {
        for (name, wanted) in [
            ("alpine", "alpine:latest"),
            ("alpine:3", "alpine:3"),
            ("reg.io:5000/a/b", "reg.io:5000/a/b:latest"),
            ("reg.io:5000/a/b:1", "reg.io:5000/a/b:1"),
            ("a@sha256:00", "a@sha256:00"),
        ] {
            assert_eq!(with_tag(name), wanted, "{name}");
        }
    }

    #[test]
    fn platforms() {
        let image = ImageInspect {
            os: Some("linux".to_owned()),
            architecture: Some("amd64".to_owned()),
            ..ImageInspect::default()
        };
        for (platform, fit) in [
            (None, true),
            (Some("linux/amd64"), true),
            (Some("linux"), true),
            (Some("linux/amd64/v2"), true),
            (Some("linux/arm64"), false),
        ] {
            assert_eq!(fits(&image, platform), fit, "{platform:?}");
        }
    }
}
