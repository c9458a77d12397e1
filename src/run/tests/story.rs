//! A run as a test writes it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::event::{HeldJob, RunStarted, SourceMode};
use crate::exec::{Cancel, Image, Owner, Script, ServiceSpec};
use crate::run::{
    AttemptContext, AttemptScripts, EarlierSuccess, EarlyFailure, Interrupt, JobRun, JobSettings,
    PipelineSpec, Received, Refusal, ReportFiles, RunError, RunSettings, RunSpec, Runner,
    RunnerIndex, ScriptJob, Trigger, Work, run,
};
use crate::sched::{JobIndex, JobSpec, Options};
use crate::types::{Artifacts, KeepWhen, PullPolicy, Sources};

use crate::exec::fake::FakeExecutor;

use super::ended::{Ended, Recorder};

/// A job and what it does.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) sched: JobSpec,
    pub(super) image: Option<String>,
    pub(super) services: Vec<String>,
    pub(super) pull: Vec<PullPolicy>,
    pub(super) ahead: bool,
    pub(super) timeout: Duration,
    pub(super) artifacts: Option<Artifacts>,
    pub(super) artifacts_from: Vec<usize>,
    pub(super) received: Received,
    pub(super) held: Option<HeldJob>,
    pub(super) fails_at_once: Option<EarlyFailure>,
    pub(super) secrets: Vec<String>,
    pub(super) settings: JobSettings,
    /// The script of each attempt; the last one serves for all further ones.
    pub(super) scripts: Vec<String>,
    pub(super) after_script: Option<String>,
    pub(super) hook: Option<String>,
    pub(super) login: Option<String>,
    pub(super) dotenv: Vec<String>,
    pub(super) reports: Vec<ReportFiles>,
    pub(super) refusal: Option<Refusal>,
    pub(super) earlier: Option<EarlierSuccess>,
    pub(super) runner: RunnerIndex,
    pub(super) trigger: Option<Trigger>,
}

/// A job of that stage whose one script is `script`.
pub(super) fn job(name: &str, stage: usize, script: &str) -> Job {
    Job {
        sched: JobSpec {
            name: name.to_owned(),
            stage,
            ..JobSpec::default()
        },
        image: None,
        services: Vec::new(),
        pull: Vec::new(),
        ahead: false,
        timeout: Duration::from_secs(3600),
        artifacts: None,
        artifacts_from: Vec::new(),
        received: Received::default(),
        held: None,
        fails_at_once: None,
        secrets: Vec::new(),
        settings: JobSettings::default(),
        scripts: vec![script.to_owned()],
        after_script: None,
        hook: None,
        login: None,
        dotenv: Vec::new(),
        reports: Vec::new(),
        refusal: None,
        earlier: None,
        runner: RunnerIndex(0),
        trigger: None,
    }
}

impl Job {
    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    pub(super) fn needing(self, needs: &[usize]) -> Self {
        self.with(|job| job.sched.needs = Some(needs.iter().copied().map(JobIndex).collect()))
    }

    pub(super) fn image(self, name: &str) -> Self {
        self.with(|job| job.image = Some(name.to_owned()))
    }

    /// Services of those images.
    pub(super) fn beside(self, images: &[&str]) -> Self {
        self.with(|job| job.services = images.iter().map(ToString::to_string).collect())
    }

    /// Its environment may come up before its turn.
    pub(super) fn ahead(self) -> Self {
        self.with(|job| job.ahead = true)
    }

    pub(super) fn after(self, script: &str) -> Self {
        self.with(|job| job.after_script = Some(script.to_owned()))
    }

    pub(super) fn keeping(self, path: &str, when: KeepWhen) -> Self {
        self.with(|job| {
            job.artifacts = Some(Artifacts {
                paths: vec![path.into()],
                when,
                ..Artifacts::default()
            });
        })
    }

    /// It deploys, and nobody has said that it may.
    pub(super) fn held(self) -> Self {
        self.with(|job| {
            job.held = Some(HeldJob {
                name: job.sched.name.clone(),
                why: "deploys".to_owned(),
                release: "--deploy".to_owned(),
            });
        })
    }

    fn into_run(self) -> JobRun {
        let artifacts_from = self.artifacts_from.iter().copied().map(JobIndex).collect();
        JobRun {
            sched: self.sched.clone(),
            received: self.received.clone(),
            artifacts_from,
            held: self.held.clone(),
            fails_at_once: self.fails_at_once.clone(),
            work: self.into_work(),
        }
    }

