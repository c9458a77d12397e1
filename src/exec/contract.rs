//! The contract between the run loop and an executor.
//!
//! ```text
//! probe → missing → publish_tree → expect   once per run
//!   open → run (script) … → run (after_script) → collect → close             once per attempt
//!   open → start … add → run …                                               the same, ahead of it
//! release                                                                  at the end of the run
//! reap                                      what dead runs left behind
//! ```
//!
//! A cancellation ends every call but `close`, which has a budget instead: a call that is asked to
//! stop returns within moments, with an error where it has nothing to give.
//!
//! All methods may be called from several tasks at once, except those of one [`Session`].

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{mpsc, watch};

use super::ExecError;

mod environment;
mod tree;

pub use environment::{EnvSpec, EnvVariable, Image, Layout, Owner, ServiceSpec};
pub use tree::{ArtifactRef, LayerContent, LayerSpec, TarFile, TreeRef, TreeSpec, Workspace};

/// How far a cancellation has come. Only ever grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Cancel {
    /// Go on.
    #[default]
    Run,
    /// Stop the script (TERM first), then clean up as usual.
    Graceful,
    /// Kill and clean up.
    Force,
}

/// What a call on an executor may use of its surroundings.
#[derive(Debug, Clone)]
pub struct Cx {
    /// The cancellation that concerns this call.
    pub cancel: watch::Receiver<Cancel>,
    /// Takes raw chunks of output, in order. Bounded: a slow reader slows the job. Chunks are
    /// not lines; masking and line splitting happen in `run`.
    pub output: mpsc::Sender<Vec<u8>>,
}

impl Cx {
    /// For a call whose output nobody wants.
    pub fn quiet(cancel: watch::Receiver<Cancel>) -> Self {
        let (output, _) = mpsc::channel(1);
        Self { cancel, output }
    }

    /// For a call that is stopped by dropping it, if at all.
    pub fn unstoppable() -> Self {
        let (_, cancel) = watch::channel(Cancel::Run);
        Self::quiet(cancel)
    }
}

/// What an executor turns out to be when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// One line for `pipe doctor`: `Docker Engine 28.2.2, API 1.50, linux/amd64`.
    pub description: String,
}

/// What is peculiar about a kind of executor, known without asking it anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Traits {
    /// Jobs run in images; GitLab Runner then runs its own commands in an image of its own.
    /// Without it `image` means nothing.
    pub images: bool,
    /// The image of jobs that name none, where it has one of its own.
    pub own_image: Option<&'static str>,
    /// Jobs can have services.
    pub services: bool,
    /// The file system of a job is made for it and goes with it (`CI_DISPOSABLE_ENVIRONMENT`).
    pub disposable: bool,
    /// A job may choose its project directory (`GIT_CLONE_PATH`).
    pub moves_project_dir: bool,
    /// Environments take so long to come up that they are worth making ahead of their jobs.
    pub opens_ahead: bool,
    /// Artifacts of so many bytes or more have to be known when an environment is opened, or it is
    /// opened once more. `None` where it makes no difference.
    pub early_artifacts: Option<u64>,
    /// How a person brings images for it beforehand, in words; empty where it runs none.
    pub brings_by: &'static str,
    /// Directories are known only once it has answered [`probe`](Executor::probe).
    pub tells_layout: bool,
    /// How many environments come up at once; more make each of them slower. `None` for no limit.
    pub starts: Option<usize>,
}

/// The turn of an attempt whose environment is opened ahead.
#[derive(Debug, Clone)]
pub struct Turn {
    /// Which comes first, as far as can be foreseen: that with the lower number.
    pub number: u64,
    /// Whether it has come.
    pub has_come: watch::Receiver<bool>,
}

/// A person at a terminal.
#[derive(Debug)]
pub struct Terminal {
    /// What is typed, raw.
    pub input: mpsc::Receiver<Vec<u8>>,
    /// Columns and rows, now and whenever they change.
    pub size: watch::Receiver<(u16, u16)>,
}

/// The text that a new shell reads from its standard input.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// As the `script` module made it.
    pub text: String,
    /// The same for a shell that begins with certain variables.
    pub brief: Option<Brief>,
}

