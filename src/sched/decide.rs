//! What becomes of one created job (runtime reference 6.4).

use crate::types::{Status, When};

/// What to do with a created job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Leave it: its predecessors are not finished.
    Leave,
    /// It is ready.
    Enqueue,
    /// A person starts it.
    Offer,
    /// Its timer starts.
    Schedule,
    /// It will not run.
    Skip,
}

/// Decides by `when` and the composite status of the predecessors; `by_needs` for a job that
/// has `needs`.
pub(super) fn decide(when: When, by_needs: bool, predecessors: Status) -> Decision {
    if !predecessors.is_completed() {
        return Decision::Leave;
    }
    if !accepts(when, by_needs, predecessors) {
        return Decision::Skip;
    }
    match when {
        When::Manual => Decision::Offer,
        When::Delayed => Decision::Schedule,
        When::OnSuccess | When::OnFailure | When::Always => Decision::Enqueue,
        When::Never => Decision::Skip,
    }
}

fn accepts(when: When, by_needs: bool, predecessors: Status) -> bool {
    match when {
        When::OnSuccess | When::Manual | When::Delayed => {
            predecessors == Status::Success || (!by_needs && predecessors == Status::Skipped)
        }
        When::OnFailure => predecessors == Status::Failed,
        When::Always => predecessors != Status::Canceled,
        When::Never => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_and_predecessors() {
        use Decision::{Enqueue, Leave, Offer, Schedule, Skip};
        use Status::{Canceled, Failed, Manual, Running, Skipped, Success};
        let rows = [
            ("on_success", false, Success, Enqueue),
            ("on_success", false, Skipped, Enqueue),
            ("on_success", true, Skipped, Skip),
            ("on_success", false, Failed, Skip),
            ("on_success", false, Canceled, Skip),
            ("on_success", false, Running, Leave),
            ("on_success", true, Manual, Leave),
            ("manual", false, Success, Offer),
            ("manual", true, Skipped, Skip),
            ("manual", false, Failed, Skip),
            ("delayed", false, Skipped, Schedule),
            ("delayed", true, Success, Schedule),
            ("on_failure", false, Failed, Enqueue),
            ("on_failure", true, Failed, Enqueue),
            ("on_failure", false, Success, Skip),
            ("on_failure", false, Canceled, Skip),
            ("always", true, Skipped, Enqueue),
            ("always", false, Failed, Enqueue),
            ("always", false, Canceled, Skip),
            ("always", true, Running, Leave),
            ("never", false, Success, Skip),
        ];
        for (word, by_needs, predecessors, want) in rows {
            let when = When::parse(word).expect("a word of GitLab");
            let got = decide(when, by_needs, predecessors);
            assert_eq!(got, want, "{word} needs={by_needs} after {predecessors}");
        }
    }
}
