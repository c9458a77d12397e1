//! `pipe image`: what is here, bringing more, removing.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value as Json, json};

use crate::app::{
    Failure, ImageRequest, Images, list_images, remove_all_images, remove_images, short,
};
use crate::exec::Cancel;
use crate::images::{Arrived, StoredImage};
use crate::report::line::{Line, Tone};
use crate::report::words;

use super::args::{
    Global, ImageCommand, ImageImportArgs, ImageLsArgs, ImagePullArgs, ImageRmArgs, ListFormat,
    ResultFormat,
};
use super::exit::Exit;
use super::image_progress::ImageProgress;
use super::printer::Printer;
use super::request;
use super::signals::Signals;
use super::table::Table;
use super::threads::threads;

/// Digits of an id that tell images apart.
const SHORT_ID: usize = 12;

/// Runs the command.
pub(super) fn image(
    global: &Global,
    command: &ImageCommand,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let images = || Images::open(&request::workspace(global, Vec::new()));
    match command {
        ImageCommand::Ls(args) => list(args, printer),
        ImageCommand::Pull(args) => pull(&images()?, args, printer),
        ImageCommand::Import(args) => import(&images()?, args, printer),
        ImageCommand::Rm(args) => remove(args, printer),
    }
}

fn list(args: &ImageLsArgs, printer: &Printer) -> Result<Exit, Failure> {
    let images = list_images()?;
    if args.format == ListFormat::Json {
        let images: Vec<Json> = images.iter().map(document).collect();
        printer.json(json!({"version": 1, "images": images}));
    } else if images.is_empty() {
        let text = "no image is here";
        printer.lines(&[Line::of(Tone::Plain, text)]);
    } else {
        printer.lines(&table(&images).lines(printer.width));
    }
    Ok(Exit::Passed)
}

fn table(images: &[StoredImage]) -> Table {
    let now = jiff::Timestamp::now();
    let mut table = Table::new(&["image", "platform", "id", "size", "came", "in use"]);
    for image in images {
        let age = image
            .arrived
            .and_then(|at| now.duration_since(at).try_into().ok());
        table.row(&[
            &image.name.as_deref().map(short).unwrap_or_default(),
            &image.platform,
            short_id(&image.id),
            &words::size(image.bytes),
            &age.map(words::age).unwrap_or_default(),
            if image.in_use { "yes" } else { "" },
        ]);
    }
    table
}

fn document(image: &StoredImage) -> Json {
    json!({
        "name": image.name,
        "id": image.id,
        "digest": image.digest,
        "platform": image.platform,
        "bytes": image.bytes,
        "layers": image.layers,
        "arrived": image.arrived.map(|at| at.to_string()),
        "in_use": image.in_use,
    })
}

fn pull(images: &Images, args: &ImagePullArgs, printer: &Printer) -> Result<Exit, Failure> {
    let runtime = threads()?;
    let mut came = Vec::new();
    let pulled = runtime.block_on(async {
        let mut interrupt = Signals::watch().interrupt();
        for name in &args.wanted_images {
            say(printer, &format!("pulling {name}"));
            let found = tokio::select! {
                found = images.credentials(name) => found,
                asked = interrupt.wait_for(|now| now.level != Cancel::Run) => {
                    return Ok(asked.ok().map(|now| now.signal));
                }
            };
            for warning in found.warnings {
                printer.words(&[Line::of(Tone::Warn, format!("warning: {warning}"))]);
            }
            let progress = ImageProgress::new(printer);
            let tell = |at| progress.tell(at);
            let pulling = images.pull(name, args.platform.as_deref(), found.login, &tell);
            let arrived = tokio::select! {
                done = pulling => done?,
                asked = interrupt.wait_for(|now| now.level != Cancel::Run) => {
                    return Ok(asked.ok().map(|now| now.signal));
                }
            };
            drop(progress);
            tell_arrived(&arrived, args.format, printer);
            came.extend(arrived);
        }
        Ok::<_, Failure>(None)
    });
    // What unpacks on is told to stop; nobody waits for its end.
    runtime.shutdown_background();
    Ok(finish(pulled?, &came, args.format, printer))
}

