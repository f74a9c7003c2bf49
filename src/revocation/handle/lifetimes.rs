//! [`Lifetimes`]: how long an entry must be kept, as far as the sessions of this process tell. Spec,
//! section 7, "Dropping entries".

use core::time::Duration;

use super::super::change::RevocationChange;
use crate::runtime::sync::{AtomicU64, Ordering};
use crate::time::Epoch;

/// The greatest settings of the sessions that these revocations are for, in milliseconds.
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
            skew: AtomicU64::new(millis(skew)),
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
        let [life, skew] = [life, skew].map(Duration::from_millis);
        let kept = RevocationChange::retention(life, staleness, skew, commit);
        change.prune_before(Epoch::from_millis(
            now.as_millis().saturating_sub(millis(kept)),
        ))
    }
}

/// Rounded up: what is kept too long does no harm.
fn millis(duration: Duration) -> u64 {
    let millis = duration.as_nanos().div_ceil(1_000_000);
    u64::try_from(millis).unwrap_or(u64::MAX)
}
