//! [`Sealed`]: a token that was just made, on its way from the codec to the cookie.

use alloc::string::String;
use core::fmt;

use crate::time::UnixTime;
use crate::token::claims::Claims;
use crate::token::key_id::KeyId;

/// A cookie's value, just sealed, and what it says of itself.
#[derive(Clone)]
pub struct Sealed {
    value: String,
    key_id: KeyId,
    claims: Claims,
    is_persistent: bool,
}

impl Sealed {
    /// `is_persistent`: whether the browser keeps the cookie when it is closed.
    pub(crate) const fn new(
        value: String,
        key_id: KeyId,
        claims: Claims,
        is_persistent: bool,
    ) -> Self {
        Self {
            value,
            key_id,
            claims,
            is_persistent,
        }
    }

    /// Whether the session asks for a cookie that outlives the browser, by its
    /// [`lifetime`](crate::SessionData::lifetime).
    #[must_use]
    pub const fn is_persistent(&self) -> bool {
        self.is_persistent
    }

    /// The key that sealed it.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The cookie's value: canonical base64url, nothing to escape.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The cookie's value.
    #[must_use]
    pub fn into_value(self) -> String {
        self.value
    }

    /// What the token says of itself.
    #[must_use]
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The cookie's `Max-Age` in seconds: what is left of the token at `now`. For the browser's
    /// tidiness only; the token carries its own end.
    #[must_use]
    pub const fn max_age(&self, now: UnixTime) -> u64 {
        self.claims
            .expires_at
            .as_secs()
            .saturating_sub(now.as_secs())
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed")
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}
