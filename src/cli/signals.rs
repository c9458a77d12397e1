//! Ctrl-C, Ctrl-\, `kill` and a closed terminal: once stops gracefully, twice kills (design
//! chapter 6). Before the first job there is nothing to be graceful about: once ends the
//! preparations, twice ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::exec::Cancel;
use crate::run::Interrupt;
use crate::types::exit_code;

/// What is heard from the moment it is made.
pub(super) struct Signals {
    interrupt: watch::Receiver<Interrupt>,
    prepares: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on.
    pub(super) fn watch() -> Self {
        let (sender, interrupt) = watch::channel(Interrupt::default());
        let prepares = Arc::new(AtomicBool::new(true));
        for (kind, number) in [
            (SignalKind::interrupt(), 2),
            (SignalKind::terminate(), 15),
            (SignalKind::hangup(), 1),
            (SignalKind::quit(), 3),
        ] {
            if let Ok(signals) = signal(kind) {
                let prepares = Arc::clone(&prepares);
                tokio::spawn(listen(signals, number, sender.clone(), prepares));
            }
        }
        // Heard, it ends nothing: what is written beyond the user's `ulimit -f` is an error like that
        // of a full disk. Programs that are started have it as it was.
        let _ = signal(SignalKind::from_raw(process::Signal::XFSZ.as_raw()));
        Self {
            interrupt,
            prepares,
        }
    }

    /// For the preparations, which a signal ends.
    pub(super) fn interrupt(&self) -> watch::Receiver<Interrupt> {
        self.interrupt.clone()
    }

    /// For the run itself, which answers signals from now on.
    pub(super) fn into_interrupt(self) -> watch::Receiver<Interrupt> {
        self.prepares.store(false, Ordering::Relaxed);
        self.interrupt
    }
}

async fn listen(
    mut signals: Signal,
    number: u8,
    sender: watch::Sender<Interrupt>,
    prepares: Arc<AtomicBool>,
) {
    while signals.recv().await.is_some() {
        let mut again = false;
        sender.send_modify(|interrupt| {
            again = interrupt.level != Cancel::Run;
            if again {
                interrupt.level = Cancel::Force;
            } else {
                interrupt.signal = number;
                interrupt.level = Cancel::Graceful;
            }
        });
        if again && prepares.load(Ordering::Relaxed) {
            end_at_once(number);
        }
    }
}

/// What the preparations leave, the next run removes.
#[expect(
    clippy::exit,
    reason = "something hangs, or the first signal would have ended it"
)]
fn end_at_once(signal: u8) -> ! {
    std::process::exit(i32::from(exit_code::signal(signal)))
}
