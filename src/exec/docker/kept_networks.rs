//! Networks that several jobs use one after the other.
//!
//! To make a network and to take it down is most of what a container's start and end cost the daemon.
//! Jobs that are at work at the same time have a network each, as if it were made for them.

mod keeper;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::join_all;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::super::{EnvSpec, ExecError, Turn};
use super::layers::Site;
use super::settings::DockerSettings;
use keeper::{Keeper, Look};
use state::{Idle, State};

/// The networks of a run on one daemon.
#[derive(Default)]
pub(super) struct KeptNetworks {
    state: Mutex<State>,
    /// Tells that one has become free, or is gone.
    changed: watch::Sender<()>,
}

/// A network that a job has for itself. Dropping it takes it away; the usual way is
/// [`KeptNetwork::give_back`].
pub(super) struct KeptNetwork {
    /// How the job's container says that it is on it.
    pub(super) mode: String,
    home: Arc<KeptNetworks>,
    ends: bool,
}

/// A place among those who wait.
struct Queued {
    place: u64,
    home: Arc<KeptNetworks>,
}

/// Something that the end of the run waits for.
struct UnderWay(Arc<KeptNetworks>);

impl KeptNetworks {
    /// So many environments more may be asked for.
    pub(super) fn expect(&self, environments: usize) {
        self.state().expected += environments;
    }

    /// A network for an environment; `None` where it is to have one of its own.
    pub(super) async fn join(
        self: &Arc<Self>,
        site: &Site,
        spec: &EnvSpec,
        settings: &DockerSettings,
        turn: Option<Turn>,
    ) -> Option<KeptNetwork> {
        let joined = if spec.services.is_empty() && is_usual(settings) {
            self.find_or_make(site, settings, turn).await
        } else {
            None
        };
        {
            let mut state = self.state();
            state.expected = state.expected.saturating_sub(1);
        }
        // The next job may be ready before this one has ended.
        if joined.is_some() && self.state().lacks_spare() {
            drop(self.make(site, settings));
        }
        self.dismiss_surplus();
        joined
    }

    async fn find_or_make(
        self: &Arc<Self>,
        site: &Site,
        settings: &DockerSettings,
        mut turn: Option<Turn>,
    ) -> Option<KeptNetwork> {
        let mut changes = self.changed.subscribe();
        let mut is_wanted = turn.is_none();
        let mut since = Instant::now();
        let number = turn.as_ref().map(|turn| turn.number);
        let queued = self.queue(number);
        loop {
            changes.mark_unchanged();
            if let Some(found) = self.find(queued.place).await {
                return Some(found);
            }
            if self.state().is_worth_another() {
                return self.make(site, settings).await.ok();
            }
            let until = self.state().is_worth_waiting(is_wanted, since)?;
            tokio::select! {
                _ = changes.changed() => {}
                () = has_come(&mut turn), if !is_wanted => {
                    is_wanted = true;
                    since = Instant::now();
                    self.state().waiting.insert(queued.place, None);
                }
                () = sleep_until(until) => {}
            }
        }
    }

    /// One that is as new, where nobody goes before.
    async fn find(self: &Arc<Self>, place: u64) -> Option<KeptNetwork> {
        loop {
            let mut idle = self.state().take_idle(place)?;
            let _under_way = self.under_way();
            match idle.keeper.look().await {
                Look::AsNew => return Some(self.lend(idle.keeper)),
                Look::Used => {
                    idle.used = Some(Instant::now());
                    self.state().idle.push(idle);
                }
                Look::Lost => self.remove(idle.keeper),
            }
        }
    }

    /// A place among those who wait; `turn` is the number of a turn that is still to come.
    fn queue(self: &Arc<Self>, turn: Option<u64>) -> Queued {
        let mut state = self.state();
        let place = state.waiting.keys().last().map_or(0, |last| last + 1);
        state.waiting.insert(place, turn);
        drop(state);
        Queued {
            place,
            home: Arc::clone(self),
        }
    }

    /// Makes one more. Where nobody waits for it, it is free. Never broken off: what the daemon makes
    /// meanwhile would have no owner.
    fn make(
        self: &Arc<Self>,
        site: &Site,
        settings: &DockerSettings,
    ) -> oneshot::Receiver<KeptNetwork> {
        let (to, made) = oneshot::channel();
        let (home, under_way) = (Arc::clone(self), self.under_way());
        let (site, settings) = (site.clone(), settings.clone());
        tokio::spawn(async move {
            let begun = Instant::now();
            match Keeper::make(&site, &settings).await {
                Ok(keeper) => {
                    home.state().was_made(begun);
                    if let Err(unwanted) = to.send(home.lend(keeper)) {
                        unwanted.give_back();
                    }
                }
                Err(error) => {
                    let why = error.in_one_line();
                    tracing::debug!("each job has a network of its own: {why}");
                    home.state().refused = true;
                }
            }
            drop(under_way);
        });
        made
    }