fn import(images: &Images, args: &ImageImportArgs, printer: &Printer) -> Result<Exit, Failure> {
    let request = ImageRequest {
        name: args.name.clone(),
        platform: args.platform.clone(),
    };
    let runtime = threads()?;
    let stop = Arc::new(AtomicBool::new(false));
    let mut interrupt = runtime.block_on(async { Signals::watch().interrupt() });
    runtime.spawn({
        let (stop, mut interrupt) = (Arc::clone(&stop), interrupt.clone());
        async move {
            if interrupt
                .wait_for(|now| now.level != Cancel::Run)
                .await
                .is_ok()
            {
                stop.store(true, Ordering::Relaxed);
            }
        }
    });
    let progress = ImageProgress::new(printer);
    let tell = |at| progress.tell(at);
    let imported = runtime.block_on(async {
        tokio::select! {
            done = images.import(&args.image_source, &request, &tell, &stop) => Some(done),
            // Only where it waits for the daemon; else it ends itself.
            _ = interrupt.wait_for(|now| now.level != Cancel::Run) => None,
        }
    });
    drop(progress);
    let signal = interrupt.borrow().signal;
    runtime.shutdown_background();
    if stop.load(Ordering::Relaxed) || imported.is_none() {
        return Ok(finish(Some(signal), &[], args.format, printer));
    }
    let came = imported.unwrap_or_else(|| Ok(Vec::new()))?;
    tell_arrived(&came, args.format, printer);
    Ok(finish(None, &came, args.format, printer))
}

/// What is said at the end: as JSON all at once.
fn finish(signal: Option<u8>, came: &[Arrived], format: ResultFormat, printer: &Printer) -> Exit {
    if let Some(signal) = signal {
        say(
            printer,
            "stopped; what did not come to its end left nothing",
        );
        return Exit::Signal(signal);
    }
    if format == ResultFormat::Json {
        let images: Vec<Json> = came.iter().map(arrived).collect();
        printer.json(json!({"version": 1, "images": images}));
    }
    Exit::Passed
}

fn tell_arrived(came: &[Arrived], format: ResultFormat, printer: &Printer) {
    if format == ResultFormat::Json {
        return;
    }
    for image in came {
        let layers = words::count(image.layers, "layer");
        let new = match image.new_layers {
            0 => "all here before".to_owned(),
            new if new == image.layers => "all new".to_owned(),
            new => format!("{new} new"),
        };
        let (name, id) = (short(&image.name), short_id(&image.id));
        let text = format!("{name}  {id}  {}  {layers}, {new}", image.platform);
        printer.lines(&[Line::of(Tone::Plain, text)]);
        if image.devices > 0 {
            let devices = match image.devices {
                1 => "a device node was".to_owned(),
                many => format!("{many} device nodes were"),
            };
            say(printer, &format!("{devices} left out: a job has its own"));
        }
    }
}

fn arrived(image: &Arrived) -> Json {
    json!({
        "name": image.name,
        "id": image.id,
        "digest": image.digest,
        "platform": image.platform.to_string(),
        "layers": image.layers,
        "new_layers": image.new_layers,
        "devices_left_out": image.devices,
    })
}

fn remove(args: &ImageRmArgs, printer: &Printer) -> Result<Exit, Failure> {
    let gone = if args.all {
        remove_all_images()?
    } else {
        remove_images(&args.stored_images, args.platform.as_deref())?
    };
    let names: Vec<String> = gone.iter().map(|name| short(name)).collect();
    let text = if names.is_empty() {
        "there was nothing to remove".to_owned()
    } else {
        format!("removed {}", names.join(", "))
    };
    printer.lines(&[Line::of(Tone::Plain, text)]);
    Ok(Exit::Passed)
}

fn say(printer: &Printer, text: &str) {
    if !printer.is_quiet() {
        printer.words(&[Line::of(Tone::Dim, text.to_owned())]);
    }
}

fn short_id(id: &str) -> &str {
    let digits = id.strip_prefix("sha256:").unwrap_or(id);
    digits.get(..SHORT_ID).unwrap_or(digits)
}
