//! Changes of a [`RevocationState`]: who is logged out, and which entries may be dropped, all in
//! one step of the clock. Spec, section 7, "The clock" and "Dropping entries".

use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::scope::Scope;
use super::state::RevocationState;
use crate::time::Epoch;
use crate::token::validity::EPOCH_AHEAD;

/// How many entries a table holds where nothing else is said.
pub(super) const DEFAULT_MAX_ENTRIES: usize = 100_000;

/// How far ahead a forged epoch may be, in milliseconds, with an hour for clocks that differ.
const LATEST_FORGED: u64 = EPOCH_AHEAD.saturating_add(3_600_000);

/// What one write changes.
#[derive(Clone, Debug)]
pub struct RevocationChange {
    everyone: bool,
    after_leak: bool,
    scopes: Vec<Scope>,
    /// Single sessions, of which one account may end many.
    sessions: Vec<Scope>,
    prune_before: Epoch,
    max_entries: usize,
}

impl RevocationChange {
    /// Nothing but a step of the clock.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            everyone: false,
            after_leak: false,
            scopes: Vec::new(),
            sessions: Vec::new(),
            prune_before: Epoch::ZERO,
            max_entries: DEFAULT_MAX_ENTRIES,
        }
    }

    /// Ends every session.
    #[must_use]
    pub fn revoke_everyone(mut self) -> Self {
        self.everyone = true;
        self
    }

    /// Ends every session, those included that a leaked key was used to forge with the latest clock that
    /// readers take, a day ahead of both theirs and the time: the clock steps over it, and an hour for
    /// clocks that differ.
    #[must_use]
    pub fn revoke_everyone_after_leak(mut self) -> Self {
        self.everyone = true;
        self.after_leak = true;
        self
    }

    /// Ends the sessions of these scopes.
    #[must_use]
    pub fn revoke(mut self, scopes: &[Scope]) -> Self {
        self.scopes.extend_from_slice(scopes);
        self
    }

    /// Ends single sessions, by their own scopes ([`Scope::session`]). Anybody may sign in and out as often as
    /// he likes, so these fill three quarters of the table at the most: one account must not end the sessions
    /// of others.
    #[must_use]
    pub fn revoke_sessions(mut self, sessions: &[Scope]) -> Self {
        self.sessions.extend_from_slice(sessions);
        self
    }

    /// Raises the floor to the greatest entry below `horizon`, and drops the entries that it then
    /// covers. `horizon` is a time such that every session sealed before it has ended: see
    /// [`retention`](Self::retention).
    #[must_use]
    pub fn prune_before(mut self, horizon: Epoch) -> Self {
        self.prune_before = horizon;
        self
    }

    /// Holds the table to so many entries, 100,000 by default, by raising the floor over the oldest:
    /// sessions from before them end early, and none comes back.
    #[must_use]
    pub fn max_entries(mut self, entries: usize) -> Self {
        self.max_entries = entries;
        self
    }

    /// How long an entry must be kept so that its pruning ends nobody's session: `longest` is the
    /// longest life of a token without a renewal that readers accept (the shorter timeout where
    /// they reject stale states, the absolute one where they accept them), and is joined by the
    /// staleness bound, the skew twice, and `commit`, the longest time from choosing a clock to its
    /// acknowledgement.
    #[must_use]
    pub const fn retention(
        longest: Duration,
        max_staleness: Duration,
        skew: Duration,
        commit: Duration,
    ) -> Duration {
        longest
            .saturating_add(max_staleness)
            .saturating_add(skew.saturating_mul(2))
            .saturating_add(commit)
    }
}

impl Default for RevocationChange {
    fn default() -> Self {
        Self::new()
    }
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// The clock after it.
    pub clock: Epoch,
    /// How many entries were pruned: no living session could need them.
    pub pruned: usize,
    /// How many live entries were dropped to keep the table in its bound. Sessions below the
    /// [`floor`](RevocationState::floor) have ended early.
    pub dropped: usize,
}

/// A change that was not made. The state is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeError {
    /// The clock has reached its greatest value.
    ClockExhausted,
    /// More scopes than the table may hold.
    TooManyScopes {
        /// How many were named.
        scopes: usize,
        /// How many entries the table may hold.
        limit: usize,
    },
    /// The table is too full for more single sessions.
    TooManySessions {
        /// How many entries it would hold.
        entries: usize,
        /// Up to how many single sessions are taken.
        limit: usize,
    },
}

