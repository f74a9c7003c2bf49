//! [`Revocations`]: the state that every request reads, without I/O and without a lock.
//!
//! Readers take a snapshot; writers follow one another and publish a new state. Here the state is
//! fixed or this process's own; stores that servers share take the same place.

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::sync::{Mutex, PoisonError};

use arc_swap::ArcSwap;

use super::change::ChangeError;
use super::scope::Scope;
use super::state::RevocationState;
use crate::clock::{Clock as _, SystemClock};
use crate::error::RevokeError;
use crate::time::Epoch;

/// How far clocks may differ, where nothing else is said.
const SKEW: Duration = Duration::from_secs(60);

/// Where revocations are kept. Clones share one state.
#[derive(Clone)]
pub struct Revocations(Arc<Handle>);

struct Handle {
    kind: Kind,
    state: ArcSwap<RevocationState>,
    /// The greatest epoch seen in an authentic token, in milliseconds: the clock steps over it.
    seen: AtomicU64,
}

enum Kind {
    /// A number from the configuration.
    Fixed,
    /// This process alone. The lock puts its writers in order.
    Memory(Mutex<()>),
}

impl Revocations {
    /// A number from the configuration, without any store: raising it with the next deploy logs
    /// everybody out. It takes effect when the last server with the old number has stopped, and is
    /// never lowered.
    #[must_use]
    pub fn fixed(epoch: Epoch) -> Self {
        Self::with(Kind::Fixed, RevocationState::fixed(epoch))
    }

    /// The memory of this process: for a single server that may log everybody out when it
    /// restarts, and for tests. It starts with the system's clock and a skew of a minute.
    ///
    /// Every session from before is refused, as what was revoked then is forgotten. Both processes'
    /// clocks start two minutes ahead of the time, so this holds when the time at the restart is
    /// past that of the former start, by a millisecond for each revocation made since. Where the
    /// system's time may have been set back, pass a later one to
    /// [`in_this_process_at`](Self::in_this_process_at), or change the keys.
    ///
    /// Servers that share a key ring must not each have one of these: they would refuse one
    /// another's sessions, and a logout on one would not reach the others.
    ///
    /// # Errors
    ///
    /// [`RevokeError::Clock`] when there is no usable time.
    pub fn in_this_process() -> Result<Self, RevokeError> {
        let now = SystemClock.unix_millis()?;
        Self::in_this_process_at(Epoch::from_millis(now), SKEW)
    }

    /// The same with another time, in milliseconds, and another skew.
    ///
    /// # Errors
    ///
    /// [`RevokeError::ClockExhausted`] when `now` and twice the skew leave no room for a revocation.
    pub fn in_this_process_at(now: Epoch, skew: Duration) -> Result<Self, RevokeError> {
        RevocationState::new_store(now, skew, Epoch::ZERO)
            .map(|state| Self::with(Kind::Memory(Mutex::new(())), state))
            .ok_or(RevokeError::ClockExhausted)
    }

    fn with(kind: Kind, state: RevocationState) -> Self {
        Self(Arc::new(Handle {
            kind,
            state: ArcSwap::from_pointee(state),
            seen: AtomicU64::new(0),
        }))
    }

    /// The state as of now. It does not change under the reader.
    #[must_use]
    pub fn snapshot(&self) -> Arc<RevocationState> {
        self.0.state.load_full()
    }

    /// The same, for a short look: neither a lock nor a shared counter.
    pub(crate) fn peek(&self) -> impl core::ops::Deref<Target = Arc<RevocationState>> {
        self.0.state.load()
    }

    /// Notes the epoch of an authentic token, so that the next revocation is not below it.
    ///
    /// [`Sessions`](crate::Sessions) do so with every token. Whoever opens with a
    /// [`Codec`](crate::Codec) passes on what `authentic_epoch` says of the session or the error.
    #[inline]
    pub fn observe(&self, epoch: Epoch) {
        let millis = epoch.as_millis();
        // The clock is above its own tokens already; only others' are news.
        if millis > self.0.seen.load(Ordering::Relaxed) {
            self.0.seen.fetch_max(millis, Ordering::Relaxed);
        }
    }

    /// Ends every session of these scopes that was sealed until now, all in one step of the clock.
    /// `now` is the time in milliseconds.
    ///
    /// # Errors
    ///
    /// [`RevokeError`]; nothing changed.
    pub fn revoke(&self, scopes: &[Scope], now: Epoch) -> Result<Epoch, RevokeError> {
        self.write(|state, seen| state.revoke(scopes, now, seen))
    }

    /// Ends every session that was sealed until now. `now` is the time in milliseconds.
    ///
    /// # Errors
    ///
    /// [`RevokeError`]; nothing changed.
    pub fn revoke_everyone(&self, now: Epoch) -> Result<Epoch, RevokeError> {
        self.write(|state, seen| state.revoke_everyone(now, seen))
    }

    fn write(
        &self,
        change: impl FnOnce(&mut RevocationState, Epoch) -> Result<Epoch, ChangeError>,
    ) -> Result<Epoch, RevokeError> {
        let Kind::Memory(writers) = &self.0.kind else {
            return Err(RevokeError::Fixed);
        };
        // The lock guards no data: a writer that panicked published nothing.
        let _turn = writers.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = Epoch::from_millis(self.0.seen.load(Ordering::Relaxed));
        let mut state = RevocationState::clone(&self.snapshot());
        let clock = change(&mut state, seen)?;
        self.0.state.store(Arc::new(state));
        Ok(clock)
    }
}

/// A fixed epoch of 0: nothing is revoked.
impl Default for Revocations {
    fn default() -> Self {
        Self::fixed(Epoch::ZERO)
    }
}

impl fmt::Debug for Revocations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.0.kind {
            Kind::Fixed => "fixed",
            Kind::Memory(_) => "in this process",
        };
        f.debug_struct("Revocations")
            .field("kind", &kind)
            .field("state", &self.snapshot())
            .finish()
    }
}

impl From<ChangeError> for RevokeError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::ClockExhausted => Self::ClockExhausted,
            ChangeError::TooManyScopes { scopes, limit } => Self::TooManyScopes { scopes, limit },
        }
    }
}
