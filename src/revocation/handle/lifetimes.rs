//! [`Lifetimes`]: how long an entry must be kept, as far as the sessions of this process tell. Spec,
//! section 7, "Dropping entries".

use core::time::Duration;

use super::super::change::RevocationChange;
use crate::sync::{AtomicU64, Ordering};
use crate::time::Epoch;

/// The greatest settings of the sessions that these revocations are for, in seconds.
pub(super) struct Lifetimes {
    /// The longest life of a token without a renewal, where readers reject stale states.
    rejecting: AtomicU64,
    /// The same where they accept them.
    accepting: AtomicU64,
    skew: AtomicU64,
}

impl Lifetimes {
    pub(super) fn new(skew: Duration) -> Self {
        Self {
            rejecting: AtomicU64::new(0),
            accepting: AtomicU64::new(0),
            skew: AtomicU64::new(skew.as_secs()),
        }
    }

    pub(super) fn learn(&self, idle: u64, absolute: u64, skew: u64) {
        for (known, new) in [
            (&self.rejecting, idle.min(absolute)),
            (&self.accepting, absolute),
            (&self.skew, skew),
        ] {
            known.fetch_max(new, Ordering::Relaxed);
        }
    }

    /// `change`, which drops what no living session can need at `now`, besides. `staleness` and `commit`
    /// as in [`RevocationChange::retention`]. Where nobody has named a session, nothing is dropped.
    pub(super) fn pruning(
        &self,
        change: RevocationChange,
        now: Epoch,
        accepts_stale: bool,
        staleness: Duration,
        commit: Duration,
    ) -> RevocationChange {
        let life = if accepts_stale {
            &self.accepting
        } else {
            &self.rejecting
        };
        let [life, skew] = [life, &self.skew].map(|known| known.load(Ordering::Relaxed));
        if life == 0 {
            return change;
        }
        let [life, skew] = [life, skew].map(Duration::from_secs);
        let kept = RevocationChange::retention(life, staleness, skew, commit);
        let kept = u64::try_from(kept.as_millis()).unwrap_or(u64::MAX);
        change.prune_before(Epoch::from_millis(now.as_millis().saturating_sub(kept)))
    }
}
