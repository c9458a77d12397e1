//! What follows a known beginning: `glpat-…`, `?private_token=…`.

use super::phrases::MASKED;

/// Hides the run of bytes behind one of its beginnings; the beginning stays. Letters of either
/// case count as the same.
#[derive(Debug, Clone)]
pub(super) struct Follower {
    /// In lower case.
    beginnings: Vec<Vec<u8>>,
    /// Which bytes a beginning can begin with.
    first: Box<[bool; 256]>,
    /// Which bytes belong to the hidden run.
    hides: fn(u8) -> bool,
    /// What may become a beginning; already shown bytes are not kept.
    held: Vec<u8>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Outside,
    /// Just behind a beginning: something to hide may follow.
    Behind,
    /// The mark is written, the run goes on.
    Inside,
}

impl Follower {
    pub(super) fn new(beginnings: impl IntoIterator<Item = String>, hides: fn(u8) -> bool) -> Self {
        let beginnings: Vec<Vec<u8>> = beginnings.into_iter().map(String::into_bytes).collect();
        let mut first = Box::new([false; 256]);
        for byte in beginnings.iter().filter_map(|beginning| beginning.first()) {
            first[usize::from(byte.to_ascii_lowercase())] = true;
            first[usize::from(byte.to_ascii_uppercase())] = true;
        }
        Self {
            beginnings,
            first,
            hides,
            held: Vec::new(),
            state: State::Outside,
        }
    }

    pub(super) fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        if self.held.is_empty() {
            let done = self.mask(chunk, out);
            self.held.extend_from_slice(&chunk[done..]);
            return;
        }
        let mut text = std::mem::take(&mut self.held);
        text.extend_from_slice(chunk);
        let done = self.mask(&text, out);
        text.drain(..done);
        self.held = text;
    }

    pub(super) fn flush(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.held);
        self.state = State::Outside;
    }

    /// Says how far it came; the rest may become a beginning.
    fn mask(&mut self, text: &[u8], out: &mut Vec<u8>) -> usize {
        let mut at = 0;
        while at < text.len() {
            if self.state != State::Outside {
                at += self.hide(&text[at..], out);
                continue;
            }
            let rest = &text[at..];
            let ahead = rest.iter().position(|byte| self.first[usize::from(*byte)]);
            let (plain, rest) = rest.split_at(ahead.unwrap_or(rest.len()));
            out.extend_from_slice(plain);
            at += plain.len();
            if rest.is_empty() {
                break;
            }
            if let Some(length) = self.beginning_of(rest) {
                out.extend_from_slice(&rest[..length]);
                at += length;
                self.state = State::Behind;
            } else if self.may_begin(rest) {
                return at;
            } else {
                out.push(rest[0]);
                at += 1;
            }
        }
        at
    }

    /// Passes over the run, and says how long it is; the mark is written once.
    fn hide(&mut self, rest: &[u8], out: &mut Vec<u8>) -> usize {
        let run = rest.iter().position(|byte| !(self.hides)(*byte));
        let length = run.unwrap_or(rest.len());
        if length > 0 && self.state == State::Behind {
            out.extend_from_slice(MASKED);
            self.state = State::Inside;
        }
        if run.is_some() {
            self.state = State::Outside;
        }
        length
    }

    fn beginning_of(&self, rest: &[u8]) -> Option<usize> {
        let begins = |beginning: &&Vec<u8>| {
            let start = rest.get(..beginning.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(beginning))
        };
        self.beginnings.iter().find(begins).map(Vec::len)
    }

    fn may_begin(&self, rest: &[u8]) -> bool {
        self.beginnings.iter().any(|beginning| {
            let start = beginning.get(..rest.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(rest))
        })
    }
}
