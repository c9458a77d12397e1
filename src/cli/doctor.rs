//! `pipe doctor`: what this machine offers for running pipelines. Nothing is changed or brought.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::app::{
    self, Assignment, Failure, History, KeyDigests, Permissions, Pipeline, PipelineContext,
    PipelineRequest, Workspace, folders, now, read_settings,
};
use crate::diag::Severity;
use crate::exec::{Cx, ExecError, Executor, Image};
use crate::record::LastArtifacts;
use crate::report::words;
use crate::settings::{Key, Settings, Source};

use super::args::{DoctorArgs, Global};
use super::doctor_text::{Findings, Line, Mark};
use super::exit::Exit;
use super::list;
use super::printer::Printer;
use super::request;

/// Runs the command.
pub(super) fn doctor(
    global: &Global,
    args: &DoctorArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let findings = match Workspace::open(&request::workspace(global, Vec::new())) {
        Ok(workspace) => findings(&workspace, &request::pipeline(&args.event)?, printer)?,
        Err(failure) => without_checkout(global, failure)?,
    };
    printer.lines(&findings.drawn(&|text| printer.masked(text)));
    Ok(if findings.can_run() {
        Exit::Passed
    } else {
        Exit::Environment
    })
}

fn findings(
    workspace: &Workspace,
    request: &PipelineRequest,
    printer: &Printer,
) -> Result<Findings, Failure> {
    let pipeline = Pipeline::make(workspace, request, History::Read)?;
    printer.hide(pipeline.facts.secrets());
    let mut findings = Findings::default();
    findings.section("repository", repository(workspace, &pipeline));
    findings.section("configuration", configuration(workspace, &pipeline));
    let (executors, images) = machine(&workspace.settings, Some(pipeline));
    findings.section("executors", executors);
    findings.section("images of this pipeline", images);
    findings.section(
        "settings that you or the repository made",
        settings(&workspace.settings),
    );
    findings.section("state", vec![state(&folders::state()?)]);
    Ok(findings)
}

/// Where there is no checkout, the machine can be looked at all the same. A mistake in settings
/// has a place to show instead.
fn without_checkout(global: &Global, failure: Failure) -> Result<Findings, Failure> {
    let Some(diagnostic) = failure.diagnostics.first().filter(|d| d.primary.is_none()) else {
        return Err(failure);
    };
    let line = Line::new(Mark::Bad, "root", &diagnostic.message);
    let line = match diagnostic.help.first() {
        Some(remedy) => line.remedy(remedy),
        None => line,
    };
    let own = read_settings(None, &request::workspace(global, Vec::new()).settings)?;
    let mut findings = Findings::default();
    findings.section("repository", vec![line]);
    findings.section("executors", machine(&own, None).0);
    findings.section("settings that you made", settings(&own));
    findings.section("state", vec![state(&folders::state()?)]);
    Ok(findings)
}

fn repository(workspace: &Workspace, pipeline: &Pipeline) -> Vec<Line> {
    let facts = &pipeline.facts;
    let plain = |name: &str, text: String| Line::new(Mark::Plain, name, text);
    vec![
        plain("root", workspace.repository.root().display().to_string()),
        plain("ref", list::reference(facts)),
        plain("default branch", workspace.rules.default_branch.clone()),
        plain(
            "project",
            format!("{} on {}", facts.project.path, facts.project.server.host),
        ),
    ]
}

fn configuration(workspace: &Workspace, pipeline: &Pipeline) -> Vec<Line> {
    let errors = pipeline
        .loaded
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .count();
    let (mark, text) = match (errors, &pipeline.outcome) {
        (0, Some(outcome)) => match &outcome.reason {
            Some(reason) => (
                Mark::Good,
                format!("valid; no pipeline for this ref: {reason}"),
            ),
            None => (
                Mark::Good,
                format!(
                    "valid; {} for this ref",
                    words::count(outcome.plan.jobs.len(), "job")
                ),
            ),
        },
        (errors, _) => (
            Mark::Bad,
            format!("not valid: {}", words::count(errors, "mistake")),
        ),
    };
    let line = Line::new(mark, workspace.file(), text);
    vec![if mark == Mark::Bad {
        line.remedy("`pipe lint` shows every mistake")
    } else {
        line
    }]
}

