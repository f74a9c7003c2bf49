//! [`RevocationState`]: one clock, a floor, and the scopes revoked since. Pure: the time is an
//! argument, and every change moves the state forward or fails. Spec, section 7.
//!
//! Invariants: `floor <= clock`, every entry is above `floor` and not above `clock`, and neither
//! ever decreases. `change` holds the changes.

use core::fmt;
use core::time::Duration;

use super::scope::{Scope, Scopes};
use super::table::Table;
use crate::time::Epoch;
use crate::token::claims::SessionId;

/// What has been revoked up to one value of the revocation clock.
#[derive(Clone, PartialEq, Eq)]
pub struct RevocationState {
    pub(super) clock: Epoch,
    pub(super) floor: Epoch,
    pub(super) revoked: Table,
}

impl RevocationState {
    /// The state of a configuration without a store: clock and floor are `epoch`. Raising it ends
    /// every session from before.
    #[must_use]
    pub const fn fixed(epoch: Epoch) -> Self {
        Self {
            clock: epoch,
            floor: epoch,
            revoked: Table::empty(),
        }
    }

    /// A new store's first state. It ends every session that began before it.
    ///
    /// `now` is the time in milliseconds, `skew` how far clocks may differ, `seen` the greatest
    /// clock or epoch that the caller has seen. `None` when the clock has no room left.
    #[must_use]
    pub fn new_store(now: Epoch, skew: Duration, seen: Epoch) -> Option<Self> {
        let ahead = u64::try_from(skew.as_millis()).ok()?.checked_mul(2)?;
        let clock = now.checked_add(ahead)?.max(seen.next()?);
        // Room for a revocation.
        clock.next()?;
        Some(Self::fixed(clock))
    }

    /// A state from its parts. If a scope comes twice, the greater epoch counts; entries that the
    /// floor covers are left out.
    ///
    /// # Errors
    ///
    /// [`StateError`] when the floor or an entry is above the clock.
    pub fn from_parts(
        clock: Epoch,
        floor: Epoch,
        revoked: impl IntoIterator<Item = (Scope, Epoch)>,
    ) -> Result<Self, StateError> {
        let revoked = Table::new(revoked.into_iter().filter(|&(_, epoch)| epoch > floor));
        if floor > clock || revoked.newest() > clock {
            return Err(StateError(()));
        }
        Ok(Self {
            clock,
            floor,
            revoked,
        })
    }

    /// The revocation clock. A session that is sealed under this state is stamped with it.
    #[must_use]
    pub const fn clock(&self) -> Epoch {
        self.clock
    }

    /// Tokens with a lower epoch are revoked, whatever their scopes.
    #[must_use]
    pub const fn floor(&self) -> Epoch {
        self.floor
    }

    /// The revoked scopes, each with its epoch, in the order of their bytes.
    pub fn revoked(&self) -> impl Iterator<Item = (Scope, Epoch)> + '_ {
        self.revoked.iter()
    }

    /// How many scopes the table holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.revoked.len()
    }

    /// Whether the table holds no scope. Sessions below the floor are revoked all the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.revoked.len() == 0
    }

    /// The epoch below which a session with this scope is revoked.
    #[must_use]
    pub fn revoked_before(&self, scope: Scope) -> Epoch {
        self.revoked
            .get(scope)
            .map_or(self.floor, |epoch| epoch.max(self.floor))
    }

    /// Whether this state knows all that `former` knew: it revokes all that `former` revoked, and
    /// its clock is not lower. A state of a store always succeeds the earlier states of the same
    /// store.
    #[must_use]
    pub fn succeeds(&self, former: &Self) -> bool {
        let covers = |(scope, epoch)| self.revoked_before(scope) >= epoch;
        self.clock >= former.clock
            && self.floor >= former.floor
            // All entries are known by one comparison where nothing changed.
            && (self.revoked == former.revoked || former.revoked().all(covers))
    }

    /// Step 10: the floor, and the session's own scope.
    #[inline]
    pub(crate) fn revokes_session(&self, epoch: Epoch, id: SessionId) -> bool {
        epoch < self.floor || (epoch < self.revoked.newest() && self.has(Scope::session(id), epoch))
    }

    /// Step 14: the scopes that `name_scopes` adds, which are those of the session's value.
    #[inline]
    pub(crate) fn revokes_scopes(
        &self,
        epoch: Epoch,
        name_scopes: impl FnOnce(&mut Scopes<'_>),
    ) -> bool {
        // No entry is above the newest, so nothing needs hashing.
        if epoch >= self.revoked.newest() {
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
        self.revoked.get(scope).is_some_and(|at| epoch < at)
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

/// Parts that do not make a state: a floor or an entry is above the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateError(());

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a revocation state has its floor or an entry above its clock")
    }
}

impl core::error::Error for StateError {}
