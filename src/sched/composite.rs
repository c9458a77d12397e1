//! The composite status of a set of jobs (runtime reference 6.3).

use crate::types::Status;

/// One job's status as sets see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mapped {
    /// Just the status.
    Status(Status),
    /// Failed or canceled, and allowed to.
    Warning,
    /// An optional manual job that nobody has played.
    Ignored,
}

/// How many values [`Mapped`] has.
pub(super) const MAPPED: usize = 15;
const WARNING: usize = 13;
const IGNORED: usize = 14;

impl Mapped {
    /// Maps a job's status; `allowed` is its `allow_failure` flag as it is now.
    pub(super) fn of(status: Status, allowed: bool) -> Self {
        match status {
            Status::Failed | Status::Canceled if allowed => Self::Warning,
            Status::Manual if allowed => Self::Ignored,
            status => Self::Status(status),
        }
    }

    /// A number below [`MAPPED`].
    pub(super) fn index(self) -> usize {
        match self {
            Self::Status(status) => status as usize,
            Self::Warning => WARNING,
            Self::Ignored => IGNORED,
        }
    }
}

/// Which statuses occur in a set of jobs. How often does not matter to any rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatusSet(u16);

impl StatusSet {
    /// The set of no jobs.
    pub const EMPTY: Self = Self(0);

    const fn bit(index: usize) -> u16 {
        1 << index
    }

    const fn of(statuses: &[Status]) -> u16 {
        let (mut bits, mut i) = (0, 0);
        while i < statuses.len() {
            bits |= Self::bit(statuses[i] as usize);
            i += 1;
        }
        bits
    }

    /// Adds a job with its `allow_failure` flag.
    #[cfg(test)]
    #[must_use]
    pub fn with(self, status: Status, allowed: bool) -> Self {
        self.with_mapped(Mapped::of(status, allowed))
    }

    pub(super) fn with_mapped(self, mapped: Mapped) -> Self {
        self.with_index(mapped.index())
    }

    pub(super) fn with_index(self, index: usize) -> Self {
        Self(self.0 | Self::bit(index))
    }

    /// The jobs of both sets.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The same set with every failure counted as allowed, for runs that go on after failures.
    #[must_use]
    pub fn forgiving(self) -> Self {
        const FAILED: u16 = StatusSet::of(&[Status::Failed]);
        if self.0 & FAILED == 0 {
            return self;
        }
        Self((self.0 & !FAILED) | Self::bit(WARNING))
    }

    /// Whether it holds `status`, not counting jobs that are allowed to be so.
    pub fn has(self, status: Status) -> bool {
        self.any(Self::bit(status as usize))
    }

    /// Whether every job has ended or is not waited for. Only then can the composite status of
    /// jobs that are not needs be a final one.
    pub(super) fn is_settled(self) -> bool {
        const SETTLED: u16 = StatusSet::bit(WARNING)
            | StatusSet::bit(IGNORED)
            | StatusSet::of(&[
                Status::Success,
                Status::Failed,
                Status::Canceled,
                Status::Skipped,
            ]);
        self.only(SETTLED)
    }

    fn any(self, bits: u16) -> bool {
        self.0 & bits != 0
    }

    fn only(self, bits: u16) -> bool {
        self.0 & !bits == 0
    }
}

/// The composite status of a set; `of_needs` when the set is what a job with `needs` waits for.
pub fn composite(set: StatusSet, of_needs: bool) -> Status {
    use Status as S;
    const WARNED: u16 = StatusSet::bit(WARNING);
    const LEFT: u16 = StatusSet::bit(IGNORED);
    const SKIPPED: u16 = StatusSet::of(&[S::Skipped]);
    const QUIET: u16 = WARNED | LEFT;
    const GOOD: u16 = QUIET | StatusSet::of(&[S::Success, S::Skipped]);

    if set == StatusSet::EMPTY {
        return S::Success;
    }
    if of_needs && set.any(SKIPPED | LEFT) {
        return S::Skipped;
    }
    // The first set that holds everything decides; the order is the rule.
    let only = [
        (SKIPPED | LEFT, S::Skipped),
        (GOOD, S::Success),
        (QUIET | StatusSet::of(&[S::Created]), S::Created),
        (QUIET | StatusSet::of(&[S::Preparing]), S::Preparing),
        (GOOD | StatusSet::of(&[S::Canceled]), S::Canceled),
        (
            QUIET | StatusSet::of(&[S::Pending, S::Created, S::Skipped]),
            S::Pending,
        ),
    ];
    if let Some((_, status)) = only.into_iter().find(|(bits, _)| set.only(*bits)) {
        return status;
    }
    // The first status that occurs decides.
    let any = [
        (S::Running, S::Running),
        (S::Pending, S::Running),
        (S::WaitingForResource, S::WaitingForResource),
        (S::WaitingForCallback, S::WaitingForCallback),
        (S::Manual, S::Manual),
        (S::Scheduled, S::Scheduled),
        (S::Preparing, S::Preparing),
        (S::Created, S::Running),
        (S::Canceling, S::Canceling),
    ];
    any.into_iter()
        .find(|(status, _)| set.has(*status))
        .map_or(S::Failed, |(_, status)| status)
}
