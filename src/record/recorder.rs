//! Writing a run down while it happens.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use super::RecordError;
use super::folder::open;
use super::live::{LiveRun, log};
use super::reserve::Reserve;
use super::results;
use crate::event::{AttemptResult, Event, EventKind, Reporter};

/// Lines of one attempt that follow each other share one line of the record, up to so many
/// bytes and so long.
const BATCH_BYTES: u64 = 64 * 1024;
const BATCH_TIME: Duration = Duration::from_millis(100);

/// Lines wait here for their batch to end. Bytes.
const LOG_BUFFER: usize = 64 * 1024;

/// Writes `events.jsonl`, the logs and the results of a run. Where that fails it says so once and falls
/// silent but for the end of the run: a full disk must not fail a job that needs nothing of the record.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    events: BufWriter<File>,
    logs: HashMap<PathBuf, Log>,
    batch: Option<Batch>,
    problem: Option<Problem>,
    /// For the end, should the disk be full then. Given away sooner, it would be taken by whatever has
    /// filled the disk.
    reserve: Option<Reserve>,
    /// That the record breaks off, as long as there is no room to say so.
    held: Option<String>,
    /// Whether the end is there. Nothing comes behind it.
    has_ended: bool,
}

/// What went wrong; nothing but the end is written then.
#[derive(Debug)]
enum Problem {
    New(RecordError),
    Told,
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
    log: Log,
    first: Event,
    offset: u64,
}

/// What a log event says.
struct Line<'a> {
    job: &'a str,
    attempt: u32,
    text: &'a str,
    partial: bool,
}

impl<'a> Line<'a> {
    fn of(event: &'a Event) -> Option<Self> {
        match &event.kind {
            EventKind::Log {
                job,
                attempt,
                text,
                partial,
            } => Some(Self {
                job,
                attempt: *attempt,
                text,
                partial: *partial,
            }),
            _ => None,
        }
    }
}

impl Recorder {
    /// Records into the folder of `run`.
    pub fn new(run: &LiveRun) -> Result<Self, RecordError> {
        let path = run.folder().join("events.jsonl");
        let events = open(&path, OpenOptions::new().write(true).truncate(true));
        let events = events.map_err(RecordError::at("write", path))?;
        Ok(Self {
            folder: run.folder().to_owned(),
            events: BufWriter::new(events),
            logs: HashMap::new(),
            batch: None,
            problem: None,
            reserve: Reserve::within(run.folder()),
            held: None,
            has_ended: false,
        })
    }

    fn record(&mut self, event: &Event) -> Result<(), RecordError> {
        if let Some(line) = Line::of(event) {
            return self.record_line(event, &line);
        }
        self.end_batch()?;
        self.write_line(&event.to_json())?;
        if let EventKind::JobFinished { job, attempt, .. } = &event.kind {
            // Its log is written; all its lines came before.
            let path = log(&self.folder, &event.pipeline, job, *attempt);
            self.logs.remove(&path);
        }
        self.flush()
    }

    /// Adds a line to the log. The usual case, one more line of the same job, allocates nothing.
    fn record_line(&mut self, event: &Event, line: &Line<'_>) -> Result<(), RecordError> {
        let open = match self.batch.take() {
            Some(batch) if batch.takes(event, line) => batch,
            other => {
                self.batch = other;
                self.end_batch()?;
                self.begin_batch(event, line)?
            }
        };
        let batch = self.batch.insert(open);
        batch
            .log
            .append(line.text, !line.partial)
            .map_err(RecordError::at("write", &batch.path))
    }

    fn begin_batch(&mut self, event: &Event, line: &Line<'_>) -> Result<Batch, RecordError> {
        let path = log(&self.folder, &event.pipeline, line.job, line.attempt);
        let log = match self.logs.remove(&path) {
            Some(log) => log,
            None => Log::open(&path).map_err(RecordError::at("write", &path))?,
        };
        Ok(Batch {
            path,
            offset: log.written,
            log,
            first: event.clone(),
        })
    }

    /// Writes the lines that wait: first the log itself, so that the record never points to what
    /// is not there.
    fn end_batch(&mut self) -> Result<(), RecordError> {
        let Some(mut batch) = self.batch.take() else {
            return Ok(());
        };
        let flushed = batch.log.file.flush();
        flushed.map_err(RecordError::at("write", &batch.path))?;
        let line = batch.line();
        self.logs.insert(batch.path, batch.log);
        self.write_line(&line)
    }

    fn write_line(&mut self, line: &str) -> Result<(), RecordError> {
        let written = self
            .events
            .write_all(line.as_bytes())
            .and_then(|()| self.events.write_all(b"\n"));
        written.map_err(RecordError::at("write", self.folder.join("events.jsonl")))
    }

    fn flush(&mut self) -> Result<(), RecordError> {
        self.end_batch()?;
        let flushed = self.events.flush();
        flushed.map_err(RecordError::at("write", self.folder.join("events.jsonl")))
    }

    fn unless_failed(&mut self, work: impl FnOnce(&mut Self) -> Result<(), RecordError>) {
        if self.problem.is_some() {
            return;
        }
        if let Err(error) = work(self) {
            self.problem = Some(Problem::New(error));
            self.go_back();
        }
    }

