//! What the user hears of a panic: that `pipe` has made a mistake, or that the system makes no more
//! threads, which the libraries that start them have no other words for.

use std::any::Any;
use std::panic::PanicHookInfo;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::report::OutputLevel;
use crate::report::line::{Line, Tone};
use crate::source::SourceMap;
use crate::types::exit_code;

use super::args::When;
use super::exit::Exit;
use super::printer::Printer;
use super::seat;
use super::threads::no_threads;

/// Whether a thread could not be made.
static LACKS_THREADS: AtomicBool = AtomicBool::new(false);

/// How the standard library and tokio begin to say that a thread can't be made.
const NO_THREAD: [&str; 2] = ["failed to spawn thread", "OS can't spawn worker thread"];

/// A broken `pipe` says so in one line; the details are for `-vv`.
pub(super) fn report() {
    std::panic::set_hook(Box::new(|info| {
        seat::restore();
        let printer = Printer::new(When::Never, OutputLevel::Normal);
        if !is_of_threads(info.payload()) {
            printer.words(&[mistake(info)]);
        } else if !LACKS_THREADS.swap(true, Ordering::Relaxed) {
            printer.diagnostics(
                &[no_threads("the system makes no more threads")],
                &SourceMap::default(),
            );
        }
    }));
}

/// The exit code of a program that may have panicked: of one that lacked threads all that did not go
/// well comes from that.
pub(super) fn exit(exit: Option<Exit>) -> Exit {
    judged(exit, LACKS_THREADS.load(Ordering::Relaxed))
}

fn judged(exit: Option<Exit>, lacks_threads: bool) -> Exit {
    match exit {
        Some(exit) if exit.code() == exit_code::PASSED || exit_code::is_signal(exit.code()) => exit,
        _ if lacks_threads => Exit::Environment,
        exit => exit.unwrap_or(Exit::Internal),
    }
}

fn mistake(info: &PanicHookInfo<'_>) -> Line {
    let place = info
        .location()
        .map_or_else(String::new, |at| format!(" ({}:{})", at.file(), at.line()));
    let text = format!(
        "error: pipe has made a mistake of its own{place}; please report it with what you ran"
    );
    Line::of(Tone::Plain, text)
}

fn is_of_threads(payload: &(dyn Any + Send)) -> bool {
    let literal = payload.downcast_ref::<&str>().copied();
    let text = literal.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.is_some_and(|text| NO_THREAD.iter().any(|begin| text.starts_with(begin)))
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::{Exit, is_of_threads, judged};

    #[test]
    fn a_lack_of_threads_is_behind_all_that_failed() {
        for (exit, lacks, expected) in [
            (Some(Exit::Run(1)), true, 4),
            (Some(Exit::Run(1)), false, 1),
            (Some(Exit::Run(0)), true, 0),
            (Some(Exit::Run(130)), true, 130),
            (Some(Exit::Signal(2)), true, 130),
            (None, true, 4),
            (None, false, 70),
        ] {
            assert_eq!(judged(exit, lacks).code(), expected, "{exit:?} {lacks}");
        }
    }

    #[test]
    fn only_threads_that_can_not_be_made_are_the_machines_fault() {
        for (text, expected) in [
            (
                "failed to spawn thread: Os { code: 11, kind: WouldBlock }",
                true,
            ),
            (
                "OS can't spawn worker thread: Resource temporarily unavailable",
                true,
            ),
            ("index out of bounds", false),
        ] {
            let made = catch_unwind(|| std::panic::resume_unwind(Box::new(text.to_owned())));
            let payload = made.expect_err("a panic");
            assert_eq!(is_of_threads(&*payload), expected, "{text}");
        }
    }
}
