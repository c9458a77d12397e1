//! An executor under test, with what it takes to use it in one line.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

use super::super::fake::FakeExecutor;
use super::super::{
    Brief, Cancel, Cx, EnvSpec, EnvVariable, ExecError, Executor, Exit, Globs, Image, LayerSpec,
    Owner, Script, Session, TarFile, TreeSpec, Workspace,
};

/// The id of the run that the subject's sessions belong to.
pub(super) const RUN: &str = "suite";

/// The time any close may take.
pub(super) const BUDGET: Duration = Duration::from_secs(30);

/// What is tested.
pub(super) struct Subject {
    pub(super) executor: Arc<dyn Executor>,
    /// Where it is one that plays words instead of scripts.
    pub(super) fake: Option<Arc<FakeExecutor>>,
    pub(super) image: Option<Image>,
    /// Differs between tests, so that they don't see each other's leftovers.
    pub(super) owner: String,
    pub(super) scratch: TempDir,
    /// What it shares with other tests, there as long as one of them needs it.
    _shared: Option<Arc<TempDir>>,
}

impl Subject {
    pub(super) fn new(executor: Arc<dyn Executor>, image: Option<&str>) -> Self {
        Self::in_folder(scratch(), executor, image)
    }

    pub(super) fn in_folder(
        scratch: TempDir,
        executor: Arc<dyn Executor>,
        image: Option<&str>,
    ) -> Self {
        Self {
            executor,
            fake: None,
            image: image.map(|name| Image {
                name: name.to_owned(),
                ..Image::default()
            }),
            owner: format!("suite/{}", scratch.path().display()),
            scratch,
            _shared: None,
        }
    }

    /// The same, which keeps a folder that it shares.
    pub(super) fn sharing(self, folder: Arc<TempDir>) -> Self {
        Self {
            _shared: Some(folder),
            ..self
        }
    }

    /// An attempt of `job` over an empty workspace.
    pub(super) fn spec(&self, job: &str) -> EnvSpec {
        EnvSpec {
            owner: Owner {
                owner: self.owner.clone(),
                run: RUN.to_owned(),
            },
            job: job.to_owned(),
            attempt: 1,
            image: self.image.clone(),
            layout: self.executor.layout("group/project", job, 1),
            variables: Vec::new(),
            services: Vec::new(),
            workspace: Workspace {
                tree: None,
                artifacts: Vec::new(),
            },
            init: false,
            owned_files: false,
            volumes_of: String::new(),
        }
    }

    /// Opens an attempt that will run `steps`.
    pub(super) async fn open(&self, job: &str, steps: &[Step]) -> Box<dyn Session> {
        if let Some(fake) = &self.fake {
            for step in steps {
                fake.plays(&step.shell, &step.words);
            }
        }
        let (cx, _live) = context();
        self.executor
            .open(self.spec(job), &cx)
            .await
            .expect("opens")
    }

    /// Opens an attempt over `spec`.
    pub(super) async fn open_spec(&self, spec: EnvSpec) -> Box<dyn Session> {
        let (cx, _live) = context();
        self.executor.open(spec, &cx).await.expect("opens")
    }

    /// What comes of opening over `spec`, and what the log gets meanwhile.
    pub(super) async fn opening(
        &self,
        spec: EnvSpec,
        cancel: watch::Receiver<Cancel>,
    ) -> (Result<Box<dyn Session>, ExecError>, String) {
        let (output, mut said) = mpsc::channel(8);
        let reading = async {
            let mut all = Vec::new();
            while let Some(chunk) = said.recv().await {
                all.extend(chunk);
            }
            String::from_utf8_lossy(&all).into_owned()
        };
        let opening = async {
            let cx = Cx { cancel, output };
            self.executor.open(spec, &cx).await
        };
        tokio::join!(opening, reading)
    }

    /// A tree made of a tar with these entries: path, mode, content.
    pub(super) async fn tree(&self, entries: &[(&str, u32, &str)]) -> Workspace {
        let tar = self.scratch.path().join("tree.tar");
        write_tar(&tar, entries);
        self.layers(&[tar]).await
    }

    /// A tree of these tars, each over those before it.
    pub(super) async fn layers(&self, tars: &[PathBuf]) -> Workspace {
        self.layers_called("tree", tars).await
    }

    /// The same, beside those of other names.
    pub(super) async fn layers_called(&self, name: &str, tars: &[PathBuf]) -> Workspace {
        let layer = |(number, tar): (usize, &PathBuf)| LayerSpec {
            id: format!("{} {name} {number}", self.owner),
            content: Arc::new(TarFile(tar.clone())),
        };
        let tree = TreeSpec {
            id: name.to_owned(),
            layers: tars.iter().enumerate().map(layer).collect(),
        };
        let tree = self.executor.publish_tree(&tree, &Cx::unstoppable()).await;
        Workspace {
            tree: Some(tree.expect("published")),
            artifacts: Vec::new(),
        }
    }