/// A script that relies on variables of its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brief {
    /// What the shell reads.
    pub text: String,
    /// Names and values that it has to begin with.
    pub relies_on: Vec<(String, String)>,
}

impl Script {
    /// One that relies on no variable of its environment.
    pub fn whole(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            brief: None,
        }
    }

    /// What a shell is to read that begins with these variables. Where something comes before it that
    /// could change them, an entrypoint or a file of commands, none is known. An environment that was
    /// opened ahead has others than its job when its turn comes.
    pub(super) fn for_shell<'a>(&self, given: impl Iterator<Item = (&'a str, &'a str)>) -> &str {
        let given: HashSet<(&str, &str)> = given.collect();
        let holds = |brief: &&Brief| {
            let mut wanted = brief.relies_on.iter();
            wanted.all(|(name, value)| given.contains(&(&**name, &**value)))
        };
        let brief = self.brief.as_ref().filter(holds);
        brief.map_or(&self.text, |brief| &brief.text)
    }
}

/// Whether a variable of this name may name a file of commands that a shell reads before its script.
pub fn names_shell_file(name: &str) -> bool {
    matches!(name, "BASH_ENV" | "ENV")
}

/// How a script ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The shell's status. A container whose process 1 is killed by signal n has 128+n; a shell
    /// on this machine that is has -1 (runtime reference 4.1).
    Code(i64),
    /// Stopped because of `Cx::cancel`.
    Stopped,
}

/// Which files of the project directory to collect (runtime reference 16.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Globs {
    /// Doublestar patterns relative to the project directory, variables expanded.
    pub paths: Vec<String>,
    /// Patterns of files to leave out.
    pub exclude: Vec<String>,
    /// `artifacts:untracked`: what git tracks, files and submodules, relative to the project
    /// directory. Every other file is taken too, whether git ignores it or not.
    pub untracked: Option<Arc<BTreeSet<String>>>,
    /// Bytes that the archive may take on disk; more is an error of the job. `None` for no limit.
    pub limit: Option<u64>,
    /// Whether later runs may want it too, so that what an executor makes of it may stay.
    pub lasts: bool,
}

/// What `reap` removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reaped {
    /// One line each, for the notice: `container pipe-… of run …`.
    pub removed: Vec<String>,
}

/// A way of running jobs.
#[async_trait]
pub trait Executor: Send + Sync {
    /// GitLab's word for it: `docker`, `shell`.
    fn name(&self) -> &'static str;

    /// What is peculiar about it.
    fn traits(&self) -> Traits;

    /// Directories that a job will have. `job` tells jobs of one run apart where they share a
    /// file system.
    fn layout(&self, project_path: &str, job: &str, attempt: u32) -> Layout;

    /// Whether it can be used now, and who answers. The error says what to do.
    async fn probe(&self, cx: &Cx) -> Result<Capabilities, ExecError>;

    /// Those of `images` that are not there, in the order given, each once.
    async fn missing(&self, images: &[Image], cx: &Cx) -> Result<Vec<Image>, ExecError>;

