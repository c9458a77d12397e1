//! From the arguments of the process to its exit status.

use std::ffi::OsStr;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgMatches, FromArgMatches};

use crate::app::{Failure, FailureKind};
use crate::diag::{Code, Diagnostic};
use crate::foreign::system_words;
use crate::report::OutputLevel;
use crate::source::SourceMap;

use super::args::{Cli, Command, ImageArgs, When};
use super::exit::Exit;
use super::printer::Printer;
use super::{
    artifacts, clean, config, doctor, draw, expand, explain, fetch, generate, lint, list, logs,
    panics, retry, runs, shell, watcher,
};

/// Runs the program.
pub fn main() -> ExitCode {
    #[cfg(target_os = "linux")]
    crate::exec::enter_sandbox();
    if watcher::watch() {
        return ExitCode::SUCCESS;
    }
    generate::complete();
    let outcome = std::panic::catch_unwind(run);
    panics::exit(outcome.ok()).into()
}

fn run() -> Exit {
    panics::report();
    let typed = Typed::read();
    let printer = match &typed {
        Typed::Command(cli, _) => {
            let global = &cli.global;
            Printer::new(global.color, global.level())
        }
        Typed::Nothing | Typed::Unclear(_) => Printer::new(When::Auto, OutputLevel::Normal),
    };
    let exit = match &typed {
        Typed::Nothing => help(&printer),
        Typed::Unclear(error) => usage(error, &printer),
        Typed::Command(cli, matches) => command(cli, matches, &printer),
    };
    written(exit, &printer)
}

/// What stands on the command line.
enum Typed {
    Nothing,
    Command(Box<Cli>, ArgMatches),
    /// A mistake; clap counts the wish for help and version as one.
    Unclear(clap::Error),
}

impl Typed {
    fn read() -> Self {
        if std::env::args_os().len() <= 1 {
            return Self::Nothing;
        }
        let matches = super::command().try_get_matches();
        match matches.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches))) {
            Ok((cli, matches)) => Self::Command(Box::new(cli), matches),
            Err(error) => Self::Unclear(error),
        }
    }
}

fn command(cli: &Cli, matches: &ArgMatches, printer: &Printer) -> Exit {
    trace(cli.global.verbose);
    refuse_empty_values(&super::command(), matches)
        .and_then(|()| dispatch(cli, printer))
        .unwrap_or_else(|failure| fail(&failure, printer))
}

/// No option means anything with an empty value: it is what an unset variable of a script leaves,
/// and must not choose more than was meant.
fn refuse_empty_values(command: &clap::Command, matches: &ArgMatches) -> Result<(), Failure> {
    for argument in command.get_arguments() {
        let id = argument.get_id().as_str();
        let values = matches.try_get_raw(id).ok().flatten();
        if values.is_some_and(|mut values| values.any(OsStr::is_empty)) {
            return Err(empty_value(argument));
        }
    }
    match matches.subcommand() {
        Some((name, below)) => command
            .find_subcommand(name)
            .map_or(Ok(()), |command| refuse_empty_values(command, below)),
        None => Ok(()),
    }
}

fn empty_value(argument: &clap::Arg) -> Failure {
    let name = match argument.get_long() {
        Some(long) => format!("--{long}"),
        None => argument.get_value_names().unwrap_or_default().join(" "),
    };
    let diagnostic = Diagnostic::new(Code::InvalidValue, format!("`{name}` has an empty value"));
    let help = if name == "--deploy" {
        "name the environment, as in `--deploy=staging`; `--deploy` alone releases all of them"
    } else {
        "give it a value, or leave it out; a variable of a script may be unset"
    };
    Failure::new(FailureKind::Usage, diagnostic.help(help))
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
        Command::Shell(args) => shell::shell(&cli.global, args, printer),
        Command::Retry(args) => retry::retry(&cli.global, args, printer),
        Command::List(args) => list::list(&cli.global, args, printer),
        Command::Lint(args) => lint::lint(&cli.global, args, printer),
        Command::Expand(args) => expand::expand(&cli.global, args, printer),
        Command::Graph(args) => draw::graph(&cli.global, args, printer),
        Command::Explain(args) => explain::explain(&cli.global, args, printer),
        Command::Fetch(args) => fetch::fetch(&cli.global, args, printer),
        Command::Runs(args) => runs::runs(&cli.global, args, printer),
        Command::Logs(args) => logs::logs(&cli.global, args, printer),
        Command::Artifacts(args) => artifacts::artifacts(&cli.global, args, printer),
        Command::Clean(args) => clean::clean(&cli.global, args, printer),
        Command::Config(args) => config::config(&cli.global, args, printer),
        Command::Image(args) => image(cli, args, printer),
        Command::Doctor(args) => doctor::doctor(&cli.global, args, printer),
        Command::Completions { shell } => {
            printer.exact(&generate::completion(*shell));
            Ok(Exit::Passed)
        }
        Command::Man { page } => generate::man(page.as_deref(), printer),
    }
}

#[cfg(target_os = "linux")]
fn image(cli: &Cli, args: &ImageArgs, printer: &Printer) -> Result<Exit, Failure> {
    super::image::image(&cli.global, &args.command, printer)
}

/// Its layers are folders for overlays of Linux.
#[cfg(not(target_os = "linux"))]
fn image(_: &Cli, _: &ImageArgs, _: &Printer) -> Result<Exit, Failure> {
    let message = "only pipe for Linux keeps images of its own; here the Docker daemon has them";
    let diagnostic = Diagnostic::new(Code::ExecutorUnavailable, message);
    Err(Failure::new(FailureKind::Environment, diagnostic))
}

fn fail(failure: &Failure, printer: &Printer) -> Exit {
    printer.diagnostics(&failure.diagnostics, &failure.sources);
    failure.kind.into()
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
