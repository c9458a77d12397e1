//! `pipe clean`: what is kept on this machine, as a list or removed.

use crate::app::{Failure, FailureKind, Kept, KeptKind, Storage};
use crate::diag::{Code, Diagnostic};
use crate::foreign::system_words;
use crate::report::line::{Line, Tone};
use crate::report::words;

use super::args::{CleanArgs, CleanKind, Global};
use super::exit::Exit;
use super::printer::Printer;
use super::request;
use super::table::Table;

/// Runs the command.
pub(super) fn clean(global: &Global, args: &CleanArgs, printer: &Printer) -> Result<Exit, Failure> {
    let request = request::workspace(global, Vec::new());
    let storage = Storage::open(&request, args.here)?;
    let kinds: Vec<KeptKind> = if args.all {
        KeptKind::ALL.to_vec()
    } else {
        args.kinds.iter().copied().map(KeptKind::from).collect()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            let message = format!("threads can't be started: {}", system_words(&error));
            let diagnostic = Diagnostic::new(Code::ExecutorUnavailable, message);
            Failure::new(FailureKind::Environment, diagnostic)
        })?;
    if kinds.is_empty() {
        runtime.block_on(list(&storage, printer));
    } else {
        runtime.block_on(remove(&storage, &kinds, printer))?;
    }
    Ok(Exit::Passed)
}

/// What is kept. A daemon that can't be asked hides nothing else.
async fn list(storage: &Storage, printer: &Printer) {
    let mut kept = storage.on_disk();
    match storage.on_daemon().await {
        Ok(layers) => kept.extend(layers),
        Err(failure) => printer.diagnostics(&failure.diagnostics, &failure.sources),
    }
    if kept.is_empty() {
        printer.lines(&[Line::of(Tone::Plain, "nothing is kept")]);
        return;
    }
    let mut table = Table::new(&["kind", "count", "size", "of"]);
    for one in &kept {
        table.row(&[
            one.kind.as_str(),
            &one.count.map(|count| count.to_string()).unwrap_or_default(),
            &one.bytes.map(words::size).unwrap_or_default(),
            &whose(one),
        ]);
    }
    printer.lines(&table.lines(printer.width));
    if !printer.is_quiet() {
        let text = "nothing was removed: name the kinds to remove, as in `pipe clean caches`, or say `--all`";
        printer.words(&[Line::of(Tone::Dim, text)]);
    }
}

fn whose(kept: &Kept) -> String {
    let of = match &kept.of {
        Some(folder) => folder.display().to_string(),
        None => "trees of all projects, on the Docker daemon".to_owned(),
    };
    match kept.alive {
        0 => of,
        alive => format!("{of}; {} under way", words::count(alive, "run")),
    }
}

/// Removes what is named, and says what went.
async fn remove(storage: &Storage, kinds: &[KeptKind], printer: &Printer) -> Result<(), Failure> {
    for kind in kinds {
        let text = match kind {
            KeptKind::Runs => words::count(storage.remove_runs()?, "run"),
            KeptKind::Caches => format!("{} of caches", words::size(storage.remove_caches()?)),
            KeptKind::Layers => {
                let layers = storage.remove_layers().await?;
                format!("{} from the Docker daemon", words::count(layers, "layer"))
            }
        };
        printer.lines(&[Line::of(Tone::Plain, format!("removed {text}"))]);
    }
    let alive: usize = (storage.on_disk().iter())
        .filter(|kept| kept.kind == KeptKind::Runs)
        .map(|kept| kept.alive)
        .sum();
    if alive > 0 {
        let runs = words::count(alive, "run");
        let text = format!("{runs} under way: what they use stays");
        printer.words(&[Line::of(Tone::Warn, text)]);
    }
    Ok(())
}

impl From<CleanKind> for KeptKind {
    fn from(kind: CleanKind) -> Self {
        match kind {
            CleanKind::Runs => Self::Runs,
            CleanKind::Caches => Self::Caches,
            CleanKind::Layers => Self::Layers,
        }
    }
}