/// The executors, and the images of the pipeline that are not there.
fn machine(chosen: &Settings, pipeline: Option<Pipeline>) -> (Vec<Line>, Vec<Line>) {
    let by_choice = chosen.text(Key::Executor) == Some("shell");
    let shell = if by_choice {
        Line::new(
            Mark::Good,
            "shell",
            "chosen: jobs run on this machine, without isolation",
        )
    } else {
        Line::new(
            Mark::Plain,
            "shell",
            "only by choice: `--executor shell` runs jobs without isolation",
        )
    };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return (vec![shell], Vec::new());
    };
    let executors = runtime.block_on(Executors::ask(chosen));
    let images = match pipeline {
        Some(pipeline) => runtime.block_on(images(chosen, pipeline, &executors)),
        None => Vec::new(),
    };
    (vec![executors.docker, executors.sandbox, shell], images)
}

/// What the executors say, and those of them that take jobs.
struct Executors {
    docker: Line,
    sandbox: Line,
    /// Docker's and the sandbox, each where it can be used and is.
    usable: [Option<Arc<dyn Executor>>; 2],
}

impl Executors {
    async fn ask(chosen: &Settings) -> Self {
        let wanted = chosen.text(Key::Executor).unwrap_or("auto");
        let sandbox = ask(app::sandboxes(chosen)).await;
        let docker = app::docker(chosen).map(|docker| Arc::new(docker) as Arc<dyn Executor>);
        let docker = ask(docker).await;
        // One that is not wanted, or that another stands in for, is in nobody's way.
        let mark = |name: &str, other: bool| match wanted {
            "auto" if other => Mark::Plain,
            "auto" => Mark::Bad,
            wanted if wanted == name => Mark::Bad,
            _ => Mark::Plain,
        };
        let (docker_mark, sandbox_mark) = (
            mark("docker", sandbox.is_ok()),
            mark("sandbox", docker.is_ok()),
        );
        let takes = |name: &str| wanted == "auto" || wanted == name;
        let (docker, of_docker) = told("docker", docker_mark, docker);
        let (sandbox, of_sandbox) = told("sandbox", sandbox_mark, sandbox);
        Self {
            docker,
            sandbox,
            usable: [
                of_docker.filter(|_| takes("docker")),
                of_sandbox.filter(|_| takes("sandbox")),
            ],
        }
    }
}

/// What an executor says of itself, or its message and the remedy.
type Asked = Result<(Arc<dyn Executor>, String), (String, Option<String>)>;

async fn ask(executor: Result<Arc<dyn Executor>, Failure>) -> Asked {
    let executor = executor.map_err(|failure| match failure.diagnostics.first() {
        Some(diagnostic) => (diagnostic.message.clone(), diagnostic.help.first().cloned()),
        None => ("can't be used".to_owned(), None),
    })?;
    match executor.probe(&Cx::unstoppable()).await {
        Ok(found) => Ok((executor, found.description)),
        Err(error) => Err((error.to_string(), error.help)),
    }
}

fn told(name: &str, mark: Mark, asked: Asked) -> (Line, Option<Arc<dyn Executor>>) {
    match asked {
        Ok((executor, says)) => (Line::new(Mark::Good, name, says), Some(executor)),
        Err((message, Some(remedy))) => (Line::new(mark, name, message).remedy(remedy), None),
        Err((message, None)) => (Line::new(mark, name, message), None),
    }
}