    fn into_work(self) -> Work {
        if let Some(trigger) = self.trigger {
            return Work::Trigger(trigger);
        }
        let (scripts, after) = (self.scripts, self.after_script);
        let (artifacts, secrets, settings) = (self.artifacts, self.secrets, self.settings);
        let pull = self.pull;
        let image = |name: String| Image {
            name,
            pull: pull.clone(),
            ..Image::default()
        };
        let services: Vec<Image> = self.services.into_iter().map(image).collect();
        let beside = services.clone();
        let (hook, dotenv, refusal) = (self.hook, self.dotenv, self.refusal);
        let reports = self.reports;
        let login = self.login;
        let earlier = self.earlier;
        let make = move |cx: &AttemptContext| {
            let at = (cx.attempt as usize - 1).min(scripts.len() - 1);
            let after = after.clone();
            AttemptScripts {
                variables: [
                    ("CI_JOB_ID".to_owned(), cx.job_id.to_string()),
                    ("CI_CONCURRENT_ID".to_owned(), cx.slot.to_string()),
                ]
                .into_iter()
                .chain(cx.dotenv.clone())
                .collect(),
                hook: hook.clone(),
                login: login.clone(),
                dotenv: dotenv.iter().map(|line| line.as_str().into()).collect(),
                reports: reports.clone(),
                refusal: refusal.clone(),
                services: beside.iter().map(service).collect(),
                earlier: earlier.clone(),
                expand: Some(Box::new(|text, more| {
                    let put = |text: String, (name, value): &(String, String)| {
                        text.replace(&format!("${name}"), value)
                    };
                    more.iter().fold(text.to_owned(), put)
                })),
                digest: Some(scripts[at].clone()),
                script: Script::whole(scripts[at].clone()),
                after_script: after.map(|text| -> crate::run::AfterScript {
                    Box::new(move |status| Script::whole(format!("status {status}\n{text}")))
                }),
                artifacts: artifacts.clone(),
                secrets: secrets.clone(),
                settings: settings.clone(),
                ..AttemptScripts::default()
            }
        };
        Work::Scripts(Arc::new(ScriptJob {
            runner: self.runner,
            image: self.image.map(image),
            services,
            ahead: self.ahead,
            project_path: "group/project".to_owned(),
            caches: None,
            sources: Some(Sources::default()),
            timeout: self.timeout,
            scripts: Box::new(make),
        }))
    }
}

fn service(image: &Image) -> ServiceSpec {
    ServiceSpec {
        image: image.clone(),
        command: None,
        aliases: vec![image.name.clone()],
        variables: Vec::new(),
        wait: Duration::ZERO,
        shows_output: false,
    }
}

/// A pipeline of those jobs. Stages are `one`, `two`, `three`.
pub(super) fn pipeline(jobs: impl IntoIterator<Item = Job>) -> PipelineSpec {
    PipelineSpec {
        head: RunStarted {
            version: "0".to_owned(),
            at: "now".to_owned(),
            run: "1".to_owned(),
            ref_name: "main".to_owned(),
            ref_kind: "branch".to_owned(),
            source: "push".to_owned(),
            sha: "0".to_owned(),
            mode: SourceMode::Commit,
            jobs: Vec::new(),
        },
        first_job_id: 1,
        stages: ["one", "two", "three"].map(str::to_owned).to_vec(),
        jobs: jobs.into_iter().map(Job::into_run).collect(),
        options: Options::default(),
        trees: Vec::new(),
        durations: Vec::new(),
        notices: Vec::new(),
        secrets: Vec::new(),
        complete: true,
    }
}

/// A run.
pub(super) struct Story {
    pub(super) spec: RunSpec,
    pub(super) executor: FakeExecutor,
    /// When the person at the terminal asks to stop, and how hard.
    pub(super) interrupts: Vec<(Duration, Cancel)>,
    /// The event that the record can't keep, in short.
    full_at: Option<String>,
}

impl Story {
    /// Stages are `one`, `two`, `three`.
    pub(super) fn new(jobs: impl IntoIterator<Item = Job>) -> Self {
        let executor = FakeExecutor::default();
        let spec = RunSpec {
            pipeline: pipeline(jobs),
            settings: RunSettings {
                owner: Owner {
                    owner: "me".to_owned(),
                    run: "1".to_owned(),
                },
                runners: vec![Runner::untagged("one", Arc::new(executor.clone()))],
                no_delay: false,
                slots: 16,
                artifacts: Box::new(|path, job, attempt| {
                    let place = [path, &[format!("{job}.{attempt}.tar")]].concat();
                    PathBuf::from(format!("/artifacts/{}", place.join("+")))
                }),
                artifacts_limit: Some(1000),
                person: None,
                offline: false,
            },
        };
        Self {
            spec,
            executor,
            interrupts: Vec::new(),
            full_at: None,
        }
    }

    pub(super) fn with_full_disk_at(mut self, event: &str) -> Self {
        self.full_at = Some(event.to_owned());
        self
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut RunSpec)) -> Self {
        change(&mut self.spec);
        self
    }

    pub(super) fn interrupted(mut self, after_millis: u64, level: Cancel) -> Self {
        self.interrupts
            .push((Duration::from_millis(after_millis), level));
        self
    }

    pub(super) fn lacking(self, image: &str) -> Self {
        self.executor.lacking().push(image.to_owned());
        self
    }

    pub(super) async fn run(self) -> Ended {
        self.try_run().await.expect("the run begins")
    }

    pub(super) async fn try_run(self) -> Result<Ended, RunError> {
        let asked_for = self.interrupts.clone();
        let (sender, receiver) = watch::channel(Interrupt::default());
        let began = tokio::time::Instant::now();
        let interrupts = tokio::spawn(async move {
            for (after, level) in self.interrupts {
                tokio::time::sleep_until(began + after).await;
                let _ = sender.send(Interrupt { level, signal: 2 });
            }
            std::future::pending::<()>().await;
        });
        let mut recorder = Recorder::full_at(self.full_at);
        let result = run(self.spec, receiver, &mut [&mut recorder]).await;
        interrupts.abort();
        let result = result?;
        assert!(recorder.finished);
        let mut asked = self.executor.asked();
        Ok(Ended {
            events: recorder.events,
            results: recorder.results,
            interrupts: asked_for,
            result,
            asked: std::mem::take(&mut *asked),
        })
    }
}
