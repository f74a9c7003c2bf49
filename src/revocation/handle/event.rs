//! [`RevocationEvent`]: what an operator would want to know of the revocations.

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
    /// it is [`RefreshError::RolledBack`] or [`RefreshError::Lost`], which name the clock that a new store must
    /// be above.
    Failed(RefreshError),
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
    /// An authentic token was stamped with a later clock than the store's present one: the store has
    /// lost what another server knew, such as by an old copy that was put back.
    BehindTokens {
        /// The token's epoch.
        seen: Epoch,
        /// The store's clock.
        clock: Epoch,
    },
}