impl fmt::Display for ChangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClockExhausted => {
                f.write_str("the revocation clock has reached its greatest value")
            }
            Self::TooManyScopes { scopes, limit } => write!(
                f,
                "{scopes} scopes at once are more than the {limit} that the table may hold; log \
                 out everyone instead"
            ),
            Self::TooManySessions { entries, limit } => write!(
                f,
                "{entries} entries are more than the {limit} up to which the table takes single sessions; \
                 raise max_entries, or log out the user"
            ),
        }
    }
}

impl core::error::Error for ChangeError {}

impl RevocationState {
    /// Makes a change, in one step of the clock: `max(clock + 1, now, seen + 1)`.
    ///
    /// `now` is the time in milliseconds, `seen` the greatest epoch that was seen in an authentic
    /// token.
    ///
    /// # Errors
    ///
    /// [`ChangeError`]; nothing changed.
    pub fn apply(
        &mut self,
        change: &RevocationChange,
        now: Epoch,
        seen: Epoch,
    ) -> Result<Applied, ChangeError> {
        let mut scopes = [&change.scopes[..], &change.sessions].concat();
        scopes.sort_unstable();
        scopes.dedup();
        if scopes.len() > change.max_entries && !change.everyone {
            return Err(ChangeError::TooManyScopes {
                scopes: scopes.len(),
                limit: change.max_entries,
            });
        }
        let forged = if change.after_leak {
            self.clock.max(now).saturating_add(LATEST_FORGED)
        } else {
            Epoch::ZERO
        };
        let clock = self
            .next_clock(now, seen.max(forged))
            .ok_or(ChangeError::ClockExhausted)?;
        let below = |&epoch: &Epoch| epoch < change.prune_before;
        let covered = self.revoked().map(|(_, epoch)| epoch).filter(below).max();
        if !change.everyone && !change.sessions.is_empty() {
            // Those that are pruned make room.
            let kept = self.revoked().filter(|(_, epoch)| !below(epoch)).count();
            let entries = kept.saturating_add(scopes.len());
            let limit = change.max_entries.saturating_sub(change.max_entries / 4);
            if entries > limit {
                return Err(ChangeError::TooManySessions { entries, limit });
            }
        }
        self.clock = clock;
        if change.everyone {
            self.raise_floor(clock);
            return Ok(Applied {
                clock,
                pruned: 0,
                dropped: 0,
            });
        }
        let all = self.revoked.len();
        if let Some(covered) = covered {
            self.raise_floor(covered);
        }
        let pruned = all.saturating_sub(self.revoked.len());
        if !scopes.is_empty() {
            self.revoked = self.revoked.with(&scopes, clock);
        }
        let before = self.revoked.len();
        self.bound(change.max_entries);
        let dropped = before.saturating_sub(self.revoked.len());
        Ok(Applied {
            clock,
            pruned,
            dropped,
        })
    }

    /// Ends every session that was sealed before, and returns the new clock. The entries, which
    /// the new floor covers, are dropped.
    ///
    /// `now` and `seen` as in [`apply`](Self::apply).
    ///
    /// # Errors
    ///
    /// [`ChangeError`]; nothing changed.
    pub fn revoke_everyone(&mut self, now: Epoch, seen: Epoch) -> Result<Epoch, ChangeError> {
        let change = RevocationChange::new().revoke_everyone();
        self.apply(&change, now, seen).map(|applied| applied.clock)
    }

    /// Ends every session of these scopes that was sealed before, and returns the new clock, which
    /// moves once, however many scopes there are.
    ///
    /// `now` and `seen` as in [`apply`](Self::apply), and the bound of 100,000 entries.
    ///
    /// # Errors
    ///
    /// [`ChangeError`]; nothing changed.
    pub fn revoke(
        &mut self,
        scopes: &[Scope],
        now: Epoch,
        seen: Epoch,
    ) -> Result<Epoch, ChangeError> {
        let change = RevocationChange::new().revoke(scopes);
        self.apply(&change, now, seen).map(|applied| applied.clock)
    }

    /// `max(clock + 1, now, seen + 1)`
    fn next_clock(&self, now: Epoch, seen: Epoch) -> Option<Epoch> {
        Some(self.clock.next()?.max(now).max(seen.next()?))
    }

    fn raise_floor(&mut self, floor: Epoch) {
        self.floor = self.floor.max(floor);
        self.revoked = self.revoked.above(self.floor);
    }

    /// Drops the oldest entries beyond `max_entries`, and all as old as they.
    fn bound(&mut self, max_entries: usize) {
        let excess = self.revoked.len().saturating_sub(max_entries);
        let Some(last_dropped) = excess.checked_sub(1) else {
            return;
        };
        let mut epochs: Vec<Epoch> = self.revoked().map(|(_, epoch)| epoch).collect();
        let (_, &mut floor, _) = epochs.select_nth_unstable(last_dropped);
        self.raise_floor(floor);
    }
}
