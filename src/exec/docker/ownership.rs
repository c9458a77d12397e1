//! Who owns the files of a job that wants them as git writes them
//! (`FF_DISABLE_UMASK_FOR_DOCKER_EXECUTOR`).

use bollard::models::ContainerCreateBody;

use super::super::owned::Owner;
use super::super::{ExecError, Image};
use super::download::Place;
use super::images::Images;
use super::layers::Site;
use super::user;

/// Far more than the files of any image have. Bytes.
const LIMIT: u64 = 1 << 20;

/// The owner for a job in that image: root, or who the job's user is there.
pub(super) async fn owner(site: &Site, images: &Images, image: &Image) -> Result<Owner, ExecError> {
    let user = images.user(site, image).await?;
    if images.runs_as_root(site, image).await? {
        return Ok(Owner { uid: 0, gid: 0 });
    }
    let known = if user::is_plain(&user) {
        user::numbers(&user, "", "")
    } else {
        let (passwd, group) = files(site).await?;
        user::numbers(&user, &passwd, &group)
    };
    known.ok_or_else(|| {
        ExecError::user(
            "open",
            format!("image `{}` does not know the user `{user}`", image.name),
        )
    })
}

/// `/etc/passwd` and `/etc/group` of the image; empty where it has none.
async fn files(site: &Site) -> Result<(String, String), ExecError> {
    let body = ContainerCreateBody {
        image: Some(site.image.clone()),
        entrypoint: Some(vec!["/never-started".to_owned()]),
        labels: Some(site.labels()),
        ..ContainerCreateBody::default()
    };
    let mut container = Box::pin(site.container(None, body)).await?;
    let read = async {
        let place = Place::new(&container, "/");
        let passwd = place.read("/etc/passwd", LIMIT).await?;
        Ok::<_, ExecError>((passwd, place.read("/etc/group", LIMIT).await?))
    };
    let read = read.await;
    let removed = container.remove().await;
    let (passwd, group) = read?;
    removed?;
    let text =
        |bytes: Option<Vec<u8>>| String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    Ok((text(passwd), text(group)))
}
