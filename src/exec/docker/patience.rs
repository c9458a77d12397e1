//! Questions that the daemon should answer in a moment: none is waited for for ever, and how long
//! an answer is owed can be seen.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::super::ExecError;

/// After so long an answer is not waited for any more. A daemon under load may take long.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// The same before the first job, when nothing burdens the daemon yet.
pub(super) const LIMIT_AT_FIRST: Duration = Duration::from_secs(20);

/// The questions under way on one daemon, by number.
#[derive(Debug, Clone, Default)]
pub(super) struct Patience(Arc<Mutex<BTreeMap<u64, Instant>>>);

impl Patience {
    /// What `question` brings, within the usual limit.
    pub(super) async fn answer<T>(
        &self,
        phase: &'static str,
        question: impl Future<Output = Result<T, ExecError>>,
    ) -> Result<T, ExecError> {
        self.answer_within(LIMIT, phase, question).await
    }

    /// What `question` brings, within `limit`.
    pub(super) async fn answer_within<T>(
        &self,
        limit: Duration,
        phase: &'static str,
        question: impl Future<Output = Result<T, ExecError>>,
    ) -> Result<T, ExecError> {
        let _owed = Owed::new(self.clone());
        let answer = timeout(limit, question).await;
        answer.unwrap_or_else(|_| {
            Err(ExecError::silence(
                phase,
                format!("Docker has not answered for {} s", limit.as_secs()),
            )
            .help("restart its daemon, or use another executor"))
        })
    }

    /// For how long the oldest question has had no answer.
    pub(super) fn silent_for(&self) -> Option<Duration> {
        let oldest = self.questions().values().min().copied();
        oldest.map(|asked| asked.elapsed())
    }

    fn questions(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Instant>> {
        // The map is whole at any moment, even if another task came to grief.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An answer that is owed; given, or given up, when it is dropped.
struct Owed {
    patience: Patience,
    number: u64,
}

impl Owed {
    fn new(patience: Patience) -> Self {
        let mut questions = patience.questions();
        let number = questions.keys().last().map_or(0, |last| last + 1);
        questions.insert(number, Instant::now());
        drop(questions);
        Self { patience, number }
    }
}

impl Drop for Owed {
    fn drop(&mut self) {
        self.patience.questions().remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use super::{LIMIT, Patience};

    #[tokio::test(start_paused = true)]
    async fn no_answer_is_waited_for_for_ever() {
        let patience = Patience::default();
        let never = std::future::pending::<Result<(), _>>();
        let error = patience.answer("list", never).await.expect_err("silence");
        assert!(error.is_silence(), "{error}");
        let text = "Docker has not answered for 60 s: restart its daemon, or use another executor";
        assert_eq!(error.in_one_line(), text);
        assert_eq!(patience.silent_for(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_question_counts() {
        let patience = Patience::default();
        let ask = |seconds| {
            let patience = patience.clone();
            tokio::spawn(async move {
                let work = async {
                    sleep(Duration::from_secs(seconds)).await;
                    Ok(())
                };
                patience.answer("ask", work).await
            })
        };
        let long = ask(30);
        sleep(Duration::from_secs(5)).await;
        let short = ask(10);
        sleep(Duration::from_secs(1)).await;
        assert_eq!(patience.silent_for(), Some(Duration::from_secs(6)));
        short.await.expect("no panic").expect("an answer");
        assert_eq!(patience.silent_for(), Some(Duration::from_secs(15)));
        long.await.expect("no panic").expect("an answer");
        assert_eq!(patience.silent_for(), None);
        assert!(LIMIT > Duration::from_secs(30));
    }
}
