//! [`RevocationEvent`]: what an operator would want to know of the revocations.

use super::super::change::ChangeError;
use super::super::error::{RefreshError, RevokeError};
use crate::time::Epoch;

/// Something that happened to the shared revocations of this process. Count and log them; none
/// holds a secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RevocationEvent {
    /// Another process changed the revocations, and this one knows now.
    Loaded {
        /// The new clock.
        clock: Epoch,
    },
    /// A load failed. An alarm when it goes on: past the staleness bound nothing opens. At once when
    /// it is [`RefreshError::Lost`].
    Failed(RefreshError),
    /// The store had forgotten what this process knows ([`RefreshError::RolledBack`], which was told before), and
    /// was put right: every session has ended, once, and none that was logged out is forgiven. Find out why it
    /// forgot.
    Repaired {
        /// The new clock, which is also the floor.
        clock: Epoch,
    },
    /// The background task that loads and writes was lost, such as with the runtime that it ran on. It starts
    /// again by itself; what was being written may be done or not, and whoever waited was told so.
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
    /// The document is still under a former key, and this process could not write it again, or may not.
    /// If no other server does, it will not open once that key leaves the ring: an alarm when it goes on.
    NotWrittenAgain(RevokeError),
    /// The table was full, and its oldest entries were dropped: sessions from before `floor` have
    /// ended early. Raise the bound, or log out fewer scopes.
    Bounded {
        /// The new floor.
        floor: Epoch,
        /// How many entries were dropped.
        dropped: usize,
    },
    /// The table is so full of single sessions that no more of them are taken, until some are pruned: those sign-outs
    /// were not acknowledged. Users, tenants and everyone can still be logged out.
    Full(ChangeError),
    /// An authentic token was stamped with a later clock than the store's present one: the store has
    /// lost what another server knew, such as by an old copy that was put back.
    BehindTokens {
        /// The token's epoch.
        seen: Epoch,
        /// The store's clock.
        clock: Epoch,
    },
}
