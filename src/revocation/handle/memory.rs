//! [`Memory`]: revocations of this process alone.

use alloc::sync::Arc;
use core::time::Duration;

use super::super::change::{ChangeError, RevocationChange};
use super::super::error::RevokeError;
use super::super::state::RevocationState;
use super::held::Held;
use super::lifetimes::{Delays, Lifetimes};
use super::queue::{Answer, What};
use crate::runtime::clock::{Clock, Moment};
use crate::runtime::sync::{AtomicU64, Mutex, Ordering, Slot, lock};
use crate::time::Epoch;

/// The state, and what its writers need.
pub(super) struct Memory {
    pub(super) held: Slot<Held>,
    /// Puts writers in order. It guards no data.
    writing: Mutex<()>,
    clock: Arc<dyn Clock>,
    /// The greatest epoch seen in an authentic token, in milliseconds.
    seen: AtomicU64,
    pub(super) lifetimes: Lifetimes,
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
            seen: AtomicU64::new(0),
            lifetimes: Lifetimes::new(skew),
        })
    }

    pub(super) fn observe(&self, epoch: Epoch) {
        let millis = epoch.as_millis();
        // The clock is above its own tokens already; only others' are news.
        if millis > self.seen.load(Ordering::Relaxed) {
            self.seen.fetch_max(millis, Ordering::Relaxed);
        }
    }

    /// Makes a change at once.
    pub(super) fn change(&self, what: &What) -> Answer {
        if let What::EveryoneAfterLeak = what {
            return Err(RevokeError::OnlyInMemory);
        }
        let _turn = lock(&self.writing);
        let now = Moment::now(&*self.clock)?;
        let mut state = match self.held.load() {
            Some(held) => RevocationState::clone(&held.state),
            None => return Err(RevokeError::Fixed),
        };
        match what {
            What::Supersede(session) => session.check(&state)?,
            // Every process makes its own, above whatever it was told.
            What::Create(above) if state.clock() > *above => return Ok(state.clock()),
            What::Create(above) => self.observe(*above),
            _ => {}
        }
        let seen = Epoch::from_millis(self.seen.load(Ordering::Relaxed));
        // Never stale, and written at once.
        let change = what.add_to(RevocationChange::new());
        let change = self.lifetimes.pruning(change, now, Delays::default());
        let applied = state.apply(&change, now.wall, seen)?;
        self.lifetimes.note(now, applied.clock, Delays::default());
        self.held.store(Arc::new(Held::local(state)));
        Ok(applied.clock)
    }
}