async fn images(chosen: &Settings, pipeline: Pipeline, executors: &Executors) -> Vec<Line> {
    let usable = executors.usable.each_ref().map(Option::as_ref);
    let Some(first) = usable.into_iter().flatten().next() else {
        return Vec::new();
    };
    if !pipeline.is_valid() {
        return Vec::new();
    }
    let Some(plan) = pipeline.outcome.map(|outcome| outcome.plan) else {
        return Vec::new();
    };
    let context = Arc::new(PipelineContext {
        runners: Assignment::new(
            app::runners(&executors.usable, first),
            &plan,
            chosen.text(Key::DefaultImage),
        ),
        passed: HashMap::new(),
        received: HashMap::new(),
        last_artifacts: LastArtifacts::default(),
        key_digests: KeyDigests::default(),
        commit_paths: None,
        facts: pipeline.facts,
        plan,
        pipeline_id: 0,
        root_job: None,
        default_image: chosen.text(Key::DefaultImage).map(str::to_owned),
        permissions: Permissions::default(),
        caches: None,
        resources_of: String::new(),
        shell_on: None,
        clock: now,
    });
    let mut wanted = app::images(&context);
    wanted.sort_by(|one, other| one.name.cmp(&other.name));
    wanted.dedup_by(|one, other| one.name == other.name);
    // This machine's own is always here.
    let (own, wanted): (Vec<Image>, Vec<Image>) = wanted.into_iter().partition(|image| {
        let mut traits = usable.iter().flatten().map(|it| it.traits());
        traits.any(|traits| traits.own_image == Some(image.name.as_str()))
    });
    let mut lines: Vec<Line> = own.iter().map(|image| shown(image, false)).collect();
    match first.missing(&wanted, &Cx::unstoppable()).await {
        Ok(missing) => {
            let all = wanted.iter();
            lines.extend(all.map(|image| shown(image, missing.contains(image))));
        }
        Err(error) => lines.push(refused("?", Mark::Bad, &error)),
    }
    let without = context.without_image();
    let mut faults: Vec<Line> = Vec::new();
    for fault in without.iter().filter_map(|without| without.fault.as_ref()) {
        let line = Line::new(Mark::Bad, &fault.written, fault.what());
        let line = match fault.remedy() {
            Some(remedy) => line.remedy(remedy),
            None => line,
        };
        if !faults.contains(&line) {
            faults.push(line);
        }
    }
    lines.extend(faults);
    let unnamed = without
        .iter()
        .filter(|without| without.fault.is_none())
        .count();
    if unnamed > 0 {
        let text = format!("{} without one", words::count(unnamed, "job"));
        lines.push(
            Line::new(Mark::Bad, "no image", text)
                .remedy("set `default-image` in `.pipe/config.toml`"),
        );
    }
    lines
}

/// What an executor can't say or do.
fn refused(name: &str, mark: Mark, error: &ExecError) -> Line {
    let line = Line::new(mark, name, error.to_string());
    match &error.help {
        Some(remedy) => line.remedy(remedy),
        None => line,
    }
}

fn shown(image: &Image, missing: bool) -> Line {
    if missing {
        Line::new(Mark::Missing, &image.name, "not here; a run pulls it")
    } else {
        Line::new(Mark::Good, &image.name, "here")
    }
}

fn settings(chosen: &Settings) -> Vec<Line> {
    let made = chosen
        .iter()
        .filter(|(_, setting)| setting.source != Source::Default);
    made.filter_map(|(key, setting)| {
        let value = setting.value.as_ref()?.shown();
        let from = match setting.source {
            Source::Environment => key.entry().variable,
            other => other.as_str(),
        };
        Some(Line::new(
            Mark::Plain,
            key.as_str(),
            format!("{value}  ({from})"),
        ))
    })
    .collect()
}

fn state(folder: &Path) -> Line {
    let text = match size(folder) {
        Some(bytes) => format!("{}, {}", folder.display(), words::size(bytes)),
        None => format!("{}, not there yet", folder.display()),
    };
    Line::new(Mark::Plain, "folder", text)
}

/// Bytes of the files in a folder; links are not followed.
fn size(folder: &Path) -> Option<u64> {
    let entries = std::fs::read_dir(folder).ok()?;
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(data) if data.is_dir() => size(&entry.path()).unwrap_or(0),
        Ok(data) => data.len(),
        Err(_) => 0,
    });
    Some(sizes.sum())
}
