//! Writing a run down while it happens.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use super::RecordError;
use super::live::{LiveRun, log};
use crate::event::{Event, EventKind, Reporter};

/// Lines of one attempt that follow each other share one line of the record, up to so many
/// bytes and so long.
const BATCH_BYTES: u64 = 64 * 1024;
const BATCH_TIME: Duration = Duration::from_millis(100);

/// Writes `events.jsonl` and the logs of a run. Where that fails it falls silent, for a full
/// disk must not fail a job; [`Recorder::problem`] tells.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    events: BufWriter<File>,
    logs: HashMap<PathBuf, Log>,
    batch: Option<Batch>,
    problem: Option<RecordError>,
}

#[derive(Debug)]
struct Log {
    file: BufWriter<File>,
    written: u64,
}

/// Log lines that wait to be written as one.
#[derive(Debug)]
struct Batch {
    path: PathBuf,
    first: Event,
    offset: u64,
    len: u64,
}

impl Recorder {
    /// Records into the folder of `run`.
    pub fn new(run: &LiveRun) -> Result<Self, RecordError> {
        let path = run.folder().join("events.jsonl");
        let events = File::create(&path).map_err(RecordError::at("write", path))?;
        Ok(Self {
            folder: run.folder().to_owned(),
            events: BufWriter::new(events),
            logs: HashMap::new(),
            batch: None,
            problem: None,
        })
    }

    /// The first thing that went wrong, after which nothing more was written.
    pub fn problem(&self) -> Option<&RecordError> {
        self.problem.as_ref()
    }

    fn record(&mut self, event: &Event) -> Result<(), RecordError> {
        if let EventKind::Log {
            job,
            attempt,
            text,
            partial,
        } = &event.kind
        {
            let path = log(&self.folder, &event.pipeline, job, *attempt);
            return self.record_line(event, path, text, *partial);
        }
        self.end_batch()?;
        self.write_line(&event.to_json())?;
        if let EventKind::JobFinished { job, attempt, .. } = &event.kind {
            let path = log(&self.folder, &event.pipeline, job, *attempt);
            self.close(&path)?;
        }
        self.flush()
    }

    fn record_line(
        &mut self,
        event: &Event,
        path: PathBuf,
        text: &str,
        partial: bool,
    ) -> Result<(), RecordError> {
        let fits = self
            .batch
            .as_ref()
            .is_some_and(|batch| batch.takes(event, &path));
        if !fits {
            self.end_batch()?;
        }
        let failed = || RecordError::at("write", &path);
        let log = match self.logs.entry(path.clone()) {
            std::collections::hash_map::Entry::Occupied(open) => open.into_mut(),
            std::collections::hash_map::Entry::Vacant(closed) => {
                closed.insert(Log::open(&path).map_err(failed())?)
            }
        };
        let offset = log.written;
        log.append(text, !partial).map_err(failed())?;
        let len = log.written - offset;
        if let Some(batch) = &mut self.batch {
            batch.len += len;
        } else {
            let first = event.clone();
            self.batch = Some(Batch {
                path,
                first,
                offset,
                len,
            });
        }
        Ok(())
    }

    /// Writes the lines that wait: first the log itself, so that the record never points to what
    /// is not there.
    fn end_batch(&mut self) -> Result<(), RecordError> {
        let Some(batch) = self.batch.take() else {
            return Ok(());
        };
        if let Some(log) = self.logs.get_mut(&batch.path) {
            log.file
                .flush()
                .map_err(RecordError::at("write", &batch.path))?;
        }
        self.write_line(&batch.line())
    }

    fn write_line(&mut self, line: &str) -> Result<(), RecordError> {
        let written = self
            .events
            .write_all(line.as_bytes())
            .and_then(|()| self.events.write_all(b"\n"));
        written.map_err(RecordError::at("write", self.folder.join("events.jsonl")))
    }

    fn close(&mut self, log: &Path) -> Result<(), RecordError> {
        match self.logs.remove(log) {
            Some(mut closed) => closed.file.flush().map_err(RecordError::at("write", log)),
            None => Ok(()),
        }
    }

    fn flush(&mut self) -> Result<(), RecordError> {
        self.end_batch()?;
        let flushed = self.events.flush();
        flushed.map_err(RecordError::at("write", self.folder.join("events.jsonl")))
    }

    fn unless_failed(&mut self, work: impl FnOnce(&mut Self) -> Result<(), RecordError>) {
        if self.problem.is_none() {
            self.problem = work(self).err();
        }
    }
}

impl Reporter for Recorder {
    fn on_event(&mut self, event: &Event) {
        self.unless_failed(|recorder| recorder.record(event));
    }

    fn tick(&mut self, _: Duration) {
        self.unless_failed(Self::flush);
    }

    fn finish(&mut self) {
        self.unless_failed(Self::flush);
    }
}

impl Log {
    fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let written = file.metadata()?.len();
        Ok(Self {
            file: BufWriter::new(file),
            written,
        })
    }

    fn append(&mut self, text: &str, ends: bool) -> io::Result<()> {
        self.file.write_all(text.as_bytes())?;
        self.written += text.len() as u64;
        if ends {
            self.file.write_all(b"\n")?;
            self.written += 1;
        }
        Ok(())
    }
}

impl Batch {
    fn takes(&self, event: &Event, path: &Path) -> bool {
        let waited = event.elapsed.saturating_sub(self.first.elapsed);
        self.path == path && self.len < BATCH_BYTES && waited < BATCH_TIME
    }

    /// The first line's event with its place in the log instead of its text.
    fn line(&self) -> String {
        let mut fields: Map<String, Value> =
            serde_json::from_str(&self.first.to_json()).unwrap_or_default();
        fields.shift_remove("text");
        fields.shift_remove("partial");
        fields.insert("offset".to_owned(), self.offset.into());
        fields.insert("len".to_owned(), self.len.into());
        Value::from(fields).to_string()
    }
}
