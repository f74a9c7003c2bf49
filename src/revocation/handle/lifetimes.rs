//! [`Lifetimes`]: how long an entry must be kept, as far as the sessions of this process tell. Spec,
//! section 7, "Dropping entries".

use alloc::collections::VecDeque;
use core::time::Duration;

use super::super::change::RevocationChange;
use crate::runtime::clock::Moment;
use crate::runtime::sync::{AtomicU64, Mutex, Ordering, lock};
use crate::time::Epoch;

/// Into how many parts the time is cut for which entries are kept, to remember what the clock was.
const PARTS: u32 = 16;

/// The greatest settings of the sessions that these revocations are for, in milliseconds.
pub(super) struct Lifetimes {
    /// The longest life of a token without a renewal, where readers reject stale states.
    rejecting: AtomicU64,
    /// The same where they accept them.
    accepting: AtomicU64,
    skew: AtomicU64,
    /// What the clock was, and when, for a clock that is ahead of time: the latest last.
    clocks: Mutex<VecDeque<(Moment, Epoch)>>,
}

/// What else decides how long an entry is kept: see [`RevocationChange::retention`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Delays {
    pub(super) accepts_stale: bool,
    pub(super) staleness: Duration,
    pub(super) commit: Duration,
}

impl Lifetimes {
    pub(super) fn new(skew: Duration) -> Self {
        Self {
            rejecting: AtomicU64::new(0),
            accepting: AtomicU64::new(0),
            skew: AtomicU64::new(millis(skew)),
            clocks: Mutex::new(VecDeque::new()),
        }
    }

    pub(super) fn learn(&self, idle: Duration, absolute: Duration, skew: Duration) {
        for (known, new) in [
            (&self.rejecting, idle.min(absolute)),
            (&self.accepting, absolute),
            (&self.skew, skew),
        ] {
            known.fetch_max(millis(new), Ordering::Relaxed);
        }
    }

    /// How long entries are kept. None where nobody has named a session: for ever.
    fn kept(&self, delays: Delays) -> Option<Duration> {
        let life = if delays.accepts_stale {
            &self.accepting
        } else {
            &self.rejecting
        };
        let [life, skew] = [life, &self.skew].map(|known| known.load(Ordering::Relaxed));
        let [life, skew] = [life, skew].map(Duration::from_millis);
        let kept = RevocationChange::retention(life, delays.staleness, skew, delays.commit);
        (!life.is_zero()).then_some(kept)
    }

    /// Notes that the clock was `clock` at `now`.
    pub(super) fn note(&self, now: Moment, clock: Epoch, delays: Delays) {
        // A clock that keeps to time is its own note.
        if clock <= now.wall {
            return;
        }
        let Some(kept) = self.kept(delays) else {
            return;
        };
        let part = kept.checked_div(PARTS).unwrap_or_default();
        let mut clocks = lock(&self.clocks);
        if clocks
            .back()
            .is_none_or(|(last, _)| now.since(*last) >= part)
        {
            clocks.push_back((now, clock));
        }
        // One that is older than all that are kept will do.
        while clocks
            .get(1)
            .is_some_and(|(second, _)| now.since(*second) > kept)
        {
            clocks.pop_front();
        }
    }

    /// `change`, which drops what no living session can need at `now`, besides.
    pub(super) fn pruning(
        &self,
        change: RevocationChange,
        now: Moment,
        delays: Delays,
    ) -> RevocationChange {
        let Some(kept) = self.kept(delays) else {
            return change;
        };
        let by_time = now.wall.as_millis().saturating_sub(millis(kept));
        // What is not above a clock of so long ago was revoked no later, however far that was ahead.
        let clocks = lock(&self.clocks);
        let old = clocks.iter().filter(|(then, _)| now.since(*then) > kept);
        let by_clock = old.filter_map(|(_, clock)| clock.next()).max();
        let horizon = Epoch::from_millis(by_time).max(by_clock.unwrap_or_default());
        change.prune_before(horizon)
    }
}

/// Rounded up: what is kept too long does no harm.
fn millis(duration: Duration) -> u64 {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    u64::try_from(millis).unwrap_or(u64::MAX)
}