    /// Brings one image; `progress` gets bytes so far and in all.
    async fn pull(
        &self,
        image: &Image,
        progress: &(dyn for<'a> Fn(u64, u64) + Send + Sync),
        cx: &Cx,
    ) -> Result<(), ExecError>;

    /// Takes over the project tree of a run. Repeating it with the same id is cheap, and so is what
    /// an earlier run has published, where layers outlive their run.
    async fn publish_tree(&self, tree: &TreeSpec, cx: &Cx) -> Result<TreeRef, ExecError>;

    /// For how long an answer is owed that should take a moment; `None` when none is.
    fn silent_for(&self) -> Option<Duration> {
        None
    }

    /// What the environment of an attempt is called outside, for people who look for one that
    /// was left behind: ``container `pipe-…` ``.
    fn environment_name(&self, _owner: &Owner, job: &str, _attempt: u32) -> String {
        format!("the environment of job `{job}`")
    }

    /// So many environments more may be opened in this run: what pays only for several is made for
    /// several.
    fn expect(&self, _environments: usize) {}

    /// Makes the environment of one attempt. When it fails it has undone what it began.
    async fn open(&self, spec: EnvSpec, cx: &Cx) -> Result<Box<dyn Session>, ExecError>;

    /// The same for an attempt whose turn is still to come: until then it may wait for a moment at which
    /// that costs little.
    async fn open_ahead(
        &self,
        spec: EnvSpec,
        _turn: Turn,
        cx: &Cx,
    ) -> Result<Box<dyn Session>, ExecError> {
        self.open(spec, cx).await
    }

    /// Takes away what is kept for the whole run, within `budget`. The last call of a run.
    async fn release(&self, _budget: Duration) -> Result<(), ExecError> {
        Ok(())
    }

    /// Removes what dead runs of `owner` left behind; `alive` tells whether a run still lives.
    /// Things of other owners are never touched.
    async fn reap(
        &self,
        owner: &str,
        alive: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
        cx: &Cx,
    ) -> Result<Reaped, ExecError>;

    /// What it keeps of `owner` for later runs: a name each.
    async fn kept(&self, _owner: &str, _cx: &Cx) -> Result<Vec<String>, ExecError> {
        Ok(Vec::new())
    }

    /// Removes of that what no run uses that lives; the names of what is gone.
    async fn forget(&self, _owner: &str, _cx: &Cx) -> Result<Vec<String>, ExecError> {
        Ok(Vec::new())
    }
}

/// The environment of one attempt.
#[async_trait]
pub trait Session: Send {
    /// Brings the environment up before there is a script: its shell waits, and the next
    /// [`run`](Self::run) finds it there. Nobody has to call this; repeating it changes nothing.
    async fn start(&mut self, _cx: &Cx) -> Result<(), ExecError> {
        Ok(())
    }

    /// Lays artifacts over the project directory, in this order, before the first script: those
    /// that were not there yet when the environment was opened ahead.
    async fn add(&mut self, artifacts: &[ArtifactRef], cx: &Cx) -> Result<(), ExecError>;

    /// Runs one script in a new shell in the same root, and waits for its end. All output has
    /// been handed to `cx.output` when it returns. A cancellation stops the script, or keeps it
    /// from starting; an `after_script` that is to run all the same needs a cancellation of its
    /// own, which only a forced one reaches (runtime reference 5).
    async fn run(&mut self, script: &Script, cx: &Cx) -> Result<Exit, ExecError>;

    /// Runs what comes before a person's shell, as [`run`](Self::run) does; the next call is
    /// [`attach`](Self::attach). Where an entrypoint comes before each shell, it is the same shell, so
    /// that the entrypoint runs once: what is left of it stays, or it is all done only then.
    async fn lead_in(&mut self, script: &Script, cx: &Cx) -> Result<Exit, ExecError> {
        self.run(script, cx).await
    }

    /// Gives a person a shell in the same root, until it ends; all that it started ends with it.
    /// The shell that would read a script does what `login` says first, as its argument that all in
    /// the root can see. What it shows goes to `cx.output`. A cancellation hangs up.
    async fn attach(
        &mut self,
        login: &Script,
        terminal: Terminal,
        cx: &Cx,
    ) -> Result<Exit, ExecError>;

    /// The content of a small file, by its absolute path inside; `None` where there is no plain
    /// file. What is longer than `limit` bytes counts as not there.
    async fn read(&mut self, path: &str, limit: u64, cx: &Cx)
    -> Result<Option<Vec<u8>>, ExecError>;

    /// Where what these globs take is just what the one archive brought that the environment was
    /// opened with, which then need not be packed again: what is said of packing it, as far as that is
    /// known. Whoever does not know whether it is has nothing.
    async fn as_brought(
        &mut self,
        _globs: &Globs,
        _cx: &Cx,
    ) -> Result<Option<Vec<String>>, ExecError> {
        Ok(None)
    }

    /// Packs the files that match into `into`. No match gives an empty archive, a failure none.
    async fn collect(
        &mut self,
        globs: &Globs,
        into: &Path,
        cx: &Cx,
    ) -> Result<ArtifactRef, ExecError>;

    /// Takes the environment away, within `budget`. Safe to repeat, and safe after a failure.
    async fn close(&mut self, budget: Duration) -> Result<(), ExecError>;
}
