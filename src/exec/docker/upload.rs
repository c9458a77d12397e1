//! Filling a container before its first start: one tar stream with everything in it.
//!
//! The archive API takes some 40 ms per call, so that directories, tree and artifacts go in one.
//! This is the seam for volumes: a tree that the daemon has already would not travel again.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bollard::query_parameters::UploadToContainerOptionsBuilder;
use bollard::{Docker, body_try_stream};
use futures_util::stream;
use tar::{Builder, EntryType, Header};

use super::super::bridge::{ChunkWriter, channel};
use super::super::entry::relative;
use super::super::{ExecError, Layout};
use super::fault;
use crate::foreign::system_words;

const PHASE: &str = "upload";

/// Bytes read from an archive at once.
const READ: usize = 256 * 1024;

/// What a container holds before its first start.
pub(super) struct Content {
    /// Where it goes.
    pub(super) layout: Layout,
    /// Empty files in the temporary directory.
    pub(super) temp_files: Vec<String>,
    /// Archives laid over the project directory, in this order.
    pub(super) tars: Vec<PathBuf>,
}

/// Puts `content` into the created container.
pub(super) async fn fill(docker: &Docker, id: &str, content: Content) -> Result<(), ExecError> {
    send(docker, id, move |to| compose(&content, to)).await
}

/// Lays archives over the project directory of a container that was filled before.
pub(super) async fn add(
    docker: &Docker,
    id: &str,
    project_dir: &str,
    tars: Vec<PathBuf>,
) -> Result<(), ExecError> {
    let project_dir = project_dir.to_owned();
    send(docker, id, move |to| {
        let mut tar = Builder::new(to);
        lay_over(&inside(&project_dir)?, &tars, &mut tar)?;
        tar.finish()
    })
    .await
}

/// Streams what `compose` writes into the container's root.
async fn send(
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
        (Ok(Err(error)), _) => Err(ExecError::system(
            PHASE,
            format!("the project files can't be read: {}", system_words(&error)),
        )
        .because(error)),
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
        append(&mut tar, &folder, EntryType::Directory, 0o777)?;
    }
    append(&mut tar, &temp, EntryType::Directory, 0o777)?;
    for file in &content.temp_files {
        append(&mut tar, &temp.join(file), EntryType::Regular, 0o666)?;
    }
    lay_over(&project, &content.tars, &mut tar)?;
    tar.finish()
}

fn lay_over(project: &Path, tars: &[PathBuf], to: &mut Builder<impl Write>) -> io::Result<()> {
    tars.iter()
        .try_for_each(|archive| copy_below(project, archive, to))
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

fn append(
    tar: &mut Builder<impl Write>,
    path: &Path,
    kind: EntryType,
    mode: u32,
) -> io::Result<()> {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_mtime(now.as_secs());
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    tar.append_data(&mut header, path, io::empty())
}

/// Copies the entries of `archive` with their paths below `project`.
fn copy_below(project: &Path, archive: &Path, tar: &mut Builder<impl Write>) -> io::Result<()> {
    let file = io::BufReader::with_capacity(READ, std::fs::File::open(archive)?);
    for entry in tar::Archive::new(file).entries()? {
        let mut entry = entry?;
        let name = relative(&entry.path()?)?;
        if name.as_os_str().is_empty() {
            continue;
        }
        let path = project.join(name);
        let mut header = entry.header().clone();
        match header.entry_type() {
            EntryType::Symlink => {
                let target = entry.link_name()?.unwrap_or_default().into_owned();
                tar.append_link(&mut header, path, target)?;
            }
            EntryType::Link => {
                let target = relative(&entry.link_name()?.unwrap_or_default())?;
                tar.append_link(&mut header, path, project.join(target))?;
            }
            _ => {
                if header.entry_type().is_gnu_sparse() {
                    // Its content comes with the holes filled.
                    header.set_entry_type(EntryType::Regular);
                }
                header.set_size(entry.size());
                tar.append_data(&mut header, path, &mut entry)?;
            }
        }
    }
    Ok(())
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
