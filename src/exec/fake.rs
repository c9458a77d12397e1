//! An executor that runs nothing: a script's text says what happens, one word of command a line.
//!
//! ```text
//! say TEXT      a line of output        raw TEXT      output without a line end
//! sleep MS      takes time              exit N        ends with that code
//! fail TEXT     the machinery fails     stubborn      does not stop when asked
//! deaf          not even when killed    stop          ends as if stopped from outside
//! panic         our own error           status TEXT   a line of output
//! mute MS       owes an answer          silent        gives no answer any more
//! ```
//!
//! The name of an image may begin with what its environment does: `user-`, `system-` and `lasting-` fail to
//! open, `twice-` fails two times, `slow-` takes ten seconds, `calm-` five whatever is asked, `lost-` can't be cleaned up,
//! `stuck-` never is, `full-` can't keep artifacts, `unread-` can't read files of the job,
//! `indexed-` has an index; `slowread-` and `slowkeep-` read and keep until they are stopped.
//!
//! Where a test has a script for real shells too, [`FakeExecutor::plays`] says what it means here.

mod archive;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::{Instant, sleep};

use super::cancel::{asked, check};
use super::{
    ArtifactRef, Cancel, Capabilities, Cx, EnvSpec, ExecError, Executor, Exit, Globs, Image,
    Layout, Reaped, Script, Session, Terminal, Traits, TreeRef, TreeSpec,
};

/// Environments that come up at once.
const STARTS: usize = 4;

/// What was asked of it.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    /// One line a call: `open a 1`, `close a 1`, `pull ruby`.
    pub(crate) calls: Vec<String>,
    pub(crate) opened: Vec<EnvSpec>,
    /// Environments that are open now, and the most at one time.
    pub(crate) open: usize,
    pub(crate) most_open: usize,
    /// The same for calls of `open` that have not returned.
    pub(crate) starting: usize,
    pub(crate) most_starting: usize,
    tries: usize,
    /// Trees that can be opened.
    published: BTreeSet<String>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct FakeExecutor {
    asked: Arc<Mutex<Asked>>,
    /// Images that are missing until they are pulled.
    lacking: Arc<Mutex<Vec<String>>>,
    /// What scripts of real shells mean here.
    meanings: Arc<Mutex<HashMap<String, String>>>,
    /// Since when an answer is owed.
    mute: Arc<Mutex<Option<Instant>>>,
}

impl FakeExecutor {
    pub(crate) fn asked(&self) -> MutexGuard<'_, Asked> {
        self.asked.lock().expect("no test goes on after a panic")
    }

    /// Plays `words` where it is given the script `text`.
    pub(crate) fn plays(&self, text: &str, words: &str) {
        self.meanings().insert(text.to_owned(), words.to_owned());
    }

    fn meanings(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.meanings.lock().expect("no test goes on after a panic")
    }

    pub(crate) fn lacking(&self) -> MutexGuard<'_, Vec<String>> {
        self.lacking.lock().expect("no test goes on after a panic")
    }

    fn mute(&self) -> MutexGuard<'_, Option<Instant>> {
        self.mute.lock().expect("no test goes on after a panic")
    }

    fn note(&self, call: String) {
        self.asked().calls.push(call);
    }

    async fn start(&self, image: &str, cx: &Cx) -> Result<(), ExecError> {
        let tries = {
            let mut asked = self.asked();
            asked.tries += 1;
            asked.tries
        };
        match image.split('-').next() {
            Some("user") => Err(ExecError::user("open", "no such image: user-secret12")),
            Some("system") => Err(ExecError::system("open", "daemon is gone")),
            Some("lasting") => Err(ExecError::lasting("open", "no namespaces")),
            Some("twice") if tries < 3 => Err(ExecError::system("open", "daemon is busy")),
            Some("calm") => {
                sleep(Duration::from_secs(5)).await;
                Ok(())
            }
            Some("slow") => tokio::select! {
                () = sleep(Duration::from_secs(10)) => Ok(()),
                () = asked(&cx.cancel, Cancel::Graceful) => Err(ExecError::system("open", "stopped")),
            },
            _ => {
                sleep(Duration::from_millis(1)).await;
                Ok(())
            }
        }
    }
}

#[async_trait]
impl Executor for FakeExecutor {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn traits(&self) -> Traits {
        Traits {
            images: true,
            disposable: true,
            moves_project_dir: true,
            opens_ahead: true,
            starts: Some(STARTS),
            ..Traits::default()
        }
    }

