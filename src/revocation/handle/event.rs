//! [`RevocationEvent`]: what an operator would want to know of the revocations.

use super::super::change::ChangeError;
use super::super::error::{RefreshError, RevokeError};
use crate::time::Epoch;

/// Something that happened to the shared revocations of this process. Count and log these events;
/// none contains a secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RevocationEvent {
    /// Another process changed the revocations, and this one has loaded the change.
    Loaded {
        /// The new clock.
        clock: Epoch,
    },
    /// A load failed. Raise an alarm if this goes on, because past the staleness bound no session
    /// opens. For [`RefreshError::Lost`], raise it at once.
    Failed(RefreshError),
    /// The store had forgotten what this process knows ([`RefreshError::RolledBack`], which was
    /// told before), and was repaired. Every session has ended once, and no session that was
    /// revoked comes back. Find out why the store forgot.
    Repaired {
        /// The new clock, which is also the floor.
        clock: Epoch,
    },
    /// The background task that loads and writes was lost, such as with the runtime that it ran on.
    /// It starts again by itself. A write that was under way may or may not have been done, and its
    /// caller was told so.
    Interrupted,
    /// This process changed the revocations.
    Written {
        /// The new clock.
        clock: Epoch,
    },
    /// Entries that no living session can need were dropped, by raising the floor to this.
    Pruned {
        /// The new floor.
        floor: Epoch,
    },
    /// The document is still sealed with a former key, and this process could not write it again,
    /// or may not write. If no other server writes it, it will not open once that key leaves the
    /// ring. Raise an alarm if this goes on.
    NotWrittenAgain(RevokeError),
    /// The table was full, and its oldest entries were dropped: sessions from before `floor` have
    /// ended early. Raise the bound, or revoke fewer scopes.
    Bounded {
        /// The new floor.
        floor: Epoch,
        /// How many entries were dropped.
        dropped: usize,
    },
    /// The table is so full of single sessions that it takes no more of them until some are pruned.
    /// Those sign-outs were not acknowledged. Users, tenants and everyone can still be logged out.
    Full(ChangeError),
    /// An authentic token was stamped with a later clock than the store's present one: the store
    /// has lost what another server knew, such as when an old copy was put back.
    BehindTokens {
        /// The token's epoch.
        seen: Epoch,
        /// The store's clock.
        clock: Epoch,
    },
}
