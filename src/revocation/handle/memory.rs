//! [`Memory`]: revocations of this process alone.

use alloc::sync::Arc;
use core::time::Duration;

use super::super::change::{ChangeError, RevocationChange};
use super::super::error::RevokeError;
use super::super::scope::Scope;
use super::super::state::RevocationState;
use super::held::Held;
use super::shared::lock;
use crate::clock::Clock;
use crate::sync::{AtomicU64, Mutex, Ordering, Slot};
use crate::time::Epoch;

/// The state, and what its writers need.
pub(super) struct Memory {
    pub(super) held: Slot<Held>,
    /// Puts writers in order. It guards no data.
    writing: Mutex<()>,
    clock: Arc<dyn Clock>,
    skew: Duration,
    /// The greatest epoch seen in an authentic token, in milliseconds.
    seen: AtomicU64,
    /// The longest life of a token without a renewal, in seconds: this state is never stale.
    longest_life: AtomicU64,
    /// The greatest skew of the sessions, in seconds.
    longest_skew: AtomicU64,
}

impl Memory {
    pub(super) fn new(
        clock: Arc<dyn Clock>,
        skew: Duration,
        seen: Epoch,
    ) -> Result<Self, RevokeError> {
        let now = Epoch::from_millis(clock.unix_millis()?);
        let state =
            RevocationState::new_store(now, skew, seen).ok_or(ChangeError::ClockExhausted)?;
        Ok(Self {
            held: Slot::new(Some(Arc::new(Held::local(state)))),
            writing: Mutex::new(()),
            clock,
            skew,
            seen: AtomicU64::new(0),
            longest_life: AtomicU64::new(0),
            longest_skew: AtomicU64::new(0),
        })
    }

    pub(super) fn observe(&self, epoch: Epoch) {
        let millis = epoch.as_millis();
        // The clock is above its own tokens already; only others' are news.
        if millis > self.seen.load(Ordering::Relaxed) {
            self.seen.fetch_max(millis, Ordering::Relaxed);
        }
    }

    pub(super) fn learn_lifetimes(&self, idle: u64, absolute: u64, skew: u64) {
        self.longest_skew.fetch_max(skew, Ordering::Relaxed);
        self.longest_life
            .fetch_max(idle.min(absolute), Ordering::Relaxed);
    }

    /// Makes `change`, if `check` allows it for the state that it changes.
    pub(super) fn write(
        &self,
        change: RevocationChange,
        check: impl FnOnce(&RevocationState) -> Result<(), RevokeError>,
    ) -> Result<Epoch, RevokeError> {
        let _turn = lock(&self.writing);
        let now = Epoch::from_millis(self.clock.unix_millis()?);
        let seen = Epoch::from_millis(self.seen.load(Ordering::Relaxed));
        let mut state = match self.held.load() {
            Some(held) => RevocationState::clone(&held.state),
            None => return Err(RevokeError::Fixed),
        };
        check(&state)?;
        let applied = state.apply(&self.pruning(change, now), now, seen)?;
        self.held.store(Arc::new(Held::local(state)));
        Ok(applied.clock)
    }

    pub(super) fn revoke(&self, scopes: &[Scope]) -> Result<Epoch, RevokeError> {
        self.write(RevocationChange::new().revoke(scopes), |_| Ok(()))
    }

    fn pruning(&self, change: RevocationChange, now: Epoch) -> RevocationChange {
        let life = Duration::from_secs(self.longest_life.load(Ordering::Relaxed));
        if life.is_zero() {
            return change;
        }
        let skew = Duration::from_secs(self.longest_skew.load(Ordering::Relaxed));
        let skew = skew.max(self.skew);
        let kept = RevocationChange::retention(life, Duration::ZERO, skew, Duration::ZERO);
        let kept = u64::try_from(kept.as_millis()).unwrap_or(u64::MAX);
        change.prune_before(Epoch::from_millis(now.as_millis().saturating_sub(kept)))
    }
}
