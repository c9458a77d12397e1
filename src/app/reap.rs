//! What dead runs left behind is taken away before the first job, and told.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::exec::{Cx, ExecError, Executor, Reaped};
use crate::record::State;

use super::failure::Failure;
use super::place::Place;
use super::runners::Runners;

/// The removal of what dead runs left on a daemon, under way: it is asked for that while the rest is read.
pub(super) struct Reaping(Option<JoinHandle<Result<Reaped, ExecError>>>);

impl Reaping {
    pub(super) fn begin(daemon: Option<Arc<dyn Executor>>, place: &Arc<Place>) -> Self {
        let place = Arc::clone(place);
        Self(daemon.map(|daemon| {
            tokio::spawn(async move {
                let state = &place.state;
                let is_alive = |run: &str| state.is_alive(run);
                daemon
                    .reap(&state.owner(), &is_alive, &Cx::unstoppable())
                    .await
            })
        }))
    }

    async fn end(self) -> Result<Reaped, ExecError> {
        let Some(reaping) = self.0 else {
            return Ok(Reaped::default());
        };
        reaping.await.unwrap_or_else(|error| {
            Err(ExecError::system("reap", "the removal broke off").because(error))
        })
    }
}

/// Removes what dead runs left behind; says so. A daemon that gives no answer to that would give
/// none to the jobs either.
pub(super) async fn reap(
    runners: &Runners,
    of_daemon: Reaping,
    state: &State,
) -> Result<Vec<String>, Failure> {
    let owner = state.owner();
    // Whoever waits for it stops it by not waiting any more; what is under way ends with `pipe`.
    let cx = Cx::unstoppable();
    let mut notices = Vec::new();
    let mut of_daemon = runners.daemon().map(|_| of_daemon);
    for executor in runners.all() {
        let reaped = match of_daemon.take() {
            Some(reaping) => reaping.end().await,
            None => executor.reap(&owner, &|run| state.is_alive(run), &cx).await,
        };
        match reaped {
            Ok(reaped) => notices.extend(removed_in_words(&reaped.removed)),
            Err(error) if error.is_silence() => return Err(error.into()),
            Err(error) => notices.push(can_not_look(&error.in_one_line())),
        }
    }
    Ok(notices)
}

/// Why what is left may stay.
pub(super) fn can_not_look(why: &str) -> String {
    format!("can't look for what killed runs left: {why}")
}

/// One sentence, however much it was.
pub(super) fn removed_in_words(removed: &[String]) -> Option<String> {
    let what = match removed {
        [] => return None,
        [one] => one.clone(),
        [first, others @ ..] => format!("{first}, and {} more", others.len()),
    };
    Some(format!("removed what a killed run left: {what}"))
}
