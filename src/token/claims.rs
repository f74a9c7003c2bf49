//! [`Claims`]: what every token says of itself, authenticated, before the payload. Spec, section 5.
//!
//! It parses and prints; whether the times hold is left to `validity`.

use alloc::vec::Vec;
use core::fmt;

use crate::time::{Epoch, UnixTime};
use crate::token::canonical::{put_varint, take_varint};

/// The name of one session from sign-in to its end. Not a secret, and not a unique key: eight bytes
/// can collide.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId([u8; 8]);

impl SessionId {
    /// The id of these eight bytes, as [`to_bytes`](Self::to_bytes) gave them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The eight bytes as they stand in the claims.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

/// The authenticated claims of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claims {
    pub(crate) schema: u32,
    pub(crate) epoch: Epoch,
    pub(crate) session_id: SessionId,
    pub(crate) started_at: UnixTime,
    pub(crate) issued_at: UnixTime,
    pub(crate) expires_at: UnixTime,
}

impl Claims {
    /// The version of the payload's layout, [`SessionData::SCHEMA`](crate::SessionData::SCHEMA) of its sealer.
    #[must_use]
    pub const fn schema(&self) -> u32 {
        self.schema
    }

    /// The reading of the revocation clock that the token was sealed with.
    #[must_use]
    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The session's id, the same through all renewals.
    #[must_use]
    pub const fn session_id(&self) -> SessionId {
        self.session_id
    }

    /// When the session began (sign-in), the same through all renewals.
    #[must_use]
    pub const fn started_at(&self) -> UnixTime {
        self.started_at
    }

    /// When this token was sealed.
    #[must_use]
    pub const fn issued_at(&self) -> UnixTime {
        self.issued_at
    }

    /// When this token ends by its sealer's settings. A reader with tighter ones ends it earlier.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        self.expires_at
    }

    /// Splits the claims off the front of `body`; what is left is the payload. None for a varint
    /// longer than needed, a schema over 32 bits, a sum over 64 bits, or a body that ends early.
    #[inline]
    pub(crate) fn take(body: &mut &[u8]) -> Option<Self> {
        let schema = u32::try_from(take_varint(body)?).ok()?;
        let epoch = Epoch::from_millis(take_varint(body)?);
        let (&session_id, rest) = body.split_first_chunk()?;
        *body = rest;
        let started_at = take_varint(body)?;
        let issued_at = started_at.checked_add(take_varint(body)?)?;
        let expires_at = issued_at.checked_add(take_varint(body)?)?;
        Some(Self {
            schema,
            epoch,
            session_id: SessionId(session_id),
            started_at: UnixTime::from_secs(started_at),
            issued_at: UnixTime::from_secs(issued_at),
            expires_at: UnixTime::from_secs(expires_at),
        })
    }

    /// Appends the claims to a body. None when the times are out of order.
    pub(crate) fn put(&self, body: &mut Vec<u8>) -> Option<()> {
        let [started_at, issued_at, expires_at] =
            [self.started_at, self.issued_at, self.expires_at].map(UnixTime::as_secs);
        let age = issued_at.checked_sub(started_at)?;
        let lifetime = expires_at.checked_sub(issued_at)?;
        put_varint(body, u64::from(self.schema));
        put_varint(body, self.epoch.as_millis());
        body.extend_from_slice(&self.session_id.0);
        put_varint(body, started_at);
        put_varint(body, age);
        put_varint(body, lifetime);
        Some(())
    }
}
