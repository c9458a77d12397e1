//! Filling a container before its first start: one tar stream with everything in it.
//!
//! The archive API takes some 40 ms per call, so that directories, tree and artifacts go in one.
//! Where the daemon can lay volumes over each other, most containers need none.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bollard::query_parameters::UploadToContainerOptionsBuilder;
use bollard::{Docker, body_try_stream};
use futures_util::stream;
use tar::{Builder, EntryType};

use super::super::bridge::{ChunkWriter, channel};
use super::super::entry::relative;
use super::super::owned::{Owned, Owner};
use super::super::relocate::{append_empty, lay_over};
use super::super::{ExecError, Layout};
use super::fault;

const PHASE: &str = "upload";

/// What a container holds before its first start.
pub(super) struct Content {
    /// Where it goes.
    pub(super) layout: Layout,
    /// Empty files in the temporary directory.
    pub(super) temp_files: Vec<String>,
    /// Archives laid over the project directory, in this order.
    pub(super) tars: Vec<PathBuf>,
    /// Whose all of it is; `None` for root's, and open to all.
    pub(super) owner: Option<Owner>,
}

/// Puts `content` into the created container.
pub(super) async fn fill(docker: &Docker, id: &str, content: Content) -> Result<(), ExecError> {
    send(docker, id, move |to| match content.owner {
        Some(owner) => compose(&content, &mut Owned::new(owner, to)),
        None => compose(&content, to),
    })
    .await
}

/// Opens folders of a container to every user.
pub(super) async fn open_folders(
    docker: &Docker,
    id: &str,
    folders: Vec<String>,
) -> Result<(), ExecError> {
    send(docker, id, move |to| {
        let mut tar = Builder::new(to);
        for folder in &folders {
            append_empty(&mut tar, &inside(folder)?, EntryType::Directory, 0o777)?;
        }
        tar.finish()
    })
    .await
}

/// Lays archives over the project directory of a container that was filled before.
pub(super) async fn add(
    docker: &Docker,
    id: &str,
    project_dir: &str,
    tars: Vec<PathBuf>,
    owner: Option<Owner>,
) -> Result<(), ExecError> {
    let project_dir = project_dir.to_owned();
    let compose = move |to: &mut dyn Write| {
        let mut tar = Builder::new(to);
        lay_over(&inside(&project_dir)?, &tars, &mut tar)?;
        tar.finish()
    };
    send(docker, id, move |to| match owner {
        Some(owner) => compose(&mut Owned::new(owner, to)),
        None => compose(to),
    })
    .await
}

/// Streams what `compose` writes into the container, from its root down.
pub(super) async fn send(
    docker: &Docker,
    id: &str,
    compose: impl FnOnce(&mut ChunkWriter) -> io::Result<()> + Send + 'static,
) -> Result<(), ExecError> {
    let (to, from) = channel();
    let composing = tokio::task::spawn_blocking(move || {
        let mut writer = ChunkWriter::new(to);
        let result = compose(&mut writer);
        writer.finish(result)
    });
    let body = stream::unfold(from, |mut from| async move {
        let chunk = from.recv().await?;
        Some((chunk.map(Into::into), from))
    });
    let options = UploadToContainerOptionsBuilder::new().path("/").build();
    let sent = docker
        .upload_to_container(id, Some(options), body_try_stream(body))
        .await;
    match (composing.await, sent) {
        // The daemon's word first: when it hangs up, composing fails too.
        (_, Err(error)) if fault::status(&error).is_some() => Err(fault::system(
            PHASE,
            "the project files were not taken",
            error,
        )),
        (Ok(Err(error)), _) => Err(ExecError::file(
            PHASE,
            "the project files can't be packed",
            error,
        )),
        (Err(error), _) => {
            Err(ExecError::system(PHASE, "packing the project files broke off").because(error))
        }
        (_, Err(error)) => Err(fault::system(
            PHASE,
            "the project files were not taken",
            error,
        )),
        (Ok(Ok(())), Ok(())) => Ok(()),
    }
}

fn compose(content: &Content, to: &mut impl Write) -> io::Result<()> {
    let mut tar = Builder::new(to);
    let project = inside(&content.layout.project_dir)?;
    let temp = inside(&content.layout.temp_dir())?;
    for folder in folders(&inside(&content.layout.builds_dir)?, &project) {
        append_empty(&mut tar, &folder, EntryType::Directory, 0o777)?;
    }
    append_empty(&mut tar, &temp, EntryType::Directory, 0o777)?;
    for file in &content.temp_files {
        append_empty(&mut tar, &temp.join(file), EntryType::Regular, 0o666)?;
    }
    lay_over(&project, &content.tars, &mut tar)?;
    tar.finish()
}

/// An absolute path as an archive for `/` names it.
fn inside(path: &str) -> io::Result<PathBuf> {
    relative(Path::new(path.trim_start_matches('/')))
}

/// The project directory and its parents as far up as the builds directory, outermost first.
fn folders(builds: &Path, project: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = project
        .ancestors()
        .take_while(|folder| folder.starts_with(builds) && *folder != Path::new(""))
        .map(Path::to_owned)
        .collect();
    folders.reverse();
    folders
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::folders;

    #[test]
    fn folders_from_the_builds_directory_down() {
        let made = folders(Path::new("builds"), Path::new("builds/g/sub/p"));
        let made: Vec<_> = made.iter().map(|path| path.display().to_string()).collect();
        assert_eq!(
            made,
            ["builds", "builds/g", "builds/g/sub", "builds/g/sub/p"]
        );
    }
}
