//! Ctrl-C, Ctrl-\, `kill` and a closed terminal: once stops gracefully, twice kills (design chapter 6).

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::exec::Cancel;
use crate::run::Interrupt;

/// Listens from now on.
pub(super) fn watch() -> watch::Receiver<Interrupt> {
    let (sender, receiver) = watch::channel(Interrupt::default());
    for (kind, number) in [
        (SignalKind::interrupt(), 2),
        (SignalKind::terminate(), 15),
        (SignalKind::hangup(), 1),
        (SignalKind::quit(), 3),
    ] {
        if let Ok(signals) = signal(kind) {
            tokio::spawn(listen(signals, number, sender.clone()));
        }
    }
    receiver
}

async fn listen(mut signals: Signal, number: u8, sender: watch::Sender<Interrupt>) {
    while signals.recv().await.is_some() {
        sender.send_modify(|interrupt| {
            if interrupt.level == Cancel::Run {
                interrupt.signal = number;
                interrupt.level = Cancel::Graceful;
            } else {
                interrupt.level = Cancel::Force;
            }
        });
    }
}
