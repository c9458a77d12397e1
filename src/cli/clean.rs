//! `pipe clean`: what is kept on this machine, as a list or removed.

use crate::app::{Failure, Storage, Stored, StoredKind};
use crate::report::line::{Line, Tone};
use crate::report::words;

use super::args::{CleanArgs, CleanKind, Global};
use super::exit::Exit;
use super::printer::Printer;
use super::request;
use super::table::Table;
use super::threads::one_thread;

/// Runs the command.
pub(super) fn clean(global: &Global, args: &CleanArgs, printer: &Printer) -> Result<Exit, Failure> {
    let request = request::workspace(global, Vec::new());
    let storage = Storage::open(&request, args.here)?;
    let kinds: Vec<StoredKind> = if args.all {
        StoredKind::ALL.to_vec()
    } else {
        args.kinds.iter().copied().map(StoredKind::from).collect()
    };
    let runtime = one_thread()?;
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
    kept.extend(storage.of_sandboxes());
    kept.extend(storage.images());
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

fn whose(kept: &Stored) -> String {
    let of = match &kept.of {
        Some(folder) => folder.display().to_string(),
        None if kept.kind == StoredKind::Includes => {
            "files from elsewhere, for all projects".to_owned()
        }
        None if kept.kind == StoredKind::Images => "all projects".to_owned(),
        None if kept.bytes.is_some() => "all projects, for sandboxes".to_owned(),
        None => "trees of all projects, on the Docker daemon".to_owned(),
    };
    match kept.alive {
        0 => of,
        alive => format!("{of}; {} under way", words::count(alive, "run")),
    }
}

/// Removes what is named, and says what went.
async fn remove(storage: &Storage, kinds: &[StoredKind], printer: &Printer) -> Result<(), Failure> {
    if kinds
        .iter()
        .any(|kind| matches!(kind, StoredKind::Runs | StoredKind::Layers))
    {
        for notice in storage.reap().await {
            printer.words(&[Line::of(Tone::Warn, notice)]);
        }
    }
    let mut removed = Vec::new();
    for kind in kinds {
        match kind {
            StoredKind::Runs => match storage.remove_runs()? {
                0 => {}
                runs => removed.push(words::count(runs, "run")),
            },
            StoredKind::Caches => match storage.remove_caches()? {
                0 => {}
                bytes => removed.push(format!("{} of caches", words::size(bytes))),
            },
            StoredKind::Includes => match storage.remove_includes()? {
                0 => {}
                bytes => removed.push(format!("{} of fetched files", words::size(bytes))),
            },
            StoredKind::Images => match storage.remove_images()? {
                0 => {}
                images => removed.push(words::count(images, "image")),
            },
            StoredKind::Layers => {
                match storage.remove_of_sandboxes()? {
                    0 => {}
                    layers => {
                        removed.push(format!("{} of sandboxes", words::count(layers, "layer")));
                    }
                }
                match storage.remove_layers().await? {
                    0 => {}
                    layers => {
                        let layers = words::count(layers, "layer");
                        removed.push(format!("{layers} from the Docker daemon"));
                    }
                }
            }
        }
    }
    let text = if removed.is_empty() {
        "there was nothing to remove".to_owned()
    } else {
        format!("removed {}", removed.join(", "))
    };
    printer.lines(&[Line::of(Tone::Plain, text)]);
    let alive: usize = (storage.on_disk().iter())
        .filter(|kept| kept.kind == StoredKind::Runs)
        .map(|kept| kept.alive)
        .sum();
    if alive > 0 {
        let runs = words::count(alive, "run");
        let text = format!("{runs} under way: what they use stays");
        printer.words(&[Line::of(Tone::Warn, text)]);
    }
    Ok(())
}

impl From<CleanKind> for StoredKind {
    fn from(kind: CleanKind) -> Self {
        match kind {
            CleanKind::Runs => Self::Runs,
            CleanKind::Caches => Self::Caches,
            CleanKind::Layers => Self::Layers,
            CleanKind::Includes => Self::Includes,
            CleanKind::Images => Self::Images,
        }
    }
}