    fn layout(&self, project_path: &str, _job: &str, _attempt: u32) -> Layout {
        Layout {
            builds_dir: "/builds".to_owned(),
            project_dir: format!("/builds/{project_path}"),
        }
    }

    async fn probe(&self, _: &Cx) -> Result<Capabilities, ExecError> {
        Ok(Capabilities {
            description: "fake".to_owned(),
        })
    }

    async fn missing(&self, images: &[Image], _: &Cx) -> Result<Vec<Image>, ExecError> {
        let lacking = self.lacking();
        let is_lacking = |image: &&Image| lacking.contains(&image.name);
        Ok(images.iter().filter(is_lacking).cloned().collect())
    }

    async fn pull(
        &self,
        image: &Image,
        progress: &(dyn for<'a> Fn(u64, u64) + Send + Sync),
        cx: &Cx,
    ) -> Result<(), ExecError> {
        self.note(format!("pull {}", image.name));
        progress(1, 2);
        tokio::select! {
            () = sleep(Duration::from_secs(1)) => {}
            () = asked(&cx.cancel, Cancel::Graceful) => {
                return Err(ExecError::system("pull", "stopped"));
            }
        }
        if image.name == "gone-network" {
            return Err(ExecError::system("pull", "no such host"));
        }
        if image.name.starts_with("gone") {
            return Err(ExecError::user("pull", "image `gone` is not found"));
        }
        self.lacking().retain(|name| *name != image.name);
        Ok(())
    }

    async fn publish_tree(&self, tree: &TreeSpec, _: &Cx) -> Result<TreeRef, ExecError> {
        self.note(format!("publish {}", tree.id));
        match tree.id.as_str() {
            "slow" => sleep(Duration::from_secs(10)).await,
            "bad" => return Err(ExecError::system("publish", "disk is full")),
            _ => {}
        }
        self.asked().published.insert(tree.id.clone());
        Ok(TreeRef(tree.id.clone()))
    }

    fn silent_for(&self) -> Option<Duration> {
        self.mute().map(|since| since.elapsed())
    }

    async fn open(&self, spec: EnvSpec, cx: &Cx) -> Result<Box<dyn Session>, ExecError> {
        let label = format!("{} {}", spec.job, spec.attempt);
        self.note(format!("open {label}"));
        check(&cx.cancel, "open")?;
        if let Some(TreeRef(tree)) = &spec.workspace.tree
            && !self.asked().published.contains(tree)
        {
            let text = format!("tree `{tree}` was not published");
            return Err(ExecError::system("open", text));
        }
        let image = spec
            .image
            .as_ref()
            .map_or("", |image| &image.name)
            .to_owned();
        {
            let mut asked = self.asked();
            asked.opened.push(spec);
            asked.starting += 1;
            asked.most_starting = asked.most_starting.max(asked.starting);
        }
        let started = self.start(&image, cx).await;
        let mut asked = self.asked();
        asked.starting -= 1;
        started?;
        asked.open += 1;
        asked.most_open = asked.most_open.max(asked.open);
        Ok(Box::new(FakeSession {
            executor: self.clone(),
            image,
            label,
            closed: false,
        }))
    }

    async fn reap(
        &self,
        _: &str,
        _: &(dyn for<'a> Fn(&'a str) -> bool + Send + Sync),
        _: &Cx,
    ) -> Result<Reaped, ExecError> {
        Ok(Reaped::default())
    }
}

struct FakeSession {
    executor: FakeExecutor,
    image: String,
    label: String,
    closed: bool,
}

