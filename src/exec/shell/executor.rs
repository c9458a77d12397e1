//! The executor: folders of one run and the trees published to it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;

use super::super::cancel::check;
use super::super::file_work::{Stop, blocking, in_place, stoppable};
use super::super::names::{slug, unique_slug};
use super::super::trees::Trees;
use super::super::unpack::unpack;
use super::super::{
    Capabilities, Cx, EnvSpec, ExecError, Executor, Image, Layout, Owner, Reaped, Session, Traits,
    TreeRef, TreeSpec, owned_folder,
};
use super::kin;
use super::reap::reap;
use super::session::ShellSession;
use crate::foreign::system_words;

/// Where and how jobs of the shell executor run.
#[derive(Debug, Clone)]
pub struct ShellSettings {
    /// Holds the folders of all runs of this user. Nobody else may write there.
    pub base: PathBuf,
    /// Id of the run.
    pub run: String,
    /// Time between TERM and KILL when a script is stopped.
    pub grace: Duration,
}

/// Runs jobs in the shell of this machine.
pub struct ShellExecutor {
    settings: ShellSettings,
    trees: Trees,
}

impl ShellExecutor {
    /// An executor for one run. Nothing is made yet.
    pub fn new(settings: ShellSettings) -> Self {
        Self {
            settings,
            trees: Trees::default(),
        }
    }

    fn folder(&self, job: &str, attempt: u32) -> PathBuf {
        let run = slug(&self.settings.run);
        let name = format!("{run}-{}-{attempt}", unique_slug(job));
        self.settings.base.join(name)
    }
}

#[async_trait]
impl Executor for ShellExecutor {
    fn name(&self) -> &'static str {
        "shell"
    }

    fn traits(&self) -> Traits {
        Traits::default()
    }

    fn layout(&self, project_path: &str, job: &str, attempt: u32) -> Layout {
        let builds = self.folder(job, attempt).join("builds");
        let text = |path: &Path| path.to_string_lossy().into_owned();
        Layout {
            builds_dir: text(&builds),
            project_dir: text(&builds.join(project_path)),
        }
    }

    async fn probe(&self, _cx: &Cx) -> Result<Capabilities, ExecError> {
        Ok(Capabilities {
            description: "the shell of this machine, without isolation".to_owned(),
        })
    }

    async fn missing(&self, _images: &[Image], _cx: &Cx) -> Result<Vec<Image>, ExecError> {
        Ok(Vec::new())
    }

    async fn pull(
        &self,
        image: &Image,
        _progress: &(dyn for<'a> Fn(u64, u64) + Send + Sync),
        _cx: &Cx,
    ) -> Result<(), ExecError> {
        Err(ExecError::unsupported(
            "pull image",
            format!(
                "the shell executor runs no images, so `{}` is of no use to it",
                image.name
            ),
        ))
    }

    async fn publish_tree(&self, tree: &TreeSpec, cx: &Cx) -> Result<TreeRef, ExecError> {
        self.trees.publish(tree, cx).await
    }

    fn environment_name(&self, _owner: &Owner, job: &str, attempt: u32) -> String {
        format!("folder `{}`", self.folder(job, attempt).display())
    }

    async fn open(&self, spec: EnvSpec, cx: &Cx) -> Result<Box<dyn Session>, ExecError> {
        check(&cx.cancel, "open")?;
        spec.needs_no_services("shell")?;
        let archives = self.trees.archives(&spec.workspace)?;
        let folder = self.folder(&spec.job, spec.attempt);
        let (made, owner) = (folder.clone(), spec.owner);
        blocking("open", "the job's folder can't be made", move || {
            owned_folder::make(&made, &owner)
        })
        .await?;
        let temp_dir = PathBuf::from(spec.layout.temp_dir());
        let project_dir = PathBuf::from(spec.layout.project_dir);
        kin::enter(&folder);
        // From here on dropping the session undoes what was begun.
        let session = ShellSession {
            folder,
            project_dir: project_dir.clone(),
            grace: self.settings.grace,
            gone: false,
        };
        stoppable(
            "open",
            "the project files can't be unpacked",
            cx,
            move |stop| fill(&project_dir, &temp_dir, &archives, stop),
        )
        .await?;
        check(&cx.cancel, "open")?;
        Ok(Box::new(session))
    }

    async fn reap(
        &self,
        owner: &str,
        alive: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
        cx: &Cx,
    ) -> Result<Reaped, ExecError> {
        check(&cx.cancel, "reap")?;
        let reaped = in_place(|| reap(&self.settings.base, owner, &|run| alive(run)));
        reaped.map_err(|error| {
            ExecError::system(
                "reap",
                format!(
                    "leftover job folders can't be removed: {}",
                    system_words(&error)
                ),
            )
            .because(error)
        })
    }
}

fn fill(project_dir: &Path, temp_dir: &Path, archives: &[PathBuf], stop: &Stop) -> io::Result<()> {
    fs::create_dir_all(project_dir)?;
    fs::create_dir_all(temp_dir)?;
    archives
        .iter()
        .try_for_each(|archive| unpack(archive, project_dir, stop))
}
