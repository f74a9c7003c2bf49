//! [`RevocationState`]: one clock, a floor, and the scopes revoked since. Pure: the time is an
//! argument, and every change makes the state move forward or not at all.
//!
//! Invariants: `floor <= clock`, no entry is above `clock`, and neither ever decreases.

use alloc::collections::BTreeMap;
use core::fmt;
use core::time::Duration;

use super::scope::{Scope, Scopes};
use crate::claims::SessionId;
use crate::time::Epoch;

/// What has been revoked, as of one reading of the clock.
#[derive(Clone, PartialEq, Eq)]
pub struct RevocationState {
    clock: Epoch,
    floor: Epoch,
    revoked: BTreeMap<Scope, Epoch>,
    /// The greatest epoch in `revoked`: a token at or above it is in none of its entries.
    newest: Epoch,
}

impl RevocationState {
    /// The state of a configuration without a store: clock and floor are `epoch`, and raising it
    /// ends every session before it.
    #[must_use]
    pub const fn fixed(epoch: Epoch) -> Self {
        Self {
            clock: epoch,
            floor: epoch,
            revoked: BTreeMap::new(),
            newest: Epoch::ZERO,
        }
    }

    /// A new store's first state. It ends every session that began before it.
    ///
    /// `now` is the time in milliseconds, `skew` how far clocks may differ, `seen` the greatest clock
    /// or epoch that its maker has seen. None when the clock has no room left.
    #[must_use]
    pub fn new_store(now: Epoch, skew: Duration, seen: Epoch) -> Option<Self> {
        let ahead = u64::try_from(skew.as_millis()).ok()?.checked_mul(2)?;
        let clock = now.checked_add(ahead)?.max(seen.next()?);
        // Room for a revocation.
        clock.next()?;
        Some(Self::fixed(clock))
    }

    /// A state from its parts, such as a stored document's.
    ///
    /// # Errors
    ///
    /// [`StateError`] when the floor or an entry is above the clock.
    pub fn from_parts(
        clock: Epoch,
        floor: Epoch,
        revoked: impl IntoIterator<Item = (Scope, Epoch)>,
    ) -> Result<Self, StateError> {
        let mut state = Self {
            clock,
            floor,
            revoked: BTreeMap::new(),
            newest: Epoch::ZERO,
        };
        if floor > clock {
            return Err(StateError(()));
        }
        for (scope, epoch) in revoked {
            if epoch > clock {
                return Err(StateError(()));
            }
            let entry = state.revoked.entry(scope).or_default();
            *entry = epoch.max(*entry);
            state.newest = epoch.max(state.newest);
        }
        Ok(state)
    }

    /// The clock: what a session that is sealed under this state is stamped with.
    #[must_use]
    pub const fn clock(&self) -> Epoch {
        self.clock
    }

    /// Tokens below it are revoked, whatever their scopes.
    #[must_use]
    pub const fn floor(&self) -> Epoch {
        self.floor
    }

    /// The revoked scopes and when, in the order of their bytes.
    pub fn revoked(&self) -> impl Iterator<Item = (Scope, Epoch)> + '_ {
        self.revoked.iter().map(|(&scope, &epoch)| (scope, epoch))
    }

    /// Ends every session that was sealed before, and returns the new clock. The entries, which
    /// the new floor covers, are dropped.
    ///
    /// `now` is the time in milliseconds, `seen` the greatest epoch that was seen in an authentic
    /// token. None, and no change, when
    /// the clock has no room left.
    pub fn revoke_everyone(&mut self, now: Epoch, seen: Epoch) -> Option<Epoch> {
        let clock = self.next_clock(now, seen)?;
        self.clock = clock;
        self.floor = clock;
        self.revoked.clear();
        self.newest = Epoch::ZERO;
        Some(clock)
    }

    /// Ends every session of these scopes that was sealed before, and returns the new clock, which
    /// moves once, however many scopes there are.
    ///
    /// `now` is the time in milliseconds, `seen` the greatest epoch that was seen in an authentic
    /// token. None, and no change, when
    /// the clock has no room left.
    pub fn revoke(&mut self, scopes: &[Scope], now: Epoch, seen: Epoch) -> Option<Epoch> {
        let clock = self.next_clock(now, seen)?;
        self.clock = clock;
        self.newest = clock;
        self.revoked
            .extend(scopes.iter().map(|&scope| (scope, clock)));
        Some(clock)
    }

    /// `max(clock + 1, now, seen + 1)`
    fn next_clock(&self, now: Epoch, seen: Epoch) -> Option<Epoch> {
        Some(self.clock.next()?.max(now).max(seen.next()?))
    }

    /// Step 10: the floor, and the session's own scope.
    #[inline]
    pub(crate) fn revokes_session(&self, epoch: Epoch, id: SessionId) -> bool {
        epoch < self.floor || (epoch < self.newest && self.has(Scope::session(id), epoch))
    }

    /// Step 14: the scopes that `name_scopes` adds, which are those of the session's value.
    #[inline]
    pub(crate) fn revokes_scopes(
        &self,
        epoch: Epoch,
        name_scopes: impl FnOnce(&mut Scopes<'_>),
    ) -> bool {
        // No entry is above `newest`, so nothing needs hashing.
        if epoch >= self.newest {
            return false;
        }
        let mut revoked = false;
        name_scopes(&mut Scopes::new(&mut |scope| {
            revoked |= self.has(scope, epoch);
        }));
        revoked
    }

    /// Whether a session with these scopes that starts with this epoch is revoked already.
    #[cfg(feature = "std")]
    pub(crate) fn revokes_start(
        &self,
        epoch: Epoch,
        name_scopes: impl FnOnce(&mut Scopes<'_>),
    ) -> bool {
        epoch < self.floor || self.revokes_scopes(epoch, name_scopes)
    }

    fn has(&self, scope: Scope, epoch: Epoch) -> bool {
        self.revoked.get(&scope).is_some_and(|&at| epoch < at)
    }
}

impl fmt::Debug for RevocationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationState")
            .field("clock", &self.clock)
            .field("floor", &self.floor)
            .field("revoked", &self.revoked.len())
            .finish()
    }
}

/// Parts that make no state: a floor or an entry above the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateError(());

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a revocation state has its floor or an entry above its clock")
    }
}

impl core::error::Error for StateError {}
