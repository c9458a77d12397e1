//! How each state of a job looks: a symbol, a word, a tone.
//!
//! PURE. Board, plain lines and summary take them from here, so that a state looks the same
//! everywhere. The word carries the meaning; symbol and tone only help the eye.

use std::time::Duration;

use crate::foreign::Command;

use super::line::{Line, Tone};
use super::model::{JobView, State};
use super::words;

/// Columns of the longest word.
pub const WORD_WIDTH: usize = 8;

/// The look of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// One column.
    pub symbol: &'static str,
    /// At most [`WORD_WIDTH`] columns: the word that GitLab shows where it has one.
    pub word: &'static str,
    /// For symbol and word.
    pub tone: Tone,
}

/// The look of a state.
pub const fn of(state: &State) -> Look {
    let (symbol, word, tone) = match state {
        State::Waiting => ("○", "waiting", Tone::Dim),
        State::Delayed(_) => ("○", "delayed", Tone::Dim),
        State::Running => ("●", "running", Tone::Active),
        State::Retrying(_) => ("↻", "retrying", Tone::Warn),
        State::Success => ("✓", "passed", Tone::Good),
        State::Failed(_) => ("✗", "failed", Tone::Bad),
        State::Warned(_) => ("!", "warned", Tone::Warn),
        State::Skipped(_) => ("»", "skipped", Tone::Dim),
        State::Canceled(_) => ("⊘", "canceled", Tone::Warn),
        State::Manual => ("▸", "manual", Tone::Plain),
        State::Held { .. } => ("‖", "held", Tone::Warn),
    };
    Look { symbol, word, tone }
}

impl Look {
    /// Symbol and word in columns of a table.
    pub fn columns(self, line: Line) -> Line {
        line.put(self.tone, self.symbol)
            .gap(1)
            .column(self.tone, self.word, WORD_WIDTH)
    }
}

/// Why a job stands where it stands, or what it waits for; empty where the word says it all.
pub fn reason(job: &JobView, now: Duration) -> String {
    match &job.state {
        State::Waiting | State::Running | State::Success => String::new(),
        State::Delayed(at) => {
            format!("starts in {}", words::duration(at.saturating_sub(now)))
        }
        State::Retrying(reason) => format!("attempt {} failed ({reason})", job.attempt),
        State::Failed(message) => message.clone(),
        State::Warned(message) => format!("{message}, allowed to fail"),
        State::Skipped(reason) | State::Canceled(reason) => reason.clone(),
        State::Manual => play_command(&job.name),
        State::Held {
            why,
            release: Some(release),
        } => format!("{why}; {}", release_command(release)),
        State::Held { why, release: None } => why.clone(),
    }
}

/// The command with the option that releases a held job.
pub fn release_command(option: &str) -> Command {
    Command::new("pipe run").with_made(option)
}

/// The command that plays a manual job.
pub fn play_command(job: &str) -> String {
    let command = Command::new("pipe run").option("--manual", job);
    command.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::text;
    use crate::types::FailureReason;

    #[test]
    fn every_state_has_a_word_of_its_own_that_fits() {
        let none = String::new;
        let states = [
            State::Waiting,
            State::Delayed(Duration::ZERO),
            State::Running,
            State::Retrying(FailureReason::ScriptFailure),
            State::Success,
            State::Failed(none()),
            State::Warned(none()),
            State::Skipped(none()),
            State::Canceled(none()),
            State::Manual,
            State::Held {
                why: none(),
                release: None,
            },
        ];
        let mut words: Vec<_> = states.iter().map(|state| of(state).word).collect();
        for state in &states {
            let look = of(state);
            assert!(text::width(look.word) <= WORD_WIDTH, "{}", look.word);
            assert_eq!(text::width(look.symbol), 1, "{}", look.word);
        }
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), states.len());
    }
}
