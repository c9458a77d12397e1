//! The person who gets a shell where a job would run its script (`pipe shell`).

use std::io;

use async_trait::async_trait;
use tokio::sync::mpsc;

use crate::exec::Terminal;

/// Somebody at a terminal, which is theirs until the shell comes.
#[async_trait]
pub trait Person: Send + Sync {
    /// The shell is about to start, and all that was to be told before is told: from here on the
    /// terminal is the shell's.
    async fn sit_down(&self) -> io::Result<Seat>;

    /// The shell is gone, with this status where it ended by itself. Returns when all that came
    /// from it is shown and the terminal is as it was.
    async fn get_up(&self, status: Option<i64>);
}

/// What a person at a shell types and sees.
#[derive(Debug)]
pub struct Seat {
    /// Keys, and the size of the window.
    pub terminal: Terminal,
    /// Takes what is shown.
    pub screen: mpsc::Sender<Vec<u8>>,
}
