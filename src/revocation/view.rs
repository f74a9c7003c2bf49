//! [`RevocationView`]: a revocation state as one call sees it.

use super::state::RevocationState;
use crate::error::SealError;
use crate::time::Epoch;

/// A revocation state, and whether sessions may open and be sealed under it. The codec takes it as
/// an argument, and does not look at its age.
#[derive(Clone, Copy, Debug)]
pub struct RevocationView<'a> {
    state: Option<&'a RevocationState>,
    usable: bool,
}

impl<'a> RevocationView<'a> {
    /// A state within its staleness bound, or past it where stale states are accepted.
    #[must_use]
    pub const fn current(state: &'a RevocationState) -> Self {
        Self {
            state: Some(state),
            usable: true,
        }
    }

    /// A state past its staleness bound, where stale states are rejected. It still revokes
    /// sessions, but no session opens or is sealed under it.
    #[must_use]
    pub const fn stale(state: &'a RevocationState) -> Self {
        Self {
            state: Some(state),
            usable: false,
        }
    }

    /// No state yet. Clock and floor count as 0; nothing opens and nothing is sealed.
    #[must_use]
    pub const fn absent() -> Self {
        Self {
            state: None,
            usable: false,
        }
    }

    /// The clock, 0 where there is no state.
    #[inline]
    pub(crate) fn clock(&self) -> Epoch {
        self.state.map_or(Epoch::ZERO, RevocationState::clock)
    }

    /// Whether the state revokes by the test `revokes`; without a state nothing is revoked.
    #[inline]
    pub(crate) fn revoked(&self, revokes: impl FnOnce(&RevocationState) -> bool) -> bool {
        self.state.is_some_and(revokes)
    }

    /// Step 11.
    #[inline]
    pub(crate) const fn is_usable(&self) -> bool {
        self.usable
    }

    /// The state under which something may be sealed.
    pub(crate) fn for_sealing(&self) -> Result<&'a RevocationState, SealError> {
        self.state
            .filter(|_| self.usable)
            .ok_or(SealError::StaleState)
    }
}
