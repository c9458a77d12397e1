//! `pipe doctor`: what this machine offers for running pipelines. Nothing is changed or brought.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::app::{
    self, Assignment, Failure, History, KeyDigests, Permissions, Pipeline, PipelineContext,
    PipelineRequest, Workspace, default_runner, folders, now, read_settings,
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
    let (docker, images) = runtime.block_on(docker(chosen, pipeline, by_choice));
    (vec![docker, shell], images)
}

async fn docker(
    chosen: &Settings,
    pipeline: Option<Pipeline>,
    by_choice: bool,
) -> (Line, Vec<Line>) {
    // Where the shell was chosen, a run does without.
    let absent = if by_choice { Mark::Plain } else { Mark::Bad };
    let refused = |error: ExecError| refused("docker", absent, &error);
    let docker = match app::docker(chosen) {
        Ok(docker) => docker,
        Err(failure) => return (not_made("docker", absent, &failure), Vec::new()),
    };
    match docker.probe(&Cx::unstoppable()).await {
        Err(error) => (refused(error), Vec::new()),
        Ok(found) => {
            let images = match pipeline {
                Some(pipeline) if !by_choice => images(chosen, pipeline, Arc::new(docker)).await,
                _ => Vec::new(),
            };
            (Line::new(Mark::Good, "docker", found.description), images)
        }
    }
}

async fn images(chosen: &Settings, pipeline: Pipeline, docker: Arc<dyn Executor>) -> Vec<Line> {
    if !pipeline.is_valid() {
        return Vec::new();
    }
    let Some(plan) = pipeline.outcome.map(|outcome| outcome.plan) else {
        return Vec::new();
    };
    let context = Arc::new(PipelineContext {
        runners: Assignment::new(vec![default_runner(&docker)], &plan),
        passed: HashMap::new(),
        earlier: HashMap::new(),
        last_artifacts: LastArtifacts::default(),
        key_digests: KeyDigests::default(),
        facts: pipeline.facts,
        plan,
        pipeline_id: 0,
        default_image: chosen.text(Key::DefaultImage).map(str::to_owned),
        permissions: Permissions::default(),
        clock: now,
    });
    let mut wanted = app::images(&context);
    wanted.sort_by(|one, other| one.name.cmp(&other.name));
    wanted.dedup_by(|one, other| one.name == other.name);
    let mut lines = match docker.missing(&wanted, &Cx::unstoppable()).await {
        Ok(missing) => wanted
            .iter()
            .map(|image| shown(image, missing.contains(image)))
            .collect(),
        Err(error) => vec![refused("?", Mark::Bad, &error)],
    };
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

/// An executor that the settings make none of.
fn not_made(name: &str, mark: Mark, failure: &Failure) -> Line {
    let Some(diagnostic) = failure.diagnostics.first() else {
        return Line::new(mark, name, "can't be used");
    };
    let line = Line::new(mark, name, &diagnostic.message);
    match diagnostic.help.first() {
        Some(remedy) => line.remedy(remedy),
        None => line,
    }
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
