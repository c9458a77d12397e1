//! From the arguments of the process to its exit status.

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::report::line::{Line, Tone};

use super::args::{Cli, Command};
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
    if std::env::args_os().len() <= 1 {
        let help = super::command().render_help();
        print_help(&help.ansi().to_string(), &help.to_string());
        return Exit::Passed;
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    trace(cli.global.verbose);
    let printer = Printer::new(cli.global.color, cli.global.quiet);
    dispatch(&cli, &printer).unwrap_or_else(|failure| fail(&failure, &printer))
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
fn usage(error: &clap::Error) -> Exit {
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Passed,
        _ => Exit::Usage,
    }
}

fn print_help(colored: &str, plain: &str) {
    let printer = Printer::new(super::args::When::Auto, false);
    printer.exact(if printer.color_out { colored } else { plain });
}

/// A broken `pipe` says so in one line; the details are for `-vv`.
fn report_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
        let printer = Printer::new(super::args::When::Never, false);
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
