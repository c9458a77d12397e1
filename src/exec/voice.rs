//! What a service says: its last lines are kept, and all of them reach the job's log where that
//! wants them (runtime reference 8.5).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{Stream, StreamExt};
use tokio::sync::{mpsc, watch};

/// Lines that are kept.
const LINES: usize = 50;

/// Where a line is broken that has no end, in bytes.
const LONGEST: usize = 16 << 10;

/// Grey, and its end.
const GREY: &str = "\u{1b}[0;37m";
const PLAIN: &str = "\u{1b}[0;m";

/// A piece of what a service says, and whether on its stream for errors.
pub(super) struct Said {
    pub(super) text: Vec<u8>,
    pub(super) is_error: bool,
}

/// The output of one service, read until it ends.
pub(super) struct Voice {
    said: Arc<Mutex<VecDeque<Vec<u8>>>>,
    ended: watch::Receiver<bool>,
}

impl Voice {
    /// Reads `output` in the background. With `to`, each line goes there too, under `name`.
    pub(super) fn listen(
        output: impl Stream<Item = Said> + Send + Unpin + 'static,
        name: String,
        to: Option<mpsc::Sender<Vec<u8>>>,
    ) -> Self {
        let said = Arc::new(Mutex::new(VecDeque::new()));
        let (end, ended) = watch::channel(false);
        let kept = Arc::clone(&said);
        tokio::spawn(async move {
            let mut output = output;
            let (mut out, mut err) = (Splitter::default(), Splitter::default());
            while let Some(Said { text, is_error }) = output.next().await {
                let splitter = if is_error { &mut err } else { &mut out };
                for line in splitter.lines(&text) {
                    hear(line, &kept, &name, to.as_ref()).await;
                }
            }
            for rest in [out.rest, err.rest] {
                if !rest.is_empty() {
                    hear(rest, &kept, &name, to.as_ref()).await;
                }
            }
            let _ = end.send(true);
        });
        Self { said, ended }
    }

    /// The last lines.
    pub(super) fn last(&self) -> Vec<u8> {
        // The list is whole at any moment, even if another task came to grief.
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = Vec::new();
        for line in said.iter() {
            text.extend_from_slice(line);
            text.push(b'\n');
        }
        text
    }

    pub(super) fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// Returns when the service has ended.
    pub(super) async fn ended(&self) {
        // A reader that is no more reads nothing either.
        let _ = self.ended.clone().wait_for(|ended| *ended).await;
    }
}

async fn hear(
    line: Vec<u8>,
    kept: &Mutex<VecDeque<Vec<u8>>>,
    name: &str,
    to: Option<&mpsc::Sender<Vec<u8>>>,
) {
    let told = to.map(|to| (to, shown(name, &line)));
    {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == LINES {
            kept.pop_front();
        }
        kept.push_back(line);
    }
    if let Some((to, line)) = told {
        let _ = to.send(line).await;
    }
}

/// A line of a service as the job's log has it.
fn shown(name: &str, line: &[u8]) -> Vec<u8> {
    let start = format!("{GREY}[service:{name}] ");
    [start.as_bytes(), line, PLAIN.as_bytes(), b"\n"].concat()
}

/// Makes lines of chunks, without their ends.
#[derive(Default)]
struct Splitter {
    rest: Vec<u8>,
}

impl Splitter {
    fn lines(&mut self, chunk: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for piece in chunk.split_inclusive(|byte| *byte == b'\n') {
            self.rest.extend_from_slice(piece);
            if self.rest.last() == Some(&b'\n') || self.rest.len() >= LONGEST {
                let mut line = std::mem::take(&mut self.rest);
                while matches!(line.last(), Some(b'\n' | b'\r')) {
                    line.pop();
                }
                lines.push(line);
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use tokio::sync::mpsc;

    use super::{LINES, Said, Voice};

    fn out(text: &str) -> Said {
        Said {
            text: text.into(),
            is_error: false,
        }
    }

    fn err(text: &str) -> Said {
        Said {
            text: text.into(),
            is_error: true,
        }
    }

    #[tokio::test]
    async fn lines_of_both_streams_stay_whole() {
        let chunks = [out("one\ntw"), err("other\r\n"), out("o\nend")];
        let (to, mut heard) = mpsc::channel(8);
        let output = stream::iter(chunks);
        let voice = Voice::listen(output, "db".to_owned(), Some(to));
        voice.ended().await;
        assert!(voice.has_ended());
        let wanted = "one\nother\ntwo\nend\n";
        assert_eq!(String::from_utf8_lossy(&voice.last()), wanted);
        let first = heard.recv().await.expect("a line");
        let first = String::from_utf8(first).expect("text");
        assert_eq!(first, "\u{1b}[0;37m[service:db] one\u{1b}[0;m\n");
    }

    #[tokio::test]
    async fn only_the_last_lines_are_kept() {
        let chunks: Vec<_> = (0..=LINES).map(|n| out(&format!("{n}\n"))).collect();
        let voice = Voice::listen(stream::iter(chunks), "db".to_owned(), None);
        voice.ended().await;
        let last = String::from_utf8(voice.last()).expect("text");
        assert!(last.starts_with("1\n"), "{last}");
        assert!(last.ends_with(&format!("\n{LINES}\n")), "{last}");
    }
}