    /// Goes on behind the last event that is there as a whole. Where that can't be, the record has no
    /// end.
    fn go_back(&mut self) {
        let path = self.folder.join("events.jsonl");
        if let Ok(events) = cut_to_whole_lines(&path) {
            // What waits in the old one is given up.
            let _ = std::mem::replace(&mut self.events, BufWriter::new(events)).into_parts();
        }
    }

    /// Writes the last words of a record that has broken off, as far as that can be.
    fn record_end(&mut self, event: &Event) {
        match event.kind {
            EventKind::RecordFailed { .. } if !self.has_ended => {
                let line = event.to_json();
                if !self.add(&line) {
                    self.held = Some(line);
                }
            }
            EventKind::RunFinished(_) => {
                self.reserve = None;
                if let Some(line) = self.held.take() {
                    self.add(&line);
                }
                self.has_ended = self.add(&event.to_json());
            }
            _ => {}
        }
    }

    /// Writes a line as a whole or not at all; whether it is there.
    fn add(&mut self, line: &str) -> bool {
        let written = self.write_line(line).is_ok() && self.events.flush().is_ok();
        if !written {
            self.go_back();
        }
        written
    }
}

impl Reporter for Recorder {
    fn on_event(&mut self, event: &Event) {
        self.unless_failed(|recorder| recorder.record(event));
        if self.problem.is_some() {
            self.record_end(event);
        }
    }

    fn on_result(&mut self, result: &AttemptResult) {
        self.unless_failed(|recorder| results::write(&recorder.folder, result));
    }

    fn failure(&mut self) -> Option<String> {
        let problem = self.problem.take()?;
        self.problem = Some(Problem::Told);
        match problem {
            Problem::New(error) => Some(format!(
                "the record of this run breaks off: {error}; {}",
                error.help()
            )),
            Problem::Told => None,
        }
    }

    fn tick(&mut self, _: Duration) {
        self.unless_failed(Self::flush);
    }

    fn finish(&mut self) {
        self.unless_failed(Self::flush);
    }
}

/// Takes a line without its end away, for more to come behind the others.
fn cut_to_whole_lines(path: &Path) -> io::Result<File> {
    let mut file = open(path, OpenOptions::new().read(true).append(true))?;
    let mut lines = Vec::new();
    file.read_to_end(&mut lines)?;
    let whole = lines.iter().rposition(|byte| *byte == b'\n');
    file.set_len(whole.map_or(0, |end| end as u64 + 1))?;
    Ok(file)
}

impl Log {
    fn open(path: &Path) -> io::Result<Self> {
        let file = open(path, OpenOptions::new().append(true))?;
        let written = file.metadata()?.len();
        Ok(Self {
            file: BufWriter::with_capacity(LOG_BUFFER, file),
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
    fn takes(&self, event: &Event, line: &Line<'_>) -> bool {
        let waited = event.elapsed.saturating_sub(self.first.elapsed);
        let same_job = Line::of(&self.first)
            .is_some_and(|first| first.job == line.job && first.attempt == line.attempt);
        same_job
            && self.first.pipeline == event.pipeline
            && self.len() < BATCH_BYTES
            && waited < BATCH_TIME
    }

    fn len(&self) -> u64 {
        self.log.written - self.offset
    }

    /// The first line's event with its place in the log instead of its text.
    fn line(&self) -> String {
        let mut fields: Map<String, Value> =
            serde_json::from_str(&self.first.to_json()).unwrap_or_default();
        fields.shift_remove("text");
        fields.shift_remove("partial");
        fields.insert("offset".to_owned(), self.offset.into());
        fields.insert("len".to_owned(), self.len().into());
        Value::from(fields).to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::io::BufWriter;
    use std::path::Path;
    use std::time::Duration;

    use jiff::Timestamp;

    use super::super::State;
    use super::{Problem, Recorder};
    use crate::event::{Event, EventKind, Reporter, RunResult};
    use crate::types::Status;

    #[test]
    fn what_has_no_room_waits_for_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let project = State::new(folder.path().to_owned()).project("team/shop", Path::new("/src"));
        let run = project.begin(Timestamp::UNIX_EPOCH).expect("a run");
        let mut recorder = Recorder::new(&run).expect("a recorder");
        let full = OpenOptions::new().write(true).open("/dev/full");
        recorder.events = BufWriter::new(full.expect("the full device"));
        recorder.problem = Some(Problem::Told);
        let mut tell = |kind| {
            recorder.on_event(&Event {
                seq: 1,
                elapsed: Duration::ZERO,
                pipeline: Vec::new(),
                kind,
            });
            recorder.reserve.is_some()
        };
        let message = "no room".to_owned();
        let keeps = tell(EventKind::RecordFailed { message });
        assert!(keeps, "it would be taken by what has filled the disk");
        let keeps = tell(EventKind::RunFinished(RunResult {
            status: Status::Success,
            exit: 4,
            jobs: Vec::new(),
            pipelines: Vec::new(),
            held: Vec::new(),
            complete: false,
        }));
        assert!(!keeps, "now it is needed");
        let last = project.last().expect("a run");
        let kinds: Vec<_> = (last.events().expect("events"))
            .map(|event| event.kind.name())
            .collect();
        assert_eq!(kinds, ["record-failed", "run-finished"]);
    }
}
