//! One attempt of a job: its folder from creation to removal.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;

use super::super::collect::{self, cannot_pack};
use super::super::file_work::{blocking, in_place, removed_within, stoppable};
use super::super::unpack::unpack;
use super::super::{ArtifactRef, Cx, ExecError, Exit, Globs, Script, Session, Terminal};
use super::{kin, process, reap, terminal};

/// The folder of an attempt. Dropping it without [`Session::close`] removes it too.
pub(super) struct ShellSession {
    pub(super) folder: PathBuf,
    pub(super) project_dir: PathBuf,
    pub(super) grace: Duration,
    pub(super) gone: bool,
}

#[async_trait]
impl Session for ShellSession {
    async fn add(&mut self, artifacts: &[ArtifactRef], cx: &Cx) -> Result<(), ExecError> {
        let project = self.project_dir.clone();
        let tars: Vec<PathBuf> = artifacts.iter().map(|kept| kept.tar.clone()).collect();
        stoppable("open", "the artifacts can't be unpacked", cx, move |stop| {
            tars.iter().try_for_each(|tar| unpack(tar, &project, stop))
        })
        .await
    }

    async fn run(&mut self, script: &Script, cx: &Cx) -> Result<Exit, ExecError> {
        process::run(&self.folder, script, self.grace, cx).await
    }

    async fn attach(
        &mut self,
        login: &Script,
        person: Terminal,
        cx: &Cx,
    ) -> Result<Exit, ExecError> {
        terminal::attach(&self.folder, login, self.grace, person, cx).await
    }

    async fn read(
        &mut self,
        path: &str,
        limit: u64,
        cx: &Cx,
    ) -> Result<Option<Vec<u8>>, ExecError> {
        let path = PathBuf::from(path);
        let text = "a file of the job can't be read";
        stoppable(
            "read",
            text,
            cx,
            move |stop| match std::fs::symlink_metadata(&path) {
                Ok(about) if about.is_file() && about.len() <= limit => {
                    let mut content = Vec::new();
                    let mut file = stop.reads(std::fs::File::open(&path)?.take(limit));
                    file.read_to_end(&mut content)?;
                    Ok(Some(content))
                }
                _ => Ok(None),
            },
        )
        .await
    }

    async fn collect(
        &mut self,
        globs: &Globs,
        into: &Path,
        cx: &Cx,
    ) -> Result<ArtifactRef, ExecError> {
        let (project, globs, into) = (self.project_dir.clone(), globs.clone(), into.to_owned());
        stoppable("collect artifacts", "packing broke off", cx, move |stop| {
            Ok(collect::collect(&globs, &project, &into, stop).map_err(cannot_pack))
        })
        .await?
    }

    async fn close(&mut self, budget: Duration) -> Result<(), ExecError> {
        if self.gone {
            return Ok(());
        }
        let folder = self.folder.clone();
        let removing = blocking(
            "remove folder",
            "the job's folder was not removed",
            move || reap::remove(&folder),
        );
        removed_within(budget, &self.folder, removing).await?;
        self.gone = true;
        kin::leave(&self.folder);
        Ok(())
    }
}

impl Drop for ShellSession {
    fn drop(&mut self) {
        if !self.gone {
            // Nobody is left to be told.
            let _ = in_place(|| reap::remove(&self.folder));
            kin::leave(&self.folder);
        }
    }
}
