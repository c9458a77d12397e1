//! `pipe retry`: the last run goes on.

use crate::app::{self, Failure, GivenAgain, History, Pipeline, Retry};
use crate::settings::Key;

use super::args::{Global, RetryArgs};
use super::exit::Exit;
use super::printer::Printer;
use super::{request, run};

/// Runs the command.
pub(super) fn retry(global: &Global, args: &RetryArgs, printer: &Printer) -> Result<Exit, Failure> {
    let given = GivenAgain {
        variables: request::variables(&args.var)?,
        inputs: request::values_of_inputs(&args.input)?,
        offline: args.offline,
    };
    let executor = args.executor.iter();
    let settings = executor.map(|name| (Key::Executor, name.clone()));
    let workspace = request::workspace(global, settings.collect());
    let Retry { workspace, request } = Retry::of(&workspace, args.past_run.as_deref(), given)?;
    app::begin_early(&workspace.settings);
    let pipeline = Pipeline::make(&workspace, &request.pipeline, History::Read)?;
    run::launch(global, args.format, workspace, pipeline, &request, printer)
}
