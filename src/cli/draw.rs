//! `pipe graph`: the pipeline as a picture.

use crate::app::{Failure, History, Pipeline, Workspace};
use crate::report::line::{Line, Tone};

use super::args::Global;
use super::exit::Exit;
use super::explain_args::GraphArgs;
use super::formats::GraphFormat;
use super::graph::{Picture, dot, mermaid, svg, tree};
use super::list;
use super::printer::Printer;
use super::request;

/// Runs the command. Without a pipeline there is nothing to draw, and why is said beside the
/// picture.
pub(super) fn graph(global: &Global, args: &GraphArgs, printer: &Printer) -> Result<Exit, Failure> {
    let workspace = Workspace::open(&request::workspace(global, Vec::new()))?;
    let pipeline = Pipeline::make(&workspace, &request::pipeline(&args.event)?, History::Read)?;
    printer.hide(pipeline.facts.secrets());
    let Some(outcome) = pipeline.outcome.as_ref().filter(|_| pipeline.is_valid()) else {
        return Err(pipeline.failure());
    };
    if let Some(reason) = &outcome.reason
        && !printer.is_quiet()
    {
        let text = format!(
            "{}: no pipeline: {reason}",
            list::reference(&pipeline.facts)
        );
        printer.words(&[Line::of(Tone::Plain, text)]);
    }
    let picture = Picture::of(&outcome.plan);
    match args.format {
        GraphFormat::Tree => printer.lines(&tree(&picture)),
        GraphFormat::Mermaid => printer.exact(&printer.masked(&mermaid(&picture))),
        GraphFormat::Dot => printer.exact(&printer.masked(&dot(&picture))),
        GraphFormat::Svg => printer.exact(&printer.masked(&svg(&picture))),
    }
    Ok(Exit::Passed)
}
