//! From the arguments of the process to its exit status.

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::diag::{Code, Diagnostic};
use crate::foreign::system_words;
use crate::report::line::{Line, Tone};
use crate::source::SourceMap;

use super::args::{Cli, Command, When};
use super::exit::{Exit, Failure};
use super::printer::Printer;
use super::{doctor, generate, lint, list};

/// Runs the program.
pub fn main() -> ExitCode {
    generate::complete();
    let outcome = std::panic::catch_unwind(run);
    outcome.unwrap_or(Exit::Internal).into()
}

fn run() -> Exit {
    report_panics();
    let parsed = if std::env::args_os().len() <= 1 {
        Err(None)
    } else {
        Cli::try_parse().map_err(Some)
    };
    let printer = match &parsed {
        Ok(cli) => Printer::new(cli.global.color, cli.global.quiet),
        Err(_) => Printer::new(When::Auto, false),
    };
    let exit = match &parsed {
        Ok(cli) => command(cli, &printer),
        Err(Some(error)) => usage(error, &printer),
        Err(None) => help(&printer),
    };
    written(exit, &printer)
}

fn command(cli: &Cli, printer: &Printer) -> Exit {
    trace(cli.global.verbose);
    dispatch(cli, printer).unwrap_or_else(|failure| fail(&failure, printer))
}

/// The exit of a command whose words did not arrive.
fn written(exit: Exit, printer: &Printer) -> Exit {
    let Some(error) = printer.fault() else {
        return exit;
    };
    let message = format!("the output can't be written: {}", system_words(error));
    let diagnostic = Diagnostic::new(Code::OutputUnwritable, message);
    printer.diagnostics(&[diagnostic], &SourceMap::default());
    Exit::Environment
}

fn dispatch(cli: &Cli, printer: &Printer) -> Result<Exit, Failure> {
    match &cli.command {
        Command::Run(args) => super::run::run(&cli.global, args, printer),
        Command::List(args) => list::list(&cli.global, args, printer),
        Command::Lint(args) => lint::lint(&cli.global, args, printer),
        Command::Doctor(args) => doctor::doctor(&cli.global, args, printer),
        Command::Completions { shell } => {
            printer.exact(&generate::completion(*shell));
            Ok(Exit::Passed)
        }
        Command::Man { page } => generate::man(page.as_deref(), printer),
    }
}

fn fail(failure: &Failure, printer: &Printer) -> Exit {
    printer.diagnostics(&failure.diagnostics, &failure.sources);
    failure.exit
}

/// Help and version are no errors, though clap hands them out as such.
fn usage(error: &clap::Error, printer: &Printer) -> Exit {
    let text = error.render();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            printer.help(&text);
            Exit::Passed
        }
        _ => {
            printer.usage(&text);
            Exit::Usage
        }
    }
}

fn help(printer: &Printer) -> Exit {
    printer.help(&super::command().render_help());
    Exit::Passed
}

/// A broken `pipe` says so in one line; the details are for `-vv`.
fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
        let printer = Printer::new(When::Never, false);
        let text = format!(
            "error: pipe has made a mistake of its own{place}; please report it with what you ran"
        );
        printer.words(&[Line::of(Tone::Plain, text)]);
    }));
}

/// `-vv` shows what `pipe` itself does.
fn trace(verbose: u8) {
    let level = match verbose {
        0 | 1 => return,
        2 => tracing::Level::DEBUG,
        _ => tracing::Level::TRACE,
    };
    let _ = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_target(false)
        .without_time()
        .try_init();
}
