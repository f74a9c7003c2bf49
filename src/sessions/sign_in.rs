//! [`SignIn`]: a sign-in, from before its credentials are checked to the session's start. Spec,
//! section 7, "What a sealer stamps".

use alloc::sync::Arc;
use core::fmt;

use super::Bound;
use crate::codec::data::SessionData;
use crate::cookie::SetCookie;
use crate::error::SealError;
use crate::revocation::RevocationState;

/// A sign-in that has begun. From [`Sessions::begin_sign_in`](super::Sessions::begin_sign_in).
///
/// It holds the revocation state from its beginning, and the session starts with the revocation
/// clock of that state. Suppose that a user changes their password and is logged out everywhere,
/// while the former password is still being checked for a sign-in. The session of that sign-in does
/// not start.
#[must_use = "a sign-in that is dropped starts no session"]
pub struct SignIn<'a, T> {
    sessions: Bound<'a, T>,
    begun: Arc<RevocationState>,
}

impl<'a, T: SessionData> SignIn<'a, T> {
    pub(super) const fn new(sessions: Bound<'a, T>, begun: Arc<RevocationState>) -> Self {
        Self { sessions, begun }
    }

    /// Starts the session, now that the credentials have been checked.
    ///
    /// # Errors
    ///
    /// [`SealError`]; nothing was written. [`SealError::Ended`] when one of the session's scopes,
    /// or everyone, was revoked since the sign-in began: begin a new sign-in.
    pub fn start(self, value: &T) -> Result<SetCookie, SealError> {
        self.sessions.start_under(&self.begun, value)
    }
}

impl<T> fmt::Debug for SignIn<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn")
            .field("begun", &self.begun)
            .finish_non_exhaustive()
    }
}