#[async_trait]
impl Session for FakeSession {
    async fn run(&mut self, script: &Script, cx: &Cx) -> Result<Exit, ExecError> {
        self.executor.note(format!("run {}", self.label));
        if *cx.cancel.borrow() != Cancel::Run {
            return Ok(Exit::Stopped);
        }
        let meaning = self.executor.meanings().get(&script.text).cloned();
        let words = meaning.unwrap_or_else(|| script.text.clone());
        let mut yields_to = Cancel::Graceful;
        for line in words.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "say" | "status" => say(cx, format!("{rest}\n")).await,
                "raw" => say(cx, rest.to_owned()).await,
                "stubborn" => yields_to = Cancel::Force,
                "deaf" => std::future::pending().await,
                "exit" => return Ok(Exit::Code(rest.parse().expect("a code"))),
                "stop" => return Ok(Exit::Stopped),
                "silent" => return Err(ExecError::silence("run", "no answer")),
                "mute" => {
                    *self.executor.mute() = Some(Instant::now());
                    sleep(Duration::from_millis(rest.parse().expect("a time"))).await;
                    *self.executor.mute() = None;
                }
                "fail" => return Err(ExecError::system("run", rest)),
                "panic" => panic!("as the test asked"),
                "sleep" => tokio::select! {
                    () = asked(&cx.cancel, yields_to) => return Ok(Exit::Stopped),
                    () = sleep(Duration::from_millis(rest.parse().expect("a time"))) => {}
                },
                other => panic!("an unknown word: {other}"),
            }
        }
        Ok(Exit::Code(0))
    }

    /// Shows `login` and what is typed, up to `exit N`.
    async fn attach(
        &mut self,
        login: &Script,
        mut terminal: Terminal,
        cx: &Cx,
    ) -> Result<Exit, ExecError> {
        self.executor.note(format!("attach {}", self.label));
        say(cx, format!("{}\n", login.text)).await;
        loop {
            let typed = tokio::select! {
                typed = terminal.input.recv() => typed.unwrap_or_default(),
                () = asked(&cx.cancel, Cancel::Graceful) => return Ok(Exit::Stopped),
            };
            let typed = String::from_utf8(typed).expect("text");
            if let Some(code) = typed.strip_prefix("exit ") {
                return Ok(Exit::Code(code.parse().expect("a code")));
            }
            say(cx, typed).await;
        }
    }

    async fn start(&mut self, _: &Cx) -> Result<(), ExecError> {
        self.executor.note(format!("start {}", self.label));
        Ok(())
    }

    async fn add(&mut self, artifacts: &[ArtifactRef], cx: &Cx) -> Result<(), ExecError> {
        check(&cx.cancel, "add")?;
        let text = format!("add {} {}", artifacts.len(), self.label);
        self.executor.note(text);
        Ok(())
    }

    async fn read(&mut self, path: &str, _: u64, cx: &Cx) -> Result<Option<Vec<u8>>, ExecError> {
        check(&cx.cancel, "read")?;
        if self.image.starts_with("slowread-") {
            asked(&cx.cancel, Cancel::Graceful).await;
            return Err(ExecError::system("read", "stopped"));
        }
        if self.image.starts_with("unread-") {
            return Err(ExecError::system("read", "the daemon is gone"));
        }
        if self.image.starts_with("indexed-") && path.ends_with("/.git/index") {
            return Ok(Some(Vec::new()));
        }
        let is_env = path.ends_with("/gitlab_runner_env");
        Ok(is_env.then(|| b"FROM_ENV=out\nunfinished=x".to_vec()))
    }

    async fn collect(
        &mut self,
        globs: &Globs,
        into: &Path,
        cx: &Cx,
    ) -> Result<ArtifactRef, ExecError> {
        self.executor.note(format!("collect {}", self.label));
        check(&cx.cancel, "collect")?;
        if self.image.starts_with("slowkeep-") {
            asked(&cx.cancel, Cancel::Graceful).await;
            return Err(ExecError::system("collect", "stopped"));
        }
        if self.image.starts_with("full-") {
            return Err(ExecError::system("collect", "disk is full"));
        }
        if into.parent().is_some_and(std::path::Path::exists) {
            archive::write(globs, into);
        }
        Ok(ArtifactRef {
            tar: into.to_owned(),
            entries: globs.paths.iter().filter(|path| *path != "none").count(),
            notes: globs
                .paths
                .iter()
                .map(|path| format!("{path}: found 1 matching artifact files and directories"))
                .collect(),
            digest: Some(globs.paths.join("+")),
            lasts: false,
        })
    }

    async fn close(&mut self, _: Duration) -> Result<(), ExecError> {
        self.executor.note(format!("close {}", self.label));
        if std::mem::replace(&mut self.closed, true) {
            return Ok(());
        }
        if self.image.starts_with("stuck-") {
            std::future::pending::<()>().await;
        }
        self.executor.asked().open -= 1;
        if self.image.starts_with("lost-") {
            return Err(ExecError::system("close", "daemon is gone"));
        }
        Ok(())
    }
}

async fn say(cx: &Cx, text: String) {
    let _ = cx.output.send(text.into_bytes()).await;
}
