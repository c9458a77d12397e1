//! The log of one attempt: bytes in, masked lines out.

use tokio::sync::mpsc;

use crate::mask::Masker;

use super::coverage::Coverage;
use super::ids::AttemptId;
use super::lines::{Lines, LogLines};
use super::message::Message;

/// What GitLab keeps of a log (runtime reference 3.4). Bytes.
const GITLAB_KEEPS: u64 = 4 << 20;

/// Masks first, cuts into lines then: a secret with a line end in it is hidden too.
pub(super) struct JobLog {
    id: AttemptId,
    masker: Masker,
    lines: Lines,
    messages: mpsc::Sender<Message>,
    /// Kept so that a long log allocates nothing for each chunk.
    shown: Vec<u8>,
    /// Bytes so far.
    length: u64,
    coverage: Option<Coverage>,
}

impl JobLog {
    pub(super) fn new(id: AttemptId, masker: Masker, messages: mpsc::Sender<Message>) -> Self {
        Self {
            id,
            masker,
            lines: Lines::default(),
            messages,
            shown: Vec::new(),
            length: 0,
            coverage: None,
        }
    }

    /// The same, with an eye on the coverage that it tells.
    pub(super) fn looking_for(self, coverage: Option<Coverage>) -> Self {
        Self { coverage, ..self }
    }

    /// Per cent, where the log told any.
    pub(super) fn coverage(&self) -> Option<f64> {
        self.coverage.as_ref()?.percent()
    }

    /// Its bytes, where GitLab would keep no more than the first of them.
    pub(super) fn too_long(&self) -> Option<u64> {
        Some(self.length).filter(|length| *length > GITLAB_KEEPS)
    }

    /// Takes the next bytes of the job's output.
    pub(super) async fn write(&mut self, chunk: &[u8]) {
        self.shown.clear();
        self.masker.push(chunk, &mut self.shown);
        self.length += self.shown.len() as u64;
        let mut lines = LogLines::default();
        self.lines.push(&self.shown, &mut lines);
        self.send(lines).await;
    }

    /// A line of our own.
    pub(super) async fn say(&mut self, text: &str) {
        self.flush().await;
        self.write(format!("{text}\n").as_bytes()).await;
    }

    /// A script has ended: what it left without a line end is a line.
    pub(super) async fn flush(&mut self) {
        self.shown.clear();
        self.masker.flush(&mut self.shown);
        self.length += self.shown.len() as u64;
        let mut lines = LogLines::default();
        self.lines.push(&self.shown, &mut lines);
        self.lines.flush(&mut lines);
        self.send(lines).await;
    }

    /// A text beside the log without its secrets.
    pub(super) fn masked(&self, text: &str) -> String {
        self.masker.text(text)
    }

    /// For texts beside the log that are made elsewhere.
    pub(super) fn masker(&self) -> Masker {
        self.masker.clone()
    }

    /// The dispatcher outlives every attempt; should it be gone, nobody reads any more.
    async fn send(&mut self, lines: LogLines) {
        if let Some(coverage) = &mut self.coverage {
            for line in lines.iter() {
                coverage.line(line.text);
            }
        }
        if !lines.is_empty() {
            let _ = self.messages.send(Message::Log(self.id, lines)).await;
        }
    }
}