    fn lend(self: &Arc<Self>, keeper: Keeper) -> KeptNetwork {
        let mode = keeper.mode();
        self.state().lent.insert(mode.clone(), keeper);
        KeptNetwork {
            mode,
            home: Arc::clone(self),
            ends: false,
        }
    }

    fn under_way(self: &Arc<Self>) -> UnderWay {
        self.state().under_way += 1;
        UnderWay(Arc::clone(self))
    }

    /// Takes away those that nobody is expected to ask for.
    fn dismiss_surplus(self: &Arc<Self>) {
        let surplus = {
            let mut state = self.state();
            let needed = state.needed().min(state.idle.len());
            // Those in which something is left go first.
            state.idle.sort_by_key(|idle| idle.used.is_some());
            state.idle.split_off(needed)
        };
        for idle in surplus {
            self.remove(idle.keeper);
        }
    }

    fn remove(self: &Arc<Self>, mut keeper: Keeper) {
        let under_way = self.under_way();
        tokio::spawn(async move {
            if let Err(error) = keeper.remove().await {
                tracing::warn!("{}", error.in_one_line());
            }
            drop(under_way);
        });
    }

    /// Takes away all that no job has.
    pub(super) async fn release(&self) -> Result<(), ExecError> {
        let mut changes = self.changed.subscribe();
        while self.state().under_way > 0 {
            // The other end is ours.
            let _ = changes.changed().await;
        }
        let mut idle: Vec<Idle> = self.state().idle.drain(..).collect();
        let removing = idle.iter_mut().map(|idle| idle.keeper.remove());
        join_all(removing).await.into_iter().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Numbers and lists: whole at any moment.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeptNetwork {
    /// Tells those who wait that its job has ended. Where nobody is expected to want it, it is taken
    /// away.
    pub(super) fn comes_soon(&mut self) {
        if self.ends {
            return;
        }
        self.ends = true;
        let unwanted = {
            let mut state = self.home.state();
            state.ending += 1;
            let is_wanted = state.needed() >= state.idle.len() + state.ending;
            if is_wanted {
                None
            } else {
                state.lent.remove(&self.mode)
            }
        };
        if let Some(keeper) = unwanted {
            self.home.remove(keeper);
        }
    }

    /// Hands it on, for nothing of its job runs any more.
    pub(super) fn give_back(self) {
        {
            let mut state = self.home.state();
            if let Some(keeper) = state.lent.remove(&self.mode) {
                state.came = Some(Instant::now());
                state.idle.push(Idle { keeper, used: None });
            }
        }
        self.home.dismiss_surplus();
    }
}

impl Drop for KeptNetwork {
    fn drop(&mut self) {
        let lost = {
            let mut state = self.home.state();
            state.ending -= usize::from(self.ends);
            state.lent.remove(&self.mode)
        };
        drop(lost);
        self.home.changed.send_replace(());
    }
}

impl Drop for Queued {
    fn drop(&mut self) {
        self.home.state().waiting.remove(&self.place);
        self.home.changed.send_replace(());
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.state().under_way -= 1;
        self.0.changed.send_replace(());
    }
}

/// Returns when the turn has come of what is made ahead.
async fn has_come(turn: &mut Option<Turn>) {
    if let Some(turn) = turn {
        // Where nobody can say so any more, it has.
        let _ = turn.has_come.wait_for(|has_come| *has_come).await;
    }
}

/// Whether a job's network is the daemon's usual one, in which it can change nothing that outlives its
/// processes. With the socket, a job asks the daemon for itself by the name of its host, which would be
/// another one's.
fn is_usual(settings: &DockerSettings) -> bool {
    settings.network_mode.is_none()
        && settings.cap_add.is_empty()
        && settings.security_opt.is_empty()
        && settings.sysctls.is_empty()
        && !settings.privileged
        && !settings.host_socket
}

#[cfg(test)]
mod tests {
    use super::super::settings::DockerSettings;
    use super::is_usual;

    #[test]
    fn what_a_runner_grants_may_change_a_network() {
        let usual = DockerSettings {
            dns: vec!["10.0.0.1".to_owned()],
            extra_hosts: vec!["a:10.0.0.2".to_owned()],
            cap_drop: vec!["NET_RAW".to_owned()],
            ..DockerSettings::default()
        };
        assert!(is_usual(&usual));
        let unusual: [fn(&mut DockerSettings); 6] = [
            |it| it.network_mode = Some("host".to_owned()),
            |it| it.cap_add = vec!["NET_ADMIN".to_owned()],
            |it| it.security_opt = vec!["seccomp=unconfined".to_owned()],
            |it| it.sysctls = vec![("a".to_owned(), "b".to_owned())],
            |it| it.privileged = true,
            |it| it.host_socket = true,
        ];
        for grant in unusual {
            let mut settings = usual.clone();
            grant(&mut settings);
            assert!(!is_usual(&settings), "{settings:?}");
        }
    }
}
