//! The exact values.

/// What stands in the place of a secret.
pub(super) const MASKED: &[u8] = b"[MASKED]";

/// Replaces each occurrence of a phrase. Where two overlap, both are hidden as one.
#[derive(Debug, Clone)]
pub(super) struct Phrases {
    /// Longest first.
    all: Vec<Vec<u8>>,
    /// Which bytes a phrase can begin with.
    first: Box<[bool; 256]>,
    /// What may be the beginning of a phrase.
    held: Vec<u8>,
}

/// What stands at one place.
enum Found {
    Nothing,
    /// A phrase of that length.
    Phrase(usize),
    /// More bytes are needed to tell.
    Perhaps,
}

impl Phrases {
    pub(super) fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Self {
        let mut phrases: Vec<Vec<u8>> = secrets
            .into_iter()
            .map(|secret| secret.as_ref().trim().as_bytes().to_vec())
            .filter(|phrase| !phrase.is_empty())
            .collect();
        phrases.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        phrases.dedup();
        let mut first = Box::new([false; 256]);
        for phrase in &phrases {
            first[usize::from(phrase[0])] = true;
        }
        Self {
            all: phrases,
            first,
            held: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        if self.all.is_empty() {
            out.extend_from_slice(chunk);
            return;
        }
        if self.held.is_empty() {
            let shown = self.mask(chunk, false, out);
            self.held.extend_from_slice(&chunk[shown..]);
            return;
        }
        let mut text = std::mem::take(&mut self.held);
        text.extend_from_slice(chunk);
        let shown = self.mask(&text, false, out);
        text.drain(..shown);
        self.held = text;
    }

    pub(super) fn flush(&mut self, out: &mut Vec<u8>) {
        let text = std::mem::take(&mut self.held);
        self.mask(&text, true, out);
    }

    /// Says how far it came; the rest may be the beginning of a phrase, unless `at_end`.
    fn mask(&self, text: &[u8], at_end: bool, out: &mut Vec<u8>) -> usize {
        let mut shown = 0;
        let mut at = 0;
        while let Some(ahead) = text[at..]
            .iter()
            .position(|byte| self.first[usize::from(*byte)])
        {
            at += ahead;
            match self.region(text, at, at_end) {
                Found::Nothing => at += 1,
                Found::Phrase(length) => {
                    out.extend_from_slice(&text[shown..at]);
                    out.extend_from_slice(MASKED);
                    at += length;
                    shown = at;
                }
                Found::Perhaps => {
                    out.extend_from_slice(&text[shown..at]);
                    return at;
                }
            }
        }
        out.extend_from_slice(&text[shown..]);
        text.len()
    }

    /// A phrase at this place together with those that begin inside it.
    fn region(&self, text: &[u8], start: usize, at_end: bool) -> Found {
        let Found::Phrase(length) = self.look(text, start, at_end) else {
            return self.look(text, start, at_end);
        };
        let mut end = start + length;
        let mut at = start + 1;
        while at < end {
            match self.look(text, at, at_end) {
                Found::Nothing => {}
                Found::Phrase(length) => end = end.max(at + length),
                Found::Perhaps => return Found::Perhaps,
            }
            at += 1;
        }
        Found::Phrase(end - start)
    }

    fn look(&self, text: &[u8], at: usize, at_end: bool) -> Found {
        let rest = &text[at..];
        if !self.first[usize::from(rest[0])] {
            return Found::Nothing;
        }
        let unfinished = |phrase: &Vec<u8>| phrase.len() > rest.len() && phrase.starts_with(rest);
        if !at_end && self.all.iter().any(unfinished) {
            return Found::Perhaps;
        }
        let whole = self.all.iter().find(|phrase| rest.starts_with(phrase));
        whole.map_or(Found::Nothing, |phrase| Found::Phrase(phrase.len()))
    }
}
