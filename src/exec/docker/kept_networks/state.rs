//! Which networks are there and who wants one: whether one more pays, how long one waits, who goes first.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::keeper::Keeper;

/// Networks at most. The daemon starts so many containers at once that more are no faster.
const MOST: usize = 8;

/// Fewer environments than this don't pay for one.
const FEWEST: usize = 4;

/// Two networks let a container come up while the job before it runs. Beyond these, each has to
/// serve so many.
const EACH: usize = 3;

/// How long the first one may take to be made. A daemon makes networks one after the other: whoever has
/// one made of its own instead is served no sooner, and all others later.
const FIRST_TAKES: Duration = Duration::from_secs(1);

/// Where none comes back for so long, jobs take their time, and who has time need not wait for one.
const COMES_LATE: Duration = Duration::from_millis(300);

/// A network in which a job has left something may be as new once that has run out. It is looked
/// at again after this.
const LOOKS_AGAIN: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct State {
    /// Environments that may still be asked for.
    pub(super) expected: usize,
    /// Networks that are being made, looked at or taken away.
    pub(super) under_way: usize,
    pub(super) idle: Vec<Idle>,
    /// Whoever waits for one, in the order in which they came: the number of its turn, where that is
    /// still to come.
    pub(super) waiting: BTreeMap<u64, Option<u64>>,
    /// Those that a job has, by the names that containers have for them.
    pub(super) lent: BTreeMap<String, Keeper>,
    /// How many of these have jobs that have ended.
    pub(super) ending: usize,
    /// When one was made or became free last.
    pub(super) came: Option<Instant>,
    /// How long it took to make the last one.
    pub(super) making: Option<Duration>,
    /// Whether one could not be made: there will be no others.
    pub(super) refused: bool,
}

pub(super) struct Idle {
    pub(super) keeper: Keeper,
    /// When it was seen that a job has left something in it.
    pub(super) used: Option<Instant>,
}

impl State {
    /// One that may be as new, where there are more of them than go before that place.
    pub(super) fn take_idle(&mut self, place: u64) -> Option<Idle> {
        let goes_before = before(&self.waiting, place);
        let may_be = |idle: &Idle| idle.used.is_none_or(|seen| seen.elapsed() >= LOOKS_AGAIN);
        let all = self.idle.iter().enumerate();
        let (at, _) = all.filter(|(_, idle)| may_be(idle)).nth(goes_before)?;
        Some(self.idle.remove(at))
    }

    pub(super) fn was_made(&mut self, begun: Instant) {
        self.making = Some(begun.elapsed());
        self.came = Some(Instant::now());
    }

    pub(super) fn is_worth_another(&self) -> bool {
        let kept = self.under_way + self.idle.len() + self.lent.len();
        !self.refused && pays(kept, self.expected)
    }

    /// How many may be asked for.
    pub(super) fn needed(&self) -> usize {
        self.expected.max(self.waiting.len())
    }

    pub(super) fn lacks_spare(&self) -> bool {
        self.under_way == 0 && self.idle.is_empty() && self.is_worth_another()
    }

    /// Until when a network may be about to come for whoever asked, or became wanted, at that time.
    pub(super) fn is_worth_waiting(&self, is_wanted: bool, since: Instant) -> Option<Instant> {
        let making = self.making.unwrap_or(FIRST_TAKES);
        let until = if is_wanted {
            let is_about_to_come = self.under_way + self.ending > 0;
            let soon = is_about_to_come.then_some(since + making);
            // They come in turn: the wait for the next one is short.
            soon.max(self.came.map(|came| came + making / 2))
        } else {
            let is_in_use = self.under_way + self.lent.len() > 0;
            let last = self.came.map_or(since, |came| came.max(since));
            is_in_use.then(|| last + COMES_LATE.max(making))
        };
        until.filter(|until| Instant::now() < *until)
    }
}

/// How many go before that place: those whose turn has come as they came, then the others by their
/// numbers. PURE.
fn before(waiting: &BTreeMap<u64, Option<u64>>, place: u64) -> usize {
    let own = (waiting.get(&place).copied().flatten(), place);
    let all = waiting.iter().map(|(place, turn)| (*turn, *place));
    all.filter(|other| *other < own).count()
}

/// Whether one more network, with `kept` of them there, saves more than it costs with so many
/// environments to come. PURE.
fn pays(kept: usize, expected: usize) -> bool {
    let is_worth_it = kept < 2 || expected >= EACH * (kept + 1);
    kept < MOST && expected >= FEWEST && is_worth_it
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{MOST, State, before, pays};

    #[test]
    fn a_network_is_made_where_jobs_enough_are_to_come() {
        for (kept, expected, wanted) in [
            (0, 0, false),
            (0, 3, false),
            (0, 4, true),
            (1, 4, true),
            (1, 3, false),
            (2, 8, false),
            (2, 9, true),
            (MOST, 1000, false),
        ] {
            assert_eq!(pays(kept, expected), wanted, "{kept} {expected}");
        }
    }

    #[test]
    fn who_has_waited_longer_goes_first_and_before_all_whose_turn_has_come() {
        let waiting = [(3, None), (4, Some(7)), (5, Some(6)), (9, None)].into();
        for (place, wanted) in [(3, 0), (9, 1), (5, 2), (4, 3)] {
            assert_eq!(before(&waiting, place), wanted, "{place}");
        }
    }

    #[test]
    fn how_long_one_waits() {
        let now = Instant::now();
        let state = |under_way, came: Option<Duration>| State {
            under_way,
            came: came.map(|ago| now.checked_sub(ago).expect("a time")),
            making: Some(Duration::from_millis(200)),
            ..State::default()
        };
        let (recent, long_ago) = (Duration::from_millis(10), Duration::from_secs(9));
        let none_made_yet = State {
            making: None,
            ..state(1, None)
        };
        let a_while_ago = now.checked_sub(Duration::from_millis(600)).expect("a time");
        let until = none_made_yet.is_worth_waiting(true, a_while_ago);
        assert!(until.is_some(), "the first one may take longer");
        for (row, state, is_wanted, waits) in [
            ("none there", state(0, None), true, false),
            ("none there", state(0, None), false, false),
            ("about to come", state(1, None), true, true),
            ("about to come", state(1, None), false, true),
            ("they come in turn", state(0, Some(recent)), true, true),
            (
                "jobs take their time",
                state(0, Some(long_ago)),
                true,
                false,
            ),
        ] {
            let until = state.is_worth_waiting(is_wanted, now);
            assert_eq!(until.is_some(), waits, "{row} {is_wanted}");
        }
    }
}
