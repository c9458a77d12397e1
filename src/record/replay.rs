//! Reading a run back: the same events, in the same order.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::RecordError;
use super::live::log;
use crate::event::{Event, EventKind};

/// A log line beyond this many bytes comes in parts (design chapter 2).
const MAX_LINE: usize = 64 * 1024;

/// The events of a recorded run. A line that a crash cut short ends them.
#[derive(Debug)]
pub struct Events {
    folder: PathBuf,
    lines: BufReader<File>,
    ready: VecDeque<Event>,
    open: Option<(PathBuf, File)>,
}

/// Where log lines lie.
#[derive(Deserialize)]
struct InLog {
    kind: String,
    seq: u64,
    job: String,
    attempt: u32,
    offset: u64,
    len: u64,
    #[serde(default)]
    pipeline: Vec<String>,
}

impl Events {
    pub(super) fn open(folder: &Path) -> Result<Self, RecordError> {
        let path = folder.join("events.jsonl");
        let file = File::open(&path).map_err(RecordError::at("read", path))?;
        Ok(Self {
            folder: folder.to_owned(),
            lines: BufReader::new(file),
            ready: VecDeque::new(),
            open: None,
        })
    }

    /// The next events; false at the end.
    fn fill(&mut self) -> bool {
        let mut line = String::new();
        match self.lines.read_line(&mut line) {
            Ok(read) if read > 0 && line.ends_with('\n') => {}
            _ => return false,
        }
        if let Some(place) = log_place(&line) {
            return self.fill_from_log(&line, &place);
        }
        match Event::from_json(&line) {
            Ok(event) => {
                self.ready.extend(event);
                true
            }
            Err(_) => false,
        }
    }

    fn fill_from_log(&mut self, line: &str, place: &InLog) -> bool {
        // A log that was removed reads as empty; the rest of the run is still worth showing.
        let bytes = self.read_log(place).unwrap_or_default();
        let Some(mut event) = as_log_event(line) else {
            return false;
        };
        event.seq = place.seq;
        for (text, partial) in log_lines(&bytes) {
            if let EventKind::Log {
                text: old,
                partial: old_partial,
                ..
            } = &mut event.kind
            {
                *old = text;
                *old_partial = partial;
            }
            self.ready.push_back(event.clone());
            event.seq += 1;
        }
        true
    }

    fn read_log(&mut self, place: &InLog) -> std::io::Result<Vec<u8>> {
        let path = log(&self.folder, &place.pipeline, &place.job, place.attempt);
        let mut file = match self.open.take() {
            Some((open, file)) if open == path => file,
            _ => File::open(&path)?,
        };
        file.seek(SeekFrom::Start(place.offset))?;
        let mut bytes = Vec::new();
        (&mut file).take(place.len).read_to_end(&mut bytes)?;
        self.open = Some((path, file));
        Ok(bytes)
    }
}

impl Iterator for Events {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        while self.ready.is_empty() {
            if !self.fill() {
                return None;
            }
        }
        self.ready.pop_front()
    }
}

fn log_place(line: &str) -> Option<InLog> {
    // Cheaper than parsing each line twice.
    if !line.contains("\"offset\":") {
        return None;
    }
    let place: InLog = serde_json::from_str(line).ok()?;
    (place.kind == "log").then_some(place)
}

/// The event of a log line with an empty text.
fn as_log_event(line: &str) -> Option<Event> {
    let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).ok()?;
    fields.insert("text".to_owned(), "".into());
    Event::from_json(&serde_json::Value::from(fields).to_string()).ok()?
}

/// Splits what lies in a log: each text, and whether its line goes on.
fn log_lines(bytes: &[u8]) -> Vec<(String, bool)> {
    let mut lines = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let ends = line.ends_with(b"\n");
        let text = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line));
        let mut rest = text.as_ref();
        while rest.len() > MAX_LINE {
            let (part, after) = rest.split_at(char_boundary(rest, MAX_LINE));
            lines.push((part.to_owned(), true));
            rest = after;
        }
        lines.push((rest.to_owned(), !ends));
    }
    lines
}

/// The last border between characters at or before `at`.
fn char_boundary(text: &str, at: usize) -> usize {
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}
