//! What is wrong with the settings or a revocation.

use core::fmt;

use super::{CookieError, KeyRingError};
#[cfg(feature = "std")]
use crate::time::TimeError;

/// Settings from which no codec can be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// The audience is empty.
    EmptyAudience,
    /// The audience is 4 GiB or longer.
    AudienceTooLong,
    /// A timeout of zero.
    ZeroTimeout,
    /// A timeout or the skew has a fraction of a second.
    FractionOfSecond,
    /// The cookie's name or attributes.
    Cookie(CookieError),
    /// The key ring, for this audience.
    KeyRing(KeyRingError),
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyAudience => f.write_str(
                "the audience is empty; name the application and deployment, such as \
                 \"shop.example\"",
            ),
            Self::AudienceTooLong => f.write_str("the audience is 4 GiB or longer"),
            Self::ZeroTimeout => f.write_str("a timeout is zero"),
            Self::FractionOfSecond => {
                f.write_str("a timeout or the skew has a fraction of a second")
            }
            Self::Cookie(error) => error.fmt(f),
            Self::KeyRing(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for BuildError {}

impl From<CookieError> for BuildError {
    fn from(error: CookieError) -> Self {
        Self::Cookie(error)
    }
}

impl From<KeyRingError> for BuildError {
    fn from(error: KeyRingError) -> Self {
        Self::KeyRing(error)
    }
}

/// A revocation that was not made. Nothing changed.
#[cfg(feature = "std")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RevokeError {
    /// The epoch is a number from the configuration: raise it there.
    Fixed,
    /// There is no usable time.
    Clock(TimeError),
    /// The clock has reached its greatest value.
    ClockExhausted,
    /// More scopes at once than the table may hold.
    TooManyScopes {
        /// How many were named.
        scopes: usize,
        /// How many entries the table may hold.
        limit: usize,
    },
}

#[cfg(feature = "std")]
impl fmt::Display for RevokeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed => f.write_str(
                "cannot revoke: the revocation epoch is fixed by the configuration; raise it there, \
                 or give the sessions a state that can revoke",
            ),
            Self::Clock(error) => write!(f, "cannot revoke: {error}"),
            Self::ClockExhausted => {
                f.write_str("cannot revoke: the revocation clock has reached its greatest value")
            }
            Self::TooManyScopes { scopes, limit } => write!(
                f,
                "cannot revoke: {scopes} scopes at once are more than the {limit} that the table \
                 may hold; log out everyone instead"
            ),
        }
    }
}

#[cfg(feature = "std")]
impl core::error::Error for RevokeError {}

#[cfg(feature = "std")]
impl From<TimeError> for RevokeError {
    fn from(error: TimeError) -> Self {
        Self::Clock(error)
    }
}