    /// A path for an archive.
    pub(super) fn archive(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// Takes away what is kept for the whole run.
    pub(super) async fn release(&self) {
        let released = self.executor.release(BUDGET).await;
        released.expect("releases");
    }

    /// Whether anything of this test is left.
    pub(super) async fn leftovers(&self) -> Vec<String> {
        self.release().await;
        let cx = Cx::unstoppable();
        let reaped = self.executor.reap(&self.owner, &|_| false, &cx).await;
        reaped.expect("reaps").removed
    }
}

/// Variables that are no secrets.
pub(super) fn variables(values: &[(&str, &str)]) -> Vec<EnvVariable> {
    let made = values.iter().map(|&(name, value)| EnvVariable {
        name: name.to_owned(),
        value: value.to_owned(),
        secret: false,
    });
    made.collect()
}

/// A folder that vanishes with the test.
pub(super) fn scratch() -> TempDir {
    TempDir::new().expect("a folder for the test")
}

/// A script, and what a fake does in its place.
pub(super) struct Step {
    pub(super) shell: String,
    /// The shell's text where it begins with certain variables.
    pub(super) brief: Option<Brief>,
    pub(super) words: String,
}

impl Step {
    pub(super) fn new(shell: &str, words: &str) -> Self {
        Self {
            shell: shell.to_owned(),
            brief: None,
            words: words.to_owned(),
        }
    }

    /// A script that only shells are given, or that both read alike.
    pub(super) fn real(shell: &str) -> Self {
        Self::new(shell, shell)
    }

    /// Runs it to its end and returns the exit with all output.
    pub(super) async fn run(&self, session: &mut dyn Session) -> (Exit, String) {
        self.with(session, |_, _| {}).await
    }

    /// Runs it; `on_output` sees all output so far and may cancel.
    pub(super) async fn with(
        &self,
        session: &mut dyn Session,
        mut on_output: impl FnMut(&str, &watch::Sender<Cancel>),
    ) -> (Exit, String) {
        let (cancel, cancelled) = watch::channel(Cancel::Run);
        let (output, mut chunks) = mpsc::channel(8);
        let cx = Cx {
            cancel: cancelled,
            output,
        };
        let script = Script {
            text: self.shell.clone(),
            brief: self.brief.clone(),
        };
        let mut all = Vec::new();
        let reading = async {
            while let Some(chunk) = chunks.recv().await {
                all.extend(chunk);
                on_output(&String::from_utf8_lossy(&all), &cancel);
            }
        };
        let running = async {
            let cx = cx;
            session.run(&script, &cx).await.expect("runs")
        };
        let (exit, ()) = tokio::join!(running, reading);
        (exit, String::from_utf8_lossy(&all).into_owned())
    }
}

/// A context that nobody cancels, with output that nobody reads.
pub(super) fn context() -> (Cx, watch::Sender<Cancel>) {
    let (sender, cancel) = watch::channel(Cancel::Run);
    let (output, _) = mpsc::channel(1);
    (Cx { cancel, output }, sender)
}

/// Globs without exclusions.
pub(super) fn globs(paths: &[&str]) -> Globs {
    Globs {
        paths: paths.iter().map(|&path| path.to_owned()).collect(),
        ..Globs::default()
    }
}

/// Writes a tar: a path with `/` at its end is a folder, content `-> x` a link to `x`, and `gone`
/// takes away what is below.
pub(super) fn write_tar(tar: &std::path::Path, entries: &[(&str, u32, &str)]) {
    let mut builder = tar::Builder::new(std::fs::File::create(tar).expect("creates"));
    for (path, mode, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_mode(*mode);
        header.set_mtime(1_600_000_000);
        header.set_uid(0);
        header.set_gid(0);
        if let Some(target) = content.strip_prefix("-> ") {
            header.set_entry_type(tar::EntryType::Symlink);
            header.set_size(0);
            builder
                .append_link(&mut header, path, target)
                .expect("link");
            continue;
        }
        if *content == "gone" {
            header.set_entry_type(tar::EntryType::Char);
            header.set_size(0);
            header.set_device_major(0).expect("a device");
            header.set_device_minor(0).expect("a device");
            builder
                .append_data(&mut header, path, std::io::empty())
                .expect("entry");
            continue;
        }
        if path.ends_with('/') {
            header.set_entry_type(tar::EntryType::Directory);
        }
        header.set_size(content.len() as u64);
        builder
            .append_data(&mut header, path, content.as_bytes())
            .expect("entry");
    }
    builder.finish().expect("finished");
}
