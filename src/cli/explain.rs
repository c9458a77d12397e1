//! `pipe explain`: why a job is in the pipeline or not, and what a diagnostic means.

use crate::app::{self, Failure, History, Pipeline, Workspace};
use crate::diag::{Code, closest};

use super::args::Global;
use super::exit::Exit;
use super::explain_args::ExplainArgs;
use super::explain_job::Told;
use super::formats::ResultFormat;
use super::printer::Printer;
use super::{explain_code, explain_json, request};

/// Runs the command.
pub(super) fn explain(
    global: &Global,
    args: &ExplainArgs,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let name = args.subject.as_str();
    let made = made(global, args);
    let is_job = made
        .as_ref()
        .is_ok_and(|(_, pipeline)| has_job(pipeline, name));
    // A job may have the name of a code; then it is the nearer one.
    if let Some(code) = Code::parse(name).filter(|_| !is_job) {
        match args.format {
            ResultFormat::Text => printer.lines(&explain_code::lines(code)),
            ResultFormat::Json => printer.json(explain_code::json(code)),
        }
        return Ok(Exit::Passed);
    }
    let (workspace, pipeline) = made?;
    printer.hide(pipeline.facts.secrets());
    if pipeline.loaded.config.is_none() {
        return Err(pipeline.failure());
    }
    let request = request::pipeline(&args.event)?;
    let explained = app::explain_job(&workspace, &pipeline, &request, name)
        .map_err(|failure| or_code(failure, name))?;
    match args.format {
        ResultFormat::Text => {
            let told = Told {
                pipeline: &pipeline,
                explained: &explained,
                printer,
                all_variables: args.variables,
            };
            printer.lines(&told.lines());
        }
        ResultFormat::Json => printer.json(explain_json::document(&pipeline, &explained)),
    }
    Ok(Exit::Passed)
}

fn made(global: &Global, args: &ExplainArgs) -> Result<(Workspace, Pipeline), Failure> {
    let workspace = Workspace::open(&request::workspace(global, Vec::new()))?;
    let pipeline = Pipeline::make(&workspace, &request::pipeline(&args.event)?, History::Read)?;
    Ok((workspace, pipeline))
}

fn has_job(pipeline: &Pipeline, name: &str) -> bool {
    let config = pipeline.loaded.config.iter();
    let mut jobs = config.flat_map(|config| &config.jobs);
    jobs.any(|job| &*job.name == name || &*job.base_name == name)
}

/// What is neither a job nor a code may be a code with a slip in it.
fn or_code(mut failure: Failure, name: &str) -> Failure {
    let codes = Code::ALL.iter().map(|code| code.as_str());
    if let Some(close) = closest(name, codes)
        && let Some(diagnostic) = failure.diagnostics.first_mut()
    {
        let help = format!("the code of a diagnostic is `{close}`");
        diagnostic.help.push(help);
    }
    failure
}
